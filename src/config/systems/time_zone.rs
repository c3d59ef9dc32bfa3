//! The zone of a system whose times say none.

use crate::config::document::TomlEntry;
use crate::config::document::nearest::nearest;

/// A place of the IANA list. Abbreviations mean several zones, and offsets know no summer time.
pub fn read(entry: &TomlEntry) -> Option<String> {
    let name = entry.filled_text()?;
    let is_place = name.contains('/') && !name.starts_with("Etc/");
    if (is_place || name == "UTC") && jiff::tz::TimeZone::get(name).is_ok() {
        return Some(name.to_string());
    }
    entry.report(format!("{name:?} is no time zone of the IANA list that names a place"), format!("expected {}", expected(name)));
    None
}

/// How Tokyo's zone is called elsewhere.
const TOKYO: [&str; 12] = ["JST", "JP", "JAPAN", "TOKYO", "日本", "東京", "+9", "+09:00", "+0900", "UTC+9", "GMT+9", "ETC/GMT-9"];

fn expected(name: &str) -> String {
    if TOKYO.contains(&&*name.to_uppercase()) {
        return "\"Asia/Tokyo\"".to_string();
    }
    let places: Vec<String> =
        jiff::tz::db().available().map(|n| n.to_string()).filter(|n| n.contains('/') && !n.starts_with("Etc/")).collect();
    let city = |place: &&String| place.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name));
    let near = places.iter().find(city).map(String::as_str).or_else(|| nearest(name, places.iter().map(String::as_str)));
    match near {
        Some(place) => format!("{place:?}, if that is what is meant"),
        None => "a name as \"Asia/Tokyo\" or \"Europe/Berlin\", or \"UTC\"; abbreviations mean several zones".to_string(),
    }
}
