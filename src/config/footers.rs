//! Footers: `[footers]` of consent.toml, which the privacy officer writes, and the folder `footers`, NAME.toml with NAME.html and NAME.txt each.
//!
//! The folder is read apart from the four files, each time it is asked for: what is wrong with a footer takes no rule out of force, and a file
//! named STOP counts at once.

use crate::config::document::keys::{AUDIENCE, FOOTER, FOOTER_LIMITS, FOOTER_SLOT, FOOTER_SLOTS, FOOTERS};
use crate::config::document::mistake::{Mistake, Mistakes};
use crate::config::document::nearest::choices;
use crate::config::document::{ConfigSheet, Section, TomlEntry, keys};
use crate::config::file_text::{names_in, text_of};
use crate::config::files::CONSENT;
use crate::config::systems::time_zone;
use crate::footer::{
    Audience, FooterForm, FooterFrame, FooterLimits, FooterRules, FooterShelf, FooterText, FooterUnfit, MailSlot, Newsletter,
    WrittenFooter, filled, unwanted,
};
use crate::model::{Address, Date, Name};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// The folder with the footers, in the config folder.
pub const FOOTERS_FOLDER: &str = "footers";
/// A file of this name in it takes every footer out.
pub const STOP_FILE: &str = "STOP";

const PURPOSE: &str = "each footer has NAME.toml, NAME.html and NAME.txt";
/// Where one of several footers stands that does not say it.
const ORDER: usize = 100;

/// What `[footers]` says.
#[derive(Debug, Clone, PartialEq)]
pub struct FootersAllowed {
    pub frame: FooterFrame,
    pub newsletters: BTreeMap<Name, Newsletter>,
    /// Of the days on which footers stand.
    pub zone: TimeZone,
}

/// The footers of a config folder, and the zone of their days.
#[derive(Debug, Clone)]
pub struct FootersRead {
    pub shelf: FooterShelf,
    pub zone: TimeZone,
    /// What is no mistake and still worth a look.
    pub notes: Vec<String>,
}

/// Reads `[footers]` of consent.toml; `None` where it says nothing, or something that is wrong.
pub fn allowed<'a>(sheet: &'a ConfigSheet<'a>, top: &mut Section<'a>) -> Option<FootersAllowed> {
    let mut section = top.table("footers", "[footers]", &FOOTERS)?;
    let sender =
        section.need("sender", "expected sender = [\"NAME\", \"STREET ADDRESS\", \"CONTACT\"], as the law wants it below marketing");
    let sender: Option<Vec<String>> = sender.map(|e| e.texts().into_iter().map(|(_, line)| line.to_string()).collect());
    let opt_out =
        section.need("opt_out", "expected opt_out = \"https://..\" or \"mailto:..\", where one says no").and_then(|e| way_out(&e));
    let zone = section.get("time_zone").map_or(Some(TimeZone::UTC), |e| TimeZone::get(&time_zone::read(&e)?).ok());
    let slots = section.get("slots").and_then(|e| e.table("[footers.slots]", &FOOTER_SLOTS)).map(|mut s| s.entries()).unwrap_or_default();
    let newsletters = slots.iter().filter_map(|entry| Some((entry.key.into(), newsletter(entry)?))).collect();
    section.finish();
    let unconfirmed = slots.iter().filter(|entry| matches!(entry.value, DeValue::Table(table) if !table.contains_key("confirmed_by")));
    for entry in unconfirmed {
        let said = "nobody confirms that this newsletter's main purpose is service, so no footer goes into it: confirmed_by = \"NAME\" says who does";
        sheet.note(&entry.key_at, format!("[footers.slots.{}]: {said}", entry.key));
    }
    Some(FootersAllowed { frame: FooterFrame { sender: sender?, opt_out: opt_out? }, newsletters, zone: zone? })
}

fn way_out(entry: &TomlEntry) -> Option<String> {
    let text = entry.filled_text()?;
    let is_page = text.strip_prefix("https://").is_some_and(|rest| rest.contains('.') && !text.contains(char::is_whitespace));
    let is_mail = text.strip_prefix("mailto:").is_some_and(|rest| Address::parse(rest.split('?').next().unwrap_or(rest)).is_some());
    if !is_page && !is_mail {
        entry.report(
            format!("{text:?} is no page and no address"),
            "expected \"https://acme.example/stop\" or \"mailto:stop@acme.example\"",
        );
    }
    (is_page || is_mail).then(|| text.to_string())
}

