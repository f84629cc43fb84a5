//! Errors of the node as findings: what is wrong, and what to do.

use outrigger_node::NodeError;

use super::finding::Finding;

/// A failed check out of an error.
pub(super) fn failed(check: impl Into<String>, error: &NodeError) -> Finding {
    let text = error.to_string();
    // The node's messages put the remedy behind a semicolon where they have one.
    match text.split_once("; ") {
        Some((problem, remedy)) => Finding::fail(check, problem, remedy),
        None => Finding::fail(check, text.as_str(), remedy(error)),
    }
}

fn remedy(error: &NodeError) -> &'static str {
    match error {
        NodeError::NotAllowed { .. } => {
            "look into the log of that node: net_kernel:allow/1 or -connect_all may keep others out"
        }
        NodeError::CookieUnreadable { .. } => "check the path and the owner of the file",
        NodeError::CookieNotAFile { .. } => "name a file that holds the cookie on its first line",
        NodeError::CookieEmpty { .. } => "put the cookie there; in Elixir it is Node.get_cookie()",
        NodeError::CookieMalformed { .. } => "give the cookie as one line of printable ASCII",
        NodeError::HandshakeClosed { .. } | NodeError::Handshake { .. } => {
            "see that a BEAM node listens there, and what its log says"
        }
        NodeError::NoProcess { .. } | NodeError::ProcessDown { .. } | NodeError::CallTimeout { .. } => {
            "see that kernel's rpc server runs there and is not stuck"
        }
        _ => "see the logs of both sides",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_remedy() {
        let peer = || "a@h".to_owned();
        for error in [
            NodeError::PeerUnknown { peer: peer(), host: "h".into(), port: 4369 },
            NodeError::CookieRefused { peer: peer() },
            NodeError::NotAllowed { peer: peer() },
            NodeError::PeerSpeaksTls { peer: peer() },
            NodeError::CookieMissing,
            NodeError::CookieEmpty { origin: "x".into() },
        ] {
            let finding = failed("check", &error);
            assert!(!finding.remedy.is_empty() && !finding.detail.contains("; "), "{finding:?}");
        }
    }
}
