//! Hits, and the questions like them.
//!
//! An answer is `{what, limit, remaining, reset, retry_after}` in milliseconds, rounded up, and `delay` behind it if it is
//! more than 0; or an atom that says what cannot be counted (`Outrigger.Limit.Answer`).

use outrigger_limit::{CheckedRule, KeyHash, Limiter, Outcome, Rule, Verdict, WhenFull, hit_all};
use rustler::{Atom, Encoder, Env, NifResult, Term, atoms};

use super::keyed::hash;
use super::limiter::LimiterResource;
use super::raw::{self, raw_nif};

atoms! {
    ok,
    allow,
    deny,
    banned,
    ban_began,
    shed_allow,
    shed_deny,
    never,
    bad_cost,
    bad_rule,
    clocks,
    too_many,
}

const NANOS_PER_MILLI: u64 = 1_000_000;
const MAX_TOGETHER: usize = 64;

raw_nif!("limit_hit", 3, limit_hit);

fn limit_hit<'a>(env: Env<'a>, [limiter, key, cost]: [Term<'a>; 3]) -> NifResult<Term<'a>> {
    // What `Hit::read` does, step by step: so the hash stays in registers, and is computed while the time is on its way.
    let of: &LimiterResource = limiter.decode()?;
    let now = of.clock.now();
    let Ok(cost) = cost.decode() else {
        return Ok(bad_cost().to_term(env));
    };
    let key = match hash(of, limiter, key) {
        Ok(key) => key,
        Err(problem) => return Ok(problem.to_term(env)),
    };
    Ok(answer(env, &of.limiter.hit(key, cost, now)))
}

#[rustler::nif]
fn limit_peek<'a>(env: Env<'a>, limiter: Term<'a>, key: Term<'a>, cost: Term<'a>) -> NifResult<Term<'a>> {
    let hit = match Hit::read(limiter, key, cost)? {
        Ok(hit) => hit,
        Err(problem) => return Ok(problem.to_term(env)),
    };
    Ok(answer(env, &hit.of.limiter.peek(hit.key, hit.cost, hit.of.clock.now())))
}

#[rustler::nif]
fn limit_hit_with<'a>(
    env: Env<'a>,
    limiter: Term<'a>,
    key: Term<'a>,
    cost: Term<'a>,
    rule: Term<'a>,
) -> NifResult<Term<'a>> {
    with_rule(env, Hit::read_with(limiter, key, cost, rule)?, Limiter::hit_with)
}

#[rustler::nif]
fn limit_peek_with<'a>(
    env: Env<'a>,
    limiter: Term<'a>,
    key: Term<'a>,
    cost: Term<'a>,
    rule: Term<'a>,
) -> NifResult<Term<'a>> {
    with_rule(env, Hit::read_with(limiter, key, cost, rule)?, Limiter::peek_with)
}

fn with_rule<'a>(
    env: Env<'a>,
    read: Result<(Hit<'a>, CheckedRule), Atom>,
    act: fn(&Limiter, KeyHash, u64, &CheckedRule, u64) -> Result<Verdict, outrigger_limit::Error>,
) -> NifResult<Term<'a>> {
    let (hit, rule) = match read {
        Ok(read) => read,
        Err(problem) => return Ok(problem.to_term(env)),
    };
    let verdict = act(&hit.of.limiter, hit.key, hit.cost, &rule, hit.of.clock.now());
    Ok(verdict.map_or_else(|_| bad_rule().to_term(env), |verdict| answer(env, &verdict)))
}

#[rustler::nif]
fn limit_refund<'a>(limiter: Term<'a>, key: Term<'a>, cost: Term<'a>) -> NifResult<Atom> {
    Ok(match Hit::read(limiter, key, cost)? {
        Ok(hit) => {
            hit.of.limiter.refund(hit.key, hit.cost, hit.of.clock.now());
            ok()
        }
        Err(problem) => problem,
    })
}

#[rustler::nif]
fn limit_reset<'a>(limiter: Term<'a>, key: Term<'a>) -> NifResult<Atom> {
    let of: &LimiterResource = limiter.decode()?;
    Ok(match hash(of, limiter, key) {
        Ok(key) => {
            of.limiter.reset(key, of.clock.now());
            ok()
        }
        Err(problem) => problem,
    })
}

