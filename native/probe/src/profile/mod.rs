//! What the processes of a node run: stacks sampled from outside, nothing traced.
//!
//! `sampled` (what the sampler says, as types) -> `weigh` (what a sample stands for; pure) -> [`Profile`] (what all of them say; pure) <-
//! [`Profiler`] (the rhythm, by the plan of `pace`).

mod collect;
#[cfg(feature = "fuzzing")]
mod fed;
mod pace;
mod profiler;
mod root;
mod sampled;
mod weigh;

pub use collect::{Cost, ProcessTime, Profile};
#[cfg(feature = "fuzzing")]
pub(crate) use fed::FedProfile;
pub use pace::SamplePace;
pub use profiler::{ProfileConfig, Profiler};
pub use root::By;
