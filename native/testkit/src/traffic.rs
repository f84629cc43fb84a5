//! Numbered messages between two BEAM nodes through the router, all the while something bad happens beside them.

use crate::cluster::Cluster;
use crate::group::Group;
use crate::place::LONG;

/// Traffic between the first two BEAM nodes of a cluster, about one message a millisecond in each direction.
/// [`Traffic::finish`] must be called: it is the check.
#[must_use = "finish() checks that nothing was lost"]
pub struct Traffic<'a> {
    cluster: &'a Cluster,
    groups: [Group<'a>; 2],
}

impl<'a> Traffic<'a> {
    /// The group that the traffic runs in.
    pub const GROUP: &'static str = "traffic";

    /// Starts the traffic and waits until it arrives on both sides.
    ///
    /// # Panics
    /// When the cluster has fewer than two BEAM nodes or nothing arrives.
    #[track_caller]
    pub fn start(cluster: &'a Cluster) -> Self {
        let groups = [0, 1].map(|n| cluster.group(n, Self::GROUP));
        let names = cluster.names();
        groups[0].join(&names[..1]);
        groups[1].join(&names[..2]);
        groups[0].wait_members(&names[..2]);
        for group in &groups {
            let rust = cluster.rust().name();
            let pump = format!("persistent_term:put(pump, kit_group:pump({}, '{rust}'))", Self::GROUP);
            group.beam().eval(&pump);
        }
        let traffic = Self { cluster, groups };
        traffic.wait_more();
        traffic
    }

    /// Waits until some more messages have arrived on both sides: what was done before this call has met traffic.
    ///
    /// # Panics
    /// When nothing arrives.
    #[track_caller]
    pub fn wait_more(&self) {
        for group in &self.groups {
            let seen = group.beam().eval_number("length(kit_group:data(traffic))");
            group.wait(&format!("length(kit_group:data(traffic)) > {}", seen + 20), LONG);
        }
    }

    /// Stops the traffic and checks that each side has received every number once and in order, that neither link
    /// has fallen, and that the Rust node still runs.
    ///
    /// # Panics
    /// When one of these does not hold.
    #[track_caller]
    pub fn finish(self) {
        let rust = self.cluster.rust().process();
        assert!(rust.is_running(), "the Rust node is gone. Its log:\n{}", rust.dump());
        self.wait_more();
        let last = self
            .groups
            .each_ref()
            .map(|g| g.beam().eval_number("kit_group:pump_stop(persistent_term:get(pump))"));
        for (receiver, sender) in [(0, 1), (1, 0)] {
            let from = self.groups[sender].beam().name();
            let (receiver, last) = (&self.groups[receiver], last[sender]);
            receiver.wait(&format!("length(kit_group:from(traffic, '{from}')) >= {last}"), LONG);
            let exact =
                receiver.beam().eval(&format!("kit_group:from(traffic, '{from}') =:= lists:seq(1, {last})"));
            assert_eq!(exact, "true", "messages from {from} were doubled or changed places");
        }
        for group in &self.groups {
            let name = group.beam().name();
            let fell = rust.lines().seen(0, |line| line.contains("left") && line.contains(name));
            assert!(!fell, "the link to {name} fell. The log:\n{}", rust.dump());
        }
        assert!(rust.is_running(), "the Rust node is gone. Its log:\n{}", rust.dump());
    }
}
