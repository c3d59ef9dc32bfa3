//! Another reader, of another make: Python's.

use crate::mails::{corpus, english, japanese, put, with_emoji};
use nayose::footer::Placed;
use std::process::Command;

#[test]
fn python_sees_the_same_mails_with_a_footer() {
    let folder = tempfile::tempdir().unwrap();
    let mut pairs = 0;
    for mail in corpus() {
        for footer in [japanese(), with_emoji(), english()] {
            if let Placed::Edited(out) = put(&mail.bytes, &footer) {
                let name = format!("{}-{}", mail.name, footer.id());
                std::fs::write(folder.path().join(format!("{name}.before")), &mail.bytes).unwrap();
                std::fs::write(folder.path().join(format!("{name}.after")), &out.bytes).unwrap();
                pairs += 1;
            }
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/footer/second_opinion.py");
    let Ok(output) = Command::new("python3").arg(script).arg(folder.path()).output() else {
        println!("skipped: no python3");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert_eq!(said.trim(), format!("{pairs} alike"));
}
