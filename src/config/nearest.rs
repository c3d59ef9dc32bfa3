//! "Did you mean ...": the known word nearest to a mistyped one.

/// The known word nearest to `wrong`, if one is near enough to have been meant: at most a third of the letters differ.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let limit = (wrong.chars().count() / 3).max(1);
    known.into_iter().map(|k| (distance(&wrong, &k.to_lowercase()), k)).filter(|(d, _)| *d <= limit).min().map(|(_, k)| k)
}

/// What to choose from: the nearest word first, then all of them.
pub fn choices<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let all = match known.len() {
        0 => "there are none".to_string(),
        1 => format!("there is only {}", known[0]),
        _ => format!("there are {}", known.join(", ")),
    };
    match nearest(wrong, known) {
        Some(word) => format!("did you mean {word:?}? {all}"),
        None => all,
    }
}

/// Letters to insert, drop, change or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                let least = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if swapped { least.min(rows[i - 2][j - 2] + 1) } else { least }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words() {
        let known = ["connector", "every", "writes", "crm.deals"];
        for (wrong, want) in [
            ("conector", Some("connector")),
            ("evrey", Some("every")),
            ("Writes", Some("writes")),
            ("crm.deal", Some("crm.deals")),
            ("token", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, known), want, "{wrong}");
        }
    }
}
