//! The simulated systems, as they answer HTTP to the real connectors: in process, by the simulated clock, without sockets.

mod afflictions;
mod fields;
mod ghost;
mod herald;
mod history;
mod hubspot;
mod line;
mod marketo;
mod post;
mod site;
mod switches;
mod words;
mod zendesk;

pub use fields::{in_own_form, rounded};
pub use line::Line;
pub use post::{Letter, Post};
pub use site::{Site, Trouble, Troubles, http_date};
pub use switches::{Switch, Switches};
