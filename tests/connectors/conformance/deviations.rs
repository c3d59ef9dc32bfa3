//! What does not hold, and why. An entry whose clause holds fails the test, so that this list only shrinks; a new one is a decision.

pub struct Deviation {
    pub connector: &'static str,
    pub clause: &'static str,
    pub reason: &'static str,
}

pub const ALL: [Deviation; 3] = [
    Deviation { connector: "bottlecrm", clause: "C8", reason: "a CRM that sends no marketing mail: only the status is written there" },
    Deviation { connector: "rt", clause: "C8", reason: "a support system that sends no marketing mail: only the status is written there" },
    Deviation { connector: "zendesk", clause: "C8", reason: "it is only read" },
];
