//! The profile of `crate::fed`.

use outrigger_term::from_slice;

use super::sampled::Sampled;
use super::{By, Profile, SamplePace};

#[derive(Debug)]
pub(crate) struct FedProfile {
    pace: SamplePace,
    profile: Profile,
}

impl Default for FedProfile {
    fn default() -> Self {
        Self { pace: SamplePace::new(100.0, 0.02), profile: Profile::new(2, By::Name, true, true, 0) }
    }
}

impl FedProfile {
    /// Takes bytes as the sampler's answer.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Option<()> {
        let _ = self.pace.plan();
        let sampled: Sampled = from_slice(bytes).ok()?;
        let worked = self.pace.took(&sampled);
        self.profile.add(&sampled, worked);
        let _ = (self.profile.folded(), self.profile.processes(), self.profile.cut());
        Some(())
    }
}
