//! The OTP release of a node, asked of its rpc server.

use std::time::Duration;

use outrigger_node::{Node, NodeName, OwnedPid};
use outrigger_term::{Reader, TermError, Writer};

use super::explain;
use super::finding::Finding;

/// The oldest release that the package works with.
const OLDEST: u32 = 25;
/// The newest one that it is tested with.
const NEWEST: u32 = 29;

/// Asks a linked node for its release.
pub(super) async fn check(node: &Node, peer: &NodeName, timeout: Duration) -> Finding {
    let name = format!("release {peer}");
    // Two atoms and a pid of ours always fit.
    let request = |caller: &OwnedPid| request(caller).unwrap_or_default();
    match node.call_with(peer, "rex", request, timeout).await {
        Ok(reply) => judge(name, &reply),
        Err(error) => explain::failed(name, &error),
    }
}

/// `{call, erlang, system_info, [otp_release], GroupLeader}`.
fn request(caller: &OwnedPid) -> Result<Vec<u8>, TermError> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.tuple(5);
    for atom in ["call", "erlang", "system_info"] {
        writer.atom(atom)?;
    }
    writer.list(1);
    writer.atom("otp_release")?;
    writer.nil();
    writer.pid(&caller.borrow())?;
    Ok(out)
}

fn judge(name: String, reply: &[u8]) -> Finding {
    let text = Reader::new(reply).string().map(|text| String::from_utf8_lossy(text).into_owned());
    match text.as_deref().map(str::parse::<u32>) {
        Ok(Ok(release @ OLDEST..=NEWEST)) => Finding::ok(name, format!("OTP {release}")),
        Ok(Ok(release)) if release < OLDEST => {
            Finding::fail(name, format!("OTP {release} is too old"), format!("use OTP {OLDEST} to {NEWEST}"))
        }
        Ok(Ok(release)) => Finding::warn(
            name,
            format!("OTP {release} is newer than what this version was tested with"),
            format!("look for a newer outrigger, or use OTP {OLDEST} to {NEWEST}"),
        ),
        _ => Finding::warn(name, "its rpc server gave an answer that is no release", "see that node's log"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    fn status(text: &[u8]) -> Status {
        let mut reply = Vec::new();
        Writer::new(&mut reply).charlist(text).unwrap();
        judge(String::new(), &reply).status
    }

    #[test]
    fn releases() {
        assert_eq!(status(b"25"), Status::Ok);
        assert_eq!(status(b"29"), Status::Ok);
        assert_eq!(status(b"24"), Status::Fail);
        assert_eq!(status(b"30"), Status::Warn);
        assert_eq!(status(b"R16B"), Status::Warn);
        assert_eq!(judge(String::new(), &[104, 2]).status, Status::Warn);
    }
}
