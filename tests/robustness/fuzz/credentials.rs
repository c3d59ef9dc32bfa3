//! Settings and credentials as an admin may have copied them, and what a sign-in answers.

use super::change::{Tape, bytes, text};
use super::config::manifests;
use super::server::{Answer, Server};
use nayose::connector::examples;
use nayose::connector::manifest::load;
use nayose::connector::{Connector, RestConnector, SettingValue};
use nayose::model::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

#[test]
fn settings() {
    let all = manifests();
    let seeds = ["6b02a1:00ff10ab", "pat-na1-0815", "https://acme.example/api", "1001", "svc@acme.example/token:abc"];
    fuzz!(|tape: &mut Tape<'_>| {
        let (_, _, loaded) = tape.pick(&all);
        let mut given = examples::example_settings(&loaded.manifest);
        for value in given.settings.values_mut() {
            let seed = *tape.pick(&seeds);
            let changed = text(seed, tape);
            *value = if tape.byte().is_multiple_of(2) { SettingValue::Plain(changed) } else { SettingValue::Secret(changed.into()) };
        }
        // Refused with every reason, or a connector.
        if let Err(why) = RestConnector::new(&loaded.manifest, &given, Arc::new(|| Time(0))) {
            assert!(!why.is_empty() && why.iter().all(|w| !w.is_empty()));
        }
    });
}

#[test]
fn sign_ins() {
    let server = Server::start();
    let text = format!(
        "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = '{}'
        auth = {{ kind = 'client_credentials', method = 'GET', path = '/sign-in', client_id = 'me', client_secret = 'secret' }}
        [errors]\nsuccess = {{ path = 'success', equals = true }}\ncode = 'errors[].code'\nmessage = 'errors[].message'\nbudget_codes = ['607']
        [streams.s]\nentity = 'person'\n[streams.s.sweep]\npath = '/s'\nrecords = 'r'\n[streams.s.record]\nid = 'id'\n",
        server.url
    );
    let manifest = load::parse("t", "t.toml", &text).unwrap();
    // A day passes between any two looks at the clock, so that no token lasts.
    let days = AtomicI64::new(0);
    let clock = Arc::new(move || Time(days.fetch_add(86_400_000, Ordering::Relaxed)));
    let connector = RestConnector::new(&manifest, &examples::example_settings(&manifest), clock).unwrap();
    let seeds = [
        "{\"access_token\":\"abc\",\"token_type\":\"bearer\",\"expires_in\":3599}",
        "{\"access_token\":\"abc\",\"expires_in\":\"3599\"}",
        "{\"error\":\"invalid_client\",\"error_description\":\"no\"}",
        "{\"success\":false,\"errors\":[{\"code\":\"607\",\"message\":\"no more\"}]}",
    ];
    fuzz!(|tape: &mut Tape<'_>| {
        let body = bytes(tape.pick(&seeds).as_bytes(), tape);
        let status = *tape.pick(&[200, 200, 200, 201, 302, 400, 401, 403, 407]);
        server.gives([Answer { status, headers: vec![("retry-after", (tape.byte() % 10).to_string())], body }]);
        let _ = server.runtime.block_on(connector.first_page("s"));
    });
}
