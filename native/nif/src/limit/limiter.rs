//! Limiters as resources: made, changed, looked at.

use outrigger_limit::{Algorithm, Ban, Config, Limiter, Rule, Stats, WhenFull};
use rustler::{Atom, Env, Term, atoms};

use super::clock::Clock;
use super::handle;
use super::keyed::{Keyed, seed};

atoms! { ok, not_manual }

/// A limiter that the VM's garbage collector owns, see [`super::handle`].
pub(super) struct LimiterResource {
    pub(super) limiter: Limiter,
    pub(super) clock: Clock,
    /// What keys are hashed with.
    pub(super) seed: [u64; 2],
}

impl Keyed for LimiterResource {
    fn seed(&self) -> [u64; 2] {
        self.seed
    }
}

#[derive(rustler::NifUnitEnum)]
enum AlgorithmAtom {
    Gcra,
    LeakyBucket,
    FixedWindow,
    OwnWindow,
    SlidingWindow,
    SlidingLog,
}

#[derive(rustler::NifUnitEnum)]
enum WhenFullAtom {
    Deny,
    Allow,
}

#[derive(rustler::NifUnitEnum)]
enum ClockAtom {
    Monotonic,
    Manual,
}

/// What `Outrigger.Limit.Config` makes of the options.
#[derive(rustler::NifMap)]
struct ConfigMap {
    algorithm: AlgorithmAtom,
    limit: u64,
    period_ns: u64,
    burst: Option<u64>,
    memory: u64,
    when_full: WhenFullAtom,
    /// Denials, within, for.
    ban: Option<(u32, u64, u64)>,
    clock: ClockAtom,
}

#[derive(rustler::NifMap)]
struct RuleMap {
    limit: u64,
    period_ns: u64,
    burst: Option<u64>,
}

/// [`Stats`] as a map.
#[derive(rustler::NifMap)]
struct StatsMap {
    allowed: u64,
    denied: u64,
    banned: u64,
    bans: u64,
    bans_missed: u64,
    shed: u64,
    keys: u64,
    capacity: u64,
    evicted: u64,
    bytes: u64,
}

impl From<Stats> for StatsMap {
    fn from(stats: Stats) -> Self {
        let Stats {
            allowed, denied, banned, bans, full, bans_missed, entries, capacity, evicted, bytes, ..
        } = stats;
        Self {
            allowed,
            denied,
            banned,
            bans,
            bans_missed,
            shed: full,
            keys: entries,
            capacity,
            evicted,
            bytes,
        }
    }
}

#[rustler::nif]
fn limit_new(env: Env<'_>, config: ConfigMap) -> Result<Term<'_>, String> {
    let ConfigMap { algorithm, limit, period_ns, burst, memory, when_full, ban, clock } = config;
    let config = Config {
        algorithm: match algorithm {
            AlgorithmAtom::Gcra => Algorithm::Gcra,
            AlgorithmAtom::LeakyBucket => Algorithm::LeakyBucket,
            AlgorithmAtom::FixedWindow => Algorithm::FixedWindow,
            AlgorithmAtom::OwnWindow => Algorithm::OwnWindow,
            AlgorithmAtom::SlidingWindow => Algorithm::SlidingWindow,
            AlgorithmAtom::SlidingLog => Algorithm::SlidingLog,
        },
        rule: Rule { limit, period_ns, burst },
        memory: usize::try_from(memory).unwrap_or(usize::MAX),
        when_full: match when_full {
            WhenFullAtom::Deny => WhenFull::Deny,
            WhenFullAtom::Allow => WhenFull::Allow,
        },
        ban: ban.map(|(denials, within_ns, for_ns)| Ban { denials, within_ns, for_ns }),
    };
    let clock = match clock {
        ClockAtom::Monotonic => Clock::Monotonic,
        ClockAtom::Manual => Clock::manual(),
    };
    let limiter = Limiter::new(config).map_err(|error| error.to_string())?;
    Ok(handle::make(env, LimiterResource { limiter, clock, seed: seed() }))
}

#[rustler::nif]
fn limit_update(limiter: &LimiterResource, rule: RuleMap) -> Result<Atom, String> {
    let RuleMap { limit, period_ns, burst } = rule;
    limiter.limiter.update(Rule { limit, period_ns, burst }).map_err(|error| error.to_string())?;
    Ok(ok())
}

/// Limit, period and burst.
#[rustler::nif]
fn limit_rule(limiter: &LimiterResource) -> (u64, u64, u64) {
    let rule = limiter.limiter.rule();
    (rule.limit(), rule.period_ns(), rule.burst())
}

#[rustler::nif]
fn limit_stats(limiter: &LimiterResource) -> StatsMap {
    limiter.limiter.stats().into()
}

#[rustler::nif]
fn limit_advance(limiter: &LimiterResource, millis: u64) -> Atom {
    if limiter.clock.advance(millis.saturating_mul(1_000_000)) { ok() } else { not_manual() }
}
