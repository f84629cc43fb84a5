//! A real BEAM node as a process of the operating system, driven over its standard input and output.

mod node;
mod options;

pub use node::Beam;
pub use options::BeamOptions;
