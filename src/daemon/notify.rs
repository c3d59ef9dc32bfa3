//! Notices sent, beside everything else: what cannot be delivered is tried again for a while, and holds up nothing.

mod body;

use crate::config::{MailNotices, Notify, Security, Webhook};
use crate::connector::network::Network;
use crate::daemon::notify::body::body;
use crate::daemon::shell::Shell;
use crate::engine::Error;
use crate::engine::answers::notices::notices;
use crate::engine::history::told::{Notice, NoticeWay, ToldNotices, Unsent};
use crate::model::{Span, Time};
use crate::telemetry::InternalEvent;
use crate::telemetry::notices::{NoticeMade, NoticeNotSent};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;
use std::time::Duration;
use tokio::sync::watch;

/// Looked at twice within the time that something must last, but not without pause and not seldom.
const LOOK_MIN: Span = Span::seconds(1);
const LOOK_MAX: Span = Span::seconds(30);
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// A notice that could not be sent is tried again after 30 s, then ever later, and given up after so many tries: about four hours.
const TRIES_MAX: u32 = 9;
const RETRY_FIRST: Span = Span::seconds(30);
/// So many wait at the most; then the oldest are given up.
const UNSENT_MAX: usize = 100;
const SUBJECT_CHARS: usize = 120;

/// Tells what needs a person, until `stop` turns true.
pub async fn tell_for_ever(shell: Shell, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
    while !*stop.borrow() {
        let config = shell.config().notify.clone();
        let look = config.as_ref().map_or(LOOK_MAX, |c| Span(c.after.0 / 2).clamp(LOOK_MIN, LOOK_MAX));
        if let Some(config) = config {
            let usage = shell.usage();
            let now = shell.now();
            shell.with(|e| {
                let status = e.status(&usage, now);
                let (notices, told) = notices(e.told(), &status, config.after, now);
                e.keep_told(queued(told, &notices, &config, now))
            })?;
            tokio::select! {
                sent = send_all(&shell, &config) => sent?,
                _ = stop.changed() => break,
            }
        }
        tokio::select! {
            _ = tokio::time::sleep(look.to_std()) => {}
            _ = stop.changed() => break,
        }
    }
    Ok(())
}

/// Puts notices on their ways.
fn queued(mut told: ToldNotices, notices: &[Notice], config: &Notify, now: Time) -> ToldNotices {
    let ways = [config.webhook.as_ref().map(|_| NoticeWay::Webhook), config.mail.as_ref().map(|_| NoticeWay::Mail)];
    for notice in notices {
        NoticeMade { text: &notice.text }.emit();
        let unsent = |by| Unsent { by, notice: notice.clone(), tries: 0, next_at: now };
        told.unsent.extend(ways.into_iter().flatten().map(unsent));
    }
    let over = told.unsent.len().saturating_sub(UNSENT_MAX);
    told.unsent.drain(..over);
    told
}

/// Sends what is due, one after another.
async fn send_all(shell: &Shell, config: &Notify) -> Result<(), Error> {
    let network = shell.config().network.clone();
    loop {
        let now = shell.now();
        let Some(next) = shell.with(|e| e.told().unsent.iter().find(|u| u.next_at <= now).cloned()) else { return Ok(()) };
        let sent = match (next.by, &config.webhook, &config.mail) {
            (NoticeWay::Webhook, Some(webhook), _) => post(&network, webhook, &next.notice).await,
            (NoticeWay::Mail, _, Some(mail)) => mailed(mail, &next.notice).await,
            // That way was taken out of the config.
            _ => Ok(()),
        };
        let now = shell.now();
        shell.with(|e| {
            let mut told = e.told().clone();
            let place = told.unsent.iter().position(|u| *u == next);
            match (sent, place) {
                (Ok(()), Some(place)) => drop(told.unsent.remove(place)),
                (Err(error), Some(place)) => {
                    NoticeNotSent { by: &format!("{:?}", next.by), error: &error, tries: next.tries + 1 }.emit();
                    failed(&mut told, place, now);
                }
                (_, None) => {}
            }
            e.keep_told(told)
        })?;
    }
}

