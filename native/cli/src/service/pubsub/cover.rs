//! Which of the nodes that a peer names we should dial.

use outrigger_node::NodeName;

/// The nodes worth a link: not ourselves, of our kind of name, not linked yet. Also how many were refused, because
/// a node of the other kind can never be connected to.
pub(super) fn wanted(
    own: &NodeName,
    named: Vec<NodeName>,
    linked: impl Fn(&NodeName) -> bool,
) -> (Vec<NodeName>, usize) {
    let total = named.len();
    let mut fitting: Vec<_> = named.into_iter().filter(|name| name.kind() == own.kind()).collect();
    let refused = total - fitting.len();
    fitting.retain(|name| name != own && !linked(name));
    (fitting, refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_and_should_be_dialled() {
        let name = |text: &str| text.parse::<NodeName>().unwrap();
        let named = ["r@h.d", "a@h.d", "b@h.d", "c@h"].map(name).to_vec();
        let (wanted, refused) = wanted(&name("r@h.d"), named, |node| node.as_str() == "a@h.d");
        assert_eq!(wanted, [name("b@h.d")]);
        assert_eq!(refused, 1);
    }
}
