//! The rules one by one. `crate::model` has them together with those of the receiver.

use super::*;

const HOLD: u64 = 1_000;

fn pid(node: &str, id: u32) -> OwnedPid {
    OwnedPid { node: node.into(), id, serial: 0, creation: 1 }
}

fn me() -> OwnedPid {
    pid("me@h", 1)
}

fn way(router: &str, version: u64) -> Use {
    Use { router: pid(router, 1), member: pid(router, 2), version }
}

/// The route pid of a version.
fn route_pid(router: &str, version: u64) -> OwnedPid {
    pid(router, 100 + u32::try_from(version).unwrap())
}

/// A route through a router to some nodes, and directly to others. All routers named have an exit.
fn route(
    epoch: u64,
    relay: Option<(&str, u64)>,
    nodes: &[&str],
    directs: &[&str],
    exits: &[(&str, u64)],
) -> Arc<Route> {
    let relay =
        relay.map(|(router, version)| Relay { route: route_pid(router, version), way: way(router, version) });
    let nodes = nodes.iter().map(|&node| node.into()).collect();
    let directs = directs.iter().map(|node| pid(node, 9)).collect();
    let exits = exits.iter().map(|(router, version)| (pid(router, 2), route_pid(router, *version))).collect();
    Arc::new(Route { epoch, choices: vec![Choice { relay, nodes, directs }], exits })
}

fn change(path: &mut Path, to: &Arc<Route>, now: u64) -> Vec<(To, Marker)> {
    path.change(to, &me(), now, HOLD)
}

fn begin(epoch: u64, uses: Vec<Use>, nodes: &[&str]) -> Marker {
    Marker::Begin { epoch, uses, nodes: nodes.iter().map(|&node| node.into()).collect() }
}

#[test]
fn from_direct_to_a_router_each_way_is_ended_by_name_and_one_is_begun() {
    let mut path = Path::new(route(1, None, &[], &["a@h", "b@h"], &[]), &me());
    let sends = change(&mut path, &route(2, Some(("r@h", 5)), &["a@h", "b@h"], &[], &[("r@h", 5)]), 0);
    let end = || Marker::End { epoch: 2, way: Way::Direct };
    let wanted = [
        (To::Worker("a@h".into()), end()),
        (To::Worker("b@h".into()), end()),
        (To::Pid(route_pid("r@h", 5)), begin(2, vec![], &["a@h", "b@h"])),
    ];
    assert_eq!(sends, wanted);
}

#[test]
fn the_same_attachment_is_the_same_way() {
    let mut path = Path::new(route(1, Some(("r@h", 5)), &["a@h"], &[], &[("r@h", 5)]), &me());
    let sends = change(&mut path, &route(2, Some(("r@h", 6)), &["a@h", "b@h"], &[], &[("r@h", 6)]), 0);
    assert_eq!((sends, path.epoch()), (vec![], 2));
}

#[test]
fn who_is_lost_by_a_router_that_is_used_on_waits_for_it_and_the_others_do_not() {
    let mut path = Path::new(route(1, Some(("r@h", 5)), &["a@h", "b@h"], &[], &[("r@h", 5)]), &me());
    let sends = change(&mut path, &route(2, Some(("r@h", 6)), &["a@h"], &["b@h"], &[("r@h", 6)]), 0);
    assert_eq!(sends, [(To::Pid(pid("b@h", 9)), begin(2, vec![way("r@h", 5)], &[]))]);
}

#[test]
fn a_router_that_is_gone_gets_no_end_and_one_that_is_there_gets_it_by_its_newest_route() {
    let old = || Path::new(route(1, Some(("r@h", 5)), &["a@h"], &[], &[("r@h", 5)]), &me());
    let begun = (To::Pid(pid("a@h", 9)), begin(2, vec![way("r@h", 5)], &[]));
    let sends = change(&mut old(), &route(2, None, &[], &["a@h"], &[]), 0);
    assert_eq!(sends, std::slice::from_ref(&begun));
    let sends = change(&mut old(), &route(2, None, &[], &["a@h"], &[("r@h", 8)]), 0);
    let end = Marker::End { epoch: 2, way: Way::Member(pid("r@h", 2)) };
    assert_eq!(sends, [(To::Pid(route_pid("r@h", 8)), end), begun]);
}

#[test]
fn ways_are_named_again_for_as_long_as_receivers_wait() {
    let mut path = Path::new(route(1, Some(("r@h", 5)), &["a@h"], &[], &[]), &me());
    change(&mut path, &route(2, Some(("q@h", 3)), &["a@h"], &[], &[]), 0);
    let direct = route(3, None, &[], &["a@h"], &[]);
    let sends = change(&mut path.clone(), &direct, HOLD - 1);
    assert_eq!(sends, [(To::Pid(pid("a@h", 9)), begin(3, vec![way("q@h", 3), way("r@h", 5)], &[]))]);
    let sends = change(&mut path, &direct, HOLD);
    assert_eq!(sends, [(To::Pid(pid("a@h", 9)), begin(3, vec![way("q@h", 3)], &[]))]);
}

#[test]
fn a_way_that_is_taken_again_was_not_left() {
    let mut path = Path::new(route(1, None, &[], &["a@h"], &[]), &me());
    change(&mut path, &route(2, Some(("r@h", 5)), &["a@h"], &[], &[("r@h", 5)]), 0);
    let sends = change(&mut path, &route(3, None, &[], &["a@h"], &[("r@h", 5)]), 1);
    let end = Marker::End { epoch: 3, way: Way::Member(pid("r@h", 2)) };
    assert_eq!(
        sends,
        [(To::Pid(route_pid("r@h", 5)), end), (To::Pid(pid("a@h", 9)), begin(3, vec![way("r@h", 5)], &[])),]
    );
}

#[test]
fn the_routers_that_are_named_are_bounded() {
    let routers: Vec<_> = (0..40).map(|number| format!("r{number}@h")).collect();
    let mut path = Path::new(route(1, None, &[], &[], &[]), &me());
    let mut last = Vec::new();
    for (epoch, router) in (2..).zip(&routers) {
        last = change(&mut path, &route(epoch, Some((router, 1)), &["a@h"], &[], &[]), 0);
    }
    assert!(matches!(&last[..], [(_, Marker::Begin { uses, .. })] if uses.len() == MAX_ROUTERS));
}
