//! `nayose pin`, `nayose unpin`, `nayose pins`

use super::args::{Common, PinArgs, ReaderLanguage, UnpinArgs};
use super::speaker::speaker;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::pin::{PinDone, PinDoubt, PinTold};
use serde_json::json;

pub async fn pin(common: &Common, args: PinArgs) -> Exit {
    let PinArgs { who, field, value, because, by, told } = args;
    if because.trim().is_empty() {
        return common.end(Exit::Refused, "--because is empty; say why the value counts: the journal keeps it");
    }
    let order = Command::Pin { who, field, value, by: speaker(by), because };
    match open::ask(common, order, open::StateNeed::Needed).await {
        Ok(Reply::Pinned(done)) => {
            match common.json {
                true => output::json(&done),
                false => output::data(&output::lines(&pinned(told.language(), &done))),
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

pub async fn unpin(common: &Common, args: UnpinArgs) -> Exit {
    let UnpinArgs { who, field, by, told } = args;
    match open::ask(common, Command::Unpin { who, field, by: speaker(by) }, open::StateNeed::Needed).await {
        Ok(Reply::Unpinned(pins)) => {
            match common.json {
                true => output::json(&json!({ "unpinned": pins })),
                false => output::data(&output::lines(&unpinned(told.language(), &pins))),
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

pub async fn pins(common: &Common, language: ReaderLanguage) -> Exit {
    match open::ask(common, Command::Pins, open::StateNeed::Needed).await {
        Ok(Reply::Pins(pins)) => {
            match common.json {
                true => output::json(&json!({ "pins": pins })),
                false if pins.is_empty() => output::data(language.says("nothing is pinned", "固定された値はありません")),
                false => pins.iter().for_each(|told| output::data(&line(language, told))),
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

/// What was pinned, what that takes the place of, and what speaks against it.
fn pinned(language: ReaderLanguage, done: &PinDone) -> Vec<String> {
    let PinDone { pinned: told, replaced, doubts } = done;
    let unpin = format!("nayose unpin {} {}", told.on, told.field);
    let mut lines = vec![language.says(
        format!("{}: it goes before every rule until `{unpin}`", line(language, told)),
        format!("{}。`{unpin}` で取り消すまで、どのルールよりも優先します", line(language, told)),
    )];
    lines.extend(replaced.iter().map(|old| replaced_line(language, told, old)));
    lines.extend(doubts.iter().map(|doubt| doubt_line(language, *doubt, told)));
    lines
}

fn replaced_line(language: ReaderLanguage, told: &PinTold, old: &PinTold) -> String {
    let PinTold { on, value, by, at, .. } = old;
    match *on == told.on {
        true => language.says(
            format!("it replaces {value}, which {by} pinned at {at}"),
            format!("{by} が {at} に固定した {value} は、これに置き換わりました"),
        ),
        false => language.says(
            format!("it goes before {value}, which {by} pinned on {on} at {at}; `unpin` takes back all of them"),
            format!("{by} が {at} に {on} に固定した {value} より優先します。`unpin` はどちらも取り消します"),
        ),
    }
}

fn doubt_line(language: ReaderLanguage, doubt: PinDoubt, PinTold { field, value, .. }: &PinTold) -> String {
    match doubt {
        PinDoubt::Ignored => language.says(
            format!("note: the rule of {field} ignores {value} where it stands in a record; pinned it counts"),
            format!("注意: {field} のルールは {value} を無視します（ignore）。固定した値は無視されません"),
        ),
        PinDoubt::NotValid => language.says(
            format!("note: {value} is not valid by [fields.{field}]; pinned it counts"),
            format!("注意: {value} は [fields.{field}] の valid に合いません。固定した値は採られます"),
        ),
        PinDoubt::WrittenNowhere => language.says(
            format!("note: no system's `writes` names {field}, so it is written nowhere; only expressions see it"),
            format!("注意: {field} を `writes` に挙げたシステムがないため、どこにも書き込まれません（ルールの式には見えます）"),
        ),
    }
}

/// Each pin that was taken back, in a line of its own.
fn unpinned(language: ReaderLanguage, pins: &[PinTold]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(
        pins.iter().map(|told| {
            language.says(format!("taken back: {}", line(language, told)), format!("取り消しました: {}", line(language, told)))
        }),
    );
    lines.extend(pins.first().map(|PinTold { field, .. }| {
        language.says(format!("the rules decide on {field} again"), format!("{field} は再びルールで決まります"))
    }));
    lines
}

/// `title of taro@acme.example is "顧問", says hanako (本人の希望), 2026-11-29T09:00:00Z`
fn line(language: ReaderLanguage, told: &PinTold) -> String {
    let PinTold { on, field, value, by, because, at, records } = told;
    let nobody = match records.is_empty() {
        true => language.says(" (nobody is known by it now)", "（今は該当する人がいません）"),
        false => "",
    };
    language.says(
        format!("{field} of {on}{nobody} is {value}, says {by} ({because}), {at}"),
        format!("{on}{nobody} の {field} は {value}（{by} が {at} に固定。理由: {because}）"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(on: &str, value: &str, by: &str) -> PinTold {
        PinTold {
            on: on.into(),
            field: "title".into(),
            value: value.into(),
            by: by.into(),
            because: "本人の希望".into(),
            at: "2026-11-29T09:00:00Z".into(),
            records: vec!["crm:person:1".into()],
        }
    }

    #[test]
    fn a_pin_says_who_put_it_there_and_why() {
        let told = told("taro@acme.example", "顧問", "hanako");
        let english = |told: &PinTold| line(ReaderLanguage::En, told);
        assert_eq!(english(&told), "title of taro@acme.example is \"顧問\", says hanako (本人の希望), 2026-11-29T09:00:00Z");
        assert!(english(&PinTold { records: Vec::new(), ..told }).contains("taro@acme.example (nobody is known by it now) is"));
    }

    /// Only the newest of several was named, and nobody learned that a colleague's was gone.
    #[test]
    fn each_pin_that_gives_way_or_is_taken_back_is_named_and_what_speaks_against_one_is_told() {
        let of_address = || told("taro@acme.example", "部長", "ken");
        let done = PinDone {
            pinned: told("crm:person:1", "不明", "hanako"),
            replaced: vec![told("crm:person:1", "顧問", "jiro"), of_address()],
            doubts: vec![PinDoubt::Ignored, PinDoubt::NotValid, PinDoubt::WrittenNowhere],
        };
        for (language, name) in [(ReaderLanguage::En, "en"), (ReaderLanguage::Ja, "ja")] {
            let lines = [pinned(language, &done), unpinned(language, &[done.pinned.clone(), of_address()])].concat();
            insta::assert_snapshot!(format!("pins_{name}"), lines.join("\n"));
        }
    }
}
