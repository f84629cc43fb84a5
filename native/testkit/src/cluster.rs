//! Some BEAM nodes and one Rust node that has joined them all.

use std::net::SocketAddr;

use crate::beam::Beam;
use crate::epmd::Epmd;
use crate::group::Group;
use crate::rust_node::{RustNode, RustNodeOptions};

/// A running cluster with an EPMD of its own.
pub struct Cluster {
    // Dropped in this order: the nodes before the EPMD that they are registered with.
    rust: RustNode,
    beams: Vec<Beam>,
    epmd: Epmd,
}

impl Cluster {
    /// Starts `beams` BEAM nodes and a Rust node that joins them, and waits until it has.
    ///
    /// # Panics
    /// When one of them does not come up or is not joined.
    #[must_use]
    #[track_caller]
    pub fn start(beams: usize) -> Self {
        Self::start_with(beams, |options| options, None)
    }

    /// [`Cluster::start`] with other options of the Rust node, and a `net_ticktime` for all nodes.
    ///
    /// # Panics
    /// When one of them does not come up or is not joined.
    #[must_use]
    #[track_caller]
    pub fn start_with(
        beams: usize,
        rust: impl FnOnce(RustNodeOptions) -> RustNodeOptions,
        net_ticktime: Option<u32>,
    ) -> Self {
        let epmd = Epmd::start();
        let beams: Vec<_> = (0..beams)
            .map(|_| {
                let options = Beam::options("app").epmd(&epmd);
                net_ticktime
                    .into_iter()
                    .fold(options, |options, seconds| options.net_ticktime(seconds))
                    .start()
            })
            .collect();
        let options =
            beams.iter().fold(RustNode::options("rust").epmd(&epmd), |all, beam| all.join(beam.name()));
        let options =
            net_ticktime.into_iter().fold(options, |options, seconds| options.net_ticktime(seconds));
        let rust = rust(options).start();
        for beam in &beams {
            rust.wait_joined(beam.name());
        }
        Self { rust, beams, epmd }
    }

    /// The Rust node.
    #[must_use]
    pub fn rust(&self) -> &RustNode {
        &self.rust
    }

    /// Where the Rust node listens, for raw peers.
    ///
    /// # Panics
    /// When it is not registered.
    #[must_use]
    #[track_caller]
    pub fn rust_address(&self) -> SocketAddr {
        self.rust.address(&self.epmd)
    }

    /// A BEAM node by its number.
    ///
    /// # Panics
    /// When there are not so many.
    #[must_use]
    pub fn beam(&self, number: usize) -> &Beam {
        &self.beams[number]
    }

    /// The names of the BEAM nodes.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.beams.iter().map(Beam::name).collect()
    }

    /// The EPMD.
    #[must_use]
    pub fn epmd(&self) -> &Epmd {
        &self.epmd
    }

    /// Starts a worker of `group` on one of the BEAM nodes.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    #[track_caller]
    pub fn group(&self, number: usize, group: &str) -> Group<'_> {
        Group::start(self.beam(number), group, self.rust.name())
    }

    /// Starts a worker of `group` on every BEAM node and waits until all are in every list.
    ///
    /// # Panics
    /// When they do not come together.
    #[must_use]
    #[track_caller]
    pub fn joined_groups(&self, group: &str) -> Vec<Group<'_>> {
        let names = self.names();
        let groups: Vec<_> = (0..names.len()).map(|number| self.group(number, group)).collect();
        for (n, worker) in groups.iter().enumerate() {
            worker.join(&names[..=n]);
        }
        for worker in &groups {
            worker.wait_members(&names);
        }
        groups
    }
}
