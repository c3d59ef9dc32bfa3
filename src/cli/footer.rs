//! `nayose footer`

use super::args::{Common, FooterOrder, FooterPreviewArgs};
use super::{Exit, open, output, picture};
use crate::config::{FOOTERS_FOLDER, FootersRead, STOP_FILE};
use crate::connector::regular;
use crate::daemon::commands::{Command, Reply};
use crate::daemon::footers::FooterGot;
use crate::footer::{FooterShelf, FooterText, MailLimits, MailSlot, Newsletter, Placed, place, shown_html};
use crate::model::{Date, counted};
use serde_json::json;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub async fn footer(common: &Common, order: FooterOrder) -> Exit {
    match order {
        FooterOrder::Check => check(common),
        FooterOrder::Preview(asked) => preview(common, asked).await,
        FooterOrder::Stop => stop(common),
        FooterOrder::Resume => resume(common),
    }
}

fn read(common: &Common) -> Result<FootersRead, Exit> {
    open::footers(common).map_err(|error| open::refused(common, &error))
}

fn check(common: &Common) -> Exit {
    let FootersRead { shelf, notes, .. } = match read(common) {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    notes.iter().for_each(|note| output::note(&format!("note: {note}")));
    if common.json {
        let told = shelf.footers.iter().map(|footer| json!({ "footer": footer.text.id(), "slot": &*footer.rules.slot }));
        output::json(&json!({ "ok": true, "stopped": shelf.is_stopped, "footers": told.collect::<Vec<_>>() }));
        return Exit::Done;
    }
    let mut table = output::table(&["footer", "slot", "from", "until", "confirmed by"]);
    for footer in &shelf.footers {
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let confirmed = shelf.newsletters.get(&footer.rules.slot).and_then(|slot| slot.confirmed_by.clone());
        let confirmed = confirmed.unwrap_or_else(|| "nobody: it goes into no mail".into());
        table.add_row(vec![
            footer.text.id().into(),
            footer.rules.slot.to_string(),
            day(footer.rules.begins),
            day(footer.rules.ends),
            confirmed,
        ]);
    }
    if !shelf.footers.is_empty() {
        output::data(&table.to_string());
    }
    let stopped = if shelf.is_stopped { "; all are stopped, `nayose footer resume` lets them stand again" } else { "" };
    let count = counted(shelf.footers.len(), "footer", "footers");
    output::data(&format!("the footers in {} are right ({count}){stopped}", folder(common).display()));
    Exit::Done
}

/// The newsletter that was named, or the only one.
fn newsletter<'s>(shelf: &'s FooterShelf, asked: Option<&str>) -> Result<(String, &'s Newsletter), String> {
    let known: Vec<&str> = shelf.newsletters.keys().map(|slot| &**slot).collect();
    let slot = match (asked, &known[..]) {
        (_, []) => return Err("consent.toml has no newsletter under [footers.slots]; docs/footers.md says how".into()),
        (Some(slot), _) => slot,
        (None, [one]) => one,
        (None, _) => return Err(format!("there are several newsletters: --slot names one of {}", known.join(", "))),
    };
    let found =
        shelf.newsletters.get(slot).ok_or_else(|| format!("consent.toml has no [footers.slots.{slot}]; it has {}", known.join(", ")))?;
    Ok((slot.to_string(), found))
}

fn folder(common: &Common) -> PathBuf {
    common.config.join(FOOTERS_FOLDER)
}

