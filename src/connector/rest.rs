//! The connector that a manifest makes: JSON over HTTP behind the daemon's [`Connector`].

pub mod http;
mod instance;
mod pick_lists;
pub mod reading;
pub mod writing;

use self::instance::InstancePlan;
use self::pick_lists::PickListPlan;
use crate::connector::manifest::Manifest;
use crate::connector::manifest::settings::Settings;
use crate::connector::network::Network;
use crate::connector::port::*;
use crate::connector::rest::http::client::HttpClient;
use crate::connector::rest::reading::history_plan::HistoryAsked;
use crate::connector::rest::reading::page_reader::PageReader;
use crate::connector::rest::reading::passes::Listing;
use crate::connector::rest::reading::streams::{self, StreamPlan};
use crate::connector::rest::writing::writes::TargetWriter;
use crate::model::{Name, Record, ShortText};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::transport::Wire;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A system reached by HTTP, as its manifest says.
pub struct RestConnector {
    system: Name,
    http: HttpClient,
    settings: Settings,
    plans: Vec<StreamPlan>,
    infos: Vec<StreamInfo>,
    writer: Option<TargetWriter>,
    abilities: Abilities,
    address: String,
    instance: Option<InstancePlan>,
    pick_lists: Option<PickListPlan>,
}

impl RestConnector {
    /// Reaches the system straight. `Err` tells everything that is wrong with its settings.
    pub fn new(manifest: &Manifest, given: &SystemSettings, clock: Clock) -> Result<RestConnector, Vec<String>> {
        RestConnector::through(&Network::default(), manifest, given, clock)
    }

    /// As [`RestConnector::new`], by another way.
    pub fn through(network: &Network, manifest: &Manifest, given: &SystemSettings, clock: Clock) -> Result<RestConnector, Vec<String>> {
        let wire = Wire::of(network).map_err(|e| vec![format!("no HTTPS: {e}")])?;
        RestConnector::over(wire, network, manifest, given, clock)
    }

    /// As [`RestConnector::through`], with what requests and pauses are made of given in; `network` is the way as messages tell it.
    pub fn over(
        wire: Wire,
        network: &Network,
        manifest: &Manifest,
        given: &SystemSettings,
        clock: Clock,
    ) -> Result<RestConnector, Vec<String>> {
        let settings = Settings::resolve(manifest, given)?;
        let manifest = &*manifest.with_permits(&given.permits);
        let http = HttpClient::new(manifest, &settings, network, wire, &given.name, clock)?;
        let plans = streams::plan(&given.name, manifest, &settings).map_err(|why| vec![why])?;
        let mapper = |stream: &str| plans.iter().find(|p| *p.info.name == *stream).and_then(|p| p.mapper.clone());
        let writer = match &manifest.writes {
            Some(writes) => match mapper(&writes.stream) {
                Some(mapper) => TargetWriter::new(manifest, writes, mapper, &settings).map_err(|why| vec![why])?,
                None => None,
            },
            None => None,
        };
        let instance = InstancePlan::new(manifest, &settings).map_err(|why| vec![format!("instance: {why}")])?;
        let pick_lists = PickListPlan::new(manifest.writes.as_ref(), &settings).map_err(|why| vec![format!("pick_lists: {why}")])?;
        let address = instance::address(http.base());
        let infos = plans.iter().map(|p| p.info.clone()).collect();
        let abilities = writer.as_ref().map(TargetWriter::abilities).unwrap_or_default();
        Ok(RestConnector { system: given.name.clone(), http, settings, plans, infos, writer, abilities, address, instance, pick_lists })
    }

