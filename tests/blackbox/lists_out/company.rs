//! The company, its lists and its marketing tool.

use crate::harness::free_port;
use encoding_rs::SHIFT_JIS;
use rust_xlsxwriter::Workbook;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;
use tempfile::TempDir;

/// A person as the tool knows them.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: String,
    pub email: String,
    pub company: String,
    pub consent: &'static str,
    pub block: String,
    pub status: String,
}

pub struct Company {
    folder: TempDir,
    /// What the tool calls the person's own word.
    consent: &'static str,
    pub tool: Vec<Row>,
}

pub struct Told {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Told {
    #[track_caller]
    pub fn exits(self, code: i32) -> Told {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }
}

impl Company {
    /// The folder that `init` makes.
    pub fn new(form: &str, language: &str) -> Company {
        let consent = if form == "satori" { "配信許可" } else { "メール配信可否" };
        let company = Company { folder: TempDir::new().unwrap(), consent, tool: Vec::new() };
        company.run(&format!("init --lists {form} --language {language}")).exits(0);
        let systems = company.config().join("systems.toml");
        let text = fs::read_to_string(&systems).unwrap();
        fs::write(systems, format!("{text}\n[http]\nlisten = \"127.0.0.1:{}\"\n", free_port())).unwrap();
        // Two lists of people are enough for most.
        company.contacts(&[]);
        company.cards(&[]);
        company
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.config().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nayose"));
        command.current_dir(self.folder.path()).args(args.split_whitespace()).env("TZ", "UTC");
        command
    }

    pub fn run(&self, args: &str) -> Told {
        let done = self.command(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Told { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
    }

    pub fn begin(&self, args: &str) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub fn json(&self, args: &str) -> Value {
        serde_json::from_str(&self.run(&format!("{args} --json")).out).unwrap()
    }

    pub fn status(&self) -> Value {
        self.json("status")
    }

    pub fn explain(&self, who: &str) -> Value {
        let told = self.json(&format!("explain {who}"));
        if told.is_array() { told[0].clone() } else { told }
    }

    /// Looks, then lets all go.
    pub fn approve(&self) {
        self.run("sync").exits(0);
        self.run("approve ma").exits(0);
        self.run("sync");
    }

    /// Records in lists that wait for a person.
    pub fn waits(&self) -> u64 {
        self.status()["systems"]["ma"]["waits_for_import"]["records"].as_u64().unwrap_or(0)
    }

    fn sheet(&self, file: &str, rows: &[Vec<&str>]) {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, cells) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(cells) {
                sheet.write_string(row, column, *cell).unwrap();
            }
        }
        book.save(self.config().join("inbox").join(file)).unwrap();
    }

    pub fn contacts(&self, people: &[(&str, &str, &str)]) {
        let rows = people.iter().map(|(name, email, company)| vec![*name, *email, *company]);
        self.sheet("contacts.xlsx", &std::iter::once(vec!["氏名", "メールアドレス", "会社名"]).chain(rows).collect::<Vec<_>>());
    }

    pub fn cards(&self, people: &[(&str, &str, &str)]) {
        let rows = people.iter().map(|(name, email, company)| vec![*name, *email, *company, "2026-11-01"]);
        let head = vec!["氏名", "メールアドレス", "会社名", "名刺交換日"];
        self.sheet("cards.xlsx", &std::iter::once(head).chain(rows).collect::<Vec<_>>());
    }

    pub fn deals(&self, deals: &[(&str, &str, &str, &str)]) {
        let rows = deals.iter().map(|(name, company, email, stage)| vec![*name, *company, *email, *stage]);
        let head = vec!["案件名", "会社名", "メールアドレス", "フェーズ"];
        self.sheet("deals.xlsx", &std::iter::once(head).chain(rows).collect::<Vec<_>>());
    }

    /// A new person in the tool, who said yes to mail.
    pub fn lead(&mut self, name: &str, email: &str) {
        let (name, email) = (name.to_string(), email.to_string());
        self.tool.push(Row { name, email, company: String::new(), consent: "承諾", block: String::new(), status: String::new() });
    }

    /// What the tool's export holds, as it makes it: all cells in quotes.
    pub fn exported(&self) -> String {
        let head = ["リードID", "氏名", "メールアドレス", "会社名", self.consent, "配信停止", "リードステータス"].map(String::from);
        let rows = self.tool.iter().zip(1..).map(|(row, id)| {
            let Row { name, email, company, consent, block, status } = row.clone();
            [id.to_string(), name, email, company, consent.to_string(), block, status]
        });
        let line = |cells: [String; 7]| format!("\"{}\"\r\n", cells.map(|c| c.replace('"', "\"\"")).join("\",\""));
        std::iter::once(head).chain(rows).map(line).collect()
    }

    pub fn export(&self) {
        let text = self.exported();
        let (bytes, _, _) = SHIFT_JIS.encode(&text);
        self.put_export(&bytes);
    }

    pub fn put_export(&self, bytes: &[u8]) {
        fs::write(self.config().join("inbox/ma.csv"), bytes).unwrap();
    }

    pub fn out(&self) -> PathBuf {
        self.config().join("outbox/ma")
    }

    pub fn out_files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.out()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn written_at(&self, file: &str) -> SystemTime {
        fs::metadata(self.out().join(file)).unwrap().modified().unwrap()
    }

    /// A list, in the encoding of the export.
    pub fn list(&self, file: &str) -> Option<String> {
        let bytes = fs::read(self.out().join(file)).ok()?;
        Some(SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes).unwrap().into_owned())
    }

    pub fn page(&self) -> String {
        fs::read_to_string(self.out().join("how-to-import.html")).unwrap()
    }

    /// What the tool does with a list: who is found by their address gets what the other column says.
    pub fn import(&mut self, file: &str) {
        let text = self.list(file).unwrap_or_else(|| panic!("{file} is not there"));
        self.import_text(&text);
    }

    pub fn import_text(&mut self, text: &str) {
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let head = reader.headers().unwrap().clone();
        assert_eq!((head.len(), &head[0]), (2, "メールアドレス"), "{head:?}");
        for row in reader.records() {
            let row = row.unwrap();
            let found = self.tool.iter_mut().find(|known| known.email == row[0]).unwrap_or_else(|| panic!("nobody has {row:?}"));
            match &head[1] {
                "配信停止" => found.block = row[1].to_string(),
                "会社名" => found.company = row[1].to_string(),
                "リードステータス" => found.status = row[1].to_string(),
                other => panic!("{other} is not to be written"),
            }
        }
    }
}
