//! Two more threads, one for work that borrows the engine and one for the disk. They are kept: a thread of its own for each piece costs a
//! tenth of a millisecond, and more than one where others fetch memory meanwhile.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::LazyLock;

/// Fewer pieces are done in less time than it takes to wake a thread.
pub const WORTH_A_THREAD: usize = 128;

/// Helps with deciding.
pub static DECIDING: Helper = Helper(LazyLock::new(|| helper("nayose-deciding")));

/// Helps with making things durable, which goes on while others are decided on.
pub static KEEPING: Helper = Helper(LazyLock::new(|| helper("nayose-keeping")));

/// One thread, started when it is first needed. `None`: the system gave us none, and all is done in turn.
pub struct Helper(LazyLock<Option<ThreadPool>>);

fn helper(name: &'static str) -> Option<ThreadPool> {
    ThreadPoolBuilder::new().num_threads(1).thread_name(move |_| name.into()).build().ok()
}

impl Helper {
    /// Does both, `aside` on the helper's thread, and returns when both are done. A panic in either goes on here.
    pub fn both<A: Send, B>(&self, aside: impl FnOnce() -> A + Send, here: impl FnOnce() -> B) -> (A, B) {
        let Some(helper) = &*self.0 else { return (aside(), here()) };
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn both_are_done_and_may_borrow() {
        let text = String::from("名寄せ");
        let mut here = Vec::new();
        let (aside, ()) = DECIDING.both(|| text.len(), || here.push(text.as_str()));
        assert_eq!((aside, here), (9, vec!["名寄せ"]));
    }

    #[test]
    fn a_panic_of_either_goes_on_and_the_thread_lives() {
        for aside_too in [true, false] {
            let broken = catch_unwind(AssertUnwindSafe(|| KEEPING.both(|| assert!(!aside_too, "aside"), || assert!(aside_too, "here"))));
            assert!(broken.is_err());
        }
        assert_eq!(KEEPING.both(|| 1, || 2), (1, 2));
    }
}
