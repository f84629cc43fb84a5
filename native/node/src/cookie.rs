//! Where the cookie comes from, with the checks that `erl` makes.
//!
//! - A cookie file must be a regular file that only its owner can read or write; else it is refused, because
//!   whoever knows the cookie runs code on every node.
//! - Its text is what `erl` reads: printable ASCII up to the first line end, and nothing but line ends and
//!   blanks behind it.
//! - Never from the command line, where every user of the machine can read it.
//!
//! Limits: a cookie is read once, at the start.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use outrigger_proto::Cookie;

use crate::error::NodeError;

/// No cookie file is longer; more is not read.
const FILE_CAP: u64 = 4096;

/// Reads a cookie file.
///
/// # Errors
/// The file cannot be read, is no regular file, is readable by group or others, is empty or malformed.
pub fn from_file(path: impl AsRef<Path>) -> Result<Cookie, NodeError> {
    let path = path.as_ref();
    let unreadable = |source| NodeError::CookieUnreadable { path: path.into(), source };
    // The checks are made on the open file, so that it cannot be swapped in between. Opening a pipe that
    // nobody writes to would wait for ever without O_NONBLOCK.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(NodeError::CookieNotAFile { path: path.into() });
    }
    let mode = meta.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(NodeError::CookieExposed { path: path.into(), mode });
    }
    let mut bytes = Vec::new();
    file.take(FILE_CAP).read_to_end(&mut bytes).map_err(unreadable)?;
    let cookie = parse(&bytes, &path.display().to_string());
    wipe(&mut bytes);
    cookie
}

/// Reads the cookie of this user: `~/.erlang.cookie`, or `erlang/.erlang.cookie` in the user's configuration
/// folder, as OTP 25 and later do. Unlike `erl` it makes no new one: a random cookie joins no cluster.
///
/// # Errors
/// There is none, or [`from_file`] refuses it.
pub fn from_home() -> Result<Cookie, NodeError> {
    let home = env::var_os("HOME").map(PathBuf::from).ok_or(NodeError::CookieMissing)?;
    let config = env::var_os("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
    for path in [home.join(".erlang.cookie"), config.join("erlang").join(".erlang.cookie")] {
        match from_file(&path) {
            Err(NodeError::CookieUnreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
    }
    Err(NodeError::CookieMissing)
}

/// Takes a cookie that the caller has read, for example from standard input or the environment. `origin`
/// names the source in an error; it must not hold the cookie.
///
/// # Errors
/// The text is empty or malformed.
pub fn from_text(text: &str, origin: &str) -> Result<Cookie, NodeError> {
    parse(text.as_bytes(), origin)
}

/// `auth:check_cookie/1` of OTP, with its rule for trailing blanks: those before the line end belong to the
/// cookie.
fn parse(bytes: &[u8], origin: &str) -> Result<Cookie, NodeError> {
    let malformed = || NodeError::CookieMalformed { origin: origin.into() };
    let end = bytes.iter().position(|b| !(b' '..=b'~').contains(b)).unwrap_or(bytes.len());
    let (head, tail) = bytes.split_at(end);
    if tail.iter().any(|b| !matches!(b, b'\n' | b'\r' | b' ')) {
        return Err(malformed());
    }
    if head.is_empty() {
        return Err(NodeError::CookieEmpty { origin: origin.into() });
    }
    let text = std::str::from_utf8(head).map_err(|_error| malformed())?;
    Cookie::new(text).map_err(|_error| malformed())
}

/// Best effort: the copy inside [`Cookie`] wipes itself, this one is ours.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(&*bytes);
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cookie");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn owner_only_files_are_read() {
        for mode in [0o400, 0o600, 0o700] {
            let (_dir, path) = file("SECRET\n", mode);
            let cookie = from_file(&path).unwrap();
            assert_eq!(format!("{cookie:?}"), "Cookie(..)");
        }
    }

    #[test]
    fn files_that_others_can_reach_are_refused_and_say_how_to_repair_it() {
        for mode in [0o440, 0o404, 0o644, 0o620, 0o602] {
            let (_dir, path) = file("SECRET\n", mode);
            let error = from_file(&path).unwrap_err();
            assert!(matches!(error, NodeError::CookieExposed { mode: m, .. } if m == mode), "{error}");
            assert!(error.to_string().contains("chmod 400"), "{error}");
            assert!(!format!("{error:?} {error}").contains("SECRET"));
        }
    }

    #[test]
    fn empty_and_malformed_cookies_are_refused() {
        for text in ["", "\n", "\r\n\n"] {
            let (_dir, path) = file(text, 0o400);
            assert!(matches!(from_file(&path), Err(NodeError::CookieEmpty { .. })), "{text:?}");
        }
        for text in ["a\nb", "tab\there", "gr\u{fc}n", &"x".repeat(256)] {
            let (_dir, path) = file(text, 0o400);
            let error = from_file(&path).unwrap_err();
            assert!(matches!(error, NodeError::CookieMalformed { .. }), "{text:?}");
        }
    }

    #[test]
    fn a_folder_is_no_cookie_file_and_a_missing_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(from_file(dir.path()), Err(NodeError::CookieNotAFile { .. })));
        let missing = from_file(dir.path().join("none")).unwrap_err();
        assert!(missing.to_string().contains("none"));
    }
}
