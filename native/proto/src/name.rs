//! Node names.
//!
//! A name is `name@host`: one `@`, both parts there, at most 255 bytes, only printable characters of Latin-1
//! (the handshake carries Latin-1). The rule is a little wider than OTP's own, since C nodes and old nodes
//! follow none.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use crate::ProtoError;

/// A validated node name. Cloning counts a reference.
///
/// ```
/// use outrigger_proto::{NameKind, NodeName};
///
/// let name: NodeName = "rust@127.0.0.1".parse()?;
/// assert_eq!((name.short(), name.host(), name.kind()), ("rust", "127.0.0.1", NameKind::Long));
/// assert!("rust".parse::<NodeName>().is_err());
/// # Ok::<(), outrigger_proto::ProtoError>(())
/// ```
#[derive(Clone)]
pub struct NodeName {
    text: Arc<str>,
    at: usize,
}

/// Nodes with short names (`-sname`) and nodes with long names (`-name`) cannot talk to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// The host has no dot.
    Short,
    /// The host has a dot or is an IP address.
    Long,
}

impl NodeName {
    /// Checks a name.
    pub fn new(text: &str) -> Result<Self, ProtoError> {
        let bad = |why| ProtoError::BadNodeName { why };
        if text.len() > 255 {
            return Err(bad("it is longer than 255 bytes"));
        }
        let (name, host) = text.split_once('@').ok_or(bad("it has no @"))?;
        if name.is_empty() || host.is_empty() {
            return Err(bad("a part is empty"));
        }
        if host.contains('@') {
            return Err(bad("it has more than one @"));
        }
        if !text.chars().all(|c| matches!(c, '!'..='~' | '\u{a1}'..='\u{ff}')) {
            return Err(bad("it has a character that is not printable Latin-1"));
        }
        Ok(Self { text: text.into(), at: name.len() })
    }

    /// Checks a name as the handshake carries it, in Latin-1.
    pub(crate) fn from_latin1(bytes: &[u8]) -> Result<Self, ProtoError> {
        Self::new(&bytes.iter().map(|&byte| char::from(byte)).collect::<String>())
    }

    /// The name as the handshake carries it.
    pub(crate) fn to_latin1(&self) -> Vec<u8> {
        // `new` lets no character beyond Latin-1 in, so nothing is lost here.
        self.text.chars().filter_map(|c| u8::try_from(c).ok()).collect()
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`, under which EPMD knows the node.
    pub fn short(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// The part behind the `@`.
    pub fn host(&self) -> &str {
        self.text.get(self.at + 1..).unwrap_or_default()
    }

    /// Short or long.
    pub fn kind(&self) -> NameKind {
        let host = self.host();
        match host.contains('.') || host.parse::<IpAddr>().is_ok() {
            true => NameKind::Long,
            false => NameKind::Short,
        }
    }

    /// The shared text, for [`crate::OwnedPid::node`].
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}

/// A map by names can be asked by their text.
impl Borrow<str> for NodeName {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl PartialEq for NodeName {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for NodeName {}

impl Hash for NodeName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Ord for NodeName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl PartialOrd for NodeName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for NodeName {
    type Err = ProtoError;

    fn from_str(text: &str) -> Result<Self, ProtoError> {
        Self::new(text)
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}
