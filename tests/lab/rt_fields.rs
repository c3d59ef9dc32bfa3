//! Fields of users in Request Tracker, which its REST interface can make but not bind: its own library does, as in `lab/rt/init.pl`.
//! They are made once and stay.

use super::systems::Trio;
use reqwest::Method;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// A date, and a pick list of the codes 10 and 20.
pub const NAMES: [&str; 2] = ["Lab Renewal", "Lab Plan"];

const SCRIPT: &str = r#"
use strict; use warnings; use RT; RT::LoadConfig(); RT::Init();
for (['Lab Renewal', 'Date'], ['Lab Plan', 'Select', 10, 20]) {
    my ($name, $type, @codes) = @$_;
    my $field = RT::CustomField->new(RT->SystemUser);
    $field->LoadByCols(Name => $name, LookupType => 'RT::User'); next if $field->id;
    my ($ok, $why) = $field->Create(Name => $name, Type => $type, LookupType => 'RT::User', MaxValues => 1); die $why unless $ok;
    for (@codes) { ($ok, $why) = $field->AddValue(Name => $_); die $why unless $ok; }
    ($ok, $why) = $field->AddToObject(RT::User->new(RT->SystemUser)); die $why unless $ok;
}
"#;

/// Makes them unless they are there.
pub async fn make(trio: &Trio) {
    let user = trio.rt.call(Method::GET, "/user/root", None).await;
    let shown: Vec<&str> = user["CustomFields"].as_array().into_iter().flatten().filter_map(|field| field["name"].as_str()).collect();
    if NAMES.iter().all(|name| shown.contains(name)) {
        return;
    }
    let home = std::env::var_os("LAB_HOME").map_or_else(|| std::env::temp_dir().join("lab"), PathBuf::from).join("rt");
    let mut perl = Command::new("perl");
    perl.args(["-I/usr/share/request-tracker5/lib", "-e", SCRIPT]).stdin(Stdio::null());
    perl.env("RT_SITE_CONFIG", home.join("RT_SiteConfig.pm")).env("RT_SITE_CONFIG_DIR", home.join("conf.d"));
    let done = perl.output().await.unwrap();
    let why = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "make the user fields Lab Renewal (a date) and Lab Plan (one of 10 and 20) by hand: {why}");
}
