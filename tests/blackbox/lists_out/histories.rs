//! What people do with lists in any order: deals open and end, lists are imported whole, in half, or long after they were replaced.

use super::company::Company;
use serde_json::json;
use std::fs;

const PEOPLE: usize = 3;
const STEPS: usize = 14;
const SEEDS: u64 = 5;

struct History {
    company: Company,
    open: [bool; PEOPLE],
    /// Whom the last export that nayose has read shows blocked.
    shown: [bool; PEOPLE],
    /// All lists that there ever were.
    lists: Vec<String>,
    dice: u64,
    told: Vec<String>,
}

fn email(person: usize) -> String {
    format!("p{person}@c{person}.example")
}

impl History {
    fn new(seed: u64) -> History {
        let mut company = Company::new("kairos3", "en");
        let people: Vec<(String, String)> = (0..PEOPLE).map(|i| (email(i), format!("C{i}"))).collect();
        company.contacts(&people.iter().map(|(email, company)| ("山田", &**email, &**company)).collect::<Vec<_>>());
        people.iter().for_each(|(email, _)| company.lead("山田", email));
        company.export();
        let history = History {
            company,
            open: [false; PEOPLE],
            shown: [false; PEOPLE],
            lists: Vec::new(),
            dice: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            told: Vec::new(),
        };
        history.put_deals();
        history.company.approve();
        history
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice % sides as u64) as usize
    }

    fn put_deals(&self) {
        let rows: Vec<(String, String, String)> = (0..PEOPLE).map(|i| (format!("D{i}"), format!("C{i}"), email(i))).collect();
        let stage = |i: usize| if self.open[i] { "提案中" } else { "受注" };
        self.company
            .deals(&rows.iter().enumerate().map(|(i, (deal, name, email))| (&**deal, &**name, &**email, stage(i))).collect::<Vec<_>>());
    }

    fn step(&mut self) {
        match self.roll(6) {
            0 | 1 => {
                let who = self.roll(PEOPLE);
                self.open[who] = !self.open[who];
                self.told.push(format!("deal of {who} open: {}", self.open[who]));
                self.put_deals();
                self.sync();
            }
            2 => {
                self.told.push("newest list imported".into());
                if let Some(list) = self.company.list("block.csv") {
                    self.company.import_text(&list);
                }
            }
            3 if !self.lists.is_empty() => {
                let at = self.roll(self.lists.len());
                self.told.push(format!("list {at} of {} imported", self.lists.len()));
                let list = self.lists[at].clone();
                self.company.import_text(&list);
            }
            4 if !self.lists.is_empty() => {
                let at = self.roll(self.lists.len());
                let lines: Vec<&str> = self.lists[at].split_inclusive('\n').collect();
                self.told.push(format!("the first row of list {at} imported"));
                let half = lines[..lines.len().min(2)].concat();
                self.company.import_text(&half);
            }
            _ => self.export(),
        }
    }

    fn export(&mut self) {
        self.told.push("exported".into());
        self.company.export();
        self.shown = std::array::from_fn(|i| self.company.tool[i].block == "停止");
        self.sync();
    }

    fn sync(&mut self) {
        self.company.run("sync").exits(0);
        let list = self.company.list("block.csv");
        self.lists.extend(list.filter(|list| self.lists.last() != Some(list)));
        let status = self.company.status();
        let not_enforced = (0..PEOPLE).filter(|i| self.open[*i] && !self.shown[*i]).count();
        let told = &self.told;
        assert_eq!(status["not_enforced"], json!(not_enforced), "{told:#?}");
        assert_eq!(status["protection"] == json!("protecting"), not_enforced == 0, "{told:#?} {status:#}");
    }

    /// Whoever now does as the page says comes to an end in one round.
    fn settle(&mut self) {
        self.export();
        if let Some(list) = self.company.list("block.csv") {
            self.company.import_text(&list);
        }
        self.export();
        let blocked: [bool; PEOPLE] = std::array::from_fn(|i| self.company.tool[i].block == "停止");
        assert_eq!(blocked, self.open, "{:#?}", self.told);
        assert_eq!(self.company.out_files(), ["how-to-import.html"], "{:#?}", self.told);
        assert!(fs::read_dir(self.company.out()).unwrap().count() == 1);
    }
}

#[test]
fn whatever_is_imported_when_what_is_told_is_so_and_the_newest_list_ends_it() {
    // NAYOSE_LIST_HISTORIES plays more.
    let seeds = std::env::var("NAYOSE_LIST_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(SEEDS);
    for seed in 0..seeds {
        let mut history = History::new(seed);
        history.told.push(format!("seed {seed}"));
        for _ in 0..STEPS {
            history.step();
        }
        history.settle();
    }
}
