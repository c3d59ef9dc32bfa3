//! The streams of one system, bound to its settings: what `passes` and `writes` work with.

use super::history_plan::HistoryPlan;
use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{AllAccounts, Feed, ForEach, Manifest, Page, Request, Stream, TimeFormat, Writes};
use crate::connector::map::feed_changes::EntryReader;
use crate::connector::map::{FollowedLists, Mapper};
use crate::connector::port::{Reads, StreamInfo};
use crate::connector::raw::paths::Path;
use crate::connector::rest::http::request::Call;
use crate::model::{Entity, Name, Span, Time};
use std::sync::Arc;

/// One stream. A request that names an unset optional setting is not there.
pub struct StreamPlan {
    pub info: StreamInfo,
    pub mapper: Option<Arc<Mapper>>,
    pub sweep: Option<Call>,
    pub open: Option<Call>,
    pub changes: Option<ChangesPlan>,
    pub feed: Option<FeedPlan>,
    /// The people of given deals.
    pub each: Option<ListPlan>,
    /// All accounts of given records of this stream.
    pub all_accounts: Option<ListPlan>,
    pub by_id: Option<ByIdPlan>,
    /// When fields changed, and who changed them: only where some rule goes by it.
    pub history: Option<HistoryPlan>,
}

pub struct ByIdPlan {
    pub call: Call,
    pub chunk: usize,
}

pub struct ChangesPlan {
    pub call: Call,
    pub since: TimeFormat,
    pub overlap: Span,
    /// All rows of one time, by id: where there are more than the server gives a query.
    pub same_time: Option<Call>,
    pub resumes: bool,
}

impl ChangesPlan {
    /// Where a filter begins: what is newer may not be there yet, by as much as the system's lists trail its records.
    pub fn begin(&self, since: Time, lag: Span) -> Time {
        Time(since.minus(self.overlap).minus(lag).0.max(0))
    }
}

pub struct FeedPlan {
    pub start: Call,
    pub since: TimeFormat,
    pub token: Path,
    pub call: Call,
    pub id: Path,
    pub deleted: Option<Call>,
    pub read: Call,
    pub chunk: usize,
    /// What entries tell of fields: only where some rule goes by it.
    pub tells: Option<EntryReader>,
}

/// Lists of ids, read by the ids of the records whose lists they are.
pub struct ListPlan {
    pub call: Call,
    pub chunk: usize,
    /// Whose list a row is; `None`: of the one that was asked for.
    pub owner: Option<Path>,
    pub ids: Path,
    /// Where a row says that its list goes on, and what to ask on with.
    pub more: Option<Path>,
    pub more_param: Option<String>,
}

/// The streams that are on.
pub fn plan(system: &Name, manifest: &Manifest, settings: &Settings) -> Result<Vec<StreamPlan>, String> {
    let mut plans = Vec::new();
    for (name, stream) in &manifest.streams {
        let followed = manifest.streams.values().any(|s| s.for_each.as_ref().is_some_and(|e| e.stream == *name));
        let plan = stream_plan(system, name, stream, Around { writes: writes_to(manifest, name), followed }, settings);
        plans.extend(plan.map_err(|why| format!("streams.{name}: {why}"))?);
    }
    let carries = |name: &Name, of: fn(&StreamPlan) -> Option<&Call>| {
        plans.iter().find(|p| p.info.name == *name).and_then(of).is_some_and(|c| c.carries.people)
    };
    // A stream of associations whose deals are off is off too.
    let names: Vec<Name> = plans.iter().map(|p| p.info.name.clone()).collect();
    let facts: Vec<[bool; 3]> = names
        .iter()
        .map(|name| {
            let changes = carries(name, |p| p.changes.as_ref().map(|c| &c.call));
            [carries(name, |p| p.sweep.as_ref()), changes, carries(name, |p| p.open.as_ref())]
        })
        .collect();
    for (plan, [sweep, changes, open]) in plans.iter_mut().zip(facts) {
        (plan.info.sweep_carries_people, plan.info.changes_carry_people, plan.info.open_carries_people) = (sweep, changes, open);
    }
    // What is asked of known deals trails as their list does.
    let lags: Vec<(Name, Span)> = plans.iter().map(|p| (p.info.name.clone(), p.info.lag)).collect();
    for plan in &mut plans {
        let deals = plan.info.for_each.as_ref().or(plan.info.carried_by.as_ref());
        let behind = deals.and_then(|of| lags.iter().find(|(name, _)| name == of)).map_or(Span::ZERO, |(_, lag)| *lag);
        plan.info.lag = plan.info.lag.max(behind);
    }
    plans.retain(|p| [&p.info.carried_by, &p.info.for_each].into_iter().flatten().all(|of| names.contains(of)));
    Ok(plans)
}

/// The writes to a stream's records, if it is the one that is written to.
pub fn writes_to<'m>(manifest: &'m Manifest, stream: &str) -> Option<&'m Writes> {
    manifest.writes.as_ref().filter(|w| w.stream == stream)
}

/// What the rest of the manifest says of a stream.
struct Around<'m> {
    writes: Option<&'m Writes>,
    /// Another stream tells the people of its deals.
    followed: bool,
}

