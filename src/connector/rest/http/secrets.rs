//! What no message may show: a system's secrets in each form they travel in, and the credentials that were sent of late.

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The shortest secret that is looked for; anything shorter would blot out half of each text.
const SECRET_BYTES_MIN: usize = 4;
/// Credentials that are made or fetched anew now and then: an answer may repeat one that was just replaced.
const SENT_MAX: usize = 4;

/// The secrets of one system.
pub struct Secrets {
    /// Longest first, so that none is left half struck because a part of it is another.
    fixed: Vec<SecretString>,
    sent: Mutex<VecDeque<SecretString>>,
}

impl Secrets {
    pub fn new<'s>(secrets: impl Iterator<Item = &'s SecretString>) -> Secrets {
        let mut fixed: Vec<String> = secrets.flat_map(|s| forms(s.expose_secret().trim())).collect();
        fixed.retain(|form| form.len() >= SECRET_BYTES_MIN);
        fixed.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        fixed.dedup();
        Secrets { fixed: fixed.into_iter().map(SecretString::from).collect(), sent: Mutex::new(VecDeque::new()) }
    }

    /// Takes notice of a credential that goes out. It is `SCHEME TOKEN`; the token alone is the secret.
    pub fn sends(&self, header: &HeaderValue) {
        let Some(token) = header.to_str().ok().map(|v| v.rsplit(' ').next().unwrap_or(v)) else { return };
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if token.len() < SECRET_BYTES_MIN || sent.iter().any(|s| s.expose_secret() == token) {
            return;
        }
        sent.truncate(SENT_MAX - 1);
        sent.push_front(token.into());
    }

    /// The text with every secret struck out. Before it is cut short, never after: of a secret at the cut a part would stay.
    pub fn strike(&self, text: &str) -> String {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let all = sent.iter().chain(&self.fixed);
        all.fold(
            text.to_string(),
            |text, secret| {
                if text.contains(secret.expose_secret()) { text.replace(secret.expose_secret(), "***") } else { text }
            },
        )
    }
}

/// A secret as it is, and as JSON, URLs and forms write it.
fn forms(secret: &str) -> Vec<String> {
    let quoted = serde_json::Value::from(secret).to_string();
    let quoted = quoted.trim_matches('"').to_string();
    let mut forms = vec![secret.to_string(), quoted.replace('/', "\\/"), quoted];
    if let Ok(mut url) = Url::parse("http://h") {
        url.query_pairs_mut().append_key_only(secret);
        let form = url.query().unwrap_or_default().to_string();
        forms.push(form.replace('+', "%20"));
        forms.push(form);
    }
    forms
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_each_form() {
        let (plain, odd) = (SecretString::from("s3cret"), SecretString::from("a/b+c \"d\"\\"));
        let secrets = Secrets::new([&plain, &odd].into_iter());
        secrets.sends(&HeaderValue::from_static("Bearer tok-1.2"));
        secrets.sends(&HeaderValue::from_static("abc"));
        for (text, want) in [
            ("is s3cret here: s3cret", "is *** here: ***"),
            ("{\"token\": \"a/b+c \\\"d\\\"\\\\\"}", "{\"token\": \"***\"}"),
            ("{\"token\": \"a\\/b+c \\\"d\\\"\\\\\"}", "{\"token\": \"***\"}"),
            ("/token?secret=a%2Fb%2Bc+%22d%22%5C&x=1", "/token?secret=***&x=1"),
            ("/token?secret=a%2Fb%2Bc%20%22d%22%5C", "/token?secret=***"),
            ("authorization: Bearer tok-1.2", "authorization: Bearer ***"),
            ("abc", "abc"),
        ] {
            assert_eq!(secrets.strike(text), want);
        }
        for i in 0..SENT_MAX {
            secrets.sends(&HeaderValue::from_str(&format!("Bearer new-{i}")).unwrap());
        }
        assert_eq!(secrets.strike("tok-1.2 new-0 new-3"), "tok-1.2 *** ***");
        assert_eq!(format!("{secrets:?}"), "Secrets(..)");
    }

    #[test]
    fn none_is_left_half_struck_because_another_is_its_beginning() {
        let (short, long) = (SecretString::from("abcd"), SecretString::from("abcd-efgh"));
        assert_eq!(Secrets::new([&short, &long].into_iter()).strike("abcd-efgh abcd"), "*** ***");
    }
}
