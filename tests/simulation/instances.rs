//! What was approved, agreed or marked as ours belongs to one instance of a system. Another one under the same name begins with first
//! contact, and what its people marked is theirs.

use crate::config_files::{CONSENT, CRM, ConfigFiles, DEALS_PROVED, Hold, LEAD, OPEN_DEAL, ma_at, policy};
use crate::stage::Stage;
use nayose::engine::Engine;
use nayose::engine::rules::approval::Approval;
use nayose::model::{DealState, Mark, Name, Record, RecordId, Refusal, RefusalScope, Time, Value};

const NOW: Time = Time(1_795_000_000_000);

/// With a CRM of this name.
fn policy_of(crm: &str) -> String {
    let proof = DEALS_PROVED.replace("crm.", &format!("{crm}."));
    let hold = Hold { after: "lost = \"0d\", won = \"0d\"", proof: &proof, ..OPEN_DEAL };
    policy(&[LEAD], &[hold], r#""ma.people" = "1h""#, "")
}

const TWO: (&str, &str) = ("https://one.mktorest.example", "https://two.mktorest.example");

/// A config folder with its state: Taro is on an open deal, and his lead's stop mark is ours; Jiro said no.
struct Place {
    stage: Stage,
}

impl Place {
    fn new() -> Place {
        let systems = [CRM, &ma_at(TWO.0, "writes = [\"hold\"]\nhold = { block = true }")].concat();
        let files = ConfigFiles { precedence: "default = [\"crm\", \"ma\"]\n".into(), ..ConfigFiles::new(systems, policy_of("crm")) };
        Place { stage: Stage::new(&files) }
    }

    /// Opens the state as a start does; the CRM says which portal it is.
    fn open(&self, portal: &str) -> Engine {
        let mut engine = self.stage.open(NOW);
        engine.arrange().clocks.hear(NOW);
        engine.reconcile(NOW);
        assert!(engine.identity_due(&"crm".into(), NOW) && !engine.identity_due(&"ma".into(), NOW));
        engine.book_identity(&"crm".into(), &Ok(Some(portal.into())), NOW).unwrap();
        engine.reconcile(NOW);
        engine.commit().unwrap();
        engine
    }

    fn filled(&self) -> Engine {
        let mut engine = self.open("7");
        let mut deal = record("crm:deal:8");
        (deal.deal, deal.people) = (Some(DealState::Open), vec!["5".into()]);
        let mut lead = person("ma:person:1", "taro@sato.example");
        lead.set_mark(Mark::Block, Value::Bool(true));
        see(&mut engine, &[("people", person("crm:person:5", "taro@sato.example")), ("deals", deal), ("people", lead)]);
        see(&mut engine, &[("people", person("ma:person:2", "jiro@abe.example"))]);
        let refusal = Refusal { scope: RefusalScope::All, from: id("ma:person:2"), seen_at: NOW, address: None };
        engine.keep_refusal(nayose::engine::memory::refusals::On::Record(&refusal.from), &refusal);
        let lead = engine.probe().world.find(&id("ma:person:1")).unwrap();
        engine.arrange().targets.begin(lead).block_ours = true;
        engine.keep_target(lead);
        engine.approve("ma", false, "tests", NOW).unwrap();
        engine.reconcile(NOW);
        engine.commit().unwrap();
        assert!(ours(&engine, "ma:person:1") && held(&engine, "ma:person:1"));
        engine
    }

    /// Edits systems.toml while the engine runs.
    fn edit(&self, engine: &mut Engine, (old, new): (&str, &str)) {
        self.stage.edit("systems.toml", old, new);
        self.stage.take(engine, NOW);
        engine.judge_addresses(NOW).unwrap();
        engine.reconcile(NOW);
        engine.commit().unwrap();
    }
}

fn id(text: &str) -> RecordId {
    text.parse().unwrap()
}

fn record(text: &str) -> Record {
    Record::new(id(text))
}

fn person(id: &str, email: &str) -> Record {
    let mut record = record(id);
    record.set(&Name::from("email"), Value::text(email), NOW);
    record
}

fn see(engine: &mut Engine, records: &[(&str, Record)]) {
    for (stream, record) in records {
        let idx = engine.keep_record((*stream).into(), record);
        engine.mark(idx, record);
    }
    engine.reconcile(NOW);
    engine.commit().unwrap();
}

fn ours(engine: &Engine, record: &str) -> bool {
    let target = engine.probe().world.find(&id(record)).and_then(|i| engine.probe().targets.of(i));
    target.is_some_and(|t| t.block_ours)
}

fn held(engine: &Engine, record: &str) -> bool {
    let slot = engine.probe().world.find(&id(record)).map(|i| engine.probe().world.slot(i).person);
    slot.and_then(|p| engine.probe().people.get(p as usize)).is_some_and(|p| !p.holds.is_empty())
}

fn refused(engine: &Engine, record: &str) -> bool {
    engine.probe().refusals.knows(nayose::engine::memory::refusals::On::Record(&id(record)), &RefusalScope::All)
}

fn approved(engine: &Engine, system: &str) -> Option<Approval> {
    engine.systems()[&system.into()].approved
}

/// What would be written for a record that the system lists, in any direction.
fn anything_due(engine: &mut Engine, record: &str) -> bool {
    let idx = engine.probe().world.find(&id(record)).unwrap();
    let record = engine.probe().world.record(idx);
    !engine.due(idx, &record, NOW).is_empty()
}

fn because(engine: &Engine) -> String {
    engine.status(&Default::default(), NOW).because.join("\n")
}

#[test]
fn a_strangers_stop_mark_in_another_instance_is_not_ours_to_lift() {
    let place = Place::new();
    let mut engine = place.filled();
    place.edit(&mut engine, TWO);
    assert_eq!(approved(&engine, "ma"), None);
    assert!(because(&engine).contains("nayose approve ma --moved"), "{}", because(&engine));
    // Lead 1 is Ken there, whom a marketer suspended; lead 2 said nothing.
    let mut ken = person("ma:person:1", "ken@ito.example");
    ken.set_mark(Mark::Block, Value::Bool(true));
    see(&mut engine, &[("people", ken), ("people", person("ma:person:2", "emi@ono.example"))]);
    for _ in 0..2 {
        assert!(!ours(&engine, "ma:person:1") && !held(&engine, "ma:person:1") && !anything_due(&mut engine, "ma:person:1"));
        assert!(!refused(&engine, "ma:person:2") && refused(&engine, "ma@1:person:2"));
        assert!(ours(&engine, "ma@1:person:1") && held(&engine, "crm:person:5"));
        assert!(engine.next_act(&"ma".into(), NOW).is_none());
        // A restart changes nothing of it.
        drop(engine);
        engine = place.open("7");
    }
    engine.approve("ma", false, "tests", NOW).unwrap();
    assert!(!anything_due(&mut engine, "ma:person:1"), "what a marketer suspended stays suspended");
    assert!(engine.approve_moved("ma", NOW).is_err(), "it was approved as another one");
}

#[test]
fn a_system_that_moved_goes_on_when_a_person_says_so() {
    let place = Place::new();
    let mut engine = place.filled();
    assert!(engine.approve_moved("ma", NOW).is_err(), "it is where it was");
    place.edit(&mut engine, TWO);
    see(&mut engine, &[("people", person("ma:person:1", "taro@sato.example"))]);
    engine.approve_moved("ma", NOW).unwrap();
    engine.reconcile(NOW);
    engine.commit().unwrap();
    for _ in 0..2 {
        assert_eq!(approved(&engine, "ma"), Some(Approval::All));
        assert!(ours(&engine, "ma:person:1") && held(&engine, "ma:person:1") && refused(&engine, "ma:person:2"));
        assert!(engine.probe().world.find(&id("ma@1:person:1")).is_none() && !because(&engine).contains("--moved"));
        drop(engine);
        engine = place.open("7");
    }
}

#[test]
fn an_address_that_was_wrong_for_a_while_costs_nothing() {
    let place = Place::new();
    let mut engine = place.filled();
    place.edit(&mut engine, TWO);
    see(&mut engine, &[("people", person("ma:person:1", "ken@ito.example"))]);
    place.edit(&mut engine, (TWO.1, TWO.0));
    assert_eq!(approved(&engine, "ma"), Some(Approval::All));
    assert!(ours(&engine, "ma:person:1") && held(&engine, "ma:person:1"));
    let ken = engine.probe().world.find(&id("ma@2:person:1")).map(|i| engine.probe().world.record(i));
    assert_eq!(ken.and_then(|k| k.address()).map(|a| a.to_string()).as_deref(), Some("ken@ito.example"), "set aside in its turn");
}

#[test]
fn another_portal_at_the_same_address_ends_no_hold_and_asks() {
    let place = Place::new();
    drop(place.filled());
    let mut engine = place.open("9");
    assert_eq!(approved(&engine, "ma"), Some(Approval::All), "that is no matter of the CRM's");
    // Its deal 8 is another one, and was won long ago.
    let mut deal = record("crm:deal:8");
    (deal.deal, deal.people) = (Some(DealState::Won), vec!["5".into()]);
    see(&mut engine, &[("people", person("crm:person:5", "ken@ito.example")), ("deals", deal)]);
    assert!(held(&engine, "ma:person:1") && !held(&engine, "crm:person:5"));
    let waiting = engine.waiting();
    assert_eq!((waiting.len(), waiting[0].count, &*waiting[0].samples[0]), (1, 1, "crm@1:deal:8"), "{waiting:?}");
    engine.approve(&waiting[0].plan, false, "tests", NOW).unwrap();
    assert!(!held(&engine, "ma:person:1") && engine.waiting().is_empty());
}

#[test]
fn a_new_token_for_the_same_portal_is_no_other_instance() {
    let place = Place::new();
    let mut engine = place.filled();
    place.stage.write("token", "another-only-for-tests");
    place.edit(&mut engine, ("list_id = \"1001\"", "list_id = \"1002\""));
    assert!(engine.why_not_known(&"crm".into()).is_some(), "nothing is read or written before it is asked");
    engine.book_identity(&"crm".into(), &Ok(Some("7".into())), NOW).unwrap();
    assert_eq!((engine.why_not_known(&"crm".into()), approved(&engine, "ma")), (None, Some(Approval::All)));
    assert!(engine.probe().world.find(&id("crm:deal:8")).is_some() && ours(&engine, "ma:person:1"));
}

#[test]
fn a_system_that_was_taken_out_leaves_a_plan_that_asks_and_holds_again_when_it_is_back() {
    let place = Place::new();
    let mut engine = place.filled();
    place.stage.write("policy.toml", &policy_of("sales"));
    place.stage.edit("precedence.toml", "\"crm\", ", "");
    place.edit(&mut engine, (CRM, &CRM.replace("crm", "sales")));
    assert!(held(&engine, "ma:person:1"));
    let waiting = engine.waiting().into_iter().find(|w| w.kind == "absence").unwrap();
    assert!(waiting.why.contains("not in systems.toml any more") && because(&engine).contains(&waiting.plan), "{waiting:?}");
    engine.approve(&waiting.plan, false, "tests", NOW).unwrap();
    assert!(!held(&engine, "ma:person:1"));
    let both = "proof = { \"crm.deals\" = \"15m\", \"crm.deal_people\" = \"15m\", \"sales.deals\"";
    place.stage.edit("policy.toml", "proof = { \"sales.deals\"", both);
    place.edit(&mut engine, ("[systems.ma]", &format!("{CRM}[systems.ma]")));
    assert!(held(&engine, "ma:person:1"), "its deal is open, and read again");
}

#[test]
fn an_opt_out_that_nobody_could_read_asks_once_its_system_is_taken_out() {
    let place = Place::new();
    let mut engine = place.filled();
    let unread = Record { unread_refusals: vec!["maybe".into()], ..person("crm:person:6", "emi@ono.example") };
    see(&mut engine, &[("people", unread), ("people", person("ma:person:6", "emi@ono.example"))]);
    assert!(held(&engine, "ma:person:6") && engine.waiting().is_empty(), "while it is read its word can be taught");
    place.stage.write("policy.toml", &policy_of("sales"));
    place.stage.edit("precedence.toml", "\"crm\", ", "");
    place.edit(&mut engine, (CRM, &CRM.replace("crm", "sales")));
    assert!(held(&engine, "ma:person:6"));
    for waiting in engine.waiting().into_iter().filter(|w| w.kind == "absence") {
        engine.approve(&waiting.plan, false, "tests", NOW).unwrap();
    }
    assert!(!held(&engine, "ma:person:6"), "{:?}", engine.waiting());
}

#[test]
fn who_left_the_company_is_released_when_its_deal_is_seen_to_end() {
    let place = Place::new();
    place.stage.edit("policy.toml", "stops =", "scope = \"account\"\nstops =");
    let mut engine = place.open("7");
    let mut emi = person("crm:person:6", "emi@ono.example");
    emi.account = Some("70".into());
    let mut deal = record("crm:deal:9");
    (deal.deal, deal.account) = (Some(DealState::Open), Some("70".into()));
    see(&mut engine, &[("people", emi.clone()), ("deals", deal.clone()), ("people", person("ma:person:6", "emi@ono.example"))]);
    assert!(held(&engine, "ma:person:6"));
    emi.account = Some("71".into());
    see(&mut engine, &[("people", emi)]);
    assert!(held(&engine, "ma:person:6"), "leaving ends nothing");
    (deal.deal, deal.memory.ended_at) = (Some(DealState::Won), Some(NOW));
    see(&mut engine, &[("deals", deal)]);
    assert!(!held(&engine, "ma:person:6") && engine.waiting().is_empty(), "{:?}", engine.waiting());
}

/// A deploy cut consent.toml in the middle of a line's end for a moment.
#[test]
fn a_folder_that_is_what_it_was_a_moment_ago_was_never_edited() {
    let place = Place::new();
    let mut engine = place.filled();
    let basis = |engine: &Engine| engine.rules().files().consent.sources.keys().count();
    let write = |text: &str| place.stage.write("consent.toml", text);
    write("[sources]\n");
    place.edit(&mut engine, ("[systems.ma]", "[systems.ma]"));
    assert_eq!((basis(&engine), engine.waiting().len()), (0, 0), "what protects counts at once");
    write(CONSENT);
    place.edit(&mut engine, ("[systems.ma]", "[systems.ma]"));
    assert_eq!((basis(&engine), engine.waiting().len(), engine.rules().former().len()), (1, 0, 0), "{:?}", engine.waiting());
    // Typed anew it is another folder, and a stronger basis waits.
    write("[sources]\n");
    place.edit(&mut engine, ("[systems.ma]", "[systems.ma]"));
    write(&format!("{CONSENT}\n"));
    place.edit(&mut engine, ("[systems.ma]", "[systems.ma]"));
    assert_eq!(engine.rules().former().len(), 1);
}

#[test]
fn an_open_ticket_that_names_nobody_is_told() {
    let place = Place::new();
    let mut engine = place.filled();
    let mut ticket = record("support:ticket:3");
    ticket.ticket = Some(nayose::model::TicketState::Open);
    see(&mut engine, &[("tickets", ticket.clone())]);
    assert!(because(&engine).contains("1 open ticket names nobody"), "{}", because(&engine));
    ticket.people = vec!["9".into()];
    see(&mut engine, &[("tickets", ticket)]);
    assert!(!because(&engine).contains("names nobody"));
}
