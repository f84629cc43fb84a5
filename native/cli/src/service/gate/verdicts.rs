//! Verdicts and since when they hold. Pure.

use std::collections::BTreeMap;

use outrigger_probe::Rolling;
use outrigger_watch::gate::{Config, Verdict, judge};

/// The gates, and what was said of each last.
pub(super) struct Verdicts {
    config: Config,
    last: BTreeMap<String, (Verdict, u64)>,
}

/// What is said of a gate.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) gate: String,
    pub(super) verdict: Verdict,
    pub(super) why: String,
    /// Since when it has been this verdict, in milliseconds since the Unix epoch.
    pub(super) since: u64,
    /// Whether it is another one than before.
    pub(super) changed: bool,
}

impl Verdicts {
    pub(super) fn new(config: Config) -> Self {
        Self { config, last: BTreeMap::new() }
    }

    /// Judges each gate over its last while.
    pub(super) fn judge(&mut self, rolling: &Rolling, now: u64) -> Vec<Said> {
        let Self { config, last } = self;
        config
            .gates
            .values()
            .map(|gate| {
                let window = rolling.window(gate.window.saturating_add(gate.warm_up), now);
                let outcome = judge(gate, &[window], &[]);
                let before = last.get(&gate.name).copied();
                let changed = before.is_none_or(|(verdict, _)| verdict != outcome.verdict);
                let since = before.filter(|_| !changed).map_or(now, |(_, since)| since);
                last.insert(gate.name.clone(), (outcome.verdict, since));
                Said { gate: gate.name.clone(), verdict: outcome.verdict, why: outcome.why, since, changed }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_as_old_as_its_last_change() {
        let config = Config::read(
            "[gate.ship]\nwindow = \"1s\"\nwarm_up = \"0s\"\nsamples = 1\n[[gate.ship.budget]]\npass = 'runq.total.max < 2'\n",
        )
        .unwrap();
        let mut verdicts = Verdicts::new(config);
        let rolling = Rolling::new(1_000, 0);
        let said = verdicts.judge(&rolling, 5_000);
        assert_eq!((said[0].verdict, said[0].since, said[0].changed), (Verdict::NotRun, 5_000, true));
        let said = verdicts.judge(&rolling, 6_000);
        assert_eq!((said[0].since, said[0].changed), (5_000, false));
    }
}