fn newsletter(entry: &TomlEntry) -> Option<Newsletter> {
    let mut section = entry.table(&format!("[footers.slots.{}]", entry.key), &FOOTER_SLOT)?;
    let texts = |e: Option<TomlEntry>| -> Vec<String> {
        e.map(|e| e.texts().into_iter().map(|(_, text)| text.to_string()).collect()).unwrap_or_default()
    };
    let from = section.get("from");
    for (at, sender) in from.iter().flat_map(TomlEntry::texts) {
        if sender.strip_prefix('@').map_or_else(|| Address::parse(sender).is_none(), |domain| !domain.contains('.')) {
            at.report(format!("{sender:?} is no address"), "expected \"news@acme.example\", or \"@acme.example\" for the whole domain");
        }
    }
    let mails = MailSlot { senders: texts(from), lists: texts(section.get("list_id")), subjects: texts(section.get("subject")) };
    let confirmed_by = section.get("confirmed_by").and_then(|e| e.filled_text().map(ToString::to_string));
    if mails.senders.is_empty() && mails.lists.is_empty() {
        section.report(
            format!("{} names no mail", section.title),
            "expected from = [\"news@acme.example\"] or list_id = [\"news.acme.example\"]",
        );
        return None;
    }
    section.finish();
    Some(Newsletter { mails, confirmed_by })
}

/// Reads the footers of a config folder, with `[footers]` of its consent.toml. Without either there are none.
pub fn footers(dir: &Path) -> Result<FootersRead, Mistakes> {
    let consent = text_of(dir, CONSENT, "it says what footers need: [footers]").map_err(alone)?;
    let sheet = ConfigSheet::new(CONSENT, &consent);
    let (table, _) = sheet.parse();
    let allowed = allowed_in(&sheet, &table);
    drop(table);
    let (mut found, mut more) = sheet.mistakes();
    let names = names(dir).map_err(alone)?;
    let Some(allowed) = allowed else {
        if let (true, Some(first)) = (found.is_empty(), names.first()) {
            found.push(Mistake {
                file: format!("{FOOTERS_FOLDER}/{first}.toml").into(),
                line: 1,
                column: 1,
                span: None,
                text: "consent.toml has no [footers]".into(),
                expected: "expected [footers] there, with sender, opt_out and slots: the privacy officer says what footers may stand in"
                    .into(),
            });
        }
        return match found.is_empty() {
            true => Ok(FootersRead {
                shelf: FooterShelf { is_stopped: is_stopped(dir), ..FooterShelf::default() },
                zone: TimeZone::UTC,
                notes: Vec::new(),
            }),
            false => Err(Mistakes::new(found, more, vec![(CONSENT.into(), consent)])),
        };
    };
    let mut texts: Vec<(Cow<'static, str>, String)> = vec![(CONSENT.into(), consent.clone())];
    let (mut footers, mut notes) = (Vec::new(), Vec::new());
    for name in &names {
        let read = FooterFiles::read(dir, name, &allowed);
        footers.extend(read.footer);
        found.extend(read.found);
        more += read.more;
        notes.extend(read.notes);
        texts.extend(read.texts);
    }
    footers.sort_by(|a: &WrittenFooter, b| (a.rules.order, a.text.id()).cmp(&(b.rules.order, b.text.id())));
    if !found.is_empty() {
        return Err(Mistakes::new(found, more, texts));
    }
    let shelf = FooterShelf { newsletters: allowed.newsletters, footers, is_stopped: is_stopped(dir) };
    Ok(FootersRead { shelf, zone: allowed.zone, notes })
}

fn allowed_in<'a>(sheet: &'a ConfigSheet<'a>, table: &'a DeTable<'a>) -> Option<FootersAllowed> {
    allowed(sheet, &mut Section::top(sheet, table, &keys::CONSENT))
}