fn stream_plan(system: &Name, name: &str, stream: &Stream, around: Around<'_>, settings: &Settings) -> Result<Option<StreamPlan>, String> {
    let call = |kind: &str, request: &Request| Call::new(format!("{name} {kind}"), request, settings);
    let optional = |kind: &str, request: Option<&Request>| request.map_or(Ok(None), |r| call(kind, r));
    let sweep = optional("sweep", stream.sweep.as_ref())?;
    if stream.sweep.is_some() && sweep.is_none() {
        return Ok(None);
    }
    let changes = match &stream.changes {
        None => None,
        Some(changes) => {
            let same_time = optional("changes of one time", changes.same_time.as_ref())?;
            call("changes", &changes.request)?.map(|call| {
                let resumes = matches!(call.page, Page::Cursor { resumes: true, .. });
                ChangesPlan { call, since: changes.since, overlap: changes.overlap, same_time, resumes }
            })
        }
    };
    let each = match &stream.for_each {
        None => None,
        Some(each) => people_plan(each, &call)?,
    };
    let all_accounts = match &stream.all_accounts {
        None => None,
        Some(all) => accounts_plan(all, &call)?,
    };
    let by_id = match &stream.by_id {
        None => None,
        Some(by_id) => call("by id", &by_id.request)?.map(|call| ByIdPlan { call, chunk: by_id.chunk }),
    };
    let mapper = stream.record.as_ref().map(|r| Mapper::new(system, stream.entity, r, around.writes, settings)).transpose()?;
    let mapper = mapper.map(|m| m.following(FollowedLists { people: around.followed, accounts: all_accounts.is_some() }));
    let feed = match &stream.feed {
        None => None,
        Some(feed) => feed_plan(feed, &call, mapper.as_ref(), settings)?,
    };
    let history = match (&stream.field_history, &mapper) {
        (Some(history), Some(mapper)) => HistoryPlan::new(name, history, mapper, settings)?,
        _ => None,
    };
    let open = optional("open deals", stream.open.as_ref())?;
    let reads = reads(stream.entity, changes.as_ref(), feed.is_some());
    let sound = stream.changes.as_ref().is_some_and(|c| c.sound) || stream.feed.as_ref().is_some_and(|f| f.sound);
    let info = StreamInfo {
        name: name.into(),
        entity: stream.entity,
        every: stream.every,
        sweep_every: stream.sweep_every,
        lag: stream.lag.unwrap_or_default(),
        reads,
        sweeps: sweep.is_some(),
        tells_missing: true,
        overlaps: stream.changes.as_ref().is_some_and(|c| c.overlap > Span::ZERO),
        sound,
        open: open.is_some(),
        carried_by: stream.carried_by.as_deref().map(Name::from),
        for_each: stream.for_each.as_ref().filter(|_| each.is_some()).map(|e| e.stream.as_str().into()),
        sweep_carries_people: false,
        changes_carry_people: false,
        open_carries_people: false,
        chunk: each.as_ref().map_or(0, |e| e.chunk),
        fields: mapper.as_ref().map(Mapper::field_names).unwrap_or_default(),
        watched: mapper.as_ref().map(Mapper::watched).unwrap_or_default(),
        by_id: by_id.as_ref().map_or(0, |b| b.chunk),
    };
    Ok(Some(StreamPlan { info, mapper: mapper.map(Arc::new), sweep, open, changes, feed, each, all_accounts, by_id, history }))
}

fn reads(entity: Entity, changes: Option<&ChangesPlan>, has_feed: bool) -> Reads {
    match changes {
        _ if entity == Entity::DealPerson => Reads::Associations,
        Some(changes) if changes.resumes => Reads::Cursor,
        Some(_) => Reads::ModifiedSince,
        None if has_feed => Reads::Cursor,
        None => Reads::SweepOnly,
    }
}

type MakeCall<'c> = dyn Fn(&str, &Request) -> Result<Option<Call>, String> + 'c;

fn path(text: &str) -> Result<Path, String> {
    Path::parse(text).map_err(|e| e.to_string())
}

fn feed_plan(feed: &Feed, call: &MakeCall<'_>, mapper: Option<&Mapper>, settings: &Settings) -> Result<Option<FeedPlan>, String> {
    let (start, pages, read) = (call("feed start", &feed.start)?, call("feed", &feed.request)?, call("records by id", &feed.read)?);
    let deleted = feed.deleted.as_ref().map_or(Ok(None), |d| call("deleted", d))?;
    let (Some(start), Some(pages), Some(read)) = (start, pages, read) else { return Ok(None) };
    let (token, id) = (path(&feed.token)?, path(&feed.id)?);
    let tells = match (&feed.tells, mapper) {
        (Some(tells), Some(mapper)) => EntryReader::new(tells, mapper, settings.edits(), &settings.zone)?,
        _ => None,
    };
    Ok(Some(FeedPlan { start, since: feed.since, token, call: pages, id, deleted, read, chunk: feed.chunk, tells }))
}

fn people_plan(each: &ForEach, call: &MakeCall<'_>) -> Result<Option<ListPlan>, String> {
    let Some(request) = call("associations", &each.request)? else { return Ok(None) };
    let (owner, ids, more) = (owner(&each.deal)?, path(&each.people)?, each.more.as_deref().map(path).transpose()?);
    Ok(Some(ListPlan { call: request, chunk: each.chunk, owner, ids, more, more_param: each.more_param.clone() }))
}

fn accounts_plan(all: &AllAccounts, call: &MakeCall<'_>) -> Result<Option<ListPlan>, String> {
    let Some(request) = call("all accounts", &all.request)? else { return Ok(None) };
    let (owner, ids, more) = (owner(&all.record)?, path(&all.accounts)?, all.more.as_deref().map(path).transpose()?);
    Ok(Some(ListPlan { call: request, chunk: all.chunk, owner, ids, more, more_param: all.more_param.clone() }))
}

/// Whose list a row is, if rows say so.
fn owner(text: &str) -> Result<Option<Path>, String> {
    if text.is_empty() { Ok(None) } else { path(text).map(Some) }
}
