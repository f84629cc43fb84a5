//! A peer that knows the cookie and means harm to processes: it can spoil what it has itself, and nothing else. What it makes
//! us keep is bounded, counted, and gone when it is gone.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::Duration;

use common::cluster::{atom, next, trapping};
use common::evil::*;
use common::{down, within};
use outrigger_node::{
    Dest, DownReason, MailboxBounds, Message, NodeError, Overflow, OwnedPid, OwnedRef, Process,
    ProcessOptions, Reason,
};
use outrigger_proto::control::{Process as Named, encode};
use outrigger_term::{Atom, TermError, Writer};

#[tokio::test]
async fn a_peer_has_as_many_ties_as_it_may_and_takes_them_along() {
    const MAX: usize = 1_000;
    const MANY: u32 = 50_000;
    let mut world = world(|config| config.bounds.max_ties = MAX).await;
    let mut victim = trapping(&world.a);
    let to = victim.pid().clone();
    for id in 1..=MANY {
        world.evil.say(|w| encode::link(w, &evil(id).borrow(), &to.borrow()));
        world.evil.say(|w| {
            encode::monitor_p(w, &evil(id).borrow(), &Named::Pid(to.borrow()), &evil_ref(id).borrow())
        });
        if id % 1_000 == 0 {
            world.evil.flush().await;
        }
    }
    world.heard().await;
    let figures = world.a.counters();
    assert_eq!(figures.ties_refused, u64::from(2 * MANY) - MAX as u64);
    let (links, _, watchers) = ties(&victim);
    assert_eq!((links + watchers, world.link_ties()), (MAX, MAX));
    // Another peer has a quota of its own.
    let good = trapping(&world.good);
    good.link(&to);
    good.monitor(&Dest::from(&to)).unwrap();
    until("the good peer's ties", || ties(&victim) == (links + 1, 0, watchers + 1)).await;
    // What it gives back it may take again: links that it ends, monitors that it ends.
    for id in 1..=MANY {
        world.evil.say(|w| encode::unlink_id(w, 1, &evil(id).borrow(), &to.borrow()));
        world.evil.say(|w| {
            encode::demonitor_p(w, &evil(id).borrow(), &Named::Pid(to.borrow()), &evil_ref(id).borrow())
        });
        if id % 1_000 == 0 {
            world.evil.flush().await;
        }
    }
    world.heard().await;
    assert_eq!((ties(&victim), world.link_ties()), ((1, 0, 1), 0));
    // One link and one monitor again and again are one of each.
    for _ in 0..10_000 {
        world.evil.say(|w| encode::link(w, &evil(7).borrow(), &to.borrow()));
        world.evil.say(|w| {
            encode::monitor_p(w, &evil(7).borrow(), &Named::Pid(to.borrow()), &evil_ref(7).borrow())
        });
    }
    world.heard().await;
    assert_eq!((ties(&victim), world.link_ties()), ((2, 0, 2), 2));
    // It goes, and what it has goes with it.
    world.evil_goes().await;
    assert_eq!(ties(&victim), (1, 0, 1));
    assert_eq!(next(&mut victim).await, Message::Exit { from: evil(7), reason: Reason::noconnection() });
    drop(good);
    assert!(matches!(next(&mut victim).await, Message::Exit { reason, .. } if reason.is("normal")));
    assert_eq!(ties(&victim), (0, 0, 0));
    world.end().await;
}

#[tokio::test]
async fn nothing_is_kept_for_names_and_processes_that_are_not_there() {
    let mut world = world(|_config| {}).await;
    let nobody = OwnedPid { id: 4_711, ..world.inbox.pid().clone() };
    let earlier = OwnedPid { creation: world.inbox.pid().creation ^ 1, ..world.inbox.pid().clone() };
    let giant = "\u{1F980}".repeat(255);
    for id in 1..=10_000_u32 {
        let (from, reference) = (evil(id), evil_ref(id));
        let name = format!("{id}{}", &giant[..4 * 200]);
        for to in [Named::Name(Atom::Utf8(&name)), Named::Pid(nobody.borrow()), Named::Pid(earlier.borrow())]
        {
            world.evil.say(|w| encode::monitor_p(w, &from.borrow(), &to, &reference.borrow()));
            world.evil.say(|w| encode::demonitor_p(w, &from.borrow(), &to, &reference.borrow()));
        }
        for to in [&nobody, &earlier] {
            world.evil.say(|w| encode::link(w, &from.borrow(), &to.borrow()));
            world.evil.say(|w| encode::unlink_id(w, 1, &from.borrow(), &to.borrow()));
            world.evil.say(|w| encode::unlink_id_ack(w, 1, &from.borrow(), &to.borrow()));
            world.evil.say_with(None, |w| encode::exit(w, &from.borrow(), &to.borrow(), &atom("boom")));
            world.evil.say_with(None, |w| encode::exit2(w, &from.borrow(), &to.borrow(), &atom("kill")));
            world.evil.say_with(Some(&[106]), |w| encode::send(w, &to.borrow()));
        }
        world.evil.say_with(Some(&[106]), |w| encode::reg_send(w, &from.borrow(), &name));
        world.evil.flush().await;
    }
    world.heard().await;
    // Four exits, two messages to pids and one to a name, each time.
    assert_eq!(world.a.counters().stray, 70_000);
    assert_eq!((world.link_ties(), ties(&world.inbox), world.a.process_count()), (0, (0, 0, 0), 1));
    world.end().await;
}

