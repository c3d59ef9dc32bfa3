//! Why a stream cannot be read, where several of its passes failed: in one text, and what they have in common only once.

/// `sweep at ADDRESS: WHY` and `changes at ADDRESS: WHY` become `sweep and changes at ADDRESS: WHY`. `None`: there is no reason.
pub fn joined<'w>(reasons: impl IntoIterator<Item = &'w str>) -> Option<String> {
    let mut told: Vec<(Vec<&str>, &str)> = Vec::new();
    for reason in reasons {
        let (pass, rest) = parted(reason);
        match told.iter_mut().find(|(_, known)| *known == rest) {
            Some((passes, _)) if passes.contains(&pass) => {}
            Some((passes, _)) => passes.push(pass),
            None => told.push((vec![pass], rest)),
        }
    }
    let texts: Vec<String> = told.iter().map(|(passes, rest)| format!("{}{rest}", passes.join(" and "))).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// The pass that failed, and the rest of the reason from the address on; without an address all is rest.
fn parted(reason: &str) -> (&str, &str) {
    let at = reason.find(" at http").filter(|at| !reason[..*at].contains(':'));
    reason.split_at(at.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_told_once() {
        let down = "at https://crm.example: no answer (it took too long)";
        let (sweep, changes) = (format!("sweep {down}"), format!("changes {down}"));
        let no = "changes at https://crm.example: 400: no such field";
        for (reasons, want) in [
            (vec![], None),
            (vec![&*sweep], Some(sweep.clone())),
            (vec![&*sweep, &*changes, &*sweep], Some(format!("sweep and changes {down}"))),
            (vec![&*sweep, no], Some(format!("{sweep}; {no}"))),
            (vec!["never read", "never read", &*sweep], Some(format!("never read; {sweep}"))),
            (vec!["the filter is broken: see at http", "never read"], Some("the filter is broken: see at http; never read".into())),
        ] {
            assert_eq!(joined(reasons), want);
        }
    }
}
