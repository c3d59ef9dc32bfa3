//! The four files of a config folder, of what most tests have in common and what each of them changes.

use std::path::Path;

/// What of the files most tests leave as it is.
pub const CONSENT: &str = "[sources.ma]\nbasis = \"explicit_consent\"\n";
pub const DEFAULT_ORDER: &str = "default = [\"crm\", \"support\", \"ma\"]\n";

/// The statuses that follow from deals, from the first to the last.
pub const STATUSES: [(&str, &str); 4] =
    [("customer", "deals.exists(d, d.won)"), ("opportunity", "deals.exists(d, d.open)"), ("lost", "deals.exists(d, d.lost)"), LEAD];
/// The status of everybody.
pub const LEAD: (&str, &str) = ("lead", "true");

/// Whose tables a test needs no more of than that they are there: each with the secrets that lie in the file `token`.
pub const CRM: &str = "[systems.crm]\nconnector = \"hubspot\"\ntoken = { file = \"token\" }\n";
pub const SUPPORT: &str = "[systems.support]\nconnector = \"zendesk\"\nsubdomain = \"acme\"\ntoken = { file = \"token\" }\n";

/// A system's table, of its keys by line.
pub fn system(name: &str, connector: &str, keys: &str) -> String {
    format!("[systems.{name}]\nconnector = {connector:?}\n{keys}\n")
}

/// The same of the marketing system at an address, with further keys.
pub fn ma_at(base_url: &str, keys: &str) -> String {
    let secrets = "client_id = { file = \"token\" }\nclient_secret = { file = \"token\" }\nlist_id = \"1001\"";
    system("ma", "marketo", &format!("base_url = {base_url:?}\n{secrets}\n{keys}"))
}

/// At the address that it has in most tests.
pub fn ma(keys: &str) -> String {
    ma_at("https://123-ABC-456.mktorest.example", keys)
}

/// A hold of policy.toml.
#[derive(Clone, Copy)]
pub struct Hold<'a> {
    pub name: &'a str,
    pub when: &'a str,
    /// Lines between `when` and `stops`: the scope, and what belongs to it.
    pub scope: &'a str,
    pub stops: &'a [&'a str],
    /// What stands in the braces; nothing: it is left out.
    pub after: &'a str,
    pub proof: &'a str,
}

/// How old what is known of deals and their people may be.
pub const DEALS_PROVED: &str = r#""crm.deals" = "15m", "crm.deal_people" = "15m""#;

/// Open deals, as most tests hold by them.
pub const OPEN_DEAL: Hold<'_> =
    Hold { name: "open_deal", when: "deal.open", scope: "", stops: &["campaign", "newsletter"], after: "", proof: DEALS_PROVED };

/// Open tickets.
pub const TICKET: Hold<'_> =
    Hold { name: "ticket", when: "ticket.open", scope: "", stops: &["campaign"], after: "", proof: r#""support.tickets" = "1h""# };

/// Urgent tickets, and what they stop in a mailing that goes out anyway.
pub const CRITICAL_TICKET: Hold<'_> = Hold {
    name: "critical_ticket",
    when: r#"ticket.open && ticket.priority == "urgent""#,
    scope: "",
    stops: &["campaign", "newsletter", "service_footer"],
    after: "closed = \"0d\"",
    proof: r#""support.tickets" = "1h""#,
};

impl Hold<'_> {
    /// Its table.
    pub fn table(&self) -> String {
        let Hold { name, when, scope, stops, after, proof } = self;
        let scope = if scope.is_empty() { String::new() } else { format!("{scope}\n") };
        let after = if after.is_empty() { String::new() } else { format!("after = {{ {after} }}\n") };
        format!("[holds.{name}]\nwhen = '{when}'\n{scope}stops = {stops:?}\n{after}proof = {{ {proof} }}\n")
    }
}

/// policy.toml: statuses, holds, what proves refusals, and the tables of limits.
pub fn policy(statuses: &[(&str, &str)], holds: &[Hold<'_>], refusals: &str, limits: &str) -> String {
    let statuses: String = statuses.iter().map(|(name, when)| format!("{name} = '{when}'\n")).collect();
    let holds: String = holds.iter().map(|hold| format!("{}\n", hold.table())).collect();
    let limits = if limits.is_empty() { String::new() } else { format!("\n{limits}") };
    format!("[status]\n{statuses}\n{holds}[refusals]\nproof = {{ {refusals} }}\n{limits}")
}

/// The four texts.
pub struct ConfigFiles {
    pub systems: String,
    pub precedence: String,
    pub policy: String,
    pub consent: String,
}

impl ConfigFiles {
    /// With the order and the consent that most tests have.
    pub fn new(systems: impl Into<String>, policy: impl Into<String>) -> ConfigFiles {
        ConfigFiles { systems: systems.into(), precedence: DEFAULT_ORDER.into(), policy: policy.into(), consent: CONSENT.into() }
    }

    pub fn each(&self) -> [(&'static str, &str); 4] {
        [
            ("systems.toml", &self.systems),
            ("precedence.toml", &self.precedence),
            ("policy.toml", &self.policy),
            ("consent.toml", &self.consent),
        ]
    }

    pub fn write(&self, folder: &Path) {
        for (file, text) in self.each() {
            std::fs::write(folder.join(file), text).expect("the test's own folder takes files");
        }
    }
}
