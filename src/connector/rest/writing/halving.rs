//! A batch that is refused whole, sent again in halves: one bad record is one failure, and keeps no other from being written.

use crate::connector::port::{Lane, Outcome};
use crate::connector::rest::http::failure::{FailureKind, RequestFailure};

/// After so many single records refused, and none taken, the rest of a refused batch is not tried one by one: the mistake is in all of them.
const REFUSED_ALONE_MAX: usize = 8;

/// What of a batch is still to be sent, and what came of the rest.
pub struct Halving<'b, T> {
    lane: Lane,
    /// The next one last.
    open: Vec<&'b [T]>,
    /// In the batch's order.
    outcomes: Vec<Outcome>,
    taken: bool,
    refused_alone: usize,
}

impl<'b, T> Halving<'b, T> {
    pub fn new(batch: &'b [T], lane: Lane) -> Halving<'b, T> {
        Halving { lane, open: vec![batch], outcomes: Vec::with_capacity(batch.len()), taken: false, refused_alone: 0 }
    }

    /// What is to be sent now, in one request; its answer must be booked before the next part is asked for.
    pub fn next_part(&mut self) -> Option<&'b [T]> {
        self.open.pop()
    }

    /// Takes what came of a part: an outcome for each of its records, or a failure of them all.
    pub fn book(&mut self, part: &'b [T], answer: Result<Vec<Outcome>, RequestFailure>) {
        match answer {
            Ok(told) => {
                self.taken = true;
                self.outcomes.extend(told);
            }
            Err(failure) if part.len() > 1 && may_mean_one(&failure) && !self.is_hopeless() => {
                let (first, second) = part.split_at(part.len() / 2);
                self.open.extend([second, first]);
            }
            Err(failure) => {
                self.refused_alone += usize::from(part.len() == 1);
                self.outcomes.extend(part.iter().map(|_| failure.outcome()));
            }
        }
    }

    /// One outcome for each record, once no part is left.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        self.outcomes
    }

    /// What protects is tried to the last record.
    fn is_hopeless(&self) -> bool {
        !self.taken && self.refused_alone >= REFUSED_ALONE_MAX && self.lane != Lane::Protective
    }
}

/// Whether a failure of a whole batch may be the fault of one of its records: "not found" may mean one as well as the whole.
fn may_mean_one(failure: &RequestFailure) -> bool {
    matches!(failure.kind, FailureKind::Refused | FailureKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::port::Error;

    fn failure(kind: FailureKind) -> RequestFailure {
        let (system, what, said) = ("ma".into(), "update".to_string(), "no".to_string());
        RequestFailure::new(kind, Error::Refused { system, what, said })
    }

    /// Sends a batch of numbers to a system that fails so whenever a bad one is among them; says the sizes of what was sent, and who was
    /// refused.
    fn send(batch: &[usize], lane: Lane, kind: FailureKind, bad: impl Fn(usize) -> bool) -> (Vec<usize>, Vec<usize>) {
        let mut halving = Halving::new(batch, lane);
        let mut sizes = Vec::new();
        while let Some(part) = halving.next_part() {
            sizes.push(part.len());
            let refused = part.iter().any(|n| bad(*n));
            halving.book(part, if refused { Err(failure(kind)) } else { Ok(vec![Outcome::Applied; part.len()]) });
        }
        let outcomes = halving.into_outcomes();
        assert_eq!(outcomes.len(), batch.len());
        let refused = batch.iter().zip(outcomes).filter(|(_, o)| *o != Outcome::Applied).map(|(n, _)| *n).collect();
        (sizes, refused)
    }

    #[test]
    fn a_bad_record_is_refused_alone_and_in_its_place() {
        let batch: Vec<usize> = (0..8).collect();
        for kind in [FailureKind::Refused, FailureKind::NotFound] {
            let (sizes, refused) = send(&batch, Lane::Fields, kind, |n| n == 5);
            assert_eq!((sizes, refused), (vec![8, 4, 4, 2, 1, 1, 2], vec![5]));
        }
        assert_eq!(send(&batch, Lane::Fields, FailureKind::Refused, |n| n == 0 || n == 7).1, [0, 7]);
        assert_eq!(send(&[3], Lane::Fields, FailureKind::Refused, |_| true), (vec![1], vec![3]));
    }

    #[test]
    fn what_is_nobodys_fault_is_not_cut() {
        for kind in [
            FailureKind::Credential,
            FailureKind::Later(None),
            FailureKind::NotConnected,
            FailureKind::Broken(None),
            FailureKind::NotUnderstood,
            FailureKind::Budget,
        ] {
            assert_eq!(send(&[1, 2, 3, 4], Lane::Protective, kind, |n| n == 2), (vec![4], vec![1, 2, 3, 4]), "{kind:?}");
        }
    }

    #[test]
    fn a_mistake_in_all_of_them_is_not_looked_for_in_each_but_a_block_is() {
        let batch: Vec<usize> = (0..64).collect();
        let tried_alone = |lane| send(&batch, lane, FailureKind::Refused, |_| true).0.iter().filter(|size| **size == 1).count();
        assert_eq!(tried_alone(Lane::Fields), REFUSED_ALONE_MAX);
        assert_eq!(tried_alone(Lane::Protective), 64);
        // Where one was taken, the others may be as well.
        let (_, refused) = send(&batch, Lane::Fields, FailureKind::Refused, |n| n != 0 && n != 63);
        assert_eq!(refused, (1..63).collect::<Vec<_>>());
    }
}
