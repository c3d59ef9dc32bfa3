//! Ten minutes in which a system answers 500 to every write: how often it is asked, and what is told meanwhile. `run` as it is, under a
//! clock that jumps to whatever comes next. The table: cargo test --test robustness outage -- --nocapture

mod office;
mod scrape;

use crate::config_files::{ConfigFiles, Hold, LEAD, OPEN_DEAL, policy, system};
use crate::small_manifests::head;
use nayose::config;
use nayose::connector::network::Network;
use nayose::connector::transport::Wire;
use nayose::connector::{Clock, Connector, RestConnector};
use nayose::daemon::commands::{Command, Reply};
use nayose::daemon::connectors::{ConnectorsBySystem, Wiring};
use nayose::daemon::health::Readiness;
use nayose::daemon::run;
use nayose::daemon::shell::Shell;
use nayose::engine::answers::dead_letters::Letter;
use nayose::engine::answers::status::{Protection, Status};
use nayose::engine::ledger::kind::{Kind, Tag};
use nayose::engine::open;
use nayose::model::{Mail, MailKind, Time};
use office::{InProcess, Office, Shared, TestTimer};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

const PEOPLE: usize = 300;
const BEGIN: Time = Time(1_795_251_600_000);

fn write_config(folder: &Path, every: &str) {
    for (name, role, tables) in [("smallcrm", "crm", office::CRM), ("smallma", "ma", office::MA)] {
        let own = folder.join("own").join(name);
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("manifest.toml"), head(name, role, &format!("http://{role}.example")) + tables).unwrap();
    }
    let every = format!("every = {every:?}");
    let systems = [
        "connectors = \"own\"\n[state]\nurl = \"sled:data\"\n",
        &system("crm", "smallcrm", &every),
        &system("ma", "smallma", &format!("{every}\nwrites = [\"hold\"]\nhold = {{ block = true }}")),
    ];
    let hold = Hold { scope: "scope = \"person\"", after: "won = \"0d\", lost = \"0d\"", proof: "\"crm.deals\" = \"15m\"", ..OPEN_DEAL };
    let limits = "[widening]\nask_above = { people = 10000, share = \"100%\" }\n";
    let policy = policy(&[LEAD], &[hold], "\"ma.people\" = \"1h\"", limits);
    let files = ConfigFiles { precedence: "default = [\"crm\", \"ma\"]\n".into(), ..ConfigFiles::new(systems.concat(), policy) };
    files.write(folder);
}

fn shell(folder: &Path, office: &Shared) -> Shell {
    let began = Instant::now();
    let clock: Clock = Arc::new(move || Time(BEGIN.0 + began.elapsed().as_millis() as i64));
    let config = config::load(folder, &|_| None, &config::Connectors).unwrap_or_else(|e| panic!("{}", e.drawn()));
    let connectors = config.rules.systems.iter().map(|system| {
        let wire = Wire { transport: Arc::new(InProcess(office.clone())), timer: Arc::new(TestTimer(began)) };
        let made = RestConnector::over(wire, &Network::default(), &system.manifest, &system.settings, clock.clone()).unwrap();
        let made: Arc<dyn Connector> = Arc::new(made);
        (system.name().clone(), made)
    });
    let wiring = Wiring::of(connectors.collect::<ConnectorsBySystem>(), &config.rules.systems);
    let config = Arc::new(config);
    let opened =
        open::open(&config.state, config.rules.clone(), clock(), "r_outage".into(), &mut |_| Ok(wiring.opened(&config.rules))).unwrap();
    Shell::new(config, opened.engine, wiring, clock)
}

