//! An application node's half of `docs/design/fanout.md`, in plain Erlang: the worker of a group and its publishers.
//!
//! It is the contract as a foreign reader understands it, on purpose not the Elixir package's code. The Erlang is in
//! `kit_group.erl` beside this file; it is compiled inside the node.

use std::time::Duration;

use crate::beam::Beam;
use crate::place::LONG;

/// A group's worker on a BEAM node, and the Rust node whose router it attaches to.
pub struct Group<'a> {
    beam: &'a Beam,
    group: String,
    rust: String,
}

impl<'a> Group<'a> {
    /// Starts the worker of `group` on `beam`. It attaches to nothing yet; `rust` is the router's node.
    ///
    /// # Panics
    /// When the node does not take the module or the name is registered already.
    #[must_use]
    #[track_caller]
    pub fn start(beam: &'a Beam, group: &str, rust: &str) -> Self {
        if beam.eval("code:is_loaded(kit_group)") == "false" {
            beam.load(include_str!("kit_group.erl"));
        }
        let started = Self { beam, group: group.to_owned(), rust: rust.to_owned() };
        beam.eval(&format!("kit_group:start('{group}')"));
        started
    }

    /// The node that the worker runs on.
    #[must_use]
    pub fn beam(&self) -> &'a Beam {
        self.beam
    }

    /// Attaches and waits until the newest members list names exactly `nodes`.
    ///
    /// # Panics
    /// When it does not come to that within [`LONG`].
    #[track_caller]
    pub fn join(&self, nodes: &[&str]) {
        self.wait_linked();
        self.call("attach");
        self.wait_members(nodes);
    }

    /// Waits until the Rust node is connected to this node.
    ///
    /// # Panics
    /// When it does not come to that within [`LONG`].
    #[track_caller]
    pub fn wait_linked(&self) {
        self.beam.wait_until(&format!("lists:member('{}', nodes(hidden))", self.rust), LONG);
    }

    /// Waits until the newest members list names exactly `nodes`.
    ///
    /// # Panics
    /// When it does not come to that within [`LONG`].
    #[track_caller]
    pub fn wait_members(&self, nodes: &[&str]) {
        let mut sorted: Vec<_> = nodes.iter().map(|node| format!("'{node}'")).collect();
        sorted.sort();
        let wanted = sorted.join(",");
        self.wait(&format!("{} =:= lists:sort([{wanted}])", self.text("member_nodes")), LONG);
    }

    /// Waits until an Erlang expression is true on the worker's node.
    ///
    /// # Panics
    /// When it does not come to that in time.
    #[track_caller]
    pub fn wait(&self, expression: &str, within: Duration) {
        self.beam.wait_until(expression, within);
    }

    /// Waits until the messages received so far are exactly this Erlang list, in this order.
    ///
    /// # Panics
    /// When they are not within [`LONG`].
    #[track_caller]
    pub fn wait_data(&self, list: &str) {
        self.wait(&format!("kit_group:data('{}') =:= ({list})", self.group), LONG);
    }

    /// Evaluates `kit_group:FUNCTION(Group, Rust)`.
    ///
    /// # Panics
    /// When it raises.
    #[track_caller]
    pub fn call(&self, function: &str) -> String {
        self.beam.eval(&self.text(function))
    }

    /// Evaluates `kit_group:FUNCTION(Group, Rust, Arguments)`.
    ///
    /// # Panics
    /// When it raises.
    #[track_caller]
    pub fn call_with(&self, function: &str, arguments: &str) -> String {
        self.beam.eval(&format!("kit_group:{function}('{}', '{}', {arguments})", self.group, self.rust))
    }

    /// Evaluates `kit_group:FUNCTION(Group)`.
    ///
    /// # Panics
    /// When it raises.
    #[track_caller]
    pub fn own(&self, function: &str) -> String {
        self.beam.eval(&format!("kit_group:{function}('{}')", self.group))
    }

    /// The newest members list's version.
    ///
    /// # Panics
    /// When there is no list yet.
    #[track_caller]
    pub fn version(&self) -> u64 {
        self.beam.eval_number(&self.text("version"))
    }

    /// Publishes an Erlang term on the newest route.
    ///
    /// # Panics
    /// When there is no route.
    #[track_caller]
    pub fn publish(&self, term: &str) {
        self.call_with("publish", term);
    }

    /// Empties the worker's log.
    ///
    /// # Panics
    /// When the node does not answer.
    #[track_caller]
    pub fn forget(&self) {
        self.own("forget");
    }

    fn text(&self, function: &str) -> String {
        format!("kit_group:{function}('{}', '{}')", self.group, self.rust)
    }
}
