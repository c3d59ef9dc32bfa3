//! What the control port can be asked for, in words: shown at its address and by `nayose demo --help`.

/// An action or a view, as a person asks for it.
pub struct Offered {
    /// The last part of the path.
    pub name: &'static str,
    /// The arguments, by example; of a view its query, if it takes one.
    pub arguments: &'static str,
    pub what: &'static str,
}

const fn offered(name: &'static str, arguments: &'static str, what: &'static str) -> Offered {
    Offered { name, arguments, what }
}

/// What changes something: `POST /_sandbox/NAME` with the arguments as JSON.
pub const ACTIONS: [Offered; 29] = [
    offered("open_deal", r#"{"contacts": [1], "company": 2}"#, "a deal with these contacts; the company may be left out"),
    offered("set_deal_stage", r#"{"deal": 1, "stage": "lost"}"#, "open, won or lost"),
    offered("delete_deal", r#"{"deal": 1}"#, "the deal vanishes"),
    offered("attach", r#"{"deal": 1, "contact": 2}"#, "one more contact on a deal"),
    offered("detach", r#"{"deal": 1, "contact": 2}"#, "one contact less on a deal"),
    offered("create_contact", r#"{"properties": {"email": "a@b.example"}, "company": 2}"#, "a contact in the CRM"),
    offered("create_company", r#"{"name": "B", "domain": "b.example"}"#, "a company in the CRM"),
    offered("edit_company", r#"{"company": 1, "properties": {"industry": "RETAIL"}}"#, "other values of a company"),
    offered(
        "edit_contact",
        r#"{"contact": 1, "properties": {"phone": "03-1234-5678"}}"#,
        "other values of a contact; `by` may name {\"app\": 7}",
    ),
    offered("archive_contact", r#"{"contact": 1}"#, "the contact vanishes from the CRM"),
    offered("create_user", r#"{"name": "A", "email": "a@b.example"}"#, "a person in the support system"),
    offered("edit_user", r#"{"user": 1, "email": "a@b.example"}"#, "another name or address of such a person"),
    offered("create_ticket", r#"{"requester": 1, "status": "open", "priority": "urgent"}"#, "a ticket of a person in the support system"),
    offered("set_ticket_status", r#"{"ticket": 1, "status": "solved"}"#, "new, open, pending, hold, solved or closed"),
    offered("set_ticket_priority", r#"{"ticket": 1, "priority": "urgent"}"#, "low, normal, high or urgent"),
    offered("add_lead", r#"{"fields": {"email": "a@b.example"}}"#, "a lead in the marketing system"),
    offered("edit_lead", r#"{"lead": 1, "fields": {"title": "CTO"}}"#, "other values of a lead"),
    offered("delete_lead", r#"{"lead": 1}"#, "the lead vanishes"),
    offered("twin_lead", r#"{"lead": 1}"#, "a second lead of the same person"),
    offered("unsubscribe", r#"{"lead": 1}"#, "the person clicks \"unsubscribe\""),
    offered("unsubscribe_bulk", r#"{"leads": [1, 2]}"#, "several at once, which moves no time of change"),
    offered("resubscribe", r#"{"lead": 1}"#, "somebody sets the lead to subscribed again"),
    offered("marketer_suspends", r#"{"lead": 1, "on": true}"#, "a marketer sets the stop mark by hand"),
    offered("send_newsletter", r#"{"permit": false}"#, "the newsletter goes out; answers who got it"),
    offered("fault", r#"{"system": "crm", "fault": "down"}"#, "a system (crm, support, ma) fails until clear_faults"),
    offered("clear_faults", r#"{"system": "crm"}"#, "it works again; without a system, all do"),
    offered("forget_cursors", r#"{"system": "support"}"#, "the system does not know its cursors any more"),
    offered("expire_ma_token", "{}", "the marketing system's access token runs out"),
    offered("reset_log", "{}", "the lists of requests, writes and mails begin anew"),
];

/// What can be wrong with a system, as arguments of `fault` beside `system`; and for each: `on` (only requests with that in their path) and
/// `times` (so many times only).
pub const FAULTS: [Offered; 17] = [
    offered("down", "", "no connection is answered"),
    offered("reset", r#""rate": 0.5"#, "a share of requests is broken off"),
    offered("errors", r#""status": 503, "rate": 0.5"#, "a share of requests is answered with this status"),
    offered("revoked", r#""status": 401"#, "the credential is not accepted (401, 403 or 200)"),
    offered("no_scope", "", "the credential is not good for this"),
    offered("html", "", "a page of HTML in place of an answer"),
    offered("rate_limited", r#""retry_after_s": 30"#, "the system asks to wait"),
    offered("limit", r#""requests": 10, "per_ms": 10000"#, "it asks to wait beyond so many requests in that time"),
    offered("slow", r#""ms": 2000"#, "every answer comes so much later"),
    offered("duplicate_entries", "", "lists name their first entry twice"),
    offered("missing_entries", "", "lists leave out their last entry"),
    offered("repeat_page", "", "the same page again and again"),
    offered("field_type", r#""field": "email""#, "a field of another type"),
    offered("date_skew", r#""ms": 600000"#, "its clock is wrong by so much"),
    offered("half_fail", "", "every second row of a write fails"),
    offered("lost_answer", r#""how": "reset""#, "writes are done and not answered (reset, 500 or hang)"),
    offered("refuse_silently", "", "writes are answered and not done"),
];

/// What only shows something: `GET /_sandbox/NAME`.
pub const VIEWS: [Offered; 8] = [
    offered("state", "", "all records of the three systems"),
    offered("requests", "", "how many requests of each kind came"),
    offered("writes", "", "what was written to the systems"),
    offered("sent", "", "who got a newsletter"),
    offered("faults", "", "the faults in force"),
    offered("truth", "", "which of the invented people each record is"),
    offered("open_deal_leads", "?account=true", "leads of people on an open deal; with account=true also of their companies"),
    offered("systems", "", "the systems' addresses and keys"),
];

/// Everything that can be asked for, for a reader; `at` is the control port's address.
pub fn listed(at: &str) -> String {
    let mut lines = vec![format!("Make something happen: curl {at}/_sandbox/NAME -d 'ARGUMENTS'")];
    lines.extend(ACTIONS.iter().map(|a| line(a.name, a.arguments, a.what)));
    lines.push("\nWhat can be wrong with a system, for `fault`; each also with \"on\": \"PART OF A PATH\" and \"times\": 3".into());
    lines.extend(FAULTS.iter().map(|fault| {
        let more = if fault.arguments.is_empty() { String::new() } else { format!(", {}", fault.arguments) };
        line("", &format!("\"fault\": \"{}\"{more}", fault.name), fault.what)
    }));
    lines.push(format!("\nLook: curl {at}/_sandbox/NAME"));
    lines.extend(VIEWS.iter().map(|v| line(v.name, v.arguments, v.what)));
    lines.join("\n")
}

fn line(name: &str, arguments: &str, what: &str) -> String {
    format!("  {name:<19} {arguments:<57} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::control::ControlAction;
    use crate::sandbox::faults::Fault;
    use serde_json::{Value, from_str, from_value, json};
    use std::collections::BTreeSet;

    /// The names that serde knows, out of its answer to one that it does not know.
    fn known<T: serde::de::DeserializeOwned + std::fmt::Debug>(unknown: Value) -> BTreeSet<String> {
        let error = from_value::<T>(unknown).unwrap_err().to_string();
        let names: BTreeSet<String> = error.split('`').skip(3).step_by(2).map(String::from).collect();
        assert!(names.len() > 5, "{error}");
        names
    }

    fn names(offered: &[Offered]) -> BTreeSet<String> {
        offered.iter().map(|o| o.name.to_string()).collect()
    }

    #[test]
    fn every_action_is_listed_with_arguments_that_it_takes() {
        assert_eq!(names(&ACTIONS), known::<ControlAction>(json!({"action": "?"})));
        for offered in &ACTIONS {
            let mut arguments: Value = from_str(offered.arguments).unwrap();
            arguments["action"] = offered.name.into();
            from_value::<ControlAction>(arguments).unwrap_or_else(|e| panic!("{}: {e}", offered.name));
        }
    }

    #[test]
    fn every_fault_is_listed_with_arguments_that_it_takes() {
        assert_eq!(names(&FAULTS), known::<Fault>(json!({"fault": "?"})));
        for offered in &FAULTS {
            let more = if offered.arguments.is_empty() { String::new() } else { format!(", {}", offered.arguments) };
            let text = format!("{{\"fault\": \"{}\"{more}}}", offered.name);
            from_str::<Fault>(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        }
    }
}
