//! A scope of `pg`: what it reads, writes and tells, and what a peer may make it keep.

#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::collections::BTreeMap;
use std::slice::from_ref;
use std::sync::Arc;

use outrigger_proto::OwnedPid;
use outrigger_proto::pg::{Action, Address, Change, Group, PgError, PgLimits, Scope};
use outrigger_term::{Writer, canonical};

fn pid(node: &str, id: u32) -> OwnedPid {
    OwnedPid { node: node.into(), id, serial: 0, creation: 1 }
}

fn group(name: &str) -> Group {
    let mut term = Vec::new();
    Writer::new(&mut term).atom(name).unwrap();
    term.into()
}

fn scope() -> Scope {
    Scope::new(pid("me@h", 1), PgLimits::default())
}

fn term(build: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut term = Vec::new();
    build(&mut Writer::new(&mut term));
    term
}

fn word(writer: &mut Writer<'_>, arity: u32, word: &str, from: &OwnedPid) {
    writer.tuple(arity);
    writer.atom(word).unwrap();
    writer.pid(&from.borrow()).unwrap();
}

fn discover(from: &OwnedPid) -> Vec<u8> {
    term(|writer| word(writer, 2, "discover", from))
}

fn join(from: &OwnedPid, group: &[u8], pids: &[OwnedPid]) -> Vec<u8> {
    term(|writer| {
        word(writer, 4, "join", from);
        writer.raw(group);
        writer.list(pids.len() as u32);
        pids.iter().for_each(|pid| writer.pid(&pid.borrow()).unwrap());
        writer.nil();
    })
}

fn leave(from: &OwnedPid, of: &OwnedPid, groups: &[u8]) -> Vec<u8> {
    term(|writer| {
        word(writer, 4, "leave", from);
        writer.pid(&of.borrow()).unwrap();
        writer.raw(groups);
    })
}

fn sync(from: &OwnedPid, groups: &[(&[u8], Vec<OwnedPid>)]) -> Vec<u8> {
    term(|writer| {
        writer.tuple(2);
        writer.atom("$gen_cast").unwrap();
        word(writer, 3, "sync", from);
        writer.list(groups.len() as u32);
        for (group, pids) in groups {
            writer.tuple(2);
            writer.raw(group);
            writer.list(pids.len() as u32);
            pids.iter().for_each(|pid| writer.pid(&pid.borrow()).unwrap());
            if !pids.is_empty() {
                writer.nil();
            }
        }
        if !groups.is_empty() {
            writer.nil();
        }
    })
}

/// A scope that knows the one of `a@h`.
fn met() -> (Scope, Arc<str>, OwnedPid) {
    let (mut scope, node, peer) = (scope(), Arc::from("a@h"), pid("a@h", 50));
    scope.message(&node, &discover(&peer)).unwrap();
    (scope, node, peer)
}

#[test]
fn a_discover_is_answered_monitored_and_asked_back_once() {
    let (mut scope, node, peer) = (scope(), Arc::from("a@h"), pid("a@h", 50));
    let actions = scope.message(&node, &discover(&peer)).unwrap();
    assert_eq!(actions.len(), 3);
    assert!(
        matches!(&actions[0], Action::Send { to: Address::Pid(to), term } if *to == peer && **term == *sync(&pid("me@h", 1), &[]))
    );
    assert_eq!(actions[1], Action::Monitor(peer.clone()));
    assert!(matches!(&actions[2], Action::Send { term, .. } if **term == *discover(&pid("me@h", 1))));
    // A second time, and with the version of a protocol to come: the answer only.
    let newer = term(|writer| {
        word(writer, 3, "discover", &peer);
        writer.integer(2);
    });
    for again in [discover(&peer), newer] {
        assert_eq!(scope.message(&node, &again).unwrap().len(), 1);
    }
}

#[test]
fn joins_and_leaves_count_and_a_peers_end_takes_all() {
    let (mut scope, node, peer) = met();
    let (g, p, q) = (group("g"), pid("a@h", 1), pid("a@h", 2));
    scope.message(&node, &join(&peer, &g, &[p.clone(), q.clone(), p.clone()])).unwrap();
    assert_eq!(scope.members(&g).len(), 3);
    scope.message(&node, &leave(&peer, &p, &[&[108, 0, 0, 0, 1][..], &g, &[106]].concat())).unwrap();
    let mut members = scope.members(&g);
    members.sort_by_key(|pid| pid.id);
    assert_eq!(members, [p.clone(), q.clone()]);
    let actions = scope.ended(&peer, 0);
    assert!(
        matches!(&actions[..], [Action::Tell(event)] if event.change == Change::Left && event.pids.len() == 2)
    );
    assert_eq!((scope.groups().count(), scope.figures().members), (0, 0));
    // A late word of a peer that has gone changes nothing.
    assert_eq!(scope.message(&node, &join(&peer, &g, &[p])).unwrap(), []);
    assert!(scope.members(&g).is_empty());
}

