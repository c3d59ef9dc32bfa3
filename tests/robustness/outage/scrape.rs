//! The engine is busy: whoever scrapes is answered all the same, by what was published last.

use super::{office::Office, shell, write_config};
use nayose::engine::answers::status::Protection;
use nayose::telemetry::Exporter;
use nayose::web::{self, Admission};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tokio::net::TcpListener;

/// A test that waits longer has failed.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scrape_is_answered_while_the_engine_is_held() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path(), "30s");
    let shell = shell(folder.path(), &Arc::new(Mutex::new(Office::new(3))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(web::serve(listener, web::router(shell.clone(), Admission::on_loopback(), Exporter::install(), folder.path())));

    let (held, is_held) = mpsc::channel();
    let (let_go, until) = mpsc::channel::<()>();
    let busy = std::thread::spawn(move || {
        let engine = shell.engine();
        held.send(()).unwrap();
        let _ = until.recv();
        drop(engine);
    });
    is_held.recv_timeout(SOON).unwrap();
    let client = reqwest::Client::builder().no_proxy().timeout(SOON).build().unwrap();
    let get = async |path: &str| {
        let answer = client.get(format!("http://{at}{path}")).send().await.expect("a scrape waits for the engine");
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, ready) = get("/readyz").await;
    assert_eq!(status, 200, "{ready}");
    assert!(ready.contains(&format!("\"{}\"", Protection::Watching.name())), "{ready}");
    let (status, metrics) = get("/metrics").await;
    assert_eq!(status, 200);
    // The metrics are the process's: another test's daemon may have counted its own people.
    assert!(metrics.contains("\n# TYPE nayose_people gauge\nnayose_people "), "{metrics}");
    drop(let_go);
    busy.join().unwrap();
}
