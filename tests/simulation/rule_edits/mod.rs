//! Edits of the rules while records are known: what protects counts at once, what widens waits for `approve`, at the gate and in the
//! marketing system, over restarts too.

mod in_turn;
mod place;
mod protective;
mod widening;

use nayose::model::MailKind;

/// An edit, and for whom which kind of mail becomes free by it. The last: minutes since all streams were proved.
pub struct Case {
    pub name: &'static str,
    pub edits: &'static [(&'static str, &'static str, &'static str)],
    pub who: &'static str,
    pub kind: MailKind,
    pub before: &'static str,
    pub after: &'static str,
    pub proof_age: i64,
}

pub const fn case(
    name: &'static str,
    edits: &'static [(&'static str, &'static str, &'static str)],
    who: &'static str,
    kind: MailKind,
) -> Case {
    Case { name, edits, who, kind, before: "hold", after: "allow", proof_age: 1 }
}