async fn status(shell: &Shell) -> Status {
    match shell.command(Command::Status).await {
        Reply::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

async fn letters(shell: &Shell) -> Vec<Letter> {
    match shell.command(Command::Letters).await {
        Reply::Letters(letters) => letters,
        other => panic!("{other:?}"),
    }
}

/// What `nayose sync` would end with.
async fn sync_code(shell: &Shell) -> u8 {
    match shell.command(Command::Sync { system: None }).await {
        Reply::Sync(synced) => u8::from(synced.failed()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn ten_minutes_of_500_are_asked_ever_more_rarely_and_told() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path(), "30s");
    let office: Shared = Arc::new(Mutex::new(Office::new(PEOPLE)));
    let shell = shell(folder.path(), &office);
    let (stop, stopped) = watch::channel(false);
    let began = Instant::now();
    let minute = |n: u64| sleep_until(began + Duration::from_secs(60 * n));
    let running = tokio::spawn(run::run(shell.clone(), None, stopped));
    sleep(Duration::from_secs(40)).await;
    assert!(matches!(
        shell.command(Command::Approve { what: "ma".into(), holds: false, moved: false, by: "tests".into() }).await,
        Reply::Approved(_)
    ));
    minute(1).await;
    assert_eq!(status(&shell).await.protection, Protection::Protecting, "{:?}", status(&shell).await.because);

    // Half of the people come on an open deal, and no write is carried out from now on.
    {
        let mut office = office.lock().unwrap();
        office.broken = true;
        office.open.extend(0..PEOPLE / 2);
    }
    // Later somebody else does: a new cause is tried at once.
    minute(6).await;
    office.lock().unwrap().open.insert(PEOPLE - 1);
    minute(11).await;
    let (told, refused) = (status(&shell).await, letters(&shell).await);
    let code = sync_code(&shell).await;
    let asked = office.lock().unwrap().minutes.clone();

    println!("minute  lists  writes  read-backs");
    for n in 1..=10 {
        let asked = asked.get(&n).copied().unwrap_or_default();
        println!("{n:>6}  {:>5}  {:>6}  {:>10}", asked.lists, asked.writes, asked.read_backs);
    }
    println!("status: {} ({} not enforced)", told.protection.name(), told.not_enforced.unwrap_or_default());
    told.because.iter().for_each(|line| println!("  {line}"));
    println!("deadletters: {}, the first: {:?}", refused.len(), refused.first());
    println!("sync ends with {code}");

    let by_minute = |n: u64| asked.get(&n).map_or(0, |m| m.writes + m.read_backs);
    assert!(by_minute(1) <= 40, "the first minute");
    assert!((8..=10).all(|n| by_minute(n) <= 4), "it falls");
    assert!((1..=10).map(by_minute).sum::<usize>() <= 80, "in all");
    assert!(asked[&6].writes >= 1, "a new cause is tried at once");
    assert_eq!(told.protection, Protection::NotProtecting);
    assert_eq!(told.not_enforced, Some(PEOPLE / 2 + 1));
    assert_eq!(told.systems["ma"].breaker, "open");
    assert!(told.because.iter().any(|line| line.contains("500") && line.contains("ma")), "{:?}", told.because);
    assert_eq!(refused.len(), PEOPLE / 2 + 1);
    assert!(refused.iter().all(|l| l.op == "hold" && !l.given_up && l.why.contains("500")), "{:?}", refused[0]);
    assert_eq!(code, 1);

    // It works again: one probe says so, and the others follow at once.
    office.lock().unwrap().broken = false;
    minute(17).await;
    assert_eq!(office.lock().unwrap().suspended.len(), PEOPLE / 2 + 1);
    assert_eq!(status(&shell).await.protection, Protection::Protecting, "{:?}", status(&shell).await.because);
    assert_eq!((sync_code(&shell).await, letters(&shell).await.len()), (0, 0));
    stop.send(true).unwrap();
    running.await.unwrap().unwrap();
}

/// Many systems let nobody edit who unsubscribed there; `status` said "not protecting" for ever.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_gets_no_mail_from_a_record_anyway_is_protected_though_it_cannot_be_edited() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path(), "30s");
    let office: Shared = Arc::new(Mutex::new(Office::new(20)));
    {
        let mut office = office.lock().unwrap();
        office.open.extend([1, 2]);
        office.unsubscribed.insert(1);
        office.fixed.insert(1);
    }
    let shell = shell(folder.path(), &office);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(run::run(shell.clone(), None, stopped));
    sleep(Duration::from_secs(40)).await;
    assert!(matches!(
        shell.command(Command::Approve { what: "ma".into(), holds: false, moved: false, by: "tests".into() }).await,
        Reply::Approved(_)
    ));
    sleep(Duration::from_secs(60)).await;
    let told = status(&shell).await;
    assert_eq!((told.protection, told.not_enforced), (Protection::Protecting, Some(0)), "{:?}", told.because);
    assert_eq!(letters(&shell).await.len(), 1, "it is tried on, and told");
    // One that gets mail and cannot be edited is not protected.
    office.lock().unwrap().fixed.insert(3);
    office.lock().unwrap().open.insert(3);
    sleep(Duration::from_secs(60)).await;
    let told = status(&shell).await;
    assert_eq!((told.protection, told.not_enforced), (Protection::NotProtecting, Some(1)), "{:?}", told.because);
    assert!(told.because.iter().any(|line| line.contains("cannot be edited")), "{:?}", told.because);
    stop.send(true).unwrap();
    running.await.unwrap().unwrap();
}

/// A field write of 25 s, or a read-back that hung, delayed everybody's stop marks by as long.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_that_hangs_delays_no_other_records_stop_mark() {
    for read_backs in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        write_config(folder.path(), "1s");
        let office: Shared = Arc::new(Mutex::new(Office::new(20)));
        let shell = shell(folder.path(), &office);
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(run::run(shell.clone(), None, stopped));
        sleep(Duration::from_secs(10)).await;
        assert!(matches!(
            shell.command(Command::Approve { what: "ma".into(), holds: false, moved: false, by: "tests".into() }).await,
            Reply::Approved(_)
        ));
        {
            let mut office = office.lock().unwrap();
            // The first write hangs; or its answer is lost, and the looks at what became of it hang.
            (office.writes_hang, office.read_backs_hang) = if read_backs { (0, 4) } else { (1, 0) };
            office.broken = read_backs;
            office.open.insert(1);
        }
        sleep(Duration::from_secs(4)).await;
        {
            let mut office = office.lock().unwrap();
            office.broken = false;
            assert!(office.suspended.is_empty());
            office.open.insert(2);
        }
        sleep(Duration::from_secs(5)).await;
        assert_eq!(office.lock().unwrap().suspended, [2].into(), "read-backs hang: {read_backs}");
        sleep(Duration::from_secs(120)).await;
        assert_eq!(office.lock().unwrap().suspended, [1, 2].into(), "read-backs hang: {read_backs}");
        stop.send(true).unwrap();
        running.await.unwrap().unwrap();
    }
}