/// What NAME.toml says.
fn footer(section: &mut Section, allowed: &FootersAllowed) -> Option<(FooterRules, FooterLimits)> {
    let slot = section.need("slot", "expected slot = \"NAME\", a newsletter under [footers.slots] of consent.toml");
    let slot = slot.and_then(|e| Some((e.filled_text()?, e)));
    if let Some((name, at)) = slot.as_ref().filter(|(name, _)| !allowed.newsletters.contains_key(*name)) {
        at.report(format!("consent.toml has no [footers.slots.{name}]"), choices(name, allowed.newsletters.keys().map(|slot| &**slot)));
    }
    let [begins, ends] = ["begins", "ends"].map(|key| section.get(key));
    let last = ends.clone();
    let [begins, ends] = [begins, ends].map(|at| at.map_or(Some(None), |e| day(&e).map(Some)));
    if let (Some(Some(begins)), Some(Some(ends)), Some(at)) = (begins, ends, last)
        && ends < begins
    {
        at.report("it ends before it begins", "expected the last day, not before the first");
    }
    let audience = section.get("audience").map(|e| audience(&e)).unwrap_or_default();
    let topics = section.get("topics").map(|e| e.texts().into_iter().map(|(_, text)| text.to_string()).collect()).unwrap_or_default();
    let order = section.get("order").map_or(Some(ORDER), |e| e.count());
    let test = section.get("test").and_then(|e| e.filled_text().map(Name::from));
    let limits = section.get("limits").map(|e| limits(&e)).unwrap_or_default();
    let slot: Name = slot.filter(|(name, _)| allowed.newsletters.contains_key(*name))?.0.into();
    Some((FooterRules { slot, begins: begins?, ends: ends?, audience, topics, order: order?, test }, limits))
}

fn day(entry: &TomlEntry) -> Option<Date> {
    let day = match entry.value {
        DeValue::Datetime(at) if at.time.is_none() => Date::parse(&at.to_string()),
        _ => None,
    };
    if day.is_none() {
        entry.report(format!("{:?} is no day", entry.key), "expected a day without quotes, as 2026-12-01");
    }
    day
}

fn audience(entry: &TomlEntry) -> Audience {
    let Some(mut section) = entry.table("audience", &AUDIENCE) else { return Audience::default() };
    let mut texts = |key| -> Vec<String> {
        section.get(key).map(|e| e.texts().into_iter().map(|(_, text)| text.to_string()).collect()).unwrap_or_default()
    };
    let audience = Audience { status: texts("status"), tags: texts("tags") };
    section.finish();
    audience
}

fn limits(entry: &TomlEntry) -> FooterLimits {
    let usual = FooterLimits::default();
    let Some(mut section) = entry.table("limits", &FOOTER_LIMITS) else { return usual };
    let mut count = |key, usual| section.get(key).and_then(|e| e.count()).unwrap_or(usual);
    let limits = FooterLimits {
        characters: count("characters", usual.characters),
        lines: count("lines", usual.lines),
        links: count("links", usual.links),
    };
    section.finish();
    limits
}

fn alone(mistake: Mistake) -> Mistakes {
    Mistakes::new(vec![mistake], 0, Vec::new())
}

fn is_stopped(dir: &Path) -> bool {
    // What cannot be told counts as stopped.
    dir.join(FOOTERS_FOLDER).join(STOP_FILE).try_exists().unwrap_or(true)
}

/// The footers' names, sorted: of all files that are one of the three.
fn names(dir: &Path) -> Result<Vec<String>, Mistake> {
    let files = names_in(dir, FOOTERS_FOLDER, "expected a folder of footers that nayose's user may read")?;
    let stem =
        |file: &String| ["toml", "html", "txt"].iter().find_map(|end| file.strip_suffix(&format!(".{end}")).map(ToString::to_string));
    let names: BTreeSet<String> = files.iter().filter_map(stem).collect();
    Ok(names.into_iter().collect())
}

