//! Bans against a list of denials.
#![allow(clippy::unwrap_used)] // Tests.

use outrigger_limit::{Ban, Config, KeyHash, Limiter, Outcome, Rule};
use proptest::collection::vec;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

/// Denials since the first one that counts, and until when the key is shut out.
#[derive(Default)]
struct Model {
    denials: Vec<u64>,
    until: u64,
}

proptest! {
    #[test]
    fn as_a_list_of_denials_says(
        denials in 1..5u32,
        within_ns in 1..3 * SECOND,
        for_ns in 1..3 * SECOND,
        hits in vec((any::<bool>(), 0..SECOND, 0..40u8), 1..200),
    ) {
        let rule = Rule { limit: 3, period_ns: SECOND, burst: None };
        let ban = Some(Ban { denials, within_ns, for_ns });
        let config = Config { ban, memory: 1 << 14, ..Config::of(rule) };
        // The same limit without bans says what is denied to who is not banned.
        let limiter = Limiter::new(config).unwrap();
        let plain = Limiter::new(Config { ban: None, ..config }).unwrap();
        let mut models = [Model::default(), Model::default()];
        let (mut now, mut bans, mut banned) = (SECOND, 0, 0);
        for (key, wait, reset) in hits {
            now += wait / 4;
            let (model, key) = (&mut models[usize::from(key)], KeyHash::of([2, 2], &[u8::from(key)]));
            if reset == 0 {
                limiter.reset(key, now);
                plain.reset(key, now);
                *model = Model::default();
            }
            let verdict = limiter.hit(key, 1, now);
            if now < model.until {
                banned += 1;
                prop_assert_eq!((verdict.outcome, verdict.retry_after_ns), (Outcome::Banned, Some(model.until - now)));
                continue;
            }
            let expected = plain.hit(key, 1, now);
            prop_assert_eq!(verdict.outcome, expected.outcome);
            let mut began = false;
            if expected.outcome == Outcome::Denied {
                if model.denials.first().is_some_and(|first| first + within_ns <= now) {
                    model.denials.clear();
                }
                model.denials.push(now);
                if model.denials.len() == denials as usize {
                    *model = Model { denials: Vec::new(), until: now + for_ns };
                    (began, bans) = (true, bans + 1);
                }
            }
            prop_assert_eq!(verdict.ban_began, began);
        }
        prop_assert_eq!((limiter.stats().bans, limiter.stats().banned), (bans, banned));
    }
}
