//! One more thread for work that borrows the engine. It is kept: a thread of its own for each piece costs a tenth of a millisecond, most of it
//! memory that is fetched for it and given back.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::LazyLock;

/// Fewer pieces are done in less time than it takes to wake a thread.
pub const WORTH_A_THREAD: usize = 128;

/// `None`: the system gave us no thread, and all is done in turn.
static HELPER: LazyLock<Option<ThreadPool>> =
    LazyLock::new(|| ThreadPoolBuilder::new().num_threads(1).thread_name(|_| "nayose-beside".into()).build().ok());

/// Does both, `aside` on the other thread, and returns when both are done. A panic in either goes on here.
pub fn both<A: Send, B>(aside: impl FnOnce() -> A + Send, here: impl FnOnce() -> B) -> (A, B) {
    let Some(helper) = &*HELPER else { return (aside(), here()) };
    let mut done = None;
    let here = helper.in_place_scope(|scope| {
        scope.spawn(|_| done = Some(aside()));
        here()
    });
    match done {
        Some(aside) => (aside, here),
        None => unreachable!("the scope ends when what was spawned in it has, and goes on with its panic"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn both_are_done_and_may_borrow() {
        let text = String::from("名寄せ");
        let mut here = Vec::new();
        let (aside, ()) = both(|| text.len(), || here.push(text.as_str()));
        assert_eq!((aside, here), (9, vec!["名寄せ"]));
    }

    #[test]
    fn a_panic_of_either_goes_on_and_the_thread_lives() {
        for aside_too in [true, false] {
            let broken = catch_unwind(AssertUnwindSafe(|| both(|| assert!(!aside_too, "aside"), || assert!(aside_too, "here"))));
            assert!(broken.is_err());
        }
        assert_eq!(both(|| 1, || 2), (1, 2));
    }
}
