//! The rules of the protocol one by one, by example.
#![allow(clippy::unwrap_used)] // The helpers of tests are tests, too.

use outrigger_fanout::{AttachError, Change, Dropped, PeerId, RouteKey, Router, RouterConfig};

const A: PeerId = PeerId(1);
const B: PeerId = PeerId(2);
const C: PeerId = PeerId(3);

fn router() -> Router {
    Router::new(RouterConfig::default())
}

fn attach(router: &Router, peer: PeerId, node: &str) -> Change {
    router.attach(peer, node, "chat").unwrap()
}

fn to(router: &Router, key: RouteKey, from: PeerId) -> Result<Vec<PeerId>, Dropped> {
    router.route(key, from, |targets| targets.iter().collect())
}

fn key_of(change: &Change, peer: PeerId) -> RouteKey {
    change.members.iter().find(|member| member.peer == peer).unwrap().key
}

#[test]
fn a_list_names_everybody_and_a_route_everybody_else() {
    let router = router();
    attach(&router, B, "b@h");
    let change = attach(&router, A, "a@h");
    let members: Vec<_> = change.members.iter().map(|m| (&*m.node, m.peer)).collect();
    assert_eq!(members, [("a@h", A), ("b@h", B)]);
    assert_eq!((&*change.group, change.version), ("chat", 2));
    assert_eq!(to(&router, change.route, A), Ok(vec![B]));
    assert_eq!(to(&router, change.route, B), Ok(vec![A]));
    assert_eq!(router.route(change.route, A, |targets| targets.group().to_string()), Ok("chat".into()));
}

#[test]
fn an_older_route_never_reaches_who_came_later() {
    let router = router();
    attach(&router, A, "a@h");
    let old = attach(&router, B, "b@h");
    let new = attach(&router, C, "c@h");
    assert_eq!(to(&router, old.route, A), Ok(vec![B]));
    assert_eq!(to(&router, new.route, A), Ok(vec![B, C]));
    assert_eq!(to(&router, old.route, C), Err(Dropped::Unattached));
}

#[test]
fn a_replaced_attachment_is_in_no_old_route() {
    let router = router();
    attach(&router, A, "a@h");
    let old = attach(&router, B, "b@h");
    // The worker of b starts anew on the same link: what was on its way to the old one is not for the new one.
    let new = attach(&router, B, "b@h");
    assert_eq!(to(&router, old.route, A), Ok(vec![]));
    assert_eq!(to(&router, key_of(&old, B), A), Err(Dropped::ExpiredRoute));
    assert_eq!(to(&router, new.route, A), Ok(vec![B]));
    // And what its publishers send by the old list is late.
    assert_eq!(to(&router, old.route, B), Err(Dropped::Unattached));
}

#[test]
fn a_node_that_comes_back_takes_over_from_its_old_link() {
    let router = router();
    attach(&router, A, "a@h");
    attach(&router, B, "b@h");
    let change = attach(&router, C, "b@h");
    assert_eq!(change.members.iter().map(|member| member.peer).collect::<Vec<_>>(), [A, C]);
    assert_eq!(to(&router, change.route, B), Err(Dropped::Unattached));
    assert_eq!(router.peer_down(B), []);
    assert_eq!(to(&router, change.route, A), Ok(vec![C]));
}

#[test]
fn a_link_is_in_a_group_once() {
    let router = router();
    let old = attach(&router, A, "a@h");
    let new = attach(&router, A, "other@h");
    assert_eq!(new.members.iter().map(|member| &*member.node).collect::<Vec<_>>(), ["other@h"]);
    assert_eq!(to(&router, old.route, A), Err(Dropped::Unattached));
}

#[test]
fn a_message_to_a_member_goes_to_that_member_alone() {
    let router = router();
    attach(&router, A, "a@h");
    attach(&router, B, "b@h");
    let change = attach(&router, C, "c@h");
    assert_eq!(to(&router, key_of(&change, B), A), Ok(vec![B]));
    assert_eq!(to(&router, key_of(&change, A), A), Ok(vec![]));
    assert_eq!(to(&router, key_of(&change, B), PeerId(9)), Err(Dropped::Unattached));
    router.detach(A, "chat");
    assert_eq!(to(&router, key_of(&change, B), A), Err(Dropped::Unattached));
}

#[test]
fn groups_do_not_mix() {
    let router = router();
    let chat = attach(&router, A, "a@h");
    let jobs = router.attach(B, "b@h", "jobs").unwrap();
    assert_eq!(to(&router, chat.route, B), Err(Dropped::Unattached));
    assert_eq!(to(&router, key_of(&jobs, B), A), Err(Dropped::Unattached));
}