/// Puts a notice off, ever longer, and gives it up after some tries.
fn failed(told: &mut ToldNotices, place: usize, now: Time) {
    let unsent = &mut told.unsent[place];
    unsent.tries += 1;
    unsent.next_at = now.plus(Span(RETRY_FIRST.0 << unsent.tries.min(TRIES_MAX)));
    if unsent.tries >= TRIES_MAX {
        told.unsent.remove(place);
    }
}

/// Why a notice was not sent. Never holds the webhook's address, which is a secret.
#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error("the webhook does not answer: {0}")]
    Webhook(reqwest::Error),
    #[error("the webhook answered {0}")]
    Status(u16),
    #[error("the mail server does not take it: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    #[error("no mail can be made of it: {0}")]
    Message(String),
}

async fn post(network: &Network, webhook: &Webhook, notice: &Notice) -> Result<(), NotSent> {
    let client = network.client().map_err(|e| NotSent::Webhook(e.without_url()))?;
    let request = client.post(webhook.url.expose_secret()).timeout(ANSWER_WITHIN).json(&body(webhook.kind, notice));
    let answer = request.send().await.map_err(|e| NotSent::Webhook(e.without_url()))?;
    if answer.status().is_success() { Ok(()) } else { Err(NotSent::Status(answer.status().as_u16())) }
}

async fn mailed(mail: &MailNotices, notice: &Notice) -> Result<(), NotSent> {
    let mailbox = |a: &crate::model::Address| a.to_string().parse::<Mailbox>().map_err(|e| NotSent::Message(e.to_string()));
    let mut message = Message::builder().from(mailbox(&mail.from)?);
    for to in &mail.to {
        message = message.to(mailbox(to)?);
    }
    let subject: String = format!("nayose: {}", notice.text).chars().take(SUBJECT_CHARS).collect();
    let message = message.subject(subject).body(format!("{}\n", notice.text)).map_err(|e| NotSent::Message(e.to_string()))?;
    let tls = || TlsParameters::new(mail.host.clone());
    let tls = match mail.security {
        Security::Tls => Tls::Wrapper(tls()?),
        Security::StartTls => Tls::Required(tls()?),
        Security::None => Tls::None,
    };
    let host = mail.host.trim_matches(['[', ']']);
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(mail.port).tls(tls).timeout(Some(ANSWER_WITHIN));
    let transport = match &mail.login {
        Some((user, password)) => transport.credentials(Credentials::new(user.clone(), password.expose_secret().to_string())),
        None => transport,
    };
    transport.build().send(message).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(text: &str) -> Notice {
        Notice { event: "config".into(), since: Some(Time(0)), over: false, text: text.into() }
    }

    fn config() -> Notify {
        Notify { webhook: Some(Webhook { url: "https://chat.example/hook".into(), kind: None }), ..Notify::default() }
    }

    #[test]
    fn what_cannot_be_sent_is_put_off_ever_longer_and_then_given_up() {
        let notice = notice("x");
        let mut told = queued(ToldNotices::default(), std::slice::from_ref(&notice), &config(), Time(0));
        assert_eq!(told.unsent, [Unsent { by: NoticeWay::Webhook, notice: notice.clone(), tries: 0, next_at: Time(0) }]);
        let mut now = Time(0);
        let mut waits = Vec::new();
        while let Some(unsent) = told.unsent.first() {
            now = unsent.next_at;
            failed(&mut told, 0, now);
            waits.extend(told.unsent.first().map(|u| u.next_at.since(now).as_seconds()));
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3840, 7680]);
        assert_eq!(now.since(Time(0)), Span::seconds(60 * 255));
    }

    #[test]
    fn a_channel_that_is_down_does_not_gather_notices_for_ever() {
        let many: Vec<Notice> = (0..250).map(|i| notice(&i.to_string())).collect();
        let told = queued(ToldNotices::default(), &many, &config(), Time(0));
        assert_eq!(told.unsent.len(), UNSENT_MAX);
        assert_eq!(told.unsent.last().map(|u| u.notice.text.as_str()), Some("249"));
    }
}
