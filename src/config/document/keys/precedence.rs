//! The keys of precedence.toml.

use super::{KeyRule, NONE, TableKeys, ValueKind, key, needed};

/// precedence.toml.
pub static PRECEDENCE: TableKeys = TableKeys {
    keys: &[
        key(
            "default",
            ValueKind::Either(&[ValueKind::Order, ValueKind::Table(&RULE)]),
            "Whose value counts for fields without a rule of their own",
        ),
        key("person", ValueKind::Table(&PERSON), "Whose value counts, field by field"),
        key("account", ValueKind::Table(&ACCOUNT), "The same of companies: what `account.FIELD` and `account = \"FIELD\"` say"),
        key("fields", ValueKind::Table(&FIELDS), "What values of a field must look like, whatever its rule"),
    ],
    later: &["deal", "ticket"],
    ..NONE
};

pub static PERSON: TableKeys = TableKeys {
    rest: Some(key("", ValueKind::Either(&[ValueKind::Order, ValueKind::Table(&RULE)]), "Whose value counts for this field")),
    ..NONE
};

pub static ACCOUNT: TableKeys = TableKeys {
    rest: Some(key(
        "",
        ValueKind::Either(&[ValueKind::Order, ValueKind::Table(&ACCOUNT_RULE)]),
        "Whose value counts for this field of a person's company",
    )),
    ..NONE
};

/// How a value of an account is found: nothing is written there, and no condition knows whose account it is.
pub static ACCOUNT_RULE: TableKeys = TableKeys {
    keys: &[
        key("from", ValueKind::Order, "The first that has a value; in an inner list the newest"),
        key("only", ValueKind::Text, "That system or nothing"),
        key("newest", ValueKind::Texts, "The newest value"),
        key("oldest", ValueKind::Texts, "The oldest value"),
        key("max", ValueKind::Texts, "The largest number or latest time"),
        key("min", ValueKind::Texts, "The smallest number or earliest time"),
        key("most", ValueKind::Texts, "The value that most records hold"),
        key("any", ValueKind::Texts, "Of yes and no: yes if one says yes"),
        key("all", ValueKind::Texts, "Of yes and no: no if one says no"),
        key("max_age", ValueKind::Duration, "Older values don't count"),
        key(
            "blank",
            ValueKind::Word(&["wins", "clears", "skipped"]),
            "Whether an empty value counts: what somebody emptied, whatever is empty, or nothing",
        ),
        key("ignore", ValueKind::Texts, "Values that count for nothing, in any case and width: 不明, N/A"),
        key("because", ValueKind::Text, "A note for the next reader"),
    ],
    one_of: &["from", "only", "newest", "oldest", "max", "min", "most", "any", "all"],
    ..NONE
};

pub static FIELDS: TableKeys = TableKeys { rest: Some(key("", ValueKind::Table(&FIELD), "What holds of this field's values")), ..NONE };

pub static FIELD: TableKeys = TableKeys {
    keys: &[needed(
        "valid",
        ValueKind::Expression,
        "Over value and system: 'value.size() >= 10'; what is false counts for nothing and is listed by `nayose conflicts`",
    )],
    elsewhere: "; whose value counts is said under [person], before any [fields.NAME]",
    ..NONE
};

/// A system in an order that has more to it than its name.
pub static RANKED_SOURCE: TableKeys = TableKeys {
    keys: &[
        needed("system", ValueKind::Text, "The system"),
        key("max_age", ValueKind::Duration, "Older values of this system don't count; other systems' do"),
    ],
    ..NONE
};

/// How a value is found: a rule, a case and what stands in for them have just one of these.
const STRATEGIES: &[KeyRule] = &[
    key("from", ValueKind::Order, "The first that has a value; in an inner list the newest"),
    key("fill", ValueKind::Order, "As `from`, written only into records that hold nothing of their own"),
    key("only", ValueKind::Text, "That system or nothing"),
    key("newest", ValueKind::Texts, "The newest value"),
    key("oldest", ValueKind::Texts, "The oldest value"),
    key("first", ValueKind::Texts, "The person's first value, for ever: whatever is set later, it stays"),
    key("max", ValueKind::Texts, "The largest number or latest time"),
    key("min", ValueKind::Texts, "The smallest number or earliest time"),
    key("most", ValueKind::Texts, "The value that most records hold"),
    key("sum", ValueKind::Texts, "The numbers of all records, added"),
    key("any", ValueKind::Texts, "Of yes and no: yes if one says yes"),
    key("all", ValueKind::Texts, "Of yes and no: no if one says no"),
    key("union", ValueKind::Texts, "Lists put together; what was removed in one is removed"),
    key("other", ValueKind::Text, "Another field: the value of the record that its value is from"),
    key("account", ValueKind::Text, "What the person's company has in this field, by its rule under [account]"),
    key("never", ValueKind::Bool, "true: no value counts, the field is left alone"),
];

const STRATEGY_NAMES: &[&str] =
    &["from", "fill", "only", "newest", "oldest", "first", "max", "min", "most", "sum", "any", "all", "union", "other", "account", "never"];

pub static RULE: TableKeys = TableKeys {
    keys: &[
        key(
            "group",
            ValueKind::Texts,
            "Fields that all come from the one record that wins, as [\"street\", \"city\", \"zip\"]; the rule has a name of its own, as address",
        ),
        key("cases", ValueKind::Tables(&[&CASE]), "Several conditions, each with how the value is found; the first that is true counts"),
        key("when", ValueKind::Expression, "Over person, account, deals and tickets; where it is false, `otherwise` counts"),
        key(
            "otherwise",
            ValueKind::Either(&[ValueKind::Order, ValueKind::Table(&OTHERWISE)]),
            "Where `when`, or every case's, is false: an order, or a table as { newest = [..] }; without it the field is left alone",
        ),
        key("max_age", ValueKind::Duration, "Older values don't count"),
        key(
            "blank",
            ValueKind::Word(&["wins", "clears", "skipped"]),
            "Whether an empty value counts: what somebody emptied, whatever is empty, or nothing",
        ),
        key("ignore", ValueKind::Texts, "Values that count for nothing, in any case and width: 不明, N/A"),
        key("typed", ValueKind::Texts, "Systems whose values go before copies (`relays`) where a person typed them"),
        key("because", ValueKind::Text, "A note for the next reader"),
    ],
    shared: STRATEGIES,
    one_of: &[
        "from", "fill", "only", "newest", "oldest", "first", "max", "min", "most", "sum", "any", "all", "union", "other", "account",
        "never", "cases",
    ],
    ..NONE
};

/// One of several cases.
pub static CASE: TableKeys = TableKeys {
    keys: &[needed("when", ValueKind::Expression, "Over person, account, deals and tickets")],
    shared: STRATEGIES,
    one_of: STRATEGY_NAMES,
    elsewhere: BESIDE_CASES,
    ..NONE
};

/// What counts where no condition holds.
pub static OTHERWISE: TableKeys = TableKeys { shared: STRATEGIES, one_of: STRATEGY_NAMES, elsewhere: BESIDE_CASES, ..NONE };

/// Where what holds of a whole rule stands.
const BESIDE_CASES: &str = "; group, max_age, blank, ignore, typed and because hold of the whole rule: they stand beside `cases` or `when`";