#[test]
fn groups_that_are_small_integers_may_come_as_a_string() {
    let (mut scope, node, peer) = met();
    let p = pid("a@h", 1);
    for integer in [7u8, 9] {
        scope.message(&node, &join(&peer, &[97, integer], from_ref(&p))).unwrap();
    }
    let actions = scope.message(&node, &leave(&peer, &p, &[107, 0, 2, 7, 9])).unwrap();
    assert_eq!((actions.len(), scope.groups().count()), (2, 0));
}

#[test]
fn a_group_is_the_same_in_every_encoding() {
    let (mut scope, node, peer) = met();
    let (one, two) =
        ([116, 0, 0, 0, 2, 97, 1, 97, 2, 97, 3, 97, 4], [116, 0, 0, 0, 2, 97, 3, 97, 4, 97, 1, 97, 2]);
    scope.message(&node, &join(&peer, &two, &[pid("a@h", 1)])).unwrap();
    let group = scope.group(&one).unwrap();
    assert_eq!(*group, *canonical(&two).unwrap());
    assert_eq!(scope.members(&group), [pid("a@h", 1)]);
}

#[test]
fn a_sync_is_the_whole_truth_of_its_node() {
    let (mut scope, node, peer) = met();
    let (f, g, h) = (group("f"), group("g"), group("h"));
    let p = |id| pid("a@h", id);
    for g in [&f, &g] {
        scope.message(&node, &join(&peer, g, &[p(1), p(1), p(2)])).unwrap();
    }
    let actions = scope.message(&node, &sync(&peer, &[(&g, vec![p(1), p(3)]), (&h, vec![p(4)])])).unwrap();
    let mut told = BTreeMap::new();
    for action in actions {
        let Action::Tell(event) = action else { panic!("{action:?}") };
        let ids: Vec<u32> = event.pids.iter().map(|pid| pid.id).collect();
        told.insert((event.group, event.change == Change::Joined), ids);
    }
    told.values_mut().for_each(|ids| ids.sort_unstable());
    let expected = [
        ((f, false), vec![1, 1, 2]),
        ((g.clone(), false), vec![1, 2]),
        ((g, true), vec![3]),
        ((h, true), vec![4]),
    ];
    assert_eq!(told, BTreeMap::from(expected));
}

#[test]
fn a_new_scope_process_of_a_node_takes_the_place_of_the_former() {
    let (mut scope, node, former) = met();
    let g = group("g");
    scope.message(&node, &join(&former, &g, &[pid("a@h", 1)])).unwrap();
    let newer = pid("a@h", 51);
    let actions = scope.message(&node, &sync(&newer, &[(&g, vec![pid("a@h", 2)])])).unwrap();
    assert!(
        matches!(&actions[0], Action::Send { to: Address::Pid(to), .. } if *to == newer),
        "all of ours comes first"
    );
    assert_eq!(actions[1], Action::Demonitor(former.clone()));
    assert_eq!(scope.members(&g), [pid("a@h", 2)]);
    assert_eq!(scope.ended(&former, 0), [], "its end comes too late to matter");
    assert_eq!((scope.figures().peers, scope.members(&g).len()), (1, 1));
}

#[test]
fn a_peer_speaks_for_its_own_node_only() {
    let (mut scope, node, peer) = met();
    let (g, other) = (group("g"), pid("b@h", 9));
    assert_eq!(scope.message(&node, &discover(&other)), Err(PgError::ForeignScope));
    assert_eq!(scope.message(&node, &sync(&other, &[])), Err(PgError::ForeignScope));
    scope.message(&node, &join(&peer, &g, &[other, pid("a@h", 1), pid("me@h", 7)])).unwrap();
    assert_eq!((scope.members(&g), scope.figures().refused), (vec![pid("a@h", 1)], 2));
}