    fn reader(&self, lane: Lane) -> PageReader<'_> {
        PageReader { http: &self.http, zone: &self.settings.zone, lane, all_accounts: None, history: None, tells_unmapped: false }
    }

    async fn read_pass(&self, stream: &str, pass: Pass, mut sink: PageSink<'_>) -> Result<PassEnd, Error> {
        let cannot = |how: &str| Error::Refused {
            system: self.system.clone(),
            what: stream.to_string(),
            said: format!("the connector has no way to read it so ({how})"),
        };
        let plan = self.plans.iter().find(|p| *p.info.name == *stream).ok_or_else(|| cannot("no such stream"))?;
        let began = (self.http.clock)();
        let history = plan.history.as_ref().map(|history| {
            let since = if pass == Pass::Sweep { history.begin_listing() } else { None };
            HistoryAsked { plan: history, since }
        });
        let reader = PageReader { all_accounts: plan.all_accounts.as_ref(), history, ..self.reader(Lane::Read) };
        if let Pass::ForEach(deals) = &pass {
            let each = plan.each.as_ref().ok_or_else(|| cannot("for each deal"))?;
            return reader.for_each(each, deals, &mut sink).await;
        }
        let mapper = plan.mapper.as_ref().ok_or_else(|| cannot("by itself"))?;
        match pass {
            Pass::Sweep => {
                let call = plan.sweep.as_ref().ok_or_else(|| cannot("sweep"))?;
                let end = reader.listing(call, mapper, Listing { tells_place: true, ..Listing::default() }, &mut sink).await?;
                if let Some(history) = plan.history.as_ref().filter(|_| end.complete) {
                    history.end_listing(began);
                }
                Ok(end)
            }
            Pass::SweepFrom(place) => {
                let call = plan.sweep.as_ref().ok_or_else(|| cannot("sweep"))?;
                let how = Listing { place: Some(place.into()), tells_place: true, ..Listing::default() };
                reader.listing(call, mapper, how, &mut sink).await
            }
            Pass::Open => {
                let call = plan.open.as_ref().ok_or_else(|| cannot("open"))?;
                reader.listing(call, mapper, Listing::default(), &mut sink).await
            }
            Pass::Changes(since) => {
                let changes = plan.changes.as_ref().ok_or_else(|| cannot("changes"))?;
                reader.changes(changes, mapper, changes.begin(since, plan.info.lag), &mut sink).await
            }
            Pass::Resume { cursor, since } => match (&plan.feed, &plan.changes) {
                (Some(feed), _) => {
                    let since = since.minus(plan.info.lag);
                    reader.feed(feed, mapper, plan.info.entity, cursor.as_deref(), since, &mut sink).await
                }
                (None, Some(changes)) if changes.resumes => {
                    let since =
                        crate::connector::raw::scalars::time_text(changes.begin(since, plan.info.lag), changes.since, &self.settings.zone);
                    let how = Listing { since: Some(since), cursor: cursor.map(String::from), resumes: true, ..Listing::default() };
                    reader.listing(&changes.call, mapper, how, &mut sink).await
                }
                _ => Err(cannot("resume")),
            },
            Pass::FilterTest(future) => {
                let changes = plan.changes.as_ref().ok_or_else(|| cannot("changes"))?;
                let since = crate::connector::raw::scalars::time_text(future, changes.since, &self.settings.zone);
                let how = Listing { since: Some(since), one_page: true, ..Listing::default() };
                reader.listing(&changes.call, mapper, how, &mut sink).await
            }
            Pass::ById(ids) => {
                let by_id = plan.by_id.as_ref().ok_or_else(|| cannot("by id"))?;
                reader.look_up(by_id, mapper, plan.info.entity, &ids, &mut sink).await
            }
            Pass::ForEach(_) => Err(cannot("for each deal")),
        }
    }

    async fn read_first_page(&self, stream: &str) -> Result<PageRead, Error> {
        let Some(plan) = self.plans.iter().find(|p| *p.info.name == *stream) else { return Ok(PageRead::default()) };
        // Associations are read for deals, of which none are known here.
        let Some(mapper) = &plan.mapper else { return Ok(PageRead::default()) };
        let Some(call) = plan.sweep.as_ref().or(plan.open.as_ref()) else { return Ok(PageRead::default()) };
        let first = Arc::new(Mutex::new(PageRead::default()));
        let kept = first.clone();
        let mut sink: PageSink<'_> = Box::new(move |page| {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = page;
            async { Ok(()) }.boxed()
        });
        let how = Listing { one_page: true, ..Listing::default() };
        let history = plan.history.as_ref().map(|plan| HistoryAsked { plan, since: None });
        let reader = PageReader { all_accounts: plan.all_accounts.as_ref(), history, tells_unmapped: true, ..self.reader(Lane::Read) };
        reader.listing(call, mapper, how, &mut sink).await?;
        let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
        let mut first = std::mem::take(&mut *first);
        // A system may repeat what it was asked with, as a value or as a name.
        first.unmapped.retain(|field| self.http.told(&field.path) == field.path);
        first.unmapped.iter_mut().for_each(|field| field.example = self.http.told(&field.example));
        Ok(first)
    }
}

