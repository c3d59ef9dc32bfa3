//! Which basis in law carries which kind of mail (domain.md B5).

use crate::model::{Basis, MailKind};

/// Whether a basis (or none) allows a kind of mail at all. Holds and refusals come on top.
pub fn carries(basis: Option<Basis>, kind: MailKind) -> bool {
    use Basis::*;
    use MailKind::*;
    match (kind, basis) {
        // A notice that belongs to a contract needs no ground in advertising law.
        (Service, _) => true,
        (_, None) => false,
        (_, Some(PublishedAddress)) => false,
        (ServiceFooter | ConsentRequest | OneToOne, Some(_)) => true,
        (OnboardingNotice | Newsletter | Campaign | RepSender, Some(NotifiedAny)) => false,
        (
            OnboardingNotice | Newsletter | Campaign | RepSender,
            Some(SoftOptIn | WrittenNotice | BusinessRelationship | ExplicitConsent),
        ) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_law() {
        for kind in MailKind::ALL {
            assert_eq!(carries(None, kind), kind == MailKind::Service, "{kind:?} without basis");
            assert_eq!(carries(Some(Basis::PublishedAddress), kind), kind == MailKind::Service, "{kind:?} published");
            for basis in [Basis::SoftOptIn, Basis::WrittenNotice, Basis::BusinessRelationship, Basis::ExplicitConsent] {
                assert!(carries(Some(basis), kind), "{kind:?} {basis:?}");
            }
        }
        assert!(!carries(Some(Basis::NotifiedAny), MailKind::Newsletter));
        assert!(carries(Some(Basis::NotifiedAny), MailKind::ServiceFooter));
    }
}