#[test]
fn what_is_no_message_changes_nothing_and_is_counted() {
    let (mut scope, node, peer) = met();
    let good = join(&peer, &group("g"), &[pid("a@h", 1)]);
    let mut wrong = vec![vec![], vec![106], term(|writer| word(writer, 3, "join", &peer))];
    wrong.extend((1..good.len()).map(|len| good[..len].to_vec()));
    wrong.push([&good[..], &[106]].concat());
    let count = wrong.len() as u64;
    for wrong in wrong {
        assert!(scope.message(&node, &wrong).is_err(), "{wrong:?}");
    }
    assert_eq!((scope.figures().broken, scope.groups().count()), (count, 0));
}

#[test]
fn a_peer_takes_no_more_room_than_it_may() {
    let limits = PgLimits { groups: 2, members: 5, group_bytes: 10 };
    let mut scope = Scope::new(pid("me@h", 1), limits);
    let p = |node: &str, ids: std::ops::Range<u32>| ids.map(|id| pid(node, id)).collect::<Vec<_>>();
    for node in ["a@h", "b@h"] {
        let (name, peer) = (Arc::from(node), pid(node, 50));
        scope.message(&name, &discover(&peer)).unwrap();
        for g in ["f", "g", "h", "a long name"] {
            scope.message(&name, &join(&peer, &group(g), &p(node, 0..2))).unwrap();
        }
        scope.message(&name, &join(&peer, &group("f"), &p(node, 2..9))).unwrap();
        assert_eq!(scope.members(&group("f")).iter().filter(|pid| &*pid.node == node).count(), 3);
        // Room that was given back can be taken again.
        let all = [&[108, 0, 0, 0, 1][..], &group("g"), &[106]].concat();
        for id in 0..2 {
            scope.message(&name, &leave(&peer, &pid(node, id), &all)).unwrap();
        }
        scope.message(&name, &join(&peer, &group("h"), &p(node, 0..2))).unwrap();
        assert_eq!(scope.members(&group("h")).iter().filter(|pid| &*pid.node == node).count(), 2);
    }
    // Ours are bounded as well, and nobody joins in part.
    assert!(scope.join(&group("f"), &p("me@h", 0..6)).is_none());
    assert!(scope.join(&group("f"), &p("me@h", 0..5)).is_some());
    assert!(scope.join(&group("g"), &p("me@h", 0..1)).is_none());
    assert!(scope.group(&[109, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]).is_err());
    // Many pids and many groups in one message, which would be work for their product.
    let (node, peer) = (Arc::from("a@h"), pid("a@h", 50));
    let busy = term(|writer| {
        word(writer, 4, "leave", &peer);
        writer.list(3);
        p("a@h", 0..3).iter().for_each(|pid| writer.pid(&pid.borrow()).unwrap());
        writer.nil();
        writer.charlist(&[0, 0]).unwrap();
    });
    assert_eq!(scope.message(&node, &busy), Err(PgError::TooMuch));
}

#[test]
fn members_of_ours_are_watched_while_they_are_members() {
    let (mut scope, _, peer) = met();
    let (f, g, p) = (group("f"), group("g"), pid("me@h", 7));
    let actions = scope.join(&g, &[p.clone(), p.clone()]).unwrap();
    assert_eq!(actions[0], Action::Monitor(p.clone()));
    assert_eq!(actions.iter().filter(|action| matches!(action, Action::Monitor(_))).count(), 1);
    scope.join(&f, from_ref(&p)).unwrap();
    assert!(!scope.leave(&g, from_ref(&p)).unwrap().contains(&Action::Demonitor(p.clone())));
    assert!(!scope.leave(&g, from_ref(&p)).unwrap().contains(&Action::Demonitor(p.clone())));
    assert_eq!(scope.leave(&g, from_ref(&p)), None, "not a member");
    assert!(scope.leave(&f, from_ref(&p)).unwrap().contains(&Action::Demonitor(p.clone())));
    // It ends as a member of two, of one of them twice: one message that says so.
    scope.join(&g, &[p.clone(), p.clone()]).unwrap();
    scope.join(&f, from_ref(&p)).unwrap();
    let actions = scope.ended(&p, 0);
    let sent: Vec<_> = actions
        .iter()
        .filter_map(|a| if let Action::Send { term, .. } = a { Some(term) } else { None })
        .collect();
    let twice = sent[0].windows(g.len()).filter(|part| **part == *g).count();
    assert_eq!((sent.len(), twice, scope.groups().count()), (1, 2, 0));
    assert!(matches!(actions.last(), Some(Action::Send { to: Address::Pid(to), .. }) if *to == peer));
}
