//! A process identifier as its own node prints it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::WatchError;

/// `<0.123.4>`: the number and the serial of a process of the node that was read.
///
/// ```
/// use outrigger_watch::tree::Pid;
///
/// let pid: Pid = "<0.123.4>".parse()?;
/// assert_eq!(pid.to_string(), "<0.123.4>");
/// assert!("<9.123.4>".parse::<Pid>().is_err(), "of another node");
/// # Ok::<(), outrigger_watch::WatchError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid {
    // First: it tells who was started first, as long as numbers have not come round.
    serial: u32,
    number: u32,
}

impl FromStr for Pid {
    type Err = WatchError;

    fn from_str(text: &str) -> Result<Self, WatchError> {
        let inner = text.strip_prefix("<0.").and_then(|text| text.strip_suffix('>'));
        let parts = inner.and_then(|inner| inner.split_once('.'));
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| plain)
        };
        match parts.map(|(first, second)| (number(first), number(second))) {
            Some((Some(number), Some(serial))) => Ok(Self { serial, number }),
            _ => Err(WatchError::BadPid { text: text.chars().take(40).collect() }),
        }
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<0.{}.{}>", self.number, self.serial)
    }
}

impl Serialize for Pid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pid_of_the_node_is_refused() {
        for text in ["", "<0.1>", "<0.1.2", "<1.1.2>", "<0.+1.2>", "<0.1.2.3>", "<0.4294967296.0>", "<0..0>"]
        {
            assert!(text.parse::<Pid>().is_err(), "{text}");
        }
        assert!("<0.4294967295.0>".parse::<Pid>().is_ok());
    }
}
