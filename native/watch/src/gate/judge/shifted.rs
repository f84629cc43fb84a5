//! What a shift says to a budget that compares.
//!
//! | the shift is | and its interval | verdict |
//! |---|---|---|
//! | shown, and the floor or more | | fail |
//! | shown, and less | reaches beyond the floor | warn |
//! | not shown | reaches beyond the floor | inconclusive |
//! | | ends below the floor | pass |
//!
//! *Shown* is a two-sided probability of at most `1 - confidence`, in the direction that is worse. So where nothing has changed
//! a gate fails or warns in at most `1 - confidence` of all runs.

use super::{Lack, Reading};
use crate::gate::{Comparing, Floor, Verdict, Worse, show};
use crate::stats::Shift;

/// A shift that was found, and how.
pub(super) struct Found {
    pub(super) shift: Shift,
    pub(super) p: f64,
    /// Of the baseline: what a floor that is a share is a share of.
    pub(super) median: f64,
    /// How many values it is made of, in words.
    pub(super) values: String,
    pub(super) samples: u64,
    pub(super) defects: Vec<String>,
}

impl Found {
    pub(super) fn reading(self, comparing: &Comparing) -> Reading {
        let Self { shift, p, median, values, samples, defects } = self;
        let floor = match comparing.floor {
            Floor::Share(share) => share * median.abs(),
            Floor::Absolute(floor) => floor,
        };
        let verdict = weigh(comparing.worse, shift, floor, p <= 1.0 - comparing.confidence);
        let verdict = match (defects.is_empty(), verdict) {
            (false, Verdict::Pass | Verdict::Warn) => Verdict::Inconclusive,
            (_, verdict) => verdict,
        };
        let dimension = comparing.figure.dimension;
        let shown = |value: f64| show::figure(value, dimension);
        let share = match median == 0.0 {
            true => String::new(),
            false => format!(" ({:+.1} %)", 100.0 * shift.estimate / median),
        };
        let p = if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
        let mut why = format!(
            "{} is shifted by {}{share}, {} % confidence from {} to {}; the floor is {}, {p}, {values}",
            comparing.text,
            shown(shift.estimate),
            comparing.confidence * 100.0,
            shown(shift.low),
            shown(shift.high),
            shown(floor),
        );
        if !defects.is_empty() {
            why.push_str(&format!("; but {}", defects.join("; ")));
        }
        Reading {
            node: None,
            labels: String::new(),
            verdict,
            why,
            figure: Some(shift.estimate),
            limit: Some(floor),
            unit: dimension.unit().map_or_else(|| dimension.to_string(), |unit| unit.text().to_owned()),
            shown: shown(shift.estimate),
            shown_limit: format!("shift < {}", shown(floor)),
            samples,
        }
    }
}

/// What says that there is too little to show anything.
pub(super) fn few(comparing: &Comparing, values: &str) -> Lack {
    let percent = comparing.confidence * 100.0;
    Lack::inconclusive(format!("{values} cannot show anything with {percent} % confidence"))
}

/// The table of the module.
fn weigh(worse: Worse, shift: Shift, floor: f64, shown: bool) -> Verdict {
    // As if more were worse.
    let (estimate, high) = match worse {
        Worse::Higher => (shift.estimate, shift.high),
        Worse::Lower => (-shift.estimate, -shift.low),
        Worse::Either => (shift.estimate.abs(), shift.high.abs().max(shift.low.abs())),
    };
    let shown = shown && estimate > 0.0;
    match (shown, estimate >= floor, high > floor) {
        (true, true, _) => Verdict::Fail,
        (_, _, false) => Verdict::Pass,
        (true, false, true) => Verdict::Warn,
        (false, _, true) => Verdict::Inconclusive,
    }
}
