//! What the live tests and benches stand on: real BEAM peers as processes of the operating system, an EPMD of
//! their own, the `outrigger` binary as a child, and peers that break the protocol on purpose.
//!
//! Everything here blocks and waits for an event with a deadline; nothing sleeps for luck. A failure is a panic
//! that carries the captured output of the process it is about, because that is what a test wants to print. What
//! a value started is killed by its process id when the value is dropped, also while a test panics.
//!
//! ```no_run
//! use outrigger_testkit::{Beam, Epmd, RustNode, LONG};
//!
//! let epmd = Epmd::start();
//! let beam = Beam::options("app").epmd(&epmd).start();
//! let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).start();
//! rust.wait_joined(beam.name());
//! beam.wait_until(&format!("lists:member('{}', nodes(hidden))", rust.name()), LONG);
//! ```
//!
//! Limits: Linux only (`/proc`, signals). The binary is not built from here: `cargo build -p outrigger` first, or
//! name it in `OUTRIGGER_BIN`. `OUTRIGGER_ERL` and `OUTRIGGER_EPMD` name other Erlang programs than those in `PATH`.

#![expect(clippy::expect_used, reason = "the kit is test code: a panic with context is its error report")]

mod beam;
mod cluster;
mod epmd;
mod epmd_client;
mod group;
mod hostile;
mod lines;
mod network;
mod oracle;
mod package;
mod place;
mod process;
mod rust_node;
mod traffic;

pub use beam::{Beam, BeamOptions};
pub use cluster::Cluster;
pub use epmd::Epmd;
pub use epmd_client::{EpmdClient, Registration};
pub use group::Group;
pub use hostile::{Identity, RAW_FLAGS, RawPeer, RawServer, etf};
pub use lines::{Gone, Lines};
pub use network::Network;
pub use oracle::{Inspector, Oracle, Print, TermKind};
pub use package::{package, with_package};
pub use place::{COOKIE, LONG, SHORT, free_port, has_ipv6, host_of, unique_name};
pub use process::{Process, open_files, resident_kib};
pub use rust_node::{CookieFrom, RustNode, RustNodeOptions, outrigger};
pub use traffic::Traffic;
