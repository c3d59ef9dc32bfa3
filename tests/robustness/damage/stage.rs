//! People of every sort that a lost state could hurt, and what must be so of them whatever happens to it.

use crate::harness::{Person, Setup, World, person};
use nayose::sandbox::Handle;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

pub struct Stage {
    pub world: World,
    /// Said no; the second has a twin that shows none.
    pub refused: Vec<Person>,
    twin: u64,
    /// Suspended by a marketer, never by us.
    suspended: Person,
    /// Their deal vanished: kept, until someone lets go.
    kept: Person,
    /// The same, and someone let go.
    let_go: Person,
    /// Whose deal is won and opened in turns.
    turns: [(Person, u64); 2],
    /// Only there.
    pub others: Vec<Person>,
    /// The refusals in the journal at the beginning.
    pub journaled: BTreeSet<String>,
    step: usize,
}

impl Stage {
    pub fn new() -> Stage {
        let world = World::new(Setup::sweeping());
        let handle = &world.sandbox.handle;
        let someone = |name: &str| person(handle, name, "Mori", None);
        let on_deal = |name: &str| {
            let person = someone(name);
            let deal = handle.open_deal(&[person.contact], None).unwrap();
            (person, deal)
        };
        let refused: Vec<Person> = ["Hanako", "Ken", "Yui"].into_iter().map(someone).collect();
        let twin = handle.twin_lead(refused[1].lead).unwrap();
        refused.iter().for_each(|p| handle.unsubscribe(p.lead).unwrap());
        let suspended = someone("Sora");
        handle.marketer_suspends(suspended.lead, true).unwrap();
        let (kept, kept_deal) = on_deal("Kaito");
        let (let_go, let_go_deal) = on_deal("Rin");
        let turns = [on_deal("Aoi"), on_deal("Ren")];
        let others = ["Mei", "Itsuki", "Saki"].into_iter().map(someone).collect();
        handle.set_deal_stage(turns[1].1, "won").unwrap();
        world.run("plan").exits(4);
        world.run("approve ma").exits(0);
        world.sync_until("it settles", |w| w.run("plan").code == 0);
        // What vanished last is let go first: the plan is of both else.
        handle.delete_deal(let_go_deal).unwrap();
        world.sync_until("the vanished deal waits", |w| !waiting(w).is_empty());
        world.run(&format!("approve {}", waiting(&world)[0])).exits(0);
        world.sync_until("they are let go", |w| !w.blocked(let_go.lead));
        handle.delete_deal(kept_deal).unwrap();
        world.sync_until("the other waits", |w| !waiting(w).is_empty());
        world.sync_until("it settles", |w| w.run("plan").code == 0);
        let journaled = refusals(&world);
        assert!(journaled.len() >= 3);
        let stage = Stage { world, refused, twin, suspended, kept, let_go, turns, others, journaled, step: 0 };
        stage.assert_right("at the beginning");
        stage
    }

    pub fn handle(&self) -> &Handle {
        &self.world.sandbox.handle
    }

    /// One deal is won and another opened, unseen by us: a release and a block are due.
    pub fn turn(&mut self) {
        self.step += 1;
        let (open, won) = if self.step % 2 == 1 { (1, 0) } else { (0, 1) };
        self.handle().set_deal_stage(self.turns[open].1, "open").unwrap();
        self.handle().set_deal_stage(self.turns[won].1, "won").unwrap();
    }

    /// Who must be blocked once all is known.
    pub fn expected(&self) -> BTreeSet<u64> {
        let held = &self.turns[if self.step % 2 == 1 { 1 } else { 0 }].0;
        [self.twin, self.suspended.lead, self.kept.lead, held.lead].into()
    }

    pub fn blocked(&self) -> BTreeSet<u64> {
        self.handle().leads().iter().filter(|l| l.flag("marketingSuspended")).map(|l| l.id).collect()
    }

    /// Those who must never be allowed or freed, however little is known: refused, kept, suspended.
    pub fn assert_safe(&self, case: &str) {
        let blocked = self.blocked();
        for lead in [self.twin, self.suspended.lead, self.kept.lead] {
            assert!(blocked.contains(&lead), "{case}: lead {lead} was freed\n{}", self.world.run_text("status"));
        }
        let who: Vec<String> = self.refused.iter().map(|p| p.email.clone()).chain([self.kept.email.clone()]).collect();
        let answer = self.world.run(&format!("gate {}", who.join(" "))).json();
        for decision in answer["decisions"].as_array().unwrap() {
            assert_ne!(decision["decision"], "allow", "{case}: {decision}");
        }
    }

    /// Reads and writes until nothing is due, and all is as it would be without damage.
    pub fn settle(&self, case: &str) {
        self.world.sync_until(case, |w| w.run("plan").code == 0 && self.blocked() == self.expected());
        self.assert_right(case);
    }

    pub fn assert_right(&self, case: &str) {
        assert_eq!(self.blocked(), self.expected(), "{case}\n{}", self.world.run_text("status"));
        let world = &self.world;
        for person in &self.refused {
            assert_eq!(world.gate(&person.email), ("deny".into(), vec!["refused_all".into()]), "{case}: {}", person.email);
        }
        let (kept, reasons) = world.gate(&self.kept.email);
        assert_eq!(kept, "hold", "{case}: {reasons:?}");
        assert_eq!(world.gate(&self.let_go.email).0, "allow", "{case}: let go, and held again");
        assert_eq!(waiting(world).len(), 1, "{case}: what was let go asks again, or what is kept does not\n{}", world.run_text("status"));
        assert_eq!(world.status()["systems"]["ma"]["approved"], "all", "{case}");
        let missing: Vec<_> = self.journaled.difference(&refusals(world)).cloned().collect();
        assert!(missing.is_empty(), "{case}: the journal lost {missing:?}");
    }
}

/// The plans that wait.
pub fn waiting(world: &World) -> Vec<String> {
    world.status()["waiting"].as_array().unwrap().iter().map(|w| w["plan"].as_str().unwrap().to_string()).collect()
}

/// The records and addresses that the journal has refusals of.
pub fn refusals(world: &World) -> BTreeSet<String> {
    let rows = world.run("export journal --format json").exits(0).json();
    let refusal = |row: &&Value| row["what"] == "refusal";
    let of = |row: &Value| {
        let detail: Value = serde_json::from_str(row["detail"].as_str().unwrap()).unwrap();
        [detail["record"].clone(), detail["address"].clone()].into_iter().filter_map(|v| Some(v.as_str()?.to_string()))
    };
    rows.as_array().unwrap().iter().filter(refusal).flat_map(of).collect()
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(path, target).unwrap();
        }
    }
}
