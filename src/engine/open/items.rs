//! The items of the store, each put where it belongs.

use crate::connector::Usage;
use crate::decide::ratchet::Held;
use crate::engine::delivery::target::Target;
use crate::engine::delivery::target::former::FormerTarget;
use crate::engine::delivery::underway;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::ledger::items::{NAMES_KEY, decode};
use crate::engine::ledger::kind;
use crate::engine::memory::refusals::StoredOn;
use crate::engine::memory::world::Unreadable;
use crate::engine::proofs::reading::{FormerStreamState, StreamState};
use crate::engine::recovery::instance::Known;
use crate::engine::recovery::rebuild::REBUILDING_KEY;
use crate::engine::rules::approval::Approval;
use crate::model::{Name, RecordId, Refusal, Time};
use std::collections::BTreeMap;

/// What is not the engine's, and what waits for the rest.
#[derive(Default)]
pub(super) struct Read {
    pub(super) usage: BTreeMap<Name, Usage>,
    pub(super) under_way: Vec<(Vec<u8>, underway::Stored)>,
}

/// Kind, key and value.
type Item = (u8, Vec<u8>, Vec<u8>);

/// Reads all items into an engine of which nothing is known yet.
pub(super) fn read_all(engine: &mut Engine, now: Time) -> Result<Read, Error> {
    let mut read = Read::default();
    for (kind, key, value) in records_first(engine)? {
        let text = String::from_utf8_lossy(&key).into_owned();
        let restored = restore_of_systems(engine, &mut read, kind, key.clone(), &text, &value, now)?;
        if !restored {
            restore_of_people(engine, kind, &key, &text, &value)?;
        }
    }
    Ok(read)
}

/// Reads the records, which all else speaks of, and gives the other items.
fn records_first(engine: &mut Engine) -> Result<Vec<Item>, Error> {
    let mut later: Vec<Item> = Vec::new();
    let mut failed: Option<Error> = None;
    let (state, world, written) = (&engine.disk.state, &mut engine.world, &mut engine.written);
    if let Some(names) = state.get(kind::META, NAMES_KEY.as_bytes())? {
        world.load_names(decode(NAMES_KEY, &names)?);
    }
    state.for_each_item(|kind, key, value| {
        if failed.is_some() {
            return;
        }
        if kind == kind::RECORD {
            let text = String::from_utf8_lossy(key);
            let loaded = match text.parse::<RecordId>() {
                Ok(id) => world.load(id, value),
                Err(_) => Err(Unreadable(text.into_owned())),
            };
            failed = loaded.err().map(Error::from);
        } else if kind == kind::WRITTEN {
            written.restore(key);
        } else {
            later.push((kind, key.to_vec(), value.to_vec()));
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    Ok(later)
}

/// An item that speaks of one system, its streams or its target records. Whether it was one.
fn restore_of_systems(
    engine: &mut Engine,
    read: &mut Read,
    kind: u8,
    key: Vec<u8>,
    text: &str,
    value: &[u8],
    now: Time,
) -> Result<bool, Error> {
    match kind {
        kind::TARGET => {
            let target: Target = decode(text, value)?;
            engine.restore_target(text, target, now);
        }
        kind::FORMER_TARGET => {
            let former: FormerTarget = decode(text, value)?;
            engine.pending.delete(kind::FORMER_TARGET, key);
            if let Some(idx) = engine.restore_target(text, former.into(), now) {
                engine.keep_target(idx);
            }
        }
        kind::HELD => {
            let Some(idx) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id)) else { return Ok(true) };
            let held: Vec<Held> = decode(text, value)?;
            engine.world.slot_mut(idx).held = Some(Box::new(held));
        }
        kind::SENT => read.under_way.push((key, decode("of writes under way", value)?)),
        kind::STREAM => {
            let stream: StreamState = decode(text, value)?;
            engine.restore_stream(text, stream, now);
        }
        kind::STREAM_FORMER => {
            let former: FormerStreamState = decode(text, value)?;
            engine.restore_former_stream(text, former, now);
        }
        kind::APPROVAL => {
            let approval: Approval = decode(text, value)?;
            if let Some(system) = engine.systems.named_mut(text) {
                system.approved = system.approved.max(Some(approval));
            }
        }
        kind::INSTANCE => {
            let known: Known = decode(text, value)?;
            if let Some(system) = engine.systems.named_mut(text) {
                system.identity.restore(known);
            }
        }
        kind::USAGE => {
            let (day, used): (i64, u64) = decode(text, value)?;
            read.usage.insert(Name::from(text), Usage { day, used, limit: None });
        }
        kind::GUARD => engine.restore_guard(text, decode(text, value)?),
        kind::WENT => {
            let (at, replaces) = decode(text, value)?;
            engine.restore_went(text, at, replaces);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// An item that speaks of people, of rows or of the whole.
fn restore_of_people(engine: &mut Engine, kind: u8, key: &[u8], text: &str, value: &[u8]) -> Result<(), Error> {
    match kind {
        kind::DOUBT => {
            if let Ok(cause) = text.parse::<RecordId>() {
                engine.doubts.put(cause, decode(text, value)?);
            }
        }
        kind::MERGED => {
            if let Ok(from) = text.parse::<RecordId>() {
                engine.look_ups.take_merged(from, decode(text, value)?);
            }
        }
        kind::ACCEPTED => {
            engine.doubts.take_accepted(text, decode(text, value)?);
        }
        kind::REFUSAL => {
            let (on, refusal): (StoredOn, Refusal) = decode(text, value)?;
            engine.refusals.add(on.on(), &refusal);
        }
        kind::LET_GO => {
            engine.let_go.extend(text.parse::<RecordId>().ok());
        }
        kind::UNDO => {
            engine.undos.insert(text.to_string(), decode(text, value)?);
        }
        kind::SET_BACK => {
            if let Some(idx) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id)) {
                engine.set_back.insert(idx, decode(text, value)?);
            }
        }
        kind::META if key == REBUILDING_KEY => engine.rebuilding = Some(decode(text, value)?),
        kind::META if text == crate::engine::intake::clashes::CLASHES_KEY => engine.clashes = decode(text, value)?,
        kind::META if text == crate::engine::answers::alone::SYNCED_KEY => engine.synced_at = decode(text, value).ok(),
        _ => {}
    }
    Ok(())
}
