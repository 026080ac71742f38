//! The pages a payer sees, and the mail a payer gets: what they say, how they look, and what is read from the form that
//! is posted.
//!
//! All but the routes is pure: facts in, HTML out; a posted body in, a card or messages out.

mod routes;

mod manner;

mod page;

mod countries;
mod declines;
mod details;
mod direct_post;
mod form;
mod language;
mod money;
mod tender;
mod texts;
mod words;

mod assets;
mod headers;
mod reports;

mod dates;

pub use page::Letters;
pub use routes::{refuse, router};