impl Connector for RestConnector {
    fn system(&self) -> &Name {
        &self.system
    }

    fn streams(&self) -> &[StreamInfo] {
        &self.infos
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn pass<'a>(&'a self, stream: &'a str, pass: Pass, sink: PageSink<'a>) -> BoxFuture<'a, Result<PassEnd, Error>> {
        self.read_pass(stream, pass, sink).boxed()
    }

    fn first_page<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<PageRead, Error>> {
        self.read_first_page(stream).boxed()
    }

    fn write<'a>(&'a self, ops: &'a [WriteOp], lane: Lane) -> BoxFuture<'a, Vec<Outcome>> {
        async move {
            match &self.writer {
                Some(writer) => writer.write(&self.reader(lane), ops).await,
                None => vec![Outcome::Rejected("the connector writes nothing".to_string()); ops.len()],
            }
        }
        .boxed()
    }

    fn read_back<'a>(&'a self, ids: &'a [ShortText], lane: Lane) -> BoxFuture<'a, Result<Vec<Record>, Error>> {
        async move {
            match &self.writer {
                Some(writer) => writer.back.read(&self.reader(lane), ids).await,
                None => Ok(Vec::new()),
            }
        }
        .boxed()
    }

    fn status_word(&self, status: &str) -> Box<str> {
        self.writer.as_ref().map_or_else(|| status.into(), |w| w.status_word(status))
    }

    fn pick_lists<'a>(&'a self, parts: &'a [Name], statuses: &'a [Name]) -> BoxFuture<'a, Vec<Result<PickList, Error>>> {
        async move {
            let (Some(plan), Some(writer)) = (&self.pick_lists, &self.writer) else { return Vec::new() };
            let mut lists = Vec::new();
            for of in writer.words_of(parts, statuses) {
                let told = plan.ask(&self.http, of).await;
                // A system that does not answer is not asked for the next one: nothing is read meanwhile.
                let is_away =
                    matches!(told, Err(Error::Unreachable { .. } | Error::Later { .. } | Error::Credential { .. } | Error::Budget { .. }));
                lists.push(told);
                if is_away {
                    break;
                }
            }
            lists
        }
        .boxed()
    }

    fn address(&self) -> &str {
        &self.address
    }

    fn tells_instance(&self) -> bool {
        self.instance.is_some()
    }

    fn instance(&self) -> BoxFuture<'_, Result<Option<String>, Error>> {
        async move {
            match &self.instance {
                Some(plan) => plan.ask(&self.http).await,
                None => Ok(None),
            }
        }
        .boxed()
    }

    fn usage(&self) -> Usage {
        self.http.budget.usage()
    }

    fn trying_again(&self) -> Option<String> {
        self.http.again.told()
    }

    fn restore_usage(&self, usage: Usage) {
        self.http.budget.restore(usage);
    }
}

impl fmt::Debug for RestConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestConnector").field("system", &self.system).finish_non_exhaustive()
    }
}