async fn preview(common: &Common, asked: FooterPreviewArgs) -> Exit {
    let FootersRead { shelf, .. } = match read(common) {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    let (slot, newsletter) = match newsletter(&shelf, asked.slot.as_deref()) {
        Ok(found) => found,
        Err(why) => return common.end(Exit::Refused, &why),
    };
    // A daemon has another working folder.
    let config = std::path::absolute(&common.config).unwrap_or_else(|_| common.config.clone());
    let got = match open::ask(common, Command::Footer { folder: config, who: asked.who, slot: slot.clone() }, open::StateNeed::Needed).await
    {
        Ok(Reply::Footer(got)) => got,
        other => return open::unexpected(common, other),
    };
    let (mut mail, mut seen) = (None, None);
    if let Some(out) = &asked.out {
        match written(out, &got, asked.mail.as_deref().map(|file| (file, &newsletter.mails))) {
            Ok(became) => mail = became,
            Err(why) => return common.end(Exit::Refused, &why),
        }
        seen = Some(pictured(out, &got, mail.is_some(), asked.browser.as_deref()).await);
    }
    if common.json {
        let mut told = json!(got);
        if let Some(mail) = &mail {
            told["mail"] = json!(mail);
        }
        if let Some(Ok(picture)) = &seen {
            told["picture"] = json!(picture.display().to_string());
        }
        output::json(&told);
    } else {
        output::data(&told(&got));
        mail.iter().for_each(|mail| output::data(&format!("the mail: {mail}")));
    }
    match seen {
        Some(Ok(picture)) if !common.json => output::data(&format!("the picture: {}", picture.display())),
        Some(Err(why)) => output::note(&format!("no picture: {why}")),
        _ => {}
    }
    if got.footer.is_some() { Exit::Done } else { Exit::Failures }
}

fn told(got: &FooterGot) -> String {
    let mut lines = match &got.footer {
        Some(footer) => vec![format!("{} gets the footer {footer} in {}", got.subject, got.slot), String::new(), got.text.clone()],
        None => vec![format!("{} gets no footer in {}: {}", got.subject, got.slot, got.reasons.join(", "))],
    };
    lines.extend(got.mistakes.iter().map(|mistake| format!("  {mistake}")));
    output::lines(&lines)
}

/// Writes what somebody gets; what became of the mail, if one was given.
fn written(out: &Path, got: &FooterGot, mail: Option<(&Path, &MailSlot)>) -> Result<Option<String>, String> {
    let failed = |path: &Path, why: &dyn std::fmt::Display| format!("{} cannot be written: {why}", path.display());
    std::fs::create_dir_all(out).map_err(|why| failed(out, &why))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        std::fs::write(&path, bytes).map_err(|why| failed(&path, &why))
    };
    write("footer.html", got.html.as_bytes())?;
    write("footer.txt", got.text.as_bytes())?;
    let Some((file, slot)) = mail else { return Ok(None) };
    let limits = MailLimits::default();
    let bytes = regular::read(file, limits.bytes).map_err(|why| format!("{} cannot be read: {why}", file.display()))?;
    let Some(id) = &got.footer else {
        write("mail.eml", &bytes)?;
        return Ok(Some("as it came, since they get no footer".into()));
    };
    let text = FooterText::new(id, &got.html, &got.text).map_err(|why| why.to_string())?;
    match place(&bytes, &text, slot, &limits) {
        Placed::Edited(edited) => {
            write("mail.eml", &edited.bytes)?;
            Ok(Some("with the footer".into()))
        }
        Placed::Untouched(why) => {
            write("mail.eml", &bytes)?;
            Ok(Some(format!("as it came: {why} ({})", why.name())))
        }
    }
}

/// Takes a picture of what was written into a folder; where it is, or why there is none.
async fn pictured(out: &Path, got: &FooterGot, has_mail: bool, named: Option<&Path>) -> Result<PathBuf, String> {
    let browser = picture::browser(named).ok_or("no browser was found (Chromium, Chrome or Edge); --browser names one")?;
    let (html, name) = match has_mail {
        true => {
            let mail = out.join("mail.eml");
            let bytes =
                regular::read(&mail, MailLimits::default().bytes).map_err(|why| format!("{} cannot be read: {why}", mail.display()))?;
            (shown_html(&bytes).ok_or("nobody can tell what is displayed of the mail")?, "mail.png")
        }
        false if got.footer.is_none() => return Err("they get no footer".into()),
        false => (got.html.clone(), "footer.png"),
    };
    // The mark says that it is UTF-8, whatever the HTML itself says of the mail's own charset.
    let page = tempfile::Builder::new().suffix(".html").tempfile_in(out).map_err(|why| format!("{}: {why}", out.display()))?;
    std::fs::write(page.path(), format!("\u{feff}{html}")).map_err(|why| format!("{} cannot be written: {why}", page.path().display()))?;
    let to = out.join(name);
    picture::take(&browser, page.path(), &to).await.map(|()| to)
}

fn stop(common: &Common) -> Exit {
    let file = folder(common).join(STOP_FILE);
    let written =
        std::fs::create_dir_all(folder(common)).and_then(|()| std::fs::write(&file, "No footer goes out while this file is here.\n"));
    match written {
        Ok(()) => done(common, &format!("no footer goes out any more, as {} is there", file.display())),
        Err(why) => common.end(Exit::Refused, &format!("{} cannot be written: {why}; any file of that name stops them", file.display())),
    }
}

fn resume(common: &Common) -> Exit {
    let file = folder(common).join(STOP_FILE);
    match std::fs::remove_file(&file) {
        Ok(()) => done(common, "footers stand again"),
        Err(error) if error.kind() == ErrorKind::NotFound => done(common, "footers were not stopped"),
        Err(why) => common.end(Exit::Refused, &format!("{} cannot be taken away: {why}", file.display())),
    }
}

fn done(common: &Common, said: &str) -> Exit {
    if common.json {
        output::json(&json!({ "done": said }));
    } else {
        output::data(said);
    }
    Exit::Done
}
