//! Which keys the users' own examples have, in `tests/*.toml`.

use super::keys::{KeyRule, NONE, TableKeys, ValueKind, key, needed};

/// One file of examples.
pub static EXAMPLES: TableKeys =
    TableKeys { keys: &[needed("example", ValueKind::Tables(&[&EXAMPLE]), "Records, and what must come of them")], ..NONE };

pub static EXAMPLE: TableKeys = TableKeys {
    keys: &[
        needed("name", ValueKind::Text, "What it shows, for people"),
        key("now", ValueKind::Time, "The moment at which it is decided; the present one if it is left out"),
        needed(
            "record",
            ValueKind::Tables(&[&PERSON_RECORD, &DEAL_RECORD, &TICKET_RECORD, &ACCOUNT_RECORD]),
            "A record as its connector reads it; fields by the names that rules use",
        ),
        needed("expect", ValueKind::Table(&EXPECT), "What must come of it"),
    ],
    ..NONE
};

const PERSON: KeyRule = record("^[^:]+:person:.+");
const DEAL: KeyRule = record("^[^:]+:deal:.+");
const TICKET: KeyRule = record("^[^:]+:ticket:.+");
const COMPANY: KeyRule = record("^[^:]+:account:.+");

/// The kind tells which keys the others are.
const fn record(form: &'static str) -> KeyRule {
    needed("record", ValueKind::Form(form), "SYSTEM:ENTITY:ID, as crm:person:1")
}

const CHANGED_AT: KeyRule = key("changed_at", ValueKind::Time, "When the record was changed last, as its system tells");
const CLOSED_AT: KeyRule = key("closed_at", ValueKind::Time, "When it was won, lost or closed, as its system tells");
const FIELD: KeyRule = key("", ValueKind::FieldValue, "A field that the system reads; \"\" where it is empty");

pub static PERSON_RECORD: TableKeys = TableKeys {
    keys: &[
        PERSON,
        CHANGED_AT,
        key("changed", ValueKind::Table(&CHANGED), "When single fields were changed last"),
        key("typed", ValueKind::Texts, "Fields that a person typed there, as the system tells"),
        key("copied", ValueKind::Texts, "Fields that one of the system's `relays` brought"),
        key("before", ValueKind::Table(&BEFORE), "What fields held when they were read before, a day ahead of all times here"),
        key("account", ACCOUNT, "The company's id in that system; of several the first counts first"),
        key("addresses", ValueKind::Texts, "Further e-mail addresses of the person"),
        key("same_as", ValueKind::Texts, "Records of other systems that this one names as the same person"),
        key("refused", REFUSED, "The record shows the person's no: true, or topics"),
        key("status", ValueKind::Text, "The lead status that it shows, in the system's own words"),
    ],
    rest: Some(FIELD),
    ..NONE
};

pub static DEAL_RECORD: TableKeys = TableKeys {
    keys: &[
        DEAL,
        needed("state", ValueKind::Word(&["open", "won", "lost"]), "Where the deal stands"),
        key("people", ValueKind::Texts, "Records of the people on it"),
        key("account", ACCOUNT, "The company's id in that system; of several the first counts first"),
        CLOSED_AT,
        CHANGED_AT,
        key("before", ValueKind::Table(&BEFORE_DEAL), "What it showed when it was read before, a day ahead of all times here"),
    ],
    rest: Some(FIELD),
    ..NONE
};

pub static TICKET_RECORD: TableKeys = TableKeys {
    keys: &[
        TICKET,
        needed("state", ValueKind::Word(&["open", "closed"]), "Whether it still needs work"),
        key("people", ValueKind::Texts, "Records of who asks"),
        key("addresses", ValueKind::Texts, "E-mail addresses of who asks"),
        CLOSED_AT,
        CHANGED_AT,
        key("before", ValueKind::Table(&BEFORE_TICKET), "What it showed when it was read before, a day ahead of all times here"),
    ],
    rest: Some(FIELD),
    ..NONE
};

/// A company: what it has is asked for by `[account]`.
pub static ACCOUNT_RECORD: TableKeys = TableKeys { keys: &[COMPANY, CHANGED_AT], rest: Some(FIELD), ..NONE };

const ACCOUNT: ValueKind = ValueKind::Either(&[ValueKind::Text, ValueKind::Texts]);
const REFUSED: ValueKind = ValueKind::Either(&[ValueKind::Bool, ValueKind::Texts]);

pub static CHANGED: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Time, "When this field was changed last, as its history or we saw it")), ..NONE };

pub static BEFORE: TableKeys = TableKeys { rest: Some(FIELD), ..NONE };

pub static BEFORE_DEAL: TableKeys =
    TableKeys { keys: &[key("state", ValueKind::Word(&["open", "won", "lost"]), "Where the deal stood")], rest: Some(FIELD), ..NONE };

pub static BEFORE_TICKET: TableKeys =
    TableKeys { keys: &[key("state", ValueKind::Word(&["open", "closed"]), "Whether it still needed work")], rest: Some(FIELD), ..NONE };

pub static EXPECT: TableKeys = TableKeys {
    keys: &[
        key("who", ValueKind::Text, "The record whose person all this is about; the example's first person if it is left out"),
        key("one_person", ValueKind::Texts, "All records that are this person, and no others"),
        key("fields", ValueKind::Table(&EXPECTED_FIELDS), "The value that counts for each field"),
        key("from", ValueKind::Table(&EXPECTED_FROM), "The record that each value is from"),
        key("status", ValueKind::Text, "The lead status; \"\" for none"),
        key("relationship", ValueKind::Text, "What the person is to you, by [relationship]; \"\" for nothing"),
        key("account", ValueKind::Table(&EXPECTED_ACCOUNT), "What the person's company has, by [account]"),
        key("gate", ValueKind::Table(&EXPECTED_GATE), "What the gate answers, by kind of mail"),
        key("reasons", ValueKind::Texts, "All its reasons for these kinds of mail, or for a campaign where `gate` names none"),
        key("after", ValueKind::Table(&EXPECTED_AFTER), "What records show once all that is due was written"),
    ],
    ..NONE
};

pub static EXPECTED_FIELDS: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::FieldValue, "The value that counts; \"\" where none does")), ..NONE };

pub static EXPECTED_ACCOUNT: TableKeys = TableKeys {
    rest: Some(key("", ValueKind::FieldValue, "The value that counts for this field of the company; \"\": none does")),
    ..NONE
};

pub static EXPECTED_FROM: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Text, "SYSTEM:ENTITY:ID; \"\" where no record's value counts")), ..NONE };

pub static EXPECTED_GATE: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Word(&["allow", "hold", "deny"]), "The answer for this kind of mail")), ..NONE };

pub static EXPECTED_AFTER: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Table(&EXPECTED_RECORD), "SYSTEM:ENTITY:ID, and what it shows then")), ..NONE };

pub static EXPECTED_RECORD: TableKeys = TableKeys {
    keys: &[
        key("status", ValueKind::Text, "The lead status"),
        key("block", ValueKind::Bool, "Whether the system's stop mark is set"),
        key("permit", ValueKind::Bool, "Whether the leave to mail is given"),
    ],
    rest: Some(key("", ValueKind::FieldValue, "A field that systems.toml lets nayose write there; \"\" where it is empty")),
    ..NONE
};
