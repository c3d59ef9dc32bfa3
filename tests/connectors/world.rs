//! The shipped connectors beside the sandbox, by a clock that the test moves.

use nayose::connector::manifest::load;
use nayose::connector::{Clock, EditsAsked, RestConnector, SettingValue, SystemSettings};
use nayose::model::{Span, Time};
use nayose::sandbox::{Options, Sandbox};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub const START: i64 = 1_795_251_600_000; // 2026-11-21T09:00:00Z

/// The sandbox with a clock of its own.
pub struct World {
    pub sandbox: Sandbox,
    now: Arc<AtomicI64>,
    clock: Clock,
}

impl World {
    pub async fn start(people: usize) -> World {
        let now = Arc::new(AtomicI64::new(START));
        let clock: Clock = {
            let now = now.clone();
            Arc::new(move || Time(now.load(Ordering::Relaxed)))
        };
        World { sandbox: Sandbox::start(Options::new(clock.clone()).people(people)).await.unwrap(), now, clock }
    }

    pub fn now(&self) -> Time {
        Time(self.now.load(Ordering::Relaxed))
    }

    pub fn later(&self, by: Span) -> Time {
        Time(self.now.fetch_add(by.0, Ordering::Relaxed) + by.0)
    }

    /// A shipped connector that is asked for nothing about edits.
    pub fn connector(&self, name: &str) -> RestConnector {
        self.connector_asked(name, EditsAsked::default())
    }

    pub fn connector_asked(&self, name: &str, edits: EditsAsked) -> RestConnector {
        let (url, keys) = (&self.sandbox, &self.sandbox.keys);
        let settings: Vec<(&str, &str)> = match name {
            "hubspot" => vec![("base_url", &url.crm_url), ("token", &keys.crm_token)],
            "zendesk" => vec![("base_url", &url.support_url), ("token", &keys.support_token)],
            _ => vec![
                ("base_url", &url.ma_url),
                ("client_id", &keys.ma_client_id),
                ("client_secret", &keys.ma_client_secret),
                ("list_id", &url.ma_list),
            ],
        };
        self.with(name, &settings, edits)
    }

    pub fn with(&self, name: &str, settings: &[(&str, &str)], edits: EditsAsked) -> RestConnector {
        let manifest = load::load(name, None).unwrap_or_else(|e| panic!("{e:#?}")).manifest;
        let settings = settings.iter().map(|(k, v)| (k.to_string(), SettingValue::Plain(v.to_string()))).collect();
        let given = SystemSettings {
            name: name.into(),
            settings,
            permit: Some("nayose_ok_until".into()),
            permits: Default::default(),
            why: Some("nayose_why".into()),
            time_zone: None,
            refusal_words: Default::default(),
            status_words: Default::default(),
            lacks: Vec::new(),
            edits,
            lists: None,
        };
        RestConnector::new(&manifest, &given, self.clock.clone()).unwrap()
    }
}