/// Memory that a panic left half changed is not what the next commit writes, whoever makes it.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_panic_under_the_engines_lock_is_a_disk_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path(), "30s");
    let office: Shared = Arc::new(Mutex::new(Office::new(1)));
    let before = {
        let shell = shell(folder.path(), &office);
        shell.command(Command::Sync { system: None }).await;
        let broken = std::panic::AssertUnwindSafe(|| {
            shell.with(|engine| {
                engine.arrange().ledger.put(Kind::<u8>::new(Tag::Usage), b"half a change".to_vec(), &1);
                panic!("in the middle of a change");
            })
        });
        std::panic::catch_unwind(broken).unwrap_err();
        assert!(shell.commit().is_err(), "what was half changed is not kept");
        let readiness = shell.health.readiness(shell.now());
        assert!(matches!(&readiness, Readiness::NotReady(why) if why.contains("a fault in nayose itself")), "{readiness:?}");
        let told = status(&shell).await;
        assert!(told.because.iter().any(|line| line.contains("a fault in nayose itself")), "{:?}", told.because);
        let answer = shell.gate.decide(&["p0@b.example".to_string()], &Mail::of(MailKind::Campaign), shell.now());
        assert_eq!(answer[0].decision, "hold", "{answer:?}");
        shell.engine().probe().ledger.state().items()
    };
    let anew = shell(folder.path(), &office);
    assert!(anew.engine().halted().is_none() && anew.engine().probe().ledger.state().items() <= before, "the state can be opened anew");
}