#[tokio::test]
async fn who_signals_for_another_nodes_process_loses_its_link() {
    let mut world = world(|_config| {}).await;
    let mut victim = trapping(&world.a);
    let to = victim.pid().clone();
    let mut good = trapping(&world.good);
    let theirs = good.pid().clone();
    // Tied in both directions.
    victim.link(&theirs);
    let ours = victim.monitor(&Dest::from(&theirs)).unwrap();
    let reference = good.monitor(&Dest::from(&to)).unwrap();
    until("the ties", || ties(&victim) == (1, 1, 1) && ties(&good) == (1, 1, 1)).await;
    let named = Named::Pid(to.borrow());
    type Forged<'a> = Box<dyn Fn(&mut Writer<'_>) -> Result<(), TermError> + 'a>;
    let reason = atom("forged");
    let forged: Vec<(&str, Forged<'_>)> = vec![
        ("link", Box::new(|w| encode::link(w, &theirs.borrow(), &to.borrow()))),
        ("unlink", Box::new(|w| encode::unlink_id(w, 9, &theirs.borrow(), &to.borrow()))),
        ("unlink ack", Box::new(|w| encode::unlink_id_ack(w, 1, &theirs.borrow(), &to.borrow()))),
        ("exit", Box::new(|w| encode::exit(w, &theirs.borrow(), &to.borrow(), &reason))),
        ("exit of our own", Box::new(|w| encode::exit2(w, &to.borrow(), &to.borrow(), &reason))),
        ("monitor", Box::new(|w| encode::monitor_p(w, &theirs.borrow(), &named, &evil_ref(1).borrow()))),
        // Under the reference of another's monitor, which it would take the place of.
        ("its reference", Box::new(|w| encode::monitor_p(w, &evil(1).borrow(), &named, &reference.borrow()))),
        ("demonitor", Box::new(|w| encode::demonitor_p(w, &evil(1).borrow(), &named, &reference.borrow()))),
        ("spawn", Box::new(|w| spawn(w, &theirs, &evil_ref(1)))),
        ("spawn under a reference", Box::new(|w| spawn(w, &evil(1), &reference))),
        (
            "down",
            Box::new(|w| {
                let from = Named::Pid(theirs.borrow());
                encode::monitor_p_exit(w, &from, &to.borrow(), &ours.borrow(), &reason)
            }),
        ),
    ];
    let count = forged.len() as u64;
    for (what, control) in &forged {
        let args = what.starts_with("spawn").then_some(&[106][..]);
        world.evil.say_with(args, control);
        world.evil.flush().await;
        let ended = down(&mut world.events, EVIL).await;
        assert!(
            matches!(&ended, DownReason::Protocol(text) if text.contains("another node")),
            "{what}: {ended}"
        );
        world.evil = Evil::join(&world.a, &mut world.events).await;
    }
    assert_eq!(world.a.counters().down_protocol, count);
    assert_eq!((ties(&victim), ties(&good)), ((1, 1, 1), (1, 1, 1)));
    assert!(victim.try_recv().is_none());
    // And all of it still works.
    drop(forged);
    victim.unlink(&theirs);
    let other = world.good.process().unwrap();
    victim.link(other.pid());
    until("the link", || ties(&other) == (1, 0, 0)).await;
    other.finish(Reason::shutdown());
    assert!(matches!(next(&mut victim).await, Message::Exit { reason, .. } if reason.is("shutdown")));
    victim.finish(Reason::kill());
    let Message::Down { reference: told, reason, .. } = next(&mut good).await else { panic!() };
    assert_eq!((told, reason.is("kill")), (reference, true));
    drop(good);
    world.end().await;
}

