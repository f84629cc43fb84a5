//! The cookie: found, and kept from others.

use std::time::Duration;

use outrigger_node::Cookie;

use super::explain;
use super::finding::Finding;
use crate::args::CookieArgs;
use crate::run::Stdin;
use crate::settings::{CookieError, CookieSource};

/// How long the first line of standard input may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The cookie, if there is a fit one, and what was found about it. Its text is never part of that.
pub(super) fn check(args: &CookieArgs) -> (Option<Cookie>, Finding) {
    let source = CookieSource::of_system(args, false);
    let first_line = || Stdin::start(false).ok()?.first_line(PATIENCE);
    match source.read(first_line) {
        Ok(cookie) => (Some(cookie), Finding::ok("cookie", format!("found in {source}"))),
        Err(CookieError::Unfit(error)) => (None, explain::failed("cookie", &error)),
        Err(error @ CookieError::NoLine) => (
            None,
            Finding::fail("cookie", error.to_string(), "write the cookie and a line feed to standard input"),
        ),
    }
}
