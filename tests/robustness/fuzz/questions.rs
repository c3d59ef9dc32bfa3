//! What comes in over HTTP and over the socket.

use super::change::{Tape, bytes};
use super::daemon::shell;
use nayose::daemon::commands::Command;
use nayose::telemetry::Exporter;
use nayose::web;
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;

#[test]
fn http_requests() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let at = listener.local_addr().unwrap();
    // People are shown to nobody without one.
    let token = "only-for-the-tests-http-token";
    let admission = web::Admission { token: Some(Arc::new(token.into())), ..web::Admission::on_loopback() };
    runtime.spawn(web::serve(listener, web::router(shell(), admission, Exporter::install(), Path::new("config"))));
    let client = reqwest::Client::new();
    let bodies = [
        "{\"subjects\":[{\"email\":\"a@b.example\"},{\"record\":\"crm:person:5\"}],\"mail\":{\"kind\":\"campaign\",\"topic\":\"news\"}}",
        "{\"subjects\":[],\"mail\":{\"kind\":\"rep_sender\",\"sender\":\"rep@acme.example\",\"campaign\":\"spring\"}}",
    ];
    let paths = ["/v1/decisions/d_1", "/v1/people/hanako.mori@acme.example", "/v1/people/crm:person:5", "/readyz", "/metrics"];
    fuzz!(|tape: &mut Tape<'_>| {
        let request = if tape.byte().is_multiple_of(4) {
            let path = String::from_utf8_lossy(&bytes(tape.pick(&paths).as_bytes(), tape)).into_owned();
            let Ok(url) = reqwest::Url::parse(&format!("http://{at}/{}", path.trim_start_matches('/'))) else { return };
            client.get(url).bearer_auth(token)
        } else {
            client
                .post(format!("http://{at}/v1/decisions"))
                .bearer_auth(token)
                .header("content-type", "application/json")
                .body(bytes(tape.pick(&bodies).as_bytes(), tape))
        };
        // What no client can send need not be answered.
        let Ok(request) = request.build() else { return };
        let asked = request.body().and_then(|b| b.as_bytes()).and_then(|b| serde_json::from_slice::<Json>(b).ok());
        let answered = runtime.block_on(async {
            let answer = match client.execute(request).await {
                Ok(answer) => answer,
                Err(error) if error.is_builder() => return None,
                Err(error) => panic!("no answer: {error}"),
            };
            Some((answer.status().as_u16(), answer.text().await.unwrap()))
        });
        let Some((status, text)) = answered else { return };
        assert!(status < 500, "{status}: {text}");
        if let (200, Some(asked)) = (status, asked) {
            let answer: Json = serde_json::from_str(&text).unwrap();
            let decisions = answer["decisions"].as_array().unwrap();
            assert_eq!(decisions.len(), asked["subjects"].as_array().unwrap().len(), "each subject has its decision");
            // Nothing was read, so that nobody may be mailed.
            assert!(decisions.iter().all(|d| d["decision"] != "allow"), "{text}");
        }
    });
}

#[test]
fn socket_questions() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let shell = shell();
    let seeds = [
        "\"status\"",
        "\"letters\"",
        "{\"explain\":{\"who\":\"hanako.mori@acme.example\"}}",
        "{\"gate\":{\"subjects\":[\"crm:person:5\",\"a@b.example\"],\"mail\":{\"kind\":\"campaign\"}}}",
        "{\"approve\":{\"what\":\"ma\",\"holds\":true}}",
        "{\"retry_letters\":{\"record\":\"ma:person:1\"}}",
        "{\"drop_letter\":{\"record\":\"ma:person:1\"}}",
        "{\"export\":{\"what\":\"people\"}}",
    ];
    fuzz!(|tape: &mut Tape<'_>| {
        let question = bytes(tape.pick(&seeds).as_bytes(), tape);
        match serde_json::from_slice::<Command>(&question) {
            // These go out to systems that are not there.
            Ok(Command::Plan { .. } | Command::Sync { .. }) | Err(_) => {}
            Ok(command) => {
                let reply = runtime.block_on(shell.command(command));
                serde_json::to_string(&reply).unwrap();
            }
        }
    });
}