#[tokio::test]
async fn answers_and_ends_that_nobody_asked_this_peer_for_are_nobodys() {
    let mut world = world(|_config| {}).await;
    let mut victim = world.a.process().unwrap();
    let slow = world.good.process().unwrap();
    slow.register("slow").unwrap();
    let here = world.a.process().unwrap();
    here.register("here").unwrap();
    let names = ["slow", "here"];
    let watched =
        [Dest::from(slow.pid()), Dest::name("slow", world.good.name().clone()), Dest::from(here.pid())];
    let watches = watched.map(|dest| victim.monitor(&dest).unwrap());
    // Two calls that wait, one of the good peer, one of a process of this node.
    let calls =
        [world.good.name().clone(), world.a.name().clone()].into_iter().zip(names).map(|(node, name)| {
            let (a, pid) = (world.a.clone(), victim.pid().clone());
            tokio::spawn(async move {
                let _keep = pid;
                a.call(&node, name, &[106], Duration::from_secs(20)).await
            })
        });
    let calls: Vec<_> = calls.collect();
    let (mut slow, mut here) = (slow, here);
    // The questions: who asks, and under which reference.
    let mut asked = Vec::new();
    for process in [&mut slow, &mut here] {
        let Message::Term(term) = next(process).await else { panic!() };
        asked.push(Asked::read(&term));
    }
    let before = world.a.counters().stray;
    let mut strays = 0;
    for reference in watches.iter().chain(asked.iter().map(|asked| &asked.reference)) {
        for from in [Named::Name(Atom::Utf8("slow")), Named::Pid(evil(1).borrow())] {
            for to in std::iter::once(victim.pid()).chain(asked.iter().map(|asked| &asked.from)) {
                world.evil.say(|w| {
                    encode::monitor_p_exit(w, &from, &to.borrow(), &reference.borrow(), &atom("fake"))
                });
                strays += 1;
            }
        }
    }
    for asked in &asked {
        for answer in [asked.answer(false), asked.answer(true)] {
            world.evil.say_with(Some(&answer), |w| encode::send(w, &asked.from.borrow()));
            world.evil.say_with(Some(&answer), |w| {
                encode::alias_send(w, &evil(1).borrow(), &asked.reference.borrow())
            });
            strays += 2;
        }
    }
    world.heard().await;
    assert_eq!(world.a.counters().stray - before, strays);
    assert!(victim.try_recv().is_none());
    assert!(calls.iter().all(|call| !call.is_finished()));
    assert_eq!(ties(&victim), (0, 3, 0));
    // The true ends.
    drop((slow, here));
    for call in calls {
        let ended = within("a call", call).await.unwrap();
        assert!(
            matches!(&ended, Err(NodeError::ProcessDown { reason, .. }) if reason.is("normal")),
            "{ended:?}"
        );
    }
    let mut told = Vec::new();
    for _ in 0..3 {
        let Message::Down { reference, reason, .. } = next(&mut victim).await else { panic!() };
        assert!(reason.is("normal"));
        told.push(reference.ids);
    }
    told.sort();
    assert_eq!(told, watches.map(|reference| reference.ids));
    world.end().await;
}

#[tokio::test]
async fn an_answer_is_known_by_our_reference_and_not_by_its_numbers() {
    let mut world = world(|_config| {}).await;
    // The next ones are those of the call.
    let (pid, reference) = (world.a.allocate_pid(), world.a.make_ref());
    let mut ids = reference.ids;
    ids[0] += 1;
    let asked = Asked { from: OwnedPid { id: pid.id + 1, ..pid }, reference: OwnedRef { ids, ..reference } };
    let a = world.a.clone();
    let call = tokio::spawn(async move {
        a.call(&EVIL.parse().unwrap(), "anything", &[106], Duration::from_secs(20)).await
    });
    let link = world.a.link(&EVIL.parse().unwrap()).unwrap();
    until("the question", || link.info().written.signals >= 2).await;
    for reference in [
        OwnedRef { node: EVIL.into(), ..asked.reference.clone() },
        OwnedRef { creation: asked.reference.creation ^ 1, ..asked.reference.clone() },
    ] {
        let other = Asked { reference, from: asked.from.clone() };
        world.evil.say_with(Some(&other.answer(false)), |w| encode::send(w, &asked.from.borrow()));
        world.evil.say(|w| {
            let from = Named::Name(Atom::Utf8("anything"));
            encode::monitor_p_exit(w, &from, &asked.from.borrow(), &other.reference.borrow(), &atom("fake"))
        });
    }
    world.heard().await;
    assert!(!call.is_finished());
    assert_eq!(world.a.counters().stray, 4);
    world.evil.say_with(Some(&asked.answer(true)), |w| encode::send(w, &asked.from.borrow()));
    world.evil.flush().await;
    assert_eq!(within("the answer", call).await.unwrap().unwrap(), atom("fake"));
    world.end().await;
}

/// A call as the callee sees it: `{'$gen_call', {From, [alias | Reference]}, Request}`.
struct Asked {
    from: OwnedPid,
    reference: OwnedRef,
}

