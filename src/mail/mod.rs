//! The doors of footers over SMTP: mails under way come in, and go on with a footer or as they came.
//!
//! - `milter`: beside a mail server, which sends us each mail and takes changes back

pub mod milter;
