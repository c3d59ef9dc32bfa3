//! A newsletter, a footer for it, and three people: one who may get it, one who refused, and one with an urgent ticket.

#![allow(dead_code, reason = "shared, and each binary needs a part of it")]

use crate::harness::{Person, Setup, World, person};
use std::path::Path;

const ALLOWED: &str = r#"
[footers]
sender = ["株式会社アクメ", "東京都千代田区千代田 1-1", "support@acme.example"]
opt_out = "https://acme.example/stop"
time_zone = "Asia/Tokyo"

[footers.slots.monthly]
from = ["news@support.acme.example"]
list_id = ["monthly.support.acme.example"]
confirmed_by = "Tanaka"
"#;
pub const HTML: &str = "<p>セミナーのご案内<br>{{ sender }}<br><a href=\"{{ opt_out }}\">配信停止</a></p>\n";
pub const TEXT: &str = "セミナーのご案内\n{{ sender }}\n配信停止: {{ opt_out }}\n";
pub const MAIL: &str = "From: news@support.acme.example\r\nTo: hanako.mori@acme.example\r\nList-Id: <monthly.support.acme.example>\r\n\
                    Subject: Monthly\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
                    Content-Transfer-Encoding: 8bit\r\n\r\n今月のお知らせ\r\n";

pub fn write(folder: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(folder.join("footers")).unwrap();
    std::fs::write(folder.join("footers").join(name), text).unwrap();
}

/// Someone who may get one, someone who refused, and someone with an urgent ticket.
pub fn scene_with(setup: Setup, rules: &str) -> (World, [Person; 3]) {
    let mut someone = None;
    let world = World::running_with(setup, |handle| {
        let [hanako, ken, mei] = ["Hanako", "Ken", "Mei"].map(|first| person(handle, first, "Mori", None));
        handle.unsubscribe(ken.lead).unwrap();
        let user = handle.create_user("Mei Mori", Some(&mei.email));
        handle.create_ticket(user, "open", Some("urgent")).unwrap();
        someone = Some([hanako, ken, mei]);
    });
    let consent = world.folder().join("consent.toml");
    let text = std::fs::read_to_string(&consent).unwrap();
    std::fs::write(&consent, format!("{text}{ALLOWED}")).unwrap();
    for (name, text) in [("webinar.toml", rules), ("webinar.html", HTML), ("webinar.txt", TEXT)] {
        write(world.folder(), name, text);
    }
    world.sync();
    (world, someone.unwrap())
}
