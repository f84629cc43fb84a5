//! Bytes of a frame, read from its beginning, and what can be wrong with them.

use crate::Error;

/// What is wrong, and where.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    /// The column it is in: `after.price`.
    pub(super) path: String,
    pub(super) wrong: Wrong,
}

/// What is wrong.
#[derive(Clone, Debug)]
pub(super) enum Wrong {
    /// The bytes are not what the format says.
    Said(&'static str),
    /// The same, with a name or a number in it.
    Made(String),
    /// There is more than the limits allow.
    Limit(&'static str, usize),
}

/// One word when all is well.
pub(super) type Checked<T = ()> = Result<T, Box<Fault>>;

impl Fault {
    #[cold]
    pub(super) fn new(at: usize, wrong: Wrong) -> Box<Self> {
        Box::new(Self { at, path: String::new(), wrong })
    }

    #[cold]
    pub(super) fn said(at: usize, problem: &'static str) -> Box<Self> {
        Self::new(at, Wrong::Said(problem))
    }

    /// The same, seen from one level up.
    #[cold]
    pub(super) fn under(mut self: Box<Self>, step: &str) -> Box<Self> {
        self.path.insert_str(0, step);
        self.path.insert(0, '.');
        self
    }

    #[cold]
    pub(super) fn into_error(self) -> Error {
        let Self { at, path, wrong } = self;
        let problem = match wrong {
            Wrong::Said(problem) => problem.to_owned(),
            Wrong::Made(problem) => problem,
            Wrong::Limit(what, limit) => return Error::Limit { what, limit, at },
        };
        Error::Malformed { format: "pgoutput", at, path: format!("${path}"), problem }
    }
}

/// A frame, or a part of one, and where it is read.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Wire<'a> {
    /// From the beginning.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    pub(super) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Checked<&'a [u8]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..length)) {
            Some(taken) => {
                self.at += length;
                Ok(taken)
            }
            None => Err(self.short()),
        }
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Checked<[u8; N]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()) {
            Some(taken) => {
                self.at += N;
                Ok(*taken)
            }
            None => Err(self.short()),
        }
    }

    #[cold]
    fn short(&self) -> Box<Fault> {
        Fault::said(self.bytes.len(), "ends inside its message")
    }

    #[inline]
    pub(super) fn u8(&mut self) -> Checked<u8> {
        self.chunk().map(|[byte]| byte)
    }

    #[inline]
    pub(super) fn i16(&mut self) -> Checked<i16> {
        self.chunk().map(i16::from_be_bytes)
    }

    #[inline]
    pub(super) fn u16(&mut self) -> Checked<u16> {
        self.chunk().map(u16::from_be_bytes)
    }

    #[inline]
    pub(super) fn i32(&mut self) -> Checked<i32> {
        self.chunk().map(i32::from_be_bytes)
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Checked<u32> {
        self.chunk().map(u32::from_be_bytes)
    }

    #[inline]
    pub(super) fn i64(&mut self) -> Checked<i64> {
        self.chunk().map(i64::from_be_bytes)
    }

    /// A number of bytes that follow, and those.
    #[inline]
    pub(super) fn sized(&mut self) -> Checked<&'a [u8]> {
        let at = self.at;
        match usize::try_from(self.i32()?) {
            Ok(length) => self.take(length),
            Err(_) => Err(Fault::said(at, "a length below 0")),
        }
    }

    /// Text up to a zero byte.
    pub(super) fn text(&mut self) -> Checked<&'a str> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(length) = rest.iter().position(|&byte| byte == 0) else { return Err(self.short()) };
        let at = self.at;
        self.at += length + 1;
        std::str::from_utf8(rest.get(..length).unwrap_or_default()).map_err(|_| Fault::said(at, NOT_UTF8))
    }

    /// All has been read.
    pub(super) fn end(&self) -> Checked {
        if self.left() == 0 { Ok(()) } else { Err(Fault::said(self.at, "something follows the message")) }
    }
}

pub(super) const NOT_UTF8: &str = "these bytes are not UTF-8: connect with client_encoding UTF8";
