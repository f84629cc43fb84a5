//! What `erl` takes from its surroundings, for programs that have no options of their own.

use std::env;

use outrigger_proto::NodeName;

use crate::config::{Config, Epmd};
use crate::cookie;
use crate::error::NodeError;

impl Config {
    /// A configuration as `erl -name NAME` would have it: the cookie from `OUTRIGGER_COOKIE` or else from this user's cookie
    /// file ([`cookie::from_home`]), EPMD's port from `ERL_EPMD_PORT` if that is set.
    ///
    /// # Errors
    /// No cookie, or one that is refused; a port that is none.
    pub fn from_env(name: NodeName) -> Result<Self, NodeError> {
        let cookie = match env::var("OUTRIGGER_COOKIE") {
            Ok(text) => cookie::from_text(&text, "OUTRIGGER_COOKIE")?,
            Err(_not_set) => cookie::from_home()?,
        };
        let mut config = Self::new(name, cookie);
        if let Ok(port) = env::var("ERL_EPMD_PORT") {
            let bad = |_| NodeError::BadOption {
                option: "ERL_EPMD_PORT",
                problem: format!("{port:?} is no port; set it to the port of epmd, or unset it"),
            };
            config.epmd = Epmd::Port(port.parse().map_err(bad)?);
        }
        Ok(config)
    }
}
