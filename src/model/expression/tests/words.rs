//! Words that are known, and others that are hardly meant.

use super::*;

fn of_tickets(source: &str) -> Result<Vec<String>, Vec<String>> {
    let known = ["high", "low", "normal", "urgent"].map(Name::from);
    let declared = Declared { ticket_words: [("priority".into(), known.into())].into(), ..declared() };
    let told = |errors: &[ExpressionError]| errors.iter().map(|e| format!("{} {}", &source[e.at.clone()], e.message)).collect();
    Expression::compile(source, Scope::Ticket, &declared).map(|right| told(right.doubts())).map_err(|errors| told(&errors))
}

/// A hold for "Urgent" tickets held nobody, and all that was said of it was "right".
#[test]
fn a_word_that_is_nearly_a_known_one_is_a_mistake_and_another_is_told() {
    for (source, wrong, doubted) in [
        ("ticket.priority == 'urgent' || ticket.priority in ['high', 'low']", None, None),
        ("ticket.priority == 'Urgent'", Some("'Urgent' never \"Urgent\"; did you mean `urgent`?; known: high, low, normal, urgent"), None),
        ("ticket.priority in ['high', 'urgnet']", Some("'urgnet' never \"urgnet\"; did you mean `urgent`?"), None),
        ("ticket.priority == '緊急'", None, Some("'緊急' \"緊急\" is none of the words that are known here: high, low, normal, urgent")),
        ("ticket.priority == ''", None, Some("'' never \"\": what is empty is null, as `x == null`")),
        ("ticket.priority != null && ticket.priority.startsWith('x')", None, None),
    ] {
        match (of_tickets(source), wrong) {
            (Err(told), Some(says)) => assert!(told[0].starts_with(says), "{source}: {told:?}"),
            (Ok(told), None) => {
                assert!(told.first().map(String::as_str).unwrap_or_default().starts_with(doubted.unwrap_or("")), "{source}: {told:?}")
            }
            (told, _) => panic!("{source}: {told:?}"),
        }
        assert!(doubted.is_none() || !of_tickets(source).unwrap().is_empty(), "{source}");
    }
}

#[test]
fn operators_as_they_are_written_elsewhere_are_told_as_they_are_here() {
    for (source, says) in [
        ("person.score = 5", "`==`"),
        ("person.vip == true and person.score > 5", "`&&`"),
        ("person.vip == true OR person.score > 5", "`||`"),
        ("not person.vip == true", "`!`"),
        ("person.title is null", "`== null`"),
        ("person.title == “部長”", "全角"),
        ("person.title ==\u{3000}'x'", "全角"),
        ("person.title == 'x' )", "not readable"),
    ] {
        let told = person(source).unwrap_err();
        assert!(told[0].message.contains(says), "{source}: {told:?}");
    }
}
