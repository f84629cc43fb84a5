//! A node's processes as a picture: which application, which supervisor, which children, down to workers, and who belongs to nobody.
//!
//! A [`Snapshot`] is what was read of each process; [`Picture::of`] makes a tree of it that people can take in; it is shown as [`text`], [`svg`] and
//! [`html`], and serializes as it is.
//!
//! # Invariants
//!
//! - Each process of the snapshot is counted in the picture once, whatever it says of its parent: also when parents go round in a circle.
//! - What is not drawn is said, with how much it is: siblings that are alike and have no children are one line, and so is what is beyond [`View::depth`],
//!   [`View::siblings`] and [`View::lines`].
//! - No recursion on the snapshot's account: a chain of a million processes is as good as any other tree.
//!
//! # Example
//!
//! ```
//! use outrigger_watch::tree::{self, Picture, Process, Snapshot, View};
//!
//! let mut shot = Snapshot { node: "app@host".into(), release: "29".into(), ..Snapshot::default() };
//! shot.applications.push(("shop".into(), "<0.10.0>".parse()?));
//! shot.processes.push(Process::new("<0.10.0>".parse()?, None, "application_master:init/4"));
//! for number in 11..=1_010 {
//!     let pid = format!("<0.{number}.0>").parse()?;
//!     shot.processes.push(Process::new(pid, Some("<0.10.0>".parse()?), "Shop.Worker.init/1"));
//! }
//! let text = tree::text(&Picture::of(&shot, &View::default())?, false);
//! assert!(text.contains("shop") && text.contains("Shop.Worker.init/1 × 1,000"), "{text}");
//! # Ok::<(), outrigger_watch::WatchError>(())
//! ```
//!
//! # Limits
//!
//! A parent is who started a process. Of a supervisor's children that is the supervisor; it does not know their ids and restart types, which the supervisor
//! alone has. A process whose parent has ended stands below its application, which its group leader tells.

mod amount;
mod build;
mod fold;
mod forest;
mod html;
mod picture;
mod pid;
mod snapshot;
mod svg;
mod text;

pub use html::html;
pub use picture::{Branch, Kind, Mark, Orphan, Picture, Sum, View};
pub use pid::Pid;
pub use snapshot::{Process, Snapshot};
pub use svg::svg;
pub use text::text;
