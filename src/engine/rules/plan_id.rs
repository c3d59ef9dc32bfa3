//! By which a plan that waits is known.

/// The id of a plan that waits.
pub fn plan_id(of: &str) -> String {
    format!("w_{}", &blake3::hash(of.as_bytes()).to_hex()[..8])
}

/// The id of an edit of precedence or statuses, between what counts and what it leads to.
pub(super) fn edit_id(from: &str, to: &str) -> String {
    format!("e_{}", &blake3::hash(format!("{from}\u{1f}{to}").as_bytes()).to_hex()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_plan_has_the_same_id_and_another_has_another() {
        assert_eq!((plan_id("ma holds"), plan_id("ma holds").len()), (plan_id("ma holds"), 10));
        assert_ne!(plan_id("ma holds"), plan_id("ma all"));
        assert_ne!(edit_id("a", "bc"), edit_id("ab", "c"));
    }
}
