//! The CRM's search: filter groups, operators, sorting, and the cap on results.

use super::records::{CrmKind, CrmObject, CrmRecords};
use crate::model::Time;
use crate::sandbox::wire::parse_time;
use serde::Deserialize;
use std::cmp::Ordering;

/// No query gives more results than this, however it is paged (vendor's limit).
pub const RESULTS_MAX: usize = 10_000;
/// Entries on a page at most, and unless asked for.
pub const PAGE_MAX: usize = 200;
pub const PAGE_DEFAULT: usize = 10;
const GROUPS_MAX: usize = 5;
const FILTERS_MAX: usize = 18;

/// A search as the vendor's clients send it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Search {
    pub filter_groups: Vec<Group>,
    pub sorts: Vec<Sort>,
    pub properties: Vec<String>,
    pub limit: Option<usize>,
    pub after: Option<SearchAfter>,
}

#[derive(Debug, Deserialize)]
pub struct Group {
    #[serde(default)]
    pub filters: Vec<Filter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    pub property_name: String,
    pub operator: String,
    #[serde(default)]
    pub value: Option<SearchValue>,
    #[serde(default)]
    pub high_value: Option<SearchValue>,
    #[serde(default)]
    pub values: Vec<SearchValue>,
}

/// Values come as text, but numbers and booleans are taken too.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum SearchValue {
    Text(String),
    Number(i64),
    Bool(bool),
}

impl SearchValue {
    fn text(&self) -> String {
        match self {
            SearchValue::Text(t) => t.clone(),
            SearchValue::Number(n) => n.to_string(),
            SearchValue::Bool(b) => b.to_string(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum SearchAfter {
    Number(u64),
    Text(String),
}

/// "prop", "-prop", or an object.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Sort {
    Short(String),
    #[serde(rename_all = "camelCase")]
    Full {
        property_name: String,
        #[serde(default)]
        direction: Option<String>,
    },
}

/// What a search found.
#[derive(Debug)]
pub struct SearchFound<'a> {
    pub total: usize,
    pub page: Vec<&'a CrmObject>,
    pub next: Option<usize>,
}

/// Runs a search. Changes younger than `lag_ms` are not in the index yet. `Err` is the message of a 400.
pub fn run<'a>(records: &'a CrmRecords, kind: CrmKind, search: &Search, now: Time, lag_ms: i64) -> Result<SearchFound<'a>, String> {
    if search.filter_groups.len() > GROUPS_MAX || search.filter_groups.iter().map(|g| g.filters.len()).sum::<usize>() > FILTERS_MAX {
        return Err("too many filters or filter groups".into());
    }
    let limit = search.limit.unwrap_or(PAGE_DEFAULT);
    if limit > PAGE_MAX {
        return Err(format!("limit must not be above {PAGE_MAX}"));
    }
    let start = match &search.after {
        None => 0,
        Some(SearchAfter::Number(n)) => *n as usize,
        Some(SearchAfter::Text(t)) if t.is_empty() => 0,
        Some(SearchAfter::Text(t)) => t.parse().map_err(|_| format!("after must be a number, not {t:?}"))?,
    };
    if start + limit > RESULTS_MAX {
        return Err(format!("paging past {RESULTS_MAX} results is not possible"));
    }
    for filter in search.filter_groups.iter().flat_map(|g| &g.filters) {
        check(kind, filter)?;
    }
    let indexed = records.all(kind).filter(|o| o.modified.0 + lag_ms <= now.0);
    let mut found: Vec<&CrmObject> = indexed
        .filter(|o| {
            search.filter_groups.is_empty() || search.filter_groups.iter().any(|g| g.filters.iter().all(|f| holds(records, kind, o, f)))
        })
        .collect();
    if let Some(sort) = search.sorts.first() {
        let (property, down) = match sort {
            Sort::Short(s) => s.strip_prefix('-').map_or((s.as_str(), false), |s| (s, true)),
            Sort::Full { property_name, direction } => {
                (property_name.as_str(), direction.as_deref().is_some_and(|d| d.eq_ignore_ascii_case("DESCENDING")))
            }
        };
        known(kind, property)?;
        found.sort_by_cached_key(|o| (SortKey::of_property(records, kind, o, property), o.id));
        if down {
            found.reverse();
        }
    }
    let total = found.len();
    let page: Vec<_> = found.into_iter().skip(start).take(limit).collect();
    let end = start + page.len();
    Ok(SearchFound { total, page, next: (end < total && end < RESULTS_MAX).then_some(end) })
}

