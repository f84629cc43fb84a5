//! Looks into a running BEAM node from outside: schedulers, memory, processes, links and the pools of DBConnection.
//!
//! Nothing has to be installed on the node, and no code is loaded there. Latencies are what `Outrigger.Watch` of the Hex package counts, where it runs. A [`Guest`] is one process on it, which evaluates a small
//! Erlang program with `erl_eval` and answers one message for each round; a [`Watch`] asks it in its rhythm and turns what it says into
//! figures.
//!
//! ```no_run
//! # async fn show(node: outrigger_node::Node, peer: outrigger_node::NodeName) -> Result<(), outrigger_probe::ProbeError> {
//! use outrigger_probe::{Watch, WatchConfig};
//!
//! let mut watch = Watch::start(&node, &peer, WatchConfig::default()).await?;
//! loop {
//!     let round = watch.next().await?;
//!     for figure in &round.figures {
//!         println!("{figure}");
//!     }
//!     for pool in &round.pools {
//!         println!("{}: {} of {} out, {} wait", pool.name, pool.checked_out, pool.size, pool.queue_len);
//!     }
//! }
//! # }
//! ```
//!
//! # Invariants
//!
//! - What is found is left: `scheduler_wall_time` is held by the guest alone, and the guest is linked to a process of ours. When our
//!   node ends, by `kill -9` too, the guest ends and with it the flag.
//! - No message is sent to a process of the application, and nothing is read of what processes, tables or connections hold: names,
//!   functions and numbers, never a parameter, a row or a dictionary.
//! - A round costs the same however many processes and ports there are; [`Pace`] measures it and lets it cost [`WatchConfig::duty`] of a core at most.
//!
//! # Rooms
//!
//! `guest` (the program, and how it gets there) -> `answer` (what it says, as types) -> `figures`, `pools`, `busiest`, `orphans`, `latency`, `depth` (pure: what one answer and
//! the one before it mean) -> `rounds` (all of that, pure) -> `watch` (the rhythm) ->
//! `cluster` (all nodes; `views`: whether they see each other). Beside them `profile`, with a guest of its own that samples stacks; `tree`, with one
//! that reads who has started whom; and `events`, which the
//! virtual machine reports by itself.
//!
//! # Limits
//!
//! OTP 25 and later. The guest's program takes some 300 KiB there, and its walk 50 bytes for each process. A process that works less than
//! a walk's time is seen only if it is still there when its turn comes.

mod answer;
mod blocks;
mod busiest;
mod clock;
mod cluster;
mod depth;
mod error;
mod events;
#[cfg(feature = "fuzzing")]
mod fed;
mod figures;
mod guest;
mod latency;
mod orphans;
mod pace;
mod pools;
mod profile;
mod recorder;
mod rolling;
mod round;
mod rounds;
mod tree;
mod views;
mod watch;
mod word;

pub use answer::{Frame, Function, Hello, Owner, ProcessInfo};
pub use blocks::Blocks;
pub use busiest::Busy;
pub use clock::now_ms;
pub use cluster::{Cluster, Sight};
pub use depth::{DepthConfig, Port, Table};
pub use error::ProbeError;
pub use events::{Event, EventKind, EventLimits, Events, Standing};
#[cfg(feature = "fuzzing")]
pub use fed::Fed;
pub use figures::Figure;
pub use guest::Guest;
pub use latency::Latency;
pub use pace::Pace;
pub use pools::{Holder, Pool, Waiter};
pub use profile::{By, Cost, ProcessTime, Profile, ProfileConfig, Profiler, SamplePace};
pub use recorder::Recorder;
pub use rolling::Rolling;
pub use round::Round;
pub use tree::{TreeConfig, read_tree};
pub use views::Views;
pub use watch::{Watch, WatchConfig};
