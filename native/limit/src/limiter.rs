//! The limiter: keys with one algorithm and one rule, for any number of threads.

use crate::ban::Bans;
use crate::keys::Keys;
use crate::log::At;
use crate::rule::MAX_NS;
use crate::rule_cell::RuleCell;
use crate::stats::Counters;
use crate::sync::{AtomicU64, Ordering};
use crate::table::Full;
use crate::{Algorithm, CheckedRule, Config, Error, KeyHash, Outcome, Rule, Stats, Verdict, WhenFull};

/// Keys with one algorithm and one rule. All calls take `&self` and may come from any thread.
///
/// `now` is nanoseconds of a monotonic clock since an epoch of the caller's choice. Windows begin at multiples of their
/// period since that epoch. Clocks of threads may lag a little: nothing more is admitted for that.
#[derive(Debug)]
pub struct Limiter {
    algorithm: Algorithm,
    rule: RuleCell,
    /// The longest period of all rules so far: a sliding window may forget nothing that one of them looks at.
    longest_ns: AtomicU64,
    when_full: WhenFull,
    keys: Keys,
    bans: Option<Bans>,
    counters: Counters,
    bytes: usize,
}

impl Limiter {
    /// A limiter without keys.
    ///
    /// # Errors
    /// [`Error`] says which part of the configuration cannot be.
    pub fn new(config: Config) -> Result<Self, Error> {
        let Config { algorithm, rule, memory, when_full, ban } = config;
        let rule = rule.check(algorithm)?;
        let for_bans = if ban.is_some() { memory / 4 } else { 0 };
        Ok(Self {
            algorithm,
            rule: RuleCell::new(&rule),
            longest_ns: AtomicU64::new(rule.period_ns),
            when_full,
            keys: Keys::new(algorithm, memory - for_bans)?,
            bans: ban.map(|ban| Bans::new(ban, for_bans, algorithm)).transpose()?,
            counters: Counters::new(),
            bytes: memory,
        })
    }

    /// Takes `cost` from a key if there is as much. Cost 0 takes nothing and is allowed.
    pub fn hit(&self, key: KeyHash, cost: u64, now: u64) -> Verdict {
        self.take(key, cost, self.rule.load(), now)
    }

    /// [`Limiter::hit`] with a rule of the caller's. What the key has used stays as it is from rule to rule.
    ///
    /// # Errors
    /// [`Error::OtherAlgorithm`] if the rule was checked for another algorithm.
    pub fn hit_with(&self, key: KeyHash, cost: u64, rule: &CheckedRule, now: u64) -> Result<Verdict, Error> {
        self.accept(rule)?;
        Ok(self.take(key, cost, *rule, now))
    }

    /// What a hit would get. Nothing is taken or counted: `remaining` and `reset_ns` are as they are now.
    pub fn peek(&self, key: KeyHash, cost: u64, now: u64) -> Verdict {
        self.look(key, cost, self.rule.load(), now)
    }

    /// [`Limiter::peek`] with a rule of the caller's.
    ///
    /// # Errors
    /// [`Error::OtherAlgorithm`] if the rule was checked for another algorithm.
    pub fn peek_with(&self, key: KeyHash, cost: u64, rule: &CheckedRule, now: u64) -> Result<Verdict, Error> {
        self.accept(rule)?;
        Ok(self.look(key, cost, *rule, now))
    }

    /// Gives `cost` back to a key, at most what it has used. In windows, what was used in windows before stays used.
    pub fn refund(&self, key: KeyHash, cost: u64, now: u64) {
        self.keys.refund(key, cost, self.at(self.rule.load(), clamp(now)));
    }

    /// Makes a key as new. A ban ends, too.
    pub fn reset(&self, key: KeyHash, now: u64) {
        let now = clamp(now);
        self.keys.reset(key, self.at(self.rule.load(), now));
        if let Some(bans) = &self.bans {
            bans.reset(key, now);
        }
    }

    /// Another rule from now on. What keys have used stays used.
    ///
    /// # Errors
    /// [`Error`] says what the algorithm cannot do; the rule is as before.
    pub fn update(&self, rule: Rule) -> Result<(), Error> {
        let rule = rule.check(self.algorithm)?;
        self.accept(&rule)?;
        self.rule.store(&rule);
        Ok(())
    }

    /// The rule that holds now.
    pub fn rule(&self) -> CheckedRule {
        self.rule.load()
    }

    /// What was done so far, and how full the table is.
    pub fn stats(&self) -> Stats {
        let (keys, bans) = (self.keys.usage(), self.bans.as_ref().map(Bans::usage).unwrap_or_default());
        Stats {
            entries: keys.entries,
            capacity: self.keys.capacity(),
            evicted: keys.evicted + bans.evicted,
            bytes: self.bytes as u64,
            ..self.counters.stats()
        }
    }

    /// Whether a caller's rule is one of this limiter's algorithm; from then on nothing is forgotten that it looks at.
    fn accept(&self, rule: &CheckedRule) -> Result<(), Error> {
        if rule.algorithm != self.algorithm {
            return Err(Error::OtherAlgorithm { given: rule.algorithm, limiter: self.algorithm });
        }
        if rule.period_ns > self.longest_ns.load(Ordering::Relaxed) {
            self.longest_ns.fetch_max(rule.period_ns, Ordering::Relaxed);
        }
        Ok(())
    }

    #[inline(always)] // Into two functions: so the rule need not lie in memory.
    fn take(&self, key: KeyHash, cost: u64, rule: CheckedRule, now: u64) -> Verdict {
        let now = clamp(now);
        if let Some(banned) = self.banned(key, rule.limit, now) {
            self.counters.count(&banned);
            return banned;
        }
        let verdict = self.keys.hit(key, cost, self.at(rule, now));
        let mut verdict = verdict.unwrap_or_else(|Full| self.full(rule.limit, rule.period_ns));
        if let (Some(bans), Outcome::Denied) = (&self.bans, verdict.outcome) {
            match bans.denied(key, now) {
                Ok(Some(banned)) => {
                    verdict.ban_began = true;
                    verdict.retry_after_ns = verdict.retry_after_ns.map(|retry| retry.max(banned));
                }
                Ok(None) => {}
                Err(Full) => self.counters.ban_missed(),
            }
        }
        self.counters.count(&verdict);
        verdict
    }

    fn look(&self, key: KeyHash, cost: u64, rule: CheckedRule, now: u64) -> Verdict {
        let now = clamp(now);
        if let Some(banned) = self.banned(key, rule.limit, now) {
            return banned;
        }
        self.keys.peek(key, cost, self.at(rule, now))
    }

    #[inline]
    fn at(&self, rule: CheckedRule, now: u64) -> At {
        At { rule, longest_ns: self.longest_ns.load(Ordering::Relaxed), now }
    }

    fn banned(&self, key: KeyHash, limit: u64, now: u64) -> Option<Verdict> {
        let left = self.bans.as_ref()?.banned(key, now)?;
        let denied = Verdict::denied(limit, 0, left, Some(left));
        Some(Verdict { outcome: Outcome::Banned, ..denied })
    }

    fn full(&self, limit: u64, period_ns: u64) -> Verdict {
        let retry = match self.when_full {
            WhenFull::Allow => 0,
            WhenFull::Deny => period_ns,
        };
        let denied = Verdict::denied(limit, 0, 0, Some(retry));
        Verdict { outcome: Outcome::Full(self.when_full), ..denied }
    }
}

/// Times beyond what states can hold stand still.
fn clamp(now: u64) -> u64 {
    now.min(MAX_NS)
}
