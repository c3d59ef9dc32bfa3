//! The items of the store, each put where it belongs.

use crate::connector::Usage;
use crate::engine::answers::alone::SYNCED;
use crate::engine::assess::held::HELD;
use crate::engine::delivery::underway;
use crate::engine::delivery::underway::SENT;
use crate::engine::delivery::usage::USAGE;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::guard::limits::GUARD;
use crate::engine::guard::limits::WENT;
use crate::engine::history::set_back::FIRST_UNDO;
use crate::engine::history::set_back::FORMER_UNDO;
use crate::engine::history::set_back::SET_BACK;
use crate::engine::history::set_back::UNDO;
use crate::engine::history::set_back::UNDO_OF_RUN;
use crate::engine::intake::clashes::CLASHES;
use crate::engine::intake::doubts::ACCEPTED;
use crate::engine::intake::doubts::{Concerns, DOUBT};
use crate::engine::intake::look_ups::MERGED;
use crate::engine::intake::unknown_codes::UNKNOWN_CODES;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::memory::pins::PIN;
use crate::engine::memory::refusals::REFUSAL;
use crate::engine::memory::world::NAMES;
use crate::engine::memory::world::UnreadableRecord;
use crate::engine::proofs::reading::FORMER_STREAM;
use crate::engine::proofs::reading::STREAM;
use crate::engine::recovery::instance::INSTANCE;
use crate::engine::recovery::journaled::{AGREEMENTS_LOST, REBUILDING};
use crate::engine::rules::approval::APPROVAL;
use crate::engine::target::former::{FORMER_TARGET, ONE_PERMIT_TARGET, UNTIMED_TARGET};
use crate::engine::target::{LISTED, TARGET, Target};
use crate::model::{Name, RecordId, Time};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// What is not the engine's, and what waits for the rest.
#[derive(Default)]
pub(super) struct ReadItems {
    pub(super) usage: BTreeMap<Name, Usage>,
    pub(super) under_way: Vec<(Vec<u8>, underway::StoredUnderway)>,
}

/// Kind, key and value.
type StoredItem = (Tag, Vec<u8>, Vec<u8>);

/// Reads all items into an engine of which nothing is known yet.
pub(super) fn read_all(engine: &mut Engine, now: Time) -> Result<ReadItems, Error> {
    let mut read = ReadItems::default();
    for (kind, key, value) in records_first(engine)? {
        let text = String::from_utf8_lossy(&key).into_owned();
        let restored = restore_of_systems(engine, &mut read, kind, key.clone(), &text, &value, now)?;
        if !restored {
            restore_of_people(engine, kind, &text, &value)?;
        }
    }
    Ok(read)
}

