//! Mails with and without their footer, as a browser shows them: `NAYOSE_BROWSER=FILE cargo test --test footer pictures -- --ignored --nocapture`.
//! The pictures lie in `target/footer_pictures`.

use crate::mails::{corpus_mail, edited, japanese};
use nayose::footer::shown_html;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Of each kind of place for a footer one.
const MAILS: [&str; 6] = ["form_outlook", "form_apple_mail", "form_mailchimp", "form_sendgrid", "form_ghost", "html_sjis_qp"];

/// Tells of each element in the body, and of each line of text, where it stands.
const MEASURE: &str = r"<script>
const boxes = [];
const tell = (name, box) => boxes.push([name, box.left, box.top, box.width, box.height].map(String).join(' '));
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode;
  if (node.nodeName === 'SCRIPT' || (node.parentElement && node.parentElement.nodeName === 'SCRIPT')) continue;
  if (node.nodeType === 1) { if (!node.contains(document.querySelector('[href*=spring]'))) tell(node.nodeName, node.getBoundingClientRect()); continue; }
  const range = document.createRange();
  range.selectNodeContents(node);
  for (const box of range.getClientRects()) if (box.width > 0) tell('text', box);
}
document.documentElement.innerHTML = '<pre>BOXES\n' + boxes.join('\n') + '\nEND</pre>';
</script>";

fn browser() -> PathBuf {
    std::env::var_os("NAYOSE_BROWSER").expect("NAYOSE_BROWSER names a Chromium; as root one that is started with --no-sandbox").into()
}

fn run(args: &[String]) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser())
        .args(["--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--window-size=800,1600"])
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(args)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What stands where, as `name left top width height`.
fn boxes(html: &str, folder: &Path) -> Vec<(String, [f64; 4])> {
    let page = folder.join("measured.html");
    std::fs::write(&page, format!("\u{feff}{html}{MEASURE}")).unwrap();
    let said = run(&["--dump-dom".into(), page.display().to_string()]);
    let told = said.split("BOXES\n").nth(1).and_then(|rest| rest.split("\nEND").next()).unwrap_or_else(|| panic!("{said}"));
    let read = |line: &str| {
        let parts: Vec<&str> = line.split(' ').collect();
        (parts[0].to_string(), [1, 2, 3, 4].map(|at| parts[at].parse().unwrap()))
    };
    told.lines().map(read).collect()
}

#[test]
#[ignore = "needs a browser"]
fn a_footer_stands_below_the_mail_and_moves_nothing_in_it() {
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/footer_pictures");
    std::fs::create_dir_all(&pictures).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in MAILS {
        let mail = corpus_mail(name);
        let [before, after] = [&mail, &edited(&mail, &japanese()).bytes].map(|mail| shown_html(mail).unwrap());
        for (when, html) in [("before", &before), ("after", &after)] {
            let page = folder.path().join("page.html");
            std::fs::write(&page, format!("\u{feff}{html}")).unwrap();
            let picture = pictures.join(format!("{name}-{when}.png"));
            let _ = std::fs::remove_file(&picture);
            run(&[format!("--screenshot={}", picture.display()), page.display().to_string()]);
            assert!(picture.is_file(), "{}", picture.display());
        }
        let [was, mut is] = [&before, &after].map(|html| boxes(html, folder.path()));
        // What held the mail grows by the footer, and by nothing else: it is left out as it holds the footer's link.
        let held: Vec<_> = was.iter().filter(|shown| is.contains(shown)).cloned().collect();
        let texts = |shown: &[(String, [f64; 4])]| shown.iter().filter(|(name, _)| name == "text").count();
        assert_eq!(texts(&held), texts(&was), "{name}: a line of the mail stands elsewhere\n{was:?}\n{is:?}");
        is.retain(|shown| !was.contains(shown));
        let bottom = held.iter().filter(|(name, _)| name == "text").map(|(_, at)| at[1] + at[3]).fold(0.0, f64::max);
        let added: Vec<_> = is.iter().filter(|(name, _)| name == "text").collect();
        assert!(!added.is_empty() && added.iter().all(|(_, at)| at[1] >= bottom - 1.0), "{name}: {added:?} above {bottom}");
        println!("{name}: {} lines where they were, {} of the footer below {bottom}", texts(&was), added.len());
    }
}