impl Asked {
    fn read(term: &[u8]) -> Self {
        let mut reader = outrigger_term::Reader::new(term);
        assert_eq!((reader.tuple(), reader.atom().map(|atom| atom.eq_str("$gen_call"))), (Ok(3), Ok(true)));
        assert_eq!(reader.tuple(), Ok(2));
        let from = OwnedPid::from(reader.pid().unwrap());
        assert_eq!((reader.list(), reader.atom().map(|atom| atom.eq_str("alias"))), (Ok(1), Ok(true)));
        Self { from, reference: OwnedRef::from(reader.reference().unwrap()) }
    }

    fn answer(&self, alias: bool) -> Vec<u8> {
        let mut term = Vec::new();
        let mut writer = Writer::new(&mut term);
        writer.tuple(2);
        if alias {
            writer.list(1);
            writer.atom("alias").unwrap();
        }
        writer.reference(&self.reference.borrow()).unwrap();
        writer.atom("fake").unwrap();
        term
    }
}

#[tokio::test]
async fn a_flood_of_exits_and_messages_fills_a_mailbox_and_no_more() {
    const MANY: u32 = 20_000;
    let mut world = world(|_config| {}).await;
    let bounds = |overflow| MailboxBounds { messages: 100, bytes: 64 << 10, overflow };
    let options = |overflow| ProcessOptions::default().trap_exit().mailbox(bounds(overflow));
    let start = |overflow| world.a.process_with(&options(overflow)).unwrap();
    let (mut newest, mut oldest, end) =
        (start(Overflow::DropNewest), start(Overflow::DropOldest), start(Overflow::End));
    let watch = world.inbox.monitor(&Dest::from(end.pid())).unwrap();
    let mut number = Vec::new();
    for id in 1..=MANY {
        number.clear();
        Writer::new(&mut number).integer(id.into());
        for to in [&newest, &oldest, &end] {
            let to = to.pid().clone();
            // Messages and exits take turns.
            match id % 2 {
                0 => world.evil.say_with(Some(&number), |w| encode::send(w, &to.borrow())),
                _ => world.evil.say(|w| encode::exit2(w, &evil(id).borrow(), &to.borrow(), &number)),
            }
        }
        if id % 1_000 == 0 {
            world.evil.flush().await;
        }
    }
    world.evil.flush().await;
    // Who is to end at the first one too many has ended; it says why.
    let Message::Down { reference, reason, .. } = next(&mut world.inbox).await else { panic!() };
    assert_eq!((reference, reason.is("system_limit")), (watch, true));
    assert!(end.ended().unwrap().is("system_limit"));
    world.heard().await;
    for process in [&newest, &oldest] {
        let figures = process.figures();
        assert_eq!((figures.waiting, figures.dropped), (100, u64::from(MANY) - 100));
    }
    // One dropped at the end of the third; the rest of its flood was for nobody.
    assert_eq!(world.a.counters().mailbox_dropped, 2 * (u64::from(MANY) - 100) + 1);
    assert_eq!(world.a.counters().stray, u64::from(MANY) - 101);
    let value = |message: Message| match message {
        Message::Term(term) => outrigger_term::Reader::new(&term).integer().unwrap(),
        Message::Exit { reason, .. } => outrigger_term::Reader::new(reason.as_bytes()).integer().unwrap(),
        other => panic!("{other:?}"),
    };
    let kept =
        |process: &mut Process| std::iter::from_fn(|| process.try_recv()).map(value).collect::<Vec<_>>();
    assert_eq!(kept(&mut newest), (1..=100).collect::<Vec<_>>());
    assert_eq!(kept(&mut oldest), (i64::from(MANY) - 99..=i64::from(MANY)).collect::<Vec<_>>());

    // Ends of what it is linked with must reach it; their reasons must not fill the memory.
    let long = vec![0; 40 << 10];
    let mut reason = Vec::new();
    Writer::new(&mut reason).binary(&long).unwrap();
    for id in 1..=1_000 {
        world.evil.say(|w| encode::link(w, &evil(id).borrow(), &newest.pid().borrow()));
    }
    for id in 1..=1_000 {
        world
            .evil
            .say_with(Some(&reason), |w| encode::payload_exit(w, &evil(id).borrow(), &newest.pid().borrow()));
        world.evil.flush().await;
    }
    world.heard().await;
    assert_eq!((newest.figures().waiting, newest.figures().links), (1_000, 0));
    assert_eq!(world.a.counters().reasons_shortened, 999);
    let reasons: Vec<_> = std::iter::from_fn(|| newest.try_recv()).collect();
    assert!(matches!(&reasons[0], Message::Exit { reason: told, .. } if told.as_bytes() == reason));
    assert!(
        reasons[1..]
            .iter()
            .all(|message| matches!(message, Message::Exit { reason, .. } if reason.is("system_limit")))
    );
    world.end().await;
}
