//! What a guest could say if its node were hostile, through all that reads it. With the feature `fuzzing` alone, for the fuzz target
//! `guest_answer`.

use std::time::Duration;

use outrigger_term::from_slice;
use serde::de::DeserializeOwned;

use crate::answer::{Answer, Hello};
use crate::profile::FedProfile;
use crate::rounds::Rounds;
use crate::{Recorder, Rolling, Round, Views, WatchConfig};

/// From one round to the next, in milliseconds.
const SECOND: u64 = 1_000;

/// A watch, a recording and a profile that are fed with bytes.
#[derive(Debug)]
pub struct Fed {
    /// What bytes do not say: of the answer before, or nothing.
    answer: Answer,
    rounds: Rounds,
    views: Views,
    recorder: Recorder,
    rolling: Rolling,
    profile: FedProfile,
    now: u64,
}

impl Default for Fed {
    fn default() -> Self {
        Self {
            answer: Answer::default(),
            rounds: Rounds::new("a@h".into(), Hello::default(), WatchConfig::default()),
            views: Views::default(),
            recorder: Recorder::new(0),
            rolling: Rolling::new(10 * SECOND, 0),
            profile: FedProfile::default(),
            now: 0,
        }
    }
}

impl Fed {
    /// Takes bytes as a whole answer or as a part of one. `None`: they are none, and nothing has changed.
    pub fn take(&mut self, which: u8, bytes: &[u8]) -> Option<()> {
        let mut answer = self.answer.clone();
        match which % 10 {
            0 => answer = read(bytes)?,
            1 => self.rounds = Rounds::new("a@h".into(), read(bytes)?, WatchConfig::default()),
            2 => answer.system = read(bytes)?,
            3 => answer.top = Some(read(bytes)?),
            4 => answer.latency = Some(read(bytes)?),
            5 => answer.pools = read(bytes)?,
            6 => answer.events = Some(read(bytes)?),
            7 => answer.depth = Some(read(bytes)?),
            8 => (answer.at, answer.took, answer.depth_took) = read(bytes)?,
            _ => return self.profile.take(bytes),
        }
        // What grows, grows on.
        self.answer.system = answer.system.clone();
        self.answer.at = answer.at;
        self.now += SECOND;
        let _ = self.rounds.wanted();
        let round = self.rounds.take(answer, self.now, Duration::from_millis(1));
        self.keep(round);
        Some(())
    }

    fn keep(&mut self, mut round: Round) {
        self.views.saw(&round);
        round.figures.extend(self.views.figures(&round.node));
        self.recorder.saw(&round);
        self.rolling.saw(round);
    }

    /// The recording until now, as it would be written to a file, and what a gate would judge.
    #[must_use]
    pub fn windows(&self) -> [outrigger_watch::Window; 2] {
        [self.recorder.clone().window(self.now), self.rolling.window(10 * SECOND, self.now)]
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    from_slice(bytes).ok()
}
