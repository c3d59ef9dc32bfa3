//! After the script: where the systems and the daemon are, and what can be tried with them.

use super::script::someone_free;
use super::stage::Stage;
use std::borrow::Cow;
use std::path::Path;

/// What a person needs in a second terminal.
pub fn told(stage: &Stage) -> String {
    let nayose = format!("{} --config {}", quoted(&program()), quoted(&stage.folder().display().to_string()));
    let (http, control) = (stage.http, &stage.sandbox.control_url);
    let mut text = format!(
        "\nThe systems and the daemon go on until you press Ctrl-C; the demo's folder is removed then.\n\
         \nAll this is for a second terminal. Is everyone protected?\n\
         \x20   {nayose} status\n\
         \nWhat would be written? The scores for the CRM, to which nobody has let writes go yet; let them go:\n\
         \x20   {nayose} plan\n\
         \x20   {nayose} approve crm\n\
         \nIs the config right, and what does the CRM answer?\n\
         \x20   {nayose} check\n\
         \x20   {nayose} connector try crm\n"
    );
    if let Some(free) = someone_free(stage) {
        let (contact, email) = (free.contact, &free.email);
        text += &format!(
            "\nOpen a deal with {email}, whom nothing holds yet, and look again after a few seconds:\n\
             \x20   {nayose} gate {email}\n\
             \x20   curl {control}/_sandbox/open_deal -d '{{\"contacts\": [{contact}]}}'\n\
             \x20   {nayose} gate {email}\n\
             \x20   {nayose} explain {email}\n\
             \nThe same answer for software that sends mail:\n\
             \x20   curl http://{http}/v1/decisions -H 'content-type: application/json' \\\n\
             \x20     -d '{{\"subjects\": [{{\"email\": \"{email}\"}}], \"mail\": {{\"kind\": \"campaign\"}}}}'\n"
        );
    }
    text += &format!(
        "\nLet the CRM go down, ask for the status after ten seconds, and mend it:\n\
         \x20   curl {control}/_sandbox/fault -d '{{\"system\": \"crm\", \"fault\": \"down\"}}'\n\
         \x20   {nayose} status\n\
         \x20   curl {control}/_sandbox/clear_faults -d '{{\"system\": \"crm\"}}'\n\
         \nAll that can be done to the three systems is listed at {control}/ and by `nayose demo --help`.\n\
         The rules are the .toml files in {folder}; the daemon follows edits.",
        folder = stage.folder().display()
    );
    text
}

/// As it can be called from any folder.
fn program() -> String {
    let named = std::env::args_os().next().filter(|name| Path::new(name).components().count() == 1);
    let here = || std::env::current_exe().ok();
    named.map(Into::into).or_else(here).map_or_else(|| "nayose".into(), |path| path.display().to_string())
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> Cow<'_, str> {
    // Only what no path can hold, a NUL, cannot be quoted.
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_cut_it() {
        assert_eq!(quoted("tmp/nayose-demo-aB3"), "tmp/nayose-demo-aB3");
        assert_eq!(quoted("tmp/my folder/it's"), "\"tmp/my folder/it's\"");
    }
}