#[test]
fn the_last_64_versions_are_kept() {
    let router = router();
    attach(&router, A, "a@h");
    let first = attach(&router, B, "b@h");
    for _ in 0..63 {
        attach(&router, C, "c@h");
    }
    assert_eq!(to(&router, first.route, A), Ok(vec![B]));
    attach(&router, C, "c@h");
    assert_eq!(to(&router, first.route, A), Err(Dropped::ExpiredRoute));
    assert_eq!(router.counters().dropped_expired_route, 1);
}

#[test]
fn a_lost_link_leaves_all_its_groups() {
    let router = router();
    for group in ["jobs", "chat"] {
        router.attach(A, "a@h", group).unwrap();
        router.attach(B, "b@h", group).unwrap();
    }
    let changes = router.peer_down(B);
    assert_eq!(changes.iter().map(|change| &*change.group).collect::<Vec<_>>(), ["chat", "jobs"]);
    assert!(changes.iter().all(|change| change.version == 3 && change.members.len() == 1));
    assert_eq!(router.peer_down(B), []);
    assert_eq!(router.size(), (2, 2));
}

#[test]
fn an_empty_group_is_gone_and_its_versions_go_on() {
    let router = router();
    let first = attach(&router, A, "a@h");
    let last = router.detach(A, "chat").unwrap();
    assert_eq!((last.version, last.members.len(), router.size()), (2, 0, (0, 0)));
    assert_eq!(to(&router, first.route, A), Err(Dropped::ExpiredRoute));
    assert_eq!(to(&router, last.route, A), Err(Dropped::ExpiredRoute));
    assert_eq!(attach(&router, A, "a@h").version, 3);
    assert_eq!(router.detach(B, "chat"), None);
    assert_eq!(router.detach(A, "no such group"), None);
}

#[test]
fn limits_refuse_and_change_nothing() {
    let mut config = RouterConfig::default();
    (config.max_groups, config.max_members) = (1, 2);
    let router = Router::new(config);
    attach(&router, A, "a@h");
    let change = attach(&router, B, "b@h");
    assert_eq!(router.attach(C, "c@h", "chat"), Err(AttachError::TooManyMembers { limit: 2 }));
    assert_eq!(router.attach(C, "c@h", "jobs"), Err(AttachError::TooManyGroups { limit: 1 }));
    let long = "x".repeat(256);
    assert_eq!(router.attach(C, "c@h", &long), Err(AttachError::NameTooLong { bytes: 256, limit: 255 }));
    assert_eq!(router.size(), (1, 2));
    // Who is in may replace himself in a full group.
    assert_eq!(attach(&router, B, "b@h").version, change.version + 1);
}

#[test]
fn when_keys_run_out_attaching_ends_and_leaving_works() {
    let mut config = RouterConfig::default();
    config.first_key = RouteKey::new(RouteKey::END - 7).unwrap();
    let router = Router::new(config);
    attach(&router, A, "a@h");
    let change = attach(&router, B, "b@h");
    assert_eq!(router.attach(C, "c@h", "chat"), Err(AttachError::OutOfKeys));
    assert_eq!(to(&router, change.route, A), Ok(vec![B]));
    assert_eq!(router.peer_down(A).len(), 1);
    assert_eq!(router.peer_down(B).len(), 1);
}

#[test]
fn a_run_is_routed_as_the_lists_are_when_it_is_passed_on() {
    let router = Router::new(RouterConfig::default());
    router.attach(PeerId(1), "a@h", "g").unwrap();
    let old = router.attach(PeerId(2), "b@h", "g").unwrap().route;
    assert_eq!(&*router.group(old, PeerId(1)).unwrap(), "g");
    let to = |router: &Router| router.route_many(old, PeerId(1), 3, |targets| 3 * targets.count() as u64);
    assert_eq!(to(&router), Ok(3));
    router.attach(PeerId(2), "b@h", "g").unwrap();
    assert_eq!(to(&router), Ok(0), "the attachment that the route lists is gone");
    router.attach(PeerId(9), "a@h", "g").unwrap();
    assert_eq!(to(&router), Err(Dropped::Unattached));
    assert_eq!(router.group(old, PeerId(1)), Err(Dropped::Unattached));
    let counters = router.counters();
    assert_eq!((counters.forwarded, counters.copies, counters.dropped_unattached), (6, 3, 4));
}
