//! Identities that outlive a buffer.

use std::fmt;
use std::sync::Arc;

use outrigger_term::{Atom, MAX_REFERENCE_WORDS, Pid, Reference};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The incarnation of a node: tells the pids of a restarted node from those of its former life.
///
/// EPMD gives one at registration (1 to 2^32-1 from OTP 23); 0 means "any" and is for pids without an
/// incarnation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Creation(pub u32);

impl fmt::Display for Creation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A pid that owns its node's name. Cloning counts a reference.
///
/// ```
/// use outrigger_proto::OwnedPid;
///
/// let pid = OwnedPid { node: "rust@127.0.0.1".into(), id: 7, serial: 0, creation: 3 };
/// assert_eq!(OwnedPid::from(pid.borrow()), pid);
/// assert_eq!(pid.to_string(), "<rust@127.0.0.1.7.0>");
///
/// // Within values that serde writes as terms.
/// let bytes = outrigger_term::to_vec(&("from", &pid)).unwrap();
/// assert_eq!(outrigger_term::from_slice(&bytes), Ok((String::from("from"), pid)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedPid {
    /// Name of the node the process lives on.
    pub node: Arc<str>,
    /// First number.
    pub id: u32,
    /// Second number.
    pub serial: u32,
    /// Incarnation of the node.
    pub creation: u32,
}

impl OwnedPid {
    /// The pid as the reader and the writer know it.
    pub fn borrow(&self) -> Pid<'_> {
        Pid { node: Atom::Utf8(&self.node), id: self.id, serial: self.serial, creation: self.creation }
    }
}

impl From<Pid<'_>> for OwnedPid {
    fn from(pid: Pid<'_>) -> Self {
        let node = match pid.node.as_str() {
            Some(text) => text.into(),
            None => pid.node.text().into(),
        };
        Self { node, id: pid.id, serial: pid.serial, creation: pid.creation }
    }
}

impl fmt::Display for OwnedPid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}.{}.{}>", self.node, self.id, self.serial)
    }
}

/// A reference that owns its node's name. Cloning counts a reference.
///
/// ```
/// use outrigger_proto::OwnedRef;
///
/// let reference = OwnedRef { node: "rust@127.0.0.1".into(), creation: 3, ids: [7, 8, 9, 0, 0], len: 3 };
/// assert_eq!(OwnedRef::from(reference.borrow()), reference);
/// assert_eq!(reference.to_string(), "#Ref<rust@127.0.0.1.9.8.7>");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedRef {
    /// Name of the node that made it.
    pub node: Arc<str>,
    /// Incarnation of that node.
    pub creation: u32,
    /// The words in wire order; those from `len` on are 0.
    pub ids: [u32; MAX_REFERENCE_WORDS],
    /// Words in use, 1 to 5.
    pub len: u8,
}

impl OwnedRef {
    /// The reference as the reader and the writer know it.
    #[must_use]
    pub fn borrow(&self) -> Reference<'_> {
        Reference { node: Atom::Utf8(&self.node), creation: self.creation, ids: self.ids, len: self.len }
    }
}

impl From<Reference<'_>> for OwnedRef {
    fn from(reference: Reference<'_>) -> Self {
        let node = match reference.node.as_str() {
            Some(text) => text.into(),
            None => reference.node.text().into(),
        };
        Self { node, creation: reference.creation, ids: reference.ids, len: reference.len }
    }
}

/// The words are printed last first, as OTP does.
impl fmt::Display for OwnedRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#Ref<{}", self.node)?;
        self.borrow().words().iter().rev().try_for_each(|word| write!(f, ".{word}"))?;
        f.write_str(">")
    }
}

/// With [`outrigger_term::to_vec`]; other formats get the bytes of the term.
impl Serialize for OwnedPid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.borrow().serialize(serializer)
    }
}

/// With [`outrigger_term::from_slice`] only.
impl<'de> Deserialize<'de> for OwnedPid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pid::deserialize(deserializer).map(Self::from)
    }
}

/// With [`outrigger_term::to_vec`]; other formats get the bytes of the term.
impl Serialize for OwnedRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.borrow().serialize(serializer)
    }
}

/// With [`outrigger_term::from_slice`] only.
impl<'de> Deserialize<'de> for OwnedRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reference::deserialize(deserializer).map(Self::from)
    }
}
