//! A notice in the form in which a webhook takes it.

use crate::config::WebhookKind;
use crate::engine::history::told::Notice;
use crate::model::Time;
use serde_json::{Value as Json, json};

/// Version of the format of cards that Teams shows everywhere.
const CARD_VERSION: &str = "1.4";

/// What is sent to a webhook of this kind; `None`: an object with the text alone.
pub fn body(kind: Option<WebhookKind>, notice: &Notice) -> Json {
    match kind {
        None => json!({ "text": notice.text }),
        Some(WebhookKind::Slack) => json!({ "text": escaped(&notice.text) }),
        Some(WebhookKind::Teams) => card(&notice.text),
        Some(WebhookKind::Plain) => json!({
            "event": notice.event,
            "over": notice.over,
            "since": notice.since.map(Time::rfc3339),
            "text": notice.text,
        }),
    }
}

/// Slack takes `<..>` for a link or a mention, and `&` for the beginning of a name of a character.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The message that a workflow "when a Teams webhook request is received" takes.
fn card(text: &str) -> Json {
    let block = json!({ "type": "TextBlock", "text": text, "wrap": true });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": CARD_VERSION,
                "body": [block],
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> Notice {
        Notice {
            event: "waiting:updates:ma".into(),
            since: Some(Time(1_795_000_000_000)),
            over: false,
            text: "A & B <!channel> wait".into(),
        }
    }

    #[test]
    fn each_kind_gets_its_form() {
        let text = "A & B <!channel> wait";
        assert_eq!(body(None, &notice()), json!({ "text": text }));
        let slack = json!({ "text": "A &amp; B &lt;!channel&gt; wait" });
        assert_eq!(body(Some(WebhookKind::Slack), &notice()), slack);
        let plain = json!({ "event": "waiting:updates:ma", "over": false, "since": "2026-11-18T11:06:40Z", "text": text });
        assert_eq!(body(Some(WebhookKind::Plain), &notice()), plain);
        let teams = json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [{ "type": "TextBlock", "text": text, "wrap": true }],
                },
            }],
        });
        assert_eq!(body(Some(WebhookKind::Teams), &notice()), teams);
    }
}
