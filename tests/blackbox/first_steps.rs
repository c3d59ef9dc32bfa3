//! What a newcomer has before there is a config: `init`, completions, manual pages.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const FILES: [&str; 4] = ["systems.toml", "precedence.toml", "policy.toml", "consent.toml"];

fn nayose(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nayose")).current_dir(folder).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn init_writes_a_config_that_only_lacks_its_secrets() {
    let folder = TempDir::new().unwrap();
    for (language, dir) in [("en", "config"), ("ja", "設定")] {
        let made = nayose(folder.path(), &["init", dir, "--language", language]);
        assert_eq!(made.status.code(), Some(0), "{made:?}");
        assert!(FILES.iter().all(|f| stdout(&made).contains(f) && folder.path().join(dir).join(f).is_file()), "{made:?}");
        let unset = nayose(folder.path(), &["check", "--config", dir]);
        let told = String::from_utf8_lossy(&unset.stderr).into_owned();
        assert!(unset.status.code() == Some(2) && told.contains("HUBSPOT_TOKEN is not set"), "{told}");
        let mut check = Command::new(env!("CARGO_BIN_EXE_nayose"));
        check.current_dir(folder.path()).args(["check", "--config", dir]);
        for secret in ["HUBSPOT_TOKEN", "ZENDESK_TOKEN", "MARKETO_ID", "MARKETO_SECRET"] {
            check.env(secret, "only-for-tests");
        }
        let set = check.output().unwrap();
        assert_eq!(set.status.code(), Some(0), "{set:?}");
    }
}

#[test]
fn init_writes_over_no_file_and_then_writes_none() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("config")).unwrap();
    fs::write(folder.path().join("config/policy.toml"), "mine").unwrap();
    let refused = nayose(folder.path(), &["init"]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("policy.toml is there already"), "{told}");
    assert_eq!(fs::read_to_string(folder.path().join("config/policy.toml")).unwrap(), "mine");
    assert_eq!(fs::read_dir(folder.path().join("config")).unwrap().count(), 1);
}

#[test]
fn shells_and_man_are_told_of_every_command() {
    let folder = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let told = stdout(&nayose(folder.path(), &["completions", shell]));
        assert!(["deadletters", "approve", "connector"].iter().all(|c| told.contains(c)), "{shell}: {told}");
    }
    let page = stdout(&nayose(folder.path(), &["man"]));
    assert!(page.contains(".TH nayose 1") && page.contains("deadletters"), "{page}");
    let made = nayose(folder.path(), &["man", "pages"]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let of_status = fs::read_to_string(folder.path().join("pages/nayose-status.1")).unwrap();
    assert!(of_status.contains("Protection and health"), "{of_status}");
}
