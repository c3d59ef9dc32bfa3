//! Manifests of small systems that no vendor makes, of what they have in common.

/// The keys before the tables, of a system that asks for no secret.
pub fn head(name: &str, role: &str, base_url: &str) -> String {
    format!(
        "name = {name:?}\ntitle = \"{name}\"\nrole = {role:?}\napi_version = \"1\"\nbase_url = {base_url:?}\nauth = {{ kind = \"none\" }}\n"
    )
}

/// Deals that name their people, and are open or not.
pub const DEALS: &str = r#"
[streams.deals]
entity = "deal"
sweep = { path = "/deals", carries_people = true }
record = { id = "id", people = "people[]", state = [{ is = "open", when = { path = "open", equals = true } }] }
"#;

/// The people of deals, as the deals carry them.
pub const DEAL_PEOPLE: &str = r#"
[streams.deal_people]
entity = "deal_person"
carried_by = "deals"
"#;
