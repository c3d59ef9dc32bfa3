//! A footer into mails: own ones in `tests/footer_mails` with their causes, made ones, and those that broke other tools.

mod corpus;
mod fuzz;
mod limits;
mod mails;
mod matrix;
mod other_tools;
mod pictures;
mod properties;
mod same;
mod second_opinion;