/// `{:ok, answers}`, or `{index, answer}` for the first that was denied or cannot be counted.
#[rustler::nif]
fn limit_hit_all<'a>(env: Env<'a>, hits: Vec<(Term<'a>, Term<'a>, Term<'a>)>) -> NifResult<Term<'a>> {
    if hits.len() > MAX_TOGETHER {
        return Ok((MAX_TOGETHER, too_many()).encode(env));
    }
    let mut read: Vec<Hit<'a>> = Vec::with_capacity(hits.len());
    for (index, (limiter, key, cost)) in hits.into_iter().enumerate() {
        match Hit::read(limiter, key, cost)? {
            Ok(hit) if read.first().is_none_or(|first| hit.of.clock.goes_with(&first.of.clock)) => {
                read.push(hit)
            }
            Ok(_) => return Ok((index, clocks()).encode(env)),
            Err(problem) => return Ok((index, problem).encode(env)),
        }
    }
    let now = read.first().map_or(0, |hit| hit.of.clock.now());
    let hits: Vec<_> = read.iter().map(|hit| (&hit.of.limiter, hit.key, hit.cost)).collect();
    Ok(match hit_all(&hits, now) {
        Ok(verdicts) => {
            let answers: Vec<_> = verdicts.iter().map(|verdict| answer(env, verdict)).collect();
            (ok(), answers).encode(env)
        }
        Err((index, verdict)) => (index, answer(env, &verdict)).encode(env),
    })
}

/// What a hit is made of.
struct Hit<'a> {
    of: &'a LimiterResource,
    key: KeyHash,
    cost: u64,
}

impl<'a> Hit<'a> {
    /// The outer error is a limiter that is none, which Elixir's side never gives; the inner one is a word for the caller.
    #[inline(always)]
    fn read(limiter: Term<'a>, key: Term<'a>, cost: Term<'a>) -> NifResult<Result<Self, Atom>> {
        let of: &'a LimiterResource = limiter.decode()?;
        Ok(match (hash(of, limiter, key), cost.decode()) {
            (Ok(key), Ok(cost)) => Ok(Self { of, key, cost }),
            (_, Err(_)) => Err(bad_cost()),
            (Err(problem), _) => Err(problem),
        })
    }

    fn read_with(
        limiter: Term<'a>,
        key: Term<'a>,
        cost: Term<'a>,
        rule: Term<'a>,
    ) -> NifResult<Result<(Self, CheckedRule), Atom>> {
        Ok(Self::read(limiter, key, cost)?
            .and_then(|hit| Ok((hit.check(rule).ok_or_else(bad_rule)?, hit)))
            .map(|(rule, hit)| (hit, rule)))
    }

    /// `{limit, period}` or `{limit, period, burst}`.
    fn check(&self, rule: Term<'_>) -> Option<CheckedRule> {
        let (limit, period, burst) = match rule.decode::<(u64, u64)>() {
            Ok((limit, period)) => (limit, period, None),
            Err(_) => rule.decode::<(u64, u64, Option<u64>)>().ok()?,
        };
        let period_ns = period.checked_mul(NANOS_PER_MILLI)?;
        Rule { limit, period_ns, burst }.check(self.of.limiter.rule().algorithm()).ok()
    }
}

/// What the caller gets.
#[inline]
fn answer<'a>(env: Env<'a>, verdict: &Verdict) -> Term<'a> {
    let what = match verdict.outcome {
        Outcome::Allowed => allow(),
        Outcome::Denied if verdict.ban_began => ban_began(),
        Outcome::Denied => deny(),
        Outcome::Banned => banned(),
        Outcome::Full(WhenFull::Allow) => shed_allow(),
        Outcome::Full(WhenFull::Deny) => shed_deny(),
    };
    let retry_after = match verdict.retry_after_ns {
        Some(nanos) => millis(nanos).encode(env),
        None => never().to_term(env),
    };
    let Verdict { limit, remaining, .. } = *verdict;
    let reset = millis(verdict.reset_ns);
    let [limit, remaining, reset] = [limit, remaining, reset].map(|number| number.encode(env));
    if verdict.delay_ns == 0 {
        raw::tuple(env, [what.to_term(env), limit, remaining, reset, retry_after])
    } else {
        let delay = millis(verdict.delay_ns).encode(env);
        raw::tuple(env, [what.to_term(env), limit, remaining, reset, retry_after, delay])
    }
}

const fn millis(nanos: u64) -> u64 {
    nanos.div_ceil(NANOS_PER_MILLI)
}
