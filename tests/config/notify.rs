//! Who is told when protection ends: what is right, and its mistakes.

use super::good::{SECRET, good, load_with};
use nayose::model::Span;

#[test]
fn notify() {
    let good = good("systems.toml");
    let mail = "smtp = \"smtp://mail.example\", from = \"nayose@acme.example\", to = [\"it@acme.example\"]";
    let right =
        format!("{good}\n[notify]\nafter = \"5m\"\nmail = {{ {mail}, user = \"nayose\", password = {{ env = \"MARKETO_SECRET\" }} }}\n");
    let config = load_with(&[("systems.toml", &right)]).unwrap_or_else(|m| panic!("{}", m.drawn())).notify.unwrap();
    let sent = config.mail.unwrap();
    assert_eq!((sent.host.as_str(), sent.port, sent.security), ("mail.example", 587, nayose::config::Security::StartTls));
    assert_eq!(config.after, Span::minutes(5));
    for (table, said) in [
        ("[notify]".to_string(), "tells nobody"),
        ("[notify]\nwebhok = 1".into(), "unknown key \"webhok\""),
        (format!("[notify]\nwebhook = {{ url = \"https://chat.example/{SECRET}\" }}"), "must not stand in the file"),
        ("[notify]\nwebhook = { url = { env = \"MARKETO_SECRET\" } }".into(), "points to is no address"),
        (
            format!("[notify]\nmail = {{ {} }}", mail.replace("smtp://mail.example", &format!("smtp://me:{SECRET}@mail.example"))),
            "no mail server",
        ),
        (format!("[notify]\nmail = {{ {} }}", mail.replace("smtp://mail", "mail")), "no mail server"),
        (format!("[notify]\nmail = {{ {} }}", mail.replace("it@acme.example", "it")), "no e-mail address"),
        (format!("[notify]\nmail = {{ {mail}, user = \"nayose\" }}"), "stands alone"),
        (format!("[notify]\nmail = {{ {} }}", mail.replace("from = \"nayose@acme.example\", ", "")), "lacks \"from\""),
    ] {
        let text = format!("{good}\n{table}\n");
        let mistakes = load_with(&[("systems.toml", &text)]).expect_err(&table);
        let drawn = mistakes.drawn();
        assert_eq!(mistakes.list().len(), 1, "{table}\n{drawn}");
        assert!(drawn.contains(said), "{said:?} is not in\n{drawn}");
        assert!(!drawn.contains(SECRET), "{drawn}");
    }
}
