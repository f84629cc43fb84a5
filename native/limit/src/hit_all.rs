//! All or nothing over several limiters and keys.

use crate::{KeyHash, Limiter, Verdict};

/// Hits every key in order. The first one that is denied has all before it given back.
///
/// Others may see what is taken before it is given back, and be denied for it; nothing is ever admitted too much.
///
/// # Errors
/// Which one was denied, and what it was told.
pub fn hit_all(hits: &[(&Limiter, KeyHash, u64)], now: u64) -> Result<Vec<Verdict>, (usize, Verdict)> {
    let mut verdicts = Vec::with_capacity(hits.len());
    for (at, (limiter, key, cost)) in hits.iter().enumerate() {
        let verdict = limiter.hit(*key, *cost, now);
        if !verdict.is_allowed() {
            give_back(&hits[..at], &verdicts, now);
            return Err((at, verdict));
        }
        verdicts.push(verdict);
    }
    Ok(verdicts)
}

fn give_back(hits: &[(&Limiter, KeyHash, u64)], verdicts: &[Verdict], now: u64) {
    for ((limiter, key, cost), verdict) in hits.iter().zip(verdicts) {
        if verdict.outcome == crate::Outcome::Allowed {
            limiter.refund(*key, *cost, now);
        }
    }
}
