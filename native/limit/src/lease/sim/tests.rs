//! What has to hold in every run.

use proptest::prelude::*;

use super::super::clock::MS;
use super::super::{LeaseKind, LeaseRule, Timing};
use super::plan::{DRIFT, Fault, Plan};
use super::world::World;

pub(super) const SECOND: u64 = 1_000 * MS;

fn plan(kind: LeaseKind, limit: u64, burst: u64) -> Plan {
    let rule = LeaseRule::new(kind, limit, SECOND, burst).unwrap();
    Plan {
        apps: 4,
        rust: 2,
        rule,
        keys: 1,
        hits: 4,
        cost: 1,
        seed: 1,
        drift: true,
        spiky: false,
        timing: Timing::default(),
        shares: false,
        stay: 0,
    }
}

#[test]
fn a_steady_flood_uses_all_of_the_limit() {
    for (limit, burst, rust) in
        [(1_000, 1_000, 1), (1_000, 100, 2), (100, 100, 1), (10, 10, 2), (3_000, 300, 2), (20, 1, 1)]
    {
        let mut world = World::new(Plan { rust, ..plan(LeaseKind::Gcra, limit, burst) });
        world.run_until(15 * SECOND);
        assert_eq!(world.ledger.breach(&world.plan.rule, DRIFT), None);
        let spent = world.ledger.between(World::first_key(), 5 * SECOND, 15 * SECOND);
        assert!(spent * 100 >= limit * 10 * 95, "limit {limit}, burst {burst}: {spent} in 10 s");
    }
}

#[test]
fn windows_are_used_up() {
    let mut world = World::new(plan(LeaseKind::FixedWindow, 1_000, 1_000));
    world.run_until(15 * SECOND);
    assert_eq!(world.ledger.breach(&world.plan.rule, 0), None);
    let spent = world.ledger.between(World::first_key(), 5 * SECOND, 15 * SECOND);
    assert!(spent >= 9_500, "{spent} in 10 windows of 1,000");
}

#[test]
fn a_fail_over_costs_little() {
    for kind in [LeaseKind::Gcra, LeaseKind::FixedWindow, LeaseKind::SlidingWindow, LeaseKind::SlidingLog] {
        for victim in [0, 1] {
            let mut world = World::new(plan(kind, 1_000, 1_000));
            world.fault(6_300, Fault::KillRust(victim, 2_000));
            world.run_until(15 * SECOND);
            assert_eq!(world.ledger.breach(&world.plan.rule, DRIFT), None);
            let spent = world.ledger.between(World::first_key(), 5 * SECOND, 15 * SECOND);
            assert!(spent >= 9_000, "{kind:?}, {victim} killed: {spent} in 10 s");
        }
    }
}

#[test]
fn a_window_goes_on_with_another_owner() {
    for kind in [LeaseKind::FixedWindow, LeaseKind::SlidingWindow, LeaseKind::SlidingLog] {
        for victim in [0, 1] {
            // More than is asked for in the minute that the run is in.
            let rule = LeaseRule::new(kind, 100_000, 60 * SECOND, 1).unwrap();
            let mut world = World::new(Plan { rule, hits: 1, ..plan(kind, 1, 1) });
            world.fault(6_300, Fault::KillRust(victim, 300_000));
            world.run_until(15 * SECOND);
            assert_eq!(world.ledger.breach(&world.plan.rule, DRIFT), None);
            let spent = world.ledger.between(World::first_key(), 5 * SECOND, 15 * SECOND);
            assert!(spent >= 34_000, "{kind:?}, {victim} killed: {spent} of some 40,000 in 10 s");
        }
    }
}

#[test]
fn nodes_that_see_different_owners_come_to_terms() {
    for victim in [0, 1] {
        let mut world = World::new(plan(LeaseKind::Gcra, 1_000, 1_000));
        (0..2).for_each(|app| world.fault(5_000, Fault::Cut(app, victim, 1)));
        world.run_until(20 * SECOND);
        assert_eq!(world.ledger.breach(&world.plan.rule, DRIFT), None);
        let spent = world.ledger.between(World::first_key(), 10 * SECOND, 20 * SECOND);
        assert!(spent >= 9_500, "half of the nodes do not see {victim}: {spent} in 10 s");
    }
}

/// All that are counted by time.
fn kind() -> impl Strategy<Value = LeaseKind> {
    use LeaseKind::*;
    prop_oneof![Just(Gcra), Just(FixedWindow), Just(SlidingWindow), Just(SlidingLog)]
}

pub(super) fn fault() -> impl Strategy<Value = Fault> {
    let (app, rust) = (0..4_usize, 0..3_usize);
    prop_oneof![
        (app.clone(), 1..2_000_u64).prop_map(|(app, back)| Fault::KillApp(app, back)),
        (app.clone(), 1..2_000_u64).prop_map(|(app, back)| Fault::StopApp(app, back)),
        (rust.clone(), 1..2_000_u64).prop_map(|(rust, back)| Fault::KillRust(rust, back)),
        (app.clone(), rust.clone(), 1..3_000_u64).prop_map(|(app, rust, ms)| Fault::Cut(app, rust, ms)),
        (app.clone(), rust.clone()).prop_map(|(app, rust)| Fault::Heal(app, rust)),
        (app.clone(), rust, 1..500_u64).prop_map(|(app, rust, ms)| Fault::Delay(app, rust, ms)),
        (any::<u8>(), any::<u8>(), 1..3_000_u64).prop_map(|(apps, rust, ms)| Fault::Split(apps, rust, ms)),
        Just(Fault::HealAll),
        (app, 1..1_500_u64).prop_map(|(app, ms)| Fault::Pause(app, ms)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_goes_wrong_nobody_spends_too_much(
        faults in prop::collection::vec((500..7_000_u64, fault()), 0..14),
        (seed, rust, keys, cost) in (any::<u64>(), 1..4_usize, 1..4_u64, 1..4_u64),
        (limit, full_after) in (50..5_000_u64, 4..400_u64),
        (kind, spiky, shares) in (kind(), any::<bool>(), any::<bool>()),
        (vote, lease) in (200..800_u64, 300..3_000_u64),
    ) {
        // Also such times as leave much of a lease when votes have changed.
        let timing = Timing { vote_ns: vote * MS, poll_ns: vote * MS / 4, lease_ns: lease * MS, ..Timing::default() };
        // Full again after so many ms: what is counted twice is seen only in a bucket that is.
        let burst = (limit * full_after / 1_000).max(2);
        let mut world = World::new(Plan { rust, keys, cost, seed, spiky, shares, timing, hits: 2, ..plan(kind, limit, burst) });
        for (at, fault) in faults {
            world.fault(at, clip(fault, rust));
        }
        world.run_until(8 * SECOND);
        prop_assert_eq!(world.ledger.breach(&world.plan.rule, DRIFT), None);
    }
}

/// Faults of Rust nodes that there are.
pub(super) fn clip(fault: Fault, rust: usize) -> Fault {
    match fault {
        Fault::KillRust(node, back) => Fault::KillRust(node % rust, back),
        Fault::Cut(app, node, ms) => Fault::Cut(app, node % rust, ms),
        Fault::Heal(app, node) => Fault::Heal(app, node % rust),
        Fault::Delay(app, node, ms) => Fault::Delay(app, node % rust, ms),
        other => other,
    }
}

/// Each is a whole cluster. More of them: `PROPTEST_CASES=10000`, which stands before this.
pub(super) const fn cases() -> u32 {
    32
}
