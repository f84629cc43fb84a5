//! Flame graphs: where a node's processes spend their time.
//!
//! [`Folded`] holds stacks and what each of them took, as text the folded stacks of Brendan Gregg's `flamegraph.pl`, which most profilers write.
//! From it come an [`Svg`], the [`Spent`] of each function, the [`Changes`] against an earlier profile, and a [`Page`] with all of it and with
//! [`Chart`]s of what the node did meanwhile.
//!
//! # Invariants
//!
//! - The same input gives the same bytes: nothing here is random, and colours follow from names.
//! - Text of a node or a file is escaped wherever it is shown, and a name never becomes two frames.
//!
//! # Example
//!
//! ```
//! use outrigger_watch::flame::{Folded, Svg, label};
//!
//! let mut folded = Folded::new();
//! let frames = [label("Elixir.Shop.Cart", "total", 1), label("lists", "foldl_1", 3)];
//! folded.add(&frames, 70)?;
//! folded.add(&frames[..1], 30)?;
//! assert_eq!(folded.to_string(), "Shop.Cart.total/1 30\nShop.Cart.total/1;lists:foldl_1/3 70\n");
//! assert!(Svg::new("shop@host").render(&folded)?.contains("lists:foldl_1/3"));
//! # Ok::<(), outrigger_watch::flame::FlameError>(())
//! ```
//!
//! # Limits
//!
//! [`Folded::STACKS`] stacks of [`Folded::FRAMES`] frames; a file of folded stacks up to [`Folded::BYTES`].

mod changes;
mod chart;
mod error;
mod folded;
mod functions;
mod label;
mod page;
mod svg;

pub use changes::{Change, Changes};
pub use chart::{Chart, Line};
pub use error::FlameError;
pub use folded::Folded;
pub use functions::Spent;
pub use label::{clean, label};
pub use page::{Page, Table};
pub use svg::Svg;
