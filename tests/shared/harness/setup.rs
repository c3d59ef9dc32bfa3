//! What a test chooses of the config.

use crate::config_files::{CRITICAL_TICKET, ConfigFiles, DEFAULT_ORDER, Hold, OPEN_DEAL, STATUSES, policy, system};
use nayose::sandbox::Sandbox;

/// What a test chooses of the config.
#[derive(Clone)]
pub struct Setup {
    /// People that the systems know at the start.
    pub people: usize,
    /// How often a full sweep of CRM and support is due; the manifests' own if `None`. The marketing system's list is always due after
    /// a second: nothing else proves its people, and without proof nothing is released.
    pub sweep: Option<&'static str>,
    /// `after` of deals that were lost and tickets that were closed.
    pub lost: &'static str,
    pub closed: &'static str,
    /// Limits of proof.
    pub deals_limit: &'static str,
    pub tickets_limit: &'static str,
    pub refusals_limit: &'static str,
    /// Whether the marketing system also works with permits.
    pub permit: bool,
    /// Permits for one kind or topic of mail: what stands in `permits = { .. }`.
    pub permits: &'static str,
    /// The mail that an open deal stops.
    pub deal_stops: &'static [&'static str],
    pub ask_above: &'static str,
    /// The same for fields and status.
    pub changes_above: &'static str,
    pub http_token: bool,
    /// More for systems.toml: before the tables, and another system.
    pub top: String,
    pub more_systems: String,
    /// Lines for `[person]` of precedence.toml.
    pub precedence: &'static str,
    /// Lines of `[status]` in the place of the usual ones.
    pub statuses: Option<&'static str>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            people: 0,
            sweep: None,
            lost: "0d",
            closed: "0d",
            deals_limit: "15m",
            tickets_limit: "1h",
            refusals_limit: "1h",
            permit: false,
            permits: "",
            deal_stops: &["campaign", "newsletter", "rep_sender"],
            ask_above: r#"people = 10000, share = "100%""#,
            changes_above: r#"records = 10000, share = "100%""#,
            http_token: false,
            top: String::new(),
            more_systems: String::new(),
            precedence: "phone = [\"support\", [\"crm\"], \"ma\"]\ntitle = { from = [\"crm\", \"ma\"] }\n",
            statuses: None,
        }
    }
}

impl Setup {
    /// A sweep is due whenever a second has passed.
    pub fn sweeping() -> Setup {
        Setup { sweep: Some("1s"), ..Setup::default() }
    }

    /// The four files, for systems and a port.
    pub fn files(&self, sandbox: &Sandbox, port: u16) -> ConfigFiles {
        let precedence = format!("{DEFAULT_ORDER}[person]\n{}", self.precedence);
        ConfigFiles { precedence, ..ConfigFiles::new(self.systems(sandbox, port), self.policy()) }
    }

    fn systems(&self, sandbox: &Sandbox, port: u16) -> String {
        let Sandbox { crm_url, support_url, ma_url, ma_list, .. } = sandbox;
        let sweep = self.sweep.map(|s| format!("\nsweep = {s:?}")).unwrap_or_default();
        let permit = if self.permit { "permit = \"nayose_ok_until\", lease = \"7d\", " } else { "" };
        let permits = if self.permits.is_empty() { String::new() } else { format!("permits = {{ {} }}, ", self.permits) };
        let http_token = if self.http_token { "token = { env = \"TEST_HTTP\" }\n" } else { "" };
        let read = |url: &str, token: &str| format!("base_url = {url:?}\ntoken = {{ env = {token:?} }}\nevery = \"1s\"{sweep}");
        let ma = format!(
            "base_url = {ma_url:?}\nclient_id = {{ env = \"TEST_MA_ID\" }}\nclient_secret = {{ env = \"TEST_MA_SECRET\" }}\n\
             list_id = {ma_list:?}\nevery = \"1s\"\nsweep = \"1s\"\nwrites = [\"hold\", \"status\", \"phone\", \"title\"]\n\
             hold = {{ block = true, {permit}{permits}why = \"nayose_why\" }}"
        );
        [
            format!("{}\n[state]\nurl = \"sled:data\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n{http_token}", self.top),
            system("crm", "hubspot", &read(crm_url, "TEST_CRM")),
            system("support", "zendesk", &read(support_url, "TEST_SUPPORT")),
            system("ma", "marketo", &ma),
            self.more_systems.clone(),
        ]
        .join("\n")
    }

    fn policy(&self) -> String {
        let Setup { lost, closed, deals_limit, tickets_limit, refusals_limit, ask_above, changes_above, .. } = self;
        let after = format!("won = \"0d\", lost = {lost:?}");
        let deals_proved = format!("\"crm.deals\" = {deals_limit:?}, \"crm.deal_people\" = {deals_limit:?}");
        let deals = Hold { scope: "scope = \"account\"", stops: self.deal_stops, after: &after, proof: &deals_proved, ..OPEN_DEAL };
        let (closed, tickets_proved) = (format!("closed = {closed:?}"), format!("\"support.tickets\" = {tickets_limit:?}"));
        let tickets = Hold { after: &closed, proof: &tickets_proved, ..CRITICAL_TICKET };
        let [customer, opportunity, lost, lead] = STATUSES;
        let statuses = [customer, opportunity, lost, ("mql", "person.score >= 100"), lead];
        let limits = format!("[widening]\nask_above = {{ {ask_above} }}\n\n[changes]\nask_above = {{ {changes_above} }}\n");
        let whole = |statuses: &[_]| policy(statuses, &[deals, tickets], &format!("\"ma.people\" = {refusals_limit:?}"), &limits);
        match self.statuses {
            None => whole(&statuses),
            Some(lines) => whole(&[]).replacen("[status]\n", &format!("[status]\n{lines}\n"), 1),
        }
    }
}
