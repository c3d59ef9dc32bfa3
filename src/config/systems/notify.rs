//! `[notify]` of systems.toml: whom to tell when something needs a person.

use super::plain_http;
use super::settings::Outside;
use crate::config::document::TomlEntry;
use crate::config::document::keys;
use crate::model::{Address, Span};
use secrecy::{ExposeSecret, SecretString};

/// Holds are written and approved within seconds: what is over before this was no event.
const AFTER: Span = Span::minutes(2);
/// RFC 6409.
const SUBMISSION_PORT: u16 = 587;
/// RFC 8314: TLS from the first byte.
const SUBMISSIONS_PORT: u16 = 465;

/// Where notices go; both may be given.
#[derive(Debug, Clone, Default)]
pub struct Notify {
    pub webhook: Option<Webhook>,
    pub mail: Option<MailNotices>,
    /// How long something must last before it is told.
    pub after: Span,
}

/// Notices by POST to a chat tool, or to a program.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Who knows it can write there.
    pub url: SecretString,
    /// `None`: an object with a text, which most chat tools take.
    pub kind: Option<WebhookKind>,
}

/// The form in which a webhook takes a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookKind {
    Slack,
    /// A workflow in Microsoft Teams.
    Teams,
    /// A program: keys that stay what they are.
    Plain,
}

/// Notices by mail.
#[derive(Debug, Clone)]
pub struct MailNotices {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<(String, SecretString)>,
    pub from: Address,
    pub to: Vec<Address>,
}

/// How the connection to the mail server is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// `smtps://`
    Tls,
    /// `smtp://`: STARTTLS, or nothing is sent.
    StartTls,
    /// `smtp://` on this machine.
    None,
}

impl Notify {
    /// Whether the secrets are the same: they may lie in files that are edited while the config is not.
    pub fn same_secrets(&self, other: &Notify) -> bool {
        let secrets = |n: &Notify| {
            let password = n.mail.as_ref().and_then(|m| m.login.as_ref()).map(|(_, password)| password.clone());
            [n.webhook.as_ref().map(|w| w.url.clone()), password].map(|s| s.map(|s| s.expose_secret().to_string()))
        };
        secrets(self) == secrets(other)
    }
}

/// Reads `[notify]`.
pub fn read(entry: &TomlEntry, outside: &Outside) -> Option<Notify> {
    let mut section = entry.table("[notify]", &keys::NOTIFY)?;
    let after = section.get("after").and_then(|e| e.duration()).unwrap_or(AFTER);
    let webhook = section.get("webhook").and_then(|e| webhook(&e, outside));
    let mail = section.get("mail").and_then(|e| mail(&e, outside));
    if section.is_empty() {
        section
            .report("[notify] tells nobody", "expected webhook = { url = { env = \"NAME\" } }, or mail = { smtp = \"smtp://HOST\", .. }");
    }
    section.finish();
    Some(Notify { webhook, mail, after })
}

fn webhook(entry: &TomlEntry, outside: &Outside) -> Option<Webhook> {
    let mut section = entry.table("[notify.webhook]", &keys::WEBHOOK)?;
    let url = section.need("url", "expected url = { env = \"NAME\" }: who knows it can write to your channel");
    let kind = section.get("kind").map(|e| webhook_kind(&e));
    let in_the_open = plain_http::allowed(section.get(plain_http::KEY));
    section.finish();
    let url = url_of(&url?, in_the_open, outside)?;
    // A kind that is none was told.
    let kind = match kind {
        Some(kind) => Some(kind?),
        None => None,
    };
    Some(Webhook { url, kind })
}

fn webhook_kind(entry: &TomlEntry) -> Option<WebhookKind> {
    match entry.text()? {
        "slack" => Some(WebhookKind::Slack),
        "teams" => Some(WebhookKind::Teams),
        "plain" => Some(WebhookKind::Plain),
        other => {
            entry.report(
                format!("{other:?} is no kind of webhook"),
                "expected \"slack\", \"teams\" or \"plain\"; without a kind it gets {\"text\": \"..\"}",
            );
            None
        }
    }
}

fn url_of(url: &TomlEntry, in_the_open: bool, outside: &Outside) -> Option<SecretString> {
    let secret = outside.secret(url, "the webhook's address")?;
    if !outside.looks_up {
        return Some(secret);
    }
    let parsed = reqwest::Url::parse(secret.expose_secret()).ok();
    let Some(parsed) = parsed.filter(|u| matches!(u.scheme(), "http" | "https") && u.host().is_some()) else {
        url.report("what the webhook's url points to is no address", "expected https://HOST/..");
        return None;
    };
    if plain_http::leaves_in_the_open(&parsed) && !in_the_open {
        let (said, hint) = plain_http::told("the webhook's address, which is its secret,", "[notify.webhook]");
        url.report(said, hint);
        return None;
    }
    Some(secret)
}

fn mail(entry: &TomlEntry, outside: &Outside) -> Option<MailNotices> {
    let mut section = entry.table("[notify.mail]", &keys::NOTIFY_MAIL)?;
    let smtp = section.need("smtp", "expected smtp = \"smtp://HOST:587\" or \"smtps://HOST\"");
    let (user, password) = (section.get("user"), section.get("password"));
    let from = section.need("from", "expected from = \"nayose@acme.example\"");
    let to = section.need("to", "expected to = [\"it@acme.example\"]");
    if let (Some(one), None) | (None, Some(one)) = (&user, &password) {
        one.report(format!("{:?} stands alone", one.key), "expected user and password, or neither");
    }
    section.finish();
    let server = smtp.and_then(|e| server(&e));
    let from = from.and_then(|e| address(&e, e.text()?));
    let to = to?.texts().into_iter().map(|(e, text)| address(&e, text)).collect::<Option<Vec<Address>>>()?;
    let login = match (user, password) {
        (Some(user), Some(password)) => {
            Some((user.filled_text()?.to_string(), outside.secret(&password, "the password of the mail server")?))
        }
        _ => None,
    };
    let (host, port, security) = server?;
    Some(MailNotices { host, port, security, login, from: from?, to })
}

fn server(entry: &TomlEntry) -> Option<(String, u16, Security)> {
    const FORM: &str = "expected smtp://HOST:PORT (STARTTLS) or smtps://HOST:PORT (TLS); user and password are keys of their own";
    let url = reqwest::Url::parse(entry.filled_text()?).ok().filter(|u| u.username().is_empty() && u.password().is_none());
    let found = url.and_then(|url| {
        let host = url.host_str()?.to_string();
        let here = plain_http::is_here(&host);
        match url.scheme() {
            "smtps" => Some((host, url.port().unwrap_or(SUBMISSIONS_PORT), Security::Tls)),
            "smtp" if here => Some((host, url.port().unwrap_or(SUBMISSION_PORT), Security::None)),
            "smtp" => Some((host, url.port().unwrap_or(SUBMISSION_PORT), Security::StartTls)),
            _ => None,
        }
    });
    if found.is_none() {
        entry.report("this is no mail server", FORM);
    }
    found
}

fn address(entry: &TomlEntry, text: &str) -> Option<Address> {
    let address = Address::parse(text);
    if address.is_none() {
        entry.report(format!("{text:?} is no e-mail address"), "expected NAME@DOMAIN");
    }
    address
}
