//! The high phase of the command line: options to validated settings.
//!
//! This is the one place that looks at the machine to understand the options: host name, environment, cookie
//! files, the first line of standard input. What comes out needs no further checks and is handed down whole.
//!
//! Limits: nothing here connects to anything. Whether a node exists is found out by the node, or by the doctor.

mod cookie;
mod error;
mod hosts;
mod look;
mod name;
mod node;
mod status;
mod targets;

pub(crate) use cookie::{CookieError, CookieSource};
pub(crate) use error::SettingsError;
pub(crate) use hosts::HostNames;
pub(crate) use look::LookSettings;
pub(crate) use name::own_name;
pub(crate) use node::NodeSettings;
pub(crate) use status::StatusSettings;
pub(crate) use targets::{Target, kind_word, targets};
