//! Which source the cookie is taken from. Reading and checking it is `outrigger_node::cookie`'s work.
//!
//! The first of these that is there: `--cookie-file`, `OUTRIGGER_COOKIE`, the first line of standard input
//! (`--cookie-stdin`), `~/.erlang.cookie`, `$XDG_CONFIG_HOME/erlang/.erlang.cookie`. A supervised node takes
//! the line of standard input before the environment: the supervisor says what it means, while a variable may
//! be a leftover of the shell that started the VM.
//!
//! Invariants: a source that is there but unfit is an error and never skipped; no error holds any of the text.

use std::env;
use std::fmt;
use std::path::PathBuf;

use outrigger_node::{Cookie, NodeError, cookie};

use crate::args::CookieArgs;

/// The variable that may hold the cookie.
pub(crate) const VARIABLE: &str = "OUTRIGGER_COOKIE";

/// Where a cookie comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CookieSource {
    /// `--cookie-file`.
    File(PathBuf),
    /// `OUTRIGGER_COOKIE`.
    Environment,
    /// The first line of standard input.
    Stdin,
    /// A file in the user's home.
    Home,
}

impl fmt::Display for CookieSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str(VARIABLE),
            Self::Stdin => f.write_str("the first line of standard input"),
            Self::Home => f.write_str("~/.erlang.cookie"),
        }
    }
}

/// Why there is no usable cookie.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CookieError {
    /// Standard input ended or stayed silent.
    #[error("no cookie came on standard input; write the cookie and a line feed to it")]
    NoLine,
    /// The text or its file is unfit.
    #[error(transparent)]
    Unfit(#[from] NodeError),
}

impl CookieSource {
    /// The source that these options and this environment call for.
    pub(crate) fn of(args: &CookieArgs, supervised: bool, variable_set: bool) -> Self {
        match &args.cookie_file {
            Some(path) => Self::File(path.clone()),
            None if supervised => Self::Stdin,
            None if variable_set => Self::Environment,
            None if args.cookie_stdin => Self::Stdin,
            None => Self::Home,
        }
    }

    /// The same for the process's own environment.
    pub(crate) fn of_system(args: &CookieArgs, supervised: bool) -> Self {
        Self::of(args, supervised, env::var_os(VARIABLE).is_some())
    }

    /// Reads the cookie. `first_line` is called only for standard input, and may wait; `None` says that no line
    /// came in time.
    pub(crate) fn read(&self, first_line: impl FnOnce() -> Option<Vec<u8>>) -> Result<Cookie, CookieError> {
        match self {
            Self::File(path) => Ok(cookie::from_file(path)?),
            Self::Home => Ok(cookie::from_home()?),
            Self::Environment => {
                let text = env::var_os(VARIABLE).unwrap_or_default().into_encoded_bytes();
                self.text(text)
            }
            Self::Stdin => self.text(first_line().ok_or(CookieError::NoLine)?),
        }
    }

    fn text(&self, mut bytes: Vec<u8>) -> Result<Cookie, CookieError> {
        // Bytes that are not UTF-8 become a character that no cookie has, and are refused as such.
        let cookie = cookie::from_text(&String::from_utf8_lossy(&bytes), &self.to_string());
        bytes.fill(0);
        Ok(cookie?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_in_their_order() {
        let nothing = CookieArgs::default();
        let stdin = CookieArgs { cookie_stdin: true, ..CookieArgs::default() };
        let given = CookieArgs { cookie_file: Some("f".into()), ..stdin.clone() };
        assert_eq!(CookieSource::of(&given, true, true), CookieSource::File("f".into()));
        assert_eq!(CookieSource::of(&stdin, false, true), CookieSource::Environment);
        assert_eq!(CookieSource::of(&stdin, false, false), CookieSource::Stdin);
        assert_eq!(CookieSource::of(&nothing, true, true), CookieSource::Stdin);
        assert_eq!(CookieSource::of(&nothing, false, false), CookieSource::Home);
    }

    #[test]
    fn the_line_of_standard_input() {
        let read = |line: Option<&[u8]>| CookieSource::Stdin.read(|| line.map(<[u8]>::to_vec));
        assert!(read(Some(b"sesame\n")).is_ok());
        assert!(matches!(read(None), Err(CookieError::NoLine)));
        for line in [b"\n".as_slice(), b"", b"gr\xfcn\n", b"tab\there\n"] {
            let error = read(Some(line)).unwrap_err();
            assert!(error.to_string().contains("standard input"), "{error}");
        }
    }

    #[test]
    fn nothing_shows_the_cookie() {
        let cookie = CookieSource::Stdin.read(|| Some(b"sesame\n".to_vec())).unwrap();
        assert!(!format!("{cookie:?}").contains("sesame"));
        let error = CookieSource::Stdin.read(|| Some(b"sesa\tme\n".to_vec())).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("sesa"));
    }
}
