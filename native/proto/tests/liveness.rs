//! The tick rule, on virtual time.

use outrigger_proto::liveness::{Action, Liveness};

/// Two links of one connection, each driven at its own pace; returns how many ticks crossed and when one side
/// gave up.
fn run(mut a: Liveness, mut b: Liveness, until_ms: u64) -> (u32, Option<u64>) {
    let mut ticks = 0;
    for now in 0..until_ms {
        for sender_is_a in [true, false] {
            let (sender, receiver) = if sender_is_a { (&mut a, &mut b) } else { (&mut b, &mut a) };
            match sender.poll(now) {
                Action::None => continue,
                Action::Dead { .. } => return (ticks, Some(now)),
                Action::Tick => {
                    sender.on_write(now);
                    ticks += 1;
                }
            }
            if receiver.on_tick(now) {
                receiver.on_write(now);
                ticks += 1;
                assert!(!sender.on_tick(now), "two nodes answer each other for ever");
            }
        }
    }
    (ticks, None)
}

#[test]
fn two_quiet_nodes_stay_connected() {
    let link = || Liveness::new(0, 600, 4);
    let (ticks, dead) = run(link(), link(), 6_000);
    assert_eq!(dead, None);
    assert!((40..=160).contains(&ticks), "{ticks} ticks in 40 intervals");
}

#[test]
fn a_peer_with_a_shorter_ticktime_is_satisfied_by_answers() {
    let (_, dead) = run(Liveness::new(0, 60_000, 4), Liveness::new(0, 400, 4), 10_000);
    assert_eq!(dead, None);
}

#[test]
fn a_silent_peer_is_dead_after_the_ticktime_and_not_before() {
    let mut link = Liveness::new(1_000, 400, 4);
    link.on_read(1_100);
    let mut ticks = 0;
    for now in 1_000..1_500 {
        match link.poll(now) {
            Action::Tick => {
                link.on_write(now);
                ticks += 1;
            }
            action => assert_eq!(action, Action::None, "at {now}"),
        }
    }
    assert_eq!(link.poll(1_500), Action::Dead { silent_ms: 400 });
    assert!((3..=4).contains(&ticks), "{ticks}");
}

#[test]
fn a_busy_writer_still_ticks_a_peer_that_says_nothing() {
    let mut link = Liveness::new(0, 400, 4);
    let ticks = (0..400).filter(|&now| {
        link.on_write(now);
        link.poll(now) == Action::Tick
    });
    assert_eq!(ticks.count(), 3);
    // And one that is heard needs none.
    let mut link = Liveness::new(0, 400, 4);
    let quiet = (0..4_000).all(|now| {
        link.on_write(now);
        link.on_read(now);
        link.poll(now) == Action::None
    });
    assert!(quiet);
}

#[test]
fn the_deadline_is_when_something_is_due() {
    let mut link = Liveness::new(0, 400, 4);
    let mut now = 0;
    let mut ticked_at = Vec::new();
    while now < 400 {
        now = link.next_deadline();
        assert_eq!(link.clone().poll(now - 1), Action::None, "nothing is due before {now}");
        match link.poll(now) {
            Action::Tick => {
                link.on_write(now);
                ticked_at.push(now);
            }
            action => assert_eq!(action, Action::Dead { silent_ms: 400 }),
        }
    }
    assert_eq!(ticked_at, [100, 200, 300]);
}

#[test]
fn a_tick_is_answered_once_and_odd_settings_do_no_harm() {
    let mut link = Liveness::new(0, 400, 4);
    assert!(link.on_tick(1));
    link.on_write(1);
    assert!(!link.on_tick(2), "we wrote since the tick before");
    assert!(link.on_tick(3), "we did not");
    let mut odd = Liveness::new(u64::MAX, 0, 0);
    assert_eq!(odd.poll(0), Action::None);
    assert_eq!(odd.next_deadline(), u64::MAX);
}
