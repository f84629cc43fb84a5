//! Long and short names: nodes of different kinds never connect.

use outrigger_node::{NameKind, NodeName};

use super::finding::Finding;
use crate::settings::kind_word;

/// Whether a node of the kind `own` can be connected to `target` at all.
pub(super) fn kind(own: NameKind, target: &NodeName) -> Finding {
    let check = format!("name {target}");
    if target.kind() == own {
        return Finding::ok(check, format!("a {} name, as ours", kind_word(own)));
    }
    let detail = format!("a {} name, ours is {}", kind_word(target.kind()), kind_word(own));
    let remedy = match target.kind() {
        NameKind::Long => {
            "start the Rust node with --name, or that node with --sname: the host must have a dot on both sides or on none"
        }
        NameKind::Short => {
            "start the Rust node with --sname, or that node with --name and a full host name or an IP address"
        }
    };
    Finding::fail(check, detail, remedy)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn kinds() {
        let status = |own, target: &str| kind(own, &target.parse().unwrap()).status;
        assert_eq!(status(NameKind::Long, "a@h.d"), Status::Ok);
        assert_eq!(status(NameKind::Short, "a@h"), Status::Ok);
        assert_eq!(status(NameKind::Long, "a@h"), Status::Fail);
        assert_eq!(status(NameKind::Short, "a@127.0.0.1"), Status::Fail);
    }
}
