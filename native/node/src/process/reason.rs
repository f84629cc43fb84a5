//! Why a process ended: any term; a few have a meaning of their own.

use std::fmt;

use bytes::Bytes;
use outrigger_term::{Reader, Term, TermError, Writer};

use crate::escape::Printable;

/// The reason of an exit: the bytes of one term, without the version byte.
///
/// ```
/// use outrigger_node::Reason;
///
/// assert!(Reason::normal().is("normal"));
/// let timed_out = Reason::tuple("timeout", "no answer in 5 s");
/// assert!(!timed_out.is("timeout"));
/// assert_eq!(timed_out.to_string(), "{:timeout, \"no answer in 5 s\"}");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(Bytes);

macro_rules! atoms {
    ($($(#[$doc:meta])* $name:ident = $len:literal, $text:literal;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name() -> Self {
            // SMALL_ATOM_UTF8_EXT
            Self(Bytes::from_static(concat!("w", $len, $text).as_bytes()))
        })*
    };
}

impl Reason {
    atoms! {
        /// The end of work. Ends no linked process.
        normal = "\x06", "normal";
        /// An orderly stop.
        shutdown = "\x08", "shutdown";
        /// Untrappable, when sent with `exit/2`.
        kill = "\x04", "kill";
        /// What others see of a process that was sent `kill`.
        killed = "\x06", "killed";
        /// There is no such process.
        noproc = "\x06", "noproc";
        /// The link to the node is down.
        noconnection = "\x0c", "noconnection";
        /// Nothing in particular.
        undefined = "\x09", "undefined";
        /// There is no such function.
        undef = "\x05", "undef";
        /// A wrong argument.
        badarg = "\x06", "badarg";
        /// A bound of this node was reached.
        system_limit = "\x0c", "system_limit";
    }

    /// A term without the version byte.
    ///
    /// # Errors
    /// The bytes are not exactly one term.
    pub fn new(term: impl Into<Bytes>) -> Result<Self, TermError> {
        let term = term.into();
        let mut reader = Reader::new(&term);
        reader.skip()?;
        reader.expect_end()?;
        Ok(Self(term))
    }

    /// A term that came over a link, where it was checked.
    pub(crate) fn checked(term: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(term))
    }

    /// `{Tag, Text}` with the text as a binary. `tag` is a word of the program, never data: atoms are not freed on a BEAM.
    #[must_use]
    pub fn tuple(tag: &'static str, text: &str) -> Self {
        let mut bytes = Vec::with_capacity(tag.len() + text.len() + 16);
        let mut writer = Writer::new(&mut bytes);
        writer.tuple(2);
        match writer.atom(tag).and_then(|()| writer.binary(text.as_bytes())) {
            Ok(()) => Self(bytes.into()),
            // Only a tag that is no atom, or a text of 4 GiB.
            Err(_error) => Self::system_limit(),
        }
    }

    /// Whether it is this atom.
    #[must_use]
    pub fn is(&self, atom: &str) -> bool {
        Reader::new(&self.0).atom().is_ok_and(|found| found.eq_str(atom))
    }

    /// The same, shared.
    pub(crate) fn to_bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// The bytes of the term.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// As `iex` prints the term, cut to 128 characters; of a long one just its length.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// It may be a peer's, and printing takes time.
        const SHORT: usize = 4 << 10;
        match Term::new(&self.0) {
            Ok(term) if self.0.len() <= SHORT => {
                let text = term.inspect().limit(32).printable_limit(128).to_string();
                Printable::text(&text).fmt(f)
            }
            _ => write!(f, "a term of {} bytes", self.0.len()),
        }
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reason({self})")
    }
}
