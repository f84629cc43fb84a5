//! Standard output and error as they are: unbuffered, without the locks of `std`'s handles, and never a reason to
//! panic.

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// Standard output, to be owned by a writer thread. A closed one becomes a sink.
pub(crate) fn stdout() -> Box<dyn Write + Send> {
    owned(io::stdout().as_fd().try_clone_to_owned())
}

/// Standard error, likewise.
pub(crate) fn stderr() -> Box<dyn Write + Send> {
    owned(io::stderr().as_fd().try_clone_to_owned())
}

fn owned(handle: io::Result<std::os::fd::OwnedFd>) -> Box<dyn Write + Send> {
    match handle {
        Ok(handle) => Box::new(File::from(handle)),
        Err(_) => Box::new(io::sink()),
    }
}

/// Writes a command's answer. `false`: its reader has gone, and has seen enough.
pub(crate) fn print(text: &str) -> bool {
    stdout().write_all(text.as_bytes()).is_ok()
}

/// Writes a complaint to standard error.
pub(crate) fn complain(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}

/// Whether the user has not turned colours off (<https://no-color.org>).
pub(crate) fn colours_wanted() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
