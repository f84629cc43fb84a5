//! `outrigger gate`: a verdict about what was seen.
//!
//! The flow: the configuration, what is judged ([`material`]), the verdicts of `outrigger-watch`, the answer, and the record
//! ([`record`]). What is judged comes from files; who looks at nodes by himself gives windows in their place.

mod material;
mod record;
mod run;

pub(crate) use material::read;
pub(crate) use record::MOST_EVIDENCE;
pub(crate) use run::run;