/// Reads the records, which all else speaks of, and gives the other items.
fn records_first(engine: &mut Engine) -> Result<Vec<StoredItem>, Error> {
    let mut later: Vec<StoredItem> = Vec::new();
    let mut failed: Option<Error> = None;
    let (world, written) = (&mut engine.world, &mut engine.written);
    if let Some(names) = engine.ledger.single(NAMES)? {
        world.load_names(names);
    }
    engine.ledger.state().for_each_item(|kind, key, value| {
        if failed.is_some() {
            return;
        }
        let tag = Tag::of(kind);
        if tag == Some(Tag::Record) {
            let text = String::from_utf8_lossy(key);
            let loaded = match text.parse::<RecordId>() {
                Ok(id) => world.load(id, value),
                Err(_) => Err(UnreadableRecord(text.into_owned())),
            };
            failed = loaded.err().map(Error::from);
        } else if matches!(tag, Some(Tag::Written | Tag::WrittenByRule | Tag::FormerWritten)) {
            written.restore(key);
        } else {
            later.extend(tag.map(|tag| (tag, key.to_vec(), value.to_vec())));
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    Ok(later)
}

/// A target as it lay in the state before: kept in today's form from now on.
fn restore_former<T>(engine: &mut Engine, kind: Kind<T>, key: Vec<u8>, text: &str, value: &[u8], now: Time) -> Result<(), Error>
where
    T: DeserializeOwned + Into<Target>,
{
    let former = kind.read(text, value)?;
    engine.ledger.delete(kind, key);
    if let Some(idx) = engine.restore_target(text, former.into(), now) {
        engine.keep_target(idx);
    }
    Ok(())
}

/// An item that speaks of one system, its streams or its target records. Whether it was one.
fn restore_of_systems(
    engine: &mut Engine,
    read: &mut ReadItems,
    kind: Tag,
    key: Vec<u8>,
    text: &str,
    value: &[u8],
    now: Time,
) -> Result<bool, Error> {
    match kind {
        Tag::Target => {
            engine.restore_target(text, TARGET.read(text, value)?, now);
        }
        Tag::FormerTarget => restore_former(engine, FORMER_TARGET, key, text, value, now)?,
        Tag::UntimedTarget => restore_former(engine, UNTIMED_TARGET, key, text, value, now)?,
        Tag::OnePermitTarget => restore_former(engine, ONE_PERMIT_TARGET, key, text, value, now)?,
        Tag::Held => {
            let Some(idx) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id)) else { return Ok(true) };
            engine.held.set(idx, HELD.read(text, value)?);
        }
        Tag::Listed => {
            let Some(idx) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id)) else { return Ok(true) };
            engine.targets.restore_listed(idx, LISTED.read(text, value)?);
        }
        Tag::PassedOver => {
            let Some((id, idx)) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id).map(|idx| (id, idx))) else {
                return Ok(true);
            };
            if let Some(system) = engine.systems.get_mut(&id.system) {
                system.channel.passed_over_mut().note(idx);
            }
        }
        Tag::Sent => read.under_way.push((key, SENT.read("of writes under way", value)?)),
        Tag::Stream => {
            engine.restore_stream(text, STREAM.read(text, value)?, now);
        }
        Tag::FormerStream => {
            engine.restore_former_stream(text, FORMER_STREAM.read(text, value)?, now);
        }
        Tag::Approval => {
            let approval = APPROVAL.read(text, value)?;
            if let Some(system) = engine.systems.named_mut(text) {
                system.approved = system.approved.max(Some(approval));
            }
        }
        Tag::Instance => {
            let known = INSTANCE.read(text, value)?;
            if let Some(system) = engine.systems.named_mut(text) {
                system.identity.restore(known);
            }
        }
        Tag::Usage => {
            let (day, used) = USAGE.read(text, value)?;
            read.usage.insert(Name::from(text), Usage { day, used, ..Usage::default() });
        }
        Tag::Guard => engine.restore_guard(text, GUARD.read(text, value)?),
        Tag::Went => {
            let (at, replaces) = WENT.read(text, value)?;
            engine.restore_went(text, at, replaces);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// An item that speaks of people, of rows or of the whole.
fn restore_of_people(engine: &mut Engine, kind: Tag, text: &str, value: &[u8]) -> Result<(), Error> {
    match kind {
        Tag::Doubt => {
            if let Ok(cause) = text.parse::<RecordId>() {
                let doubt = DOUBT.read(text, value)?;
                if doubt.concerns == Concerns::Companies {
                    engine.world.find_by_companies();
                }
                engine.doubts.put(cause, doubt);
            }
        }
        Tag::Merged => {
            if let Ok(from) = text.parse::<RecordId>() {
                engine.look_ups.take_merged(from, MERGED.read(text, value)?);
            }
        }
        Tag::Accepted => {
            engine.doubts.take_accepted(text, ACCEPTED.read(text, value)?);
        }
        Tag::Refusal => {
            let (on, refusal) = REFUSAL.read(text, value)?;
            engine.refusals.add(on.on(), &refusal);
        }
        Tag::Pin => {
            engine.pins.put(PIN.read(text, value)?);
        }
        Tag::LetGo => {
            engine.let_go.extend(text.parse::<RecordId>().ok());
        }
        Tag::Undo => {
            engine.undos.insert(text.to_string(), UNDO.read(text, value)?);
        }
        Tag::UndoOfRun => engine.ledger.delete(UNDO_OF_RUN, text.as_bytes().to_vec()),
        Tag::FormerUndo => engine.ledger.delete(FORMER_UNDO, text.as_bytes().to_vec()),
        Tag::FirstUndo => engine.ledger.delete(FIRST_UNDO, text.as_bytes().to_vec()),
        Tag::SetBack => {
            if let Some(idx) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id)) {
                engine.set_back.insert(idx, SET_BACK.read(text, value)?);
            }
        }
        Tag::UnknownCodes => {
            if let Some(idx) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id)) {
                engine.unknown_codes.restore(idx, UNKNOWN_CODES.read(text, value)?);
            }
        }
        Tag::Single if text == REBUILDING.key() => engine.rebuilding = Some(REBUILDING.read(value)?),
        Tag::Single if text == AGREEMENTS_LOST.key() => engine.agreements_lost = AGREEMENTS_LOST.read(value)?,
        Tag::Single if text == CLASHES.key() => engine.clashes = CLASHES.read(value)?,
        Tag::Single if text == SYNCED.key() => engine.synced_at = SYNCED.read(value).ok(),
        _ => {}
    }
    Ok(())
}
