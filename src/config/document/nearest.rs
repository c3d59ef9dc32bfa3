//! "Did you mean ...": the known word nearest to a mistyped one.

/// A longer word is no mistyped one, and comparing takes time by the product of both lengths.
const LETTERS_MAX: usize = 100;
/// Known words that are told; the others are counted.
const TOLD_MAX: usize = 100;

/// The known word nearest to `wrong`, if one is near enough to have been meant: at most a third of the letters differ.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let letters = wrong.chars().count();
    let limit = (letters / 3).max(1);
    // Words that differ in length by more are no nearer.
    let comparable = |k: &&str| letters <= LETTERS_MAX && k.chars().take(LETTERS_MAX + 1).count().abs_diff(letters) <= limit;
    let near = known.into_iter().filter(comparable).map(|k| (distance(&wrong, &k.to_lowercase()), k));
    near.filter(|(d, _)| *d <= limit).min().map(|(_, k)| k)
}

/// What to choose from: the nearest word first, then all of them. Put into words only where it is told.
#[derive(Debug, Clone)]
pub struct Choices<'a> {
    wrong: &'a str,
    known: Vec<&'a str>,
    end: &'static str,
}

pub fn choices<'a>(wrong: &'a str, known: impl IntoIterator<Item = &'a str>) -> Choices<'a> {
    Choices { wrong, known: known.into_iter().collect(), end: "" }
}

impl Choices<'_> {
    /// The same, and where they are.
    pub fn within(self, end: &'static str) -> Self {
        Choices { end, ..self }
    }
}

impl From<Choices<'_>> for String {
    fn from(choices: Choices) -> String {
        let Choices { wrong, known, end } = choices;
        let told = &known[..known.len().min(TOLD_MAX)];
        let more = known.len() - told.len();
        let all = match known.len() {
            0 => "there are none".to_string(),
            1 => format!("there is only {}", known[0]),
            _ if more > 0 => format!("there are {} and {more} more", told.join(", ")),
            _ => format!("there are {}", told.join(", ")),
        };
        match nearest(wrong, known.iter().copied()) {
            Some(word) => format!("did you mean {word:?}? {all}{end}"),
            None => format!("{all}{end}"),
        }
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
