//! `nayose pin`, `nayose unpin`, `nayose pins`

use super::args::{Common, PinArgs, UnpinArgs};
use super::speaker::speaker;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::pin::PinTold;
use serde_json::json;

pub async fn pin(common: &Common, args: PinArgs) -> Exit {
    let PinArgs { who, field, value, because, by } = args;
    if because.trim().is_empty() {
        return common.end(Exit::Refused, "--because is empty; say why the value counts: the journal keeps it");
    }
    let order = Command::Pin { who, field, value, by: speaker(by), because };
    match open::ask(common, order, open::StateNeed::Needed).await {
        Ok(Reply::Pinned(told)) => {
            match common.json {
                true => output::json(&json!({ "pinned": told })),
                false => {
                    output::data(&format!("{}: it goes before every rule until `nayose unpin {} {}`", line(&told), told.on, told.field))
                }
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

pub async fn unpin(common: &Common, args: UnpinArgs) -> Exit {
    let UnpinArgs { who, field, by } = args;
    match open::ask(common, Command::Unpin { who, field, by: speaker(by) }, open::StateNeed::Needed).await {
        Ok(Reply::Pinned(told)) => {
            match common.json {
                true => output::json(&json!({ "unpinned": told })),
                false => output::data(&format!("taken back: {}; the rules decide on {} again", line(&told), told.field)),
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

pub async fn pins(common: &Common) -> Exit {
    match open::ask(common, Command::Pins, open::StateNeed::Needed).await {
        Ok(Reply::Pins(pins)) => {
            match common.json {
                true => output::json(&json!({ "pins": pins })),
                false if pins.is_empty() => output::data("nothing is pinned"),
                false => pins.iter().for_each(|told| output::data(&line(told))),
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

/// `title of taro@acme.example is "顧問", says hanako (本人の希望), 2026-11-29T09:00:00Z`
fn line(told: &PinTold) -> String {
    let PinTold { on, field, value, by, because, at, records } = told;
    let nobody = if records.is_empty() { " (nobody is known by it now)" } else { "" };
    format!("{field} of {on}{nobody} is {value}, says {by} ({because}), {at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_says_who_put_it_there_and_why() {
        let told = PinTold {
            on: "taro@acme.example".into(),
            field: "title".into(),
            value: "顧問".into(),
            by: "hanako".into(),
            because: "本人の希望".into(),
            at: "2026-11-29T09:00:00Z".into(),
            records: vec!["crm:person:1".into()],
        };
        assert_eq!(line(&told), "title of taro@acme.example is \"顧問\", says hanako (本人の希望), 2026-11-29T09:00:00Z");
        assert!(line(&PinTold { records: Vec::new(), ..told }).contains("taro@acme.example (nobody is known by it now) is"));
    }
}