/// The three files of a footer, read.
#[derive(Default)]
struct FooterFiles {
    footer: Option<WrittenFooter>,
    found: Vec<Mistake>,
    more: usize,
    notes: Vec<String>,
    texts: Vec<(Cow<'static, str>, String)>,
}

impl FooterFiles {
    fn read(dir: &Path, name: &str, allowed: &FootersAllowed) -> FooterFiles {
        let mut files = FooterFiles::default();
        let [rules, html, text] = ["toml", "html", "txt"].map(|end| files.text(dir, format!("{FOOTERS_FOLDER}/{name}.{end}")));
        let said = rules.and_then(|(file, rules)| files.rules(&file, &rules, allowed));
        let html = html.and_then(|(file, template)| files.filled(FooterForm::Html, &file, &template, &allowed.frame));
        let text = text.and_then(|(file, template)| files.filled(FooterForm::Text, &file, &template, &allowed.frame));
        if let (Some((rules, limits)), Some(html), Some(text)) = (said, html, text) {
            files.footer = files.checked(name, &html, &text, &limits).map(|text| WrittenFooter { text, rules });
        }
        files
    }

    fn text(&mut self, dir: &Path, file: String) -> Option<(String, String)> {
        match text_of(dir, &file, PURPOSE) {
            Ok(text) => {
                self.texts.push((file.clone().into(), text.clone()));
                Some((file, text))
            }
            Err(mistake) => {
                self.found.push(mistake);
                None
            }
        }
    }

    /// What NAME.toml says.
    fn rules(&mut self, file: &str, text: &str, allowed: &FootersAllowed) -> Option<(FooterRules, FooterLimits)> {
        let sheet = ConfigSheet::new(file, text);
        let (table, _) = sheet.parse();
        let mut top = Section::top(&sheet, &table, &FOOTER);
        let read = footer(&mut top, allowed);
        top.finish();
        drop(table);
        self.notes.extend(sheet.notes());
        let (found, more) = sheet.mistakes();
        self.found.extend(found);
        self.more += more;
        read
    }

    fn filled(&mut self, form: FooterForm, file: &str, template: &str, frame: &FooterFrame) -> Option<String> {
        match filled(form, template, frame) {
            Ok(text) => Some(text),
            Err(mistake) => {
                self.report(file, mistake.line, mistake.what, mistake.hint);
                None
            }
        }
    }

    fn report(&mut self, file: &str, line: Option<usize>, text: impl Into<String>, expected: impl Into<String>) {
        let there = self.texts.iter().find(|(name, _)| name == file).map(|(_, text)| text.as_str()).unwrap_or_default();
        let span = line.and_then(|line| {
            let line = there.lines().nth(line - 1).filter(|line| !line.is_empty())?;
            let begins = line.as_ptr() as usize - there.as_ptr() as usize;
            Some(begins..begins + line.len())
        });
        let (file, line) = (Cow::Owned(file.to_string()), line.unwrap_or(1));
        self.found.push(Mistake { file, line, column: 1, span, text: text.into(), expected: expected.into() });
    }

    /// Whether it can stand in a mail, and is no more than a footer.
    fn checked(&mut self, name: &str, html: &str, text: &str, limits: &FooterLimits) -> Option<FooterText> {
        let file = |end: &str| format!("{FOOTERS_FOLDER}/{name}.{end}");
        for what in unwanted(html) {
            self.report(&file("html"), None, what, "a footer is text and links, with inline style");
        }
        match FooterText::new(name, html, text) {
            Ok(footer) => {
                let exceeded = limits.exceeded(&footer);
                for what in &exceeded {
                    let hint = "a footer that is more makes a campaign of the mail; shorten it, or raise the limit under [limits]";
                    self.report(&file("toml"), None, what.clone(), hint);
                }
                exceeded.is_empty().then_some(footer)
            }
            Err(unfit) => {
                let end = match &unfit {
                    FooterUnfit::Id(_) => "toml",
                    FooterUnfit::Missing(form)
                    | FooterUnfit::TooLong { form, .. }
                    | FooterUnfit::LineTooLong { form, .. }
                    | FooterUnfit::Control { form, .. } => {
                        if *form == "text" {
                            "txt"
                        } else {
                            "html"
                        }
                    }
                    FooterUnfit::Markup(_) => "html",
                };
                self.report(&file(end), None, unfit.to_string(), "");
                None
            }
        }
    }
}