fn known(kind: CrmKind, property: &str) -> Result<(), String> {
    if kind.writable().contains(&property) || kind.computed().contains(&property) {
        return Ok(());
    }
    Err(format!("There was a problem with the request: property {property} does not exist"))
}

fn check(kind: CrmKind, filter: &Filter) -> Result<(), String> {
    known(kind, &filter.property_name)?;
    let operator = filter.operator.as_str();
    match operator {
        "EQ" | "NEQ" | "LT" | "LTE" | "GT" | "GTE" | "CONTAINS_TOKEN" if filter.value.is_some() => Ok(()),
        "BETWEEN" if filter.value.is_some() && filter.high_value.is_some() => Ok(()),
        "IN" | "NOT_IN" if !filter.values.is_empty() => Ok(()),
        "HAS_PROPERTY" | "NOT_HAS_PROPERTY" => Ok(()),
        _ => Err(format!("operator {operator} with these values is not valid")),
    }
}

fn holds(records: &CrmRecords, kind: CrmKind, object: &CrmObject, filter: &Filter) -> bool {
    let have = records.property(kind, object, &filter.property_name);
    let have = have.as_deref();
    let key = SortKey::of_property(records, kind, object, &filter.property_name);
    let against = |value: &Option<SearchValue>| value.as_ref().map(|v| key.cmp(&SortKey::of(Some(&v.text()))));
    let among = || filter.values.iter().any(|v| have.is_some_and(|h| h.eq_ignore_ascii_case(&v.text())));
    match filter.operator.as_str() {
        "HAS_PROPERTY" => have.is_some(),
        "NOT_HAS_PROPERTY" => have.is_none(),
        "NEQ" => against(&filter.value) != Some(Ordering::Equal),
        "NOT_IN" => !among(),
        _ if have.is_none() => false,
        "EQ" => against(&filter.value) == Some(Ordering::Equal),
        "LT" => against(&filter.value) == Some(Ordering::Less),
        "LTE" => against(&filter.value) != Some(Ordering::Greater),
        "GT" => against(&filter.value) == Some(Ordering::Greater),
        "GTE" => against(&filter.value) != Some(Ordering::Less),
        "BETWEEN" => against(&filter.value) != Some(Ordering::Less) && against(&filter.high_value) != Some(Ordering::Greater),
        "IN" => among(),
        "CONTAINS_TOKEN" => {
            let token = filter.value.as_ref().map(SearchValue::text).unwrap_or_default().replace('*', "").to_lowercase();
            have.is_some_and(|h| h.to_lowercase().contains(&token))
        }
        _ => false,
    }
}

/// Values compare as numbers or times where they are such, else as text without case.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Absent,
    Number(i64),
    Text(String),
}

impl SortKey {
    /// The key of an object's property. The properties that sorts and filters mostly name need no text in between.
    fn of_property(records: &CrmRecords, kind: CrmKind, object: &CrmObject, property: &str) -> SortKey {
        match property {
            "lastmodifieddate" | "hs_lastmodifieddate" => SortKey::Number(object.modified.0),
            "createdate" => SortKey::Number(object.created.0),
            "hs_object_id" => SortKey::Number(object.id as i64),
            _ => SortKey::of(records.property(kind, object, property).as_deref()),
        }
    }

    fn of(text: Option<&str>) -> SortKey {
        match text {
            None => SortKey::Absent,
            Some(t) => parse_time(t).map_or_else(|| SortKey::Text(t.to_lowercase()), |n| SortKey::Number(n.0)),
        }
    }
}
