//! `pg` with real `erl` nodes: members are seen and reached both ways, and all agree after whatever happened.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::beam::{COOKIE, EpmdServer, Erl, name, unique};
use common::groups::{atom, beam_members, config, erl, eval, hex, our_members, term, until, wait};
use common::{down, up, within};
use outrigger_node::pg::{Change, Pg};
use outrigger_node::{Dest, Message, Node, NodeError, OwnedPid, Process, ProcessOptions, Reason, Target};

async fn received(process: &mut Process) -> Vec<u8> {
    match within("a message", process.recv()).await {
        Some(Message::Term(term)) => term.to_vec(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg_members_see_and_reach_each_other() {
    let epmd = EpmdServer::start();
    for scope in ["pg", "Elixir.Phoenix.PubSub"] {
        let mut erl = erl(&epmd, scope);
        let node = Node::start(config(&epmd, &name("rust"), &[&erl]), vec![]).await.unwrap();
        let pg = Pg::start(&node, scope).unwrap();
        let group = atom("workers");
        let (now, mut events) = pg.monitor(&group).unwrap();
        assert!(now.is_empty());
        // Theirs: a process that echoes what it gets.
        eval(
            &mut erl,
            &format!(
                "P = spawn(fun F() -> receive {{From, X}} -> From ! {{self(), X}}, F() end end), pg:join('{scope}', workers, P)"
            ),
        );
        let joined = within("their member", events.next()).await.unwrap();
        assert_eq!(
            (joined.change, joined.pids.len(), &*joined.pids[0].node),
            (Change::Joined, 1, &*erl.name)
        );
        let mut process = node.process().unwrap();
        let echo = joined.pids[0].clone();
        let ping = term(|writer| {
            writer.tuple(2);
            writer.pid(&process.pid().borrow()).unwrap();
            writer.atom("ping").unwrap();
        });
        process.send(&Dest::Pid(echo), &ping).unwrap();
        assert!(received(&mut process).await.ends_with(b"ping"));

        // Ours: seen there, reached there.
        pg.join(&group, process.pid()).await.unwrap();
        assert_eq!(pg.local_members(&group), std::slice::from_ref(process.pid()));
        wait(&mut erl, &format!("length(pg:get_members('{scope}', workers)) =:= 2"));
        assert_eq!(beam_members(&mut erl, "get_members", scope, "workers"), our_members(&pg, &group));
        eval(
            &mut erl,
            &format!(
                "[P ! hello || P <- pg:get_members('{scope}', workers), node(P) =/= node()], length(nodes(hidden))"
            ),
        );
        assert_eq!(received(&mut process).await, atom("hello"));

        // Twice in, once out, then the end of the process.
        pg.join(&group, process.pid()).await.unwrap();
        wait(&mut erl, &format!("length(pg:get_members('{scope}', workers)) =:= 3"));
        assert!(pg.leave(&group, process.pid()).await.unwrap());
        wait(&mut erl, &format!("length(pg:get_members('{scope}', workers)) =:= 2"));
        drop(process);
        wait(
            &mut erl,
            &format!(
                "[P] = pg:get_members('{scope}', workers), node(P) =:= node(), P ! {{self(), x}}, receive {{P, x}} -> true end"
            ),
        );
        until("our own list", || pg.members(&group).len() == 1).await;

        // Their end.
        eval(&mut erl, &format!("exit(hd(pg:get_members('{scope}', workers)), kill)"));
        until("an empty list", || pg.members(&group).is_empty() && pg.groups().is_empty()).await;
        // The scope ends with its last handle; the BEAM's goes on.
        drop(pg);
        until("the name to be free", || node.whereis(scope).is_none()).await;
        assert_eq!(eval(&mut erl, &format!("is_pid(whereis('{scope}'))")), "true");
        node.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg_groups_are_any_terms() {
    let epmd = EpmdServer::start();
    let scope = unique("odd");
    let mut erl = erl(&epmd, &scope);
    let node = Node::start(config(&epmd, &name("rust"), &[&erl]), vec![]).await.unwrap();
    let pg = Pg::start(&node, &scope).unwrap();
    let process = node.process().unwrap();
    // As they are written in Erlang. Maps with atoms as keys have an order of their own on each node.
    let groups = [
        "7",
        "-1",
        "1.5",
        "<<\"bytes\">>",
        "<<1:3>>",
        "\"text\"",
        "[]",
        "[1, 2 | 3]",
        "{}",
        "{a, [b, {c}]}",
        "#{zeta => 1, alpha => 2, mid => #{z => 1, a => 2}, 1 => x}",
        "'grün 日本'",
        "1 bsl 70",
        "-(1 bsl 63)",
        "fun lists:map/2",
        "erlang:make_ref()",
        "self()",
        "lists:duplicate(300, 65)",
        "{user, 4711, <<0, 255>>}",
        "maps:from_list([{N, N} || N <- lists:seq(1, 60)])",
        "[300, 2, 3]",
        "[#{}]",
    ];
    eval(
        &mut erl,
        &format!(
            "P = spawn(fun() -> receive stop -> ok end end), register(member, P), put(scope, '{scope}')"
        ),
    );
    for group in groups {
        eval(&mut erl, &format!("G = {group}, put(group, G), pg:join('{scope}', G, whereis(member))"));
        until(group, || pg.groups().len() == 1).await;
        let ours = pg.groups()[0].clone();
        assert_eq!(pg.members(&ours).len(), 1);
        // The same group, from our side; the BEAM must see one group with two members.
        pg.join(&ours, process.pid()).await.unwrap();
        wait(
            &mut erl,
            &format!(
                "length(pg:get_members('{scope}', get(group))) =:= 2 andalso length(pg:which_groups('{scope}')) =:= 1"
            ),
        );
        // Theirs leaves: ours stays.
        eval(&mut erl, &format!("pg:leave('{scope}', get(group), whereis(member))"));
        until(group, || pg.members(&ours).len() == 1).await;
        assert!(pg.leave(&ours, process.pid()).await.unwrap());
        wait(&mut erl, &format!("pg:which_groups('{scope}') =:= []"));
    }
    // Several groups of small integers that are left at once come as a string.
    eval(&mut erl, &format!("[pg:join('{scope}', N, whereis(member)) || N <- [1, 2, 3, 3]]"));
    until("three groups", || pg.groups().len() == 3 && pg.members(&[97, 3]).len() == 2).await;
    eval(&mut erl, "whereis(member) ! stop");
    until("no group", || pg.groups().is_empty()).await;
    let figures = pg.figures();
    assert_eq!((figures.refused, figures.broken), (0, 0));
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg_scopes_that_start_late_or_again_are_found() {
    let epmd = EpmdServer::start();
    let scope = unique("late");
    let mut erl = tokio::task::block_in_place(|| Erl::start(&epmd, &name("app"), COOKIE, &[]));
    let node = Node::start(config(&epmd, &name("rust"), &[&erl]), vec![]).await.unwrap();
    up(&mut node.events(), &erl.name).await;
    let pg = Pg::start(&node, &scope).unwrap();
    let process = node.process().unwrap();
    let group = atom("g");
    pg.join(&group, process.pid()).await.unwrap();
    // Nobody listens yet; then somebody does.
    let join = format!(
        "{{ok, _}} = pg:start('{scope}'), P = spawn(fun() -> receive stop -> ok end end), pg:join('{scope}', g, P)"
    );
    eval(&mut erl, &join);
    wait(&mut erl, &format!("length(pg:get_members('{scope}', g)) =:= 2"));
    until("their member", || pg.members(&group).len() == 2).await;
    // Their scope process is killed, and with it what it told; a new one knows nothing of us.
    eval(&mut erl, &format!("exit(whereis('{scope}'), kill)"));
    until("their members to go", || pg.members(&group).len() == 1).await;
    wait(&mut erl, &format!("whereis('{scope}') =:= undefined andalso ets:info('{scope}') =:= undefined"));
    eval(&mut erl, &join);
    wait(&mut erl, &format!("length(pg:get_members('{scope}', g)) =:= 2"));
    until("their new member", || pg.members(&group).len() == 2).await;
    // Ours is killed by a BEAM: it goes on under another pid with the same members.
    let former = pg.pid();
    eval(
        &mut erl,
        &format!(
            "S = self(), [P] = [P || {{P, _}} <- [catch {{hd(element(2, process_info(whereis('{scope}'), monitored_by))), x}}]], exit(P, kill)"
        ),
    );
    until("another process", || pg.pid() != former).await;
    wait(&mut erl, &format!("length(pg:get_members('{scope}', g)) =:= 2"));
    until("their member again", || pg.members(&group).len() == 2).await;
    assert_eq!(beam_members(&mut erl, "get_members", &scope, "g"), our_members(&pg, &group));
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg_forgets_killed_nodes_and_is_forgotten() {
    let epmd = EpmdServer::start();
    let scope = unique("kill");
    let mut erls: Vec<Erl> = (0..3).map(|_| erl(&epmd, &scope)).collect();
    let names: Vec<String> = erls.iter().map(|erl| erl.name.clone()).collect();
    eval(&mut erls[0], &format!("[pong = net_adm:ping(N) || N <- ['{}', '{}']]", names[1], names[2]));
    let rust = name("rust");
    let node = Node::start(config(&epmd, &rust, &erls.iter().collect::<Vec<_>>()), vec![]).await.unwrap();
    let pg = Pg::start(&node, &scope).unwrap();
    let process = node.process().unwrap();
    let group = atom("g");
    pg.join_all(&group, &[process.pid().clone(), process.pid().clone()]).await.unwrap();
    for erl in &mut erls {
        eval(erl, &format!("P = spawn(fun() -> receive stop -> ok end end), pg:join('{scope}', g, P)"));
    }
    for erl in &mut erls {
        wait(erl, &format!("length(pg:get_members('{scope}', g)) =:= 5"));
        assert_eq!(beam_members(erl, "get_members", &scope, "g").len(), 5);
    }
    until("five members", || pg.members(&group).len() == 5).await;
    // SIGKILL.
    erls.remove(2).kill();
    until("four members", || pg.members(&group).len() == 4).await;
    // Our node goes and comes back under the same name: its former members are gone, the new one is there.
    let former = hex(process.pid());
    node.shutdown().await;
    for erl in &mut erls {
        wait(erl, &format!("length(pg:get_members('{scope}', g)) =:= 2"));
    }
    let node = Node::start(config(&epmd, &rust, &erls.iter().collect::<Vec<_>>()), vec![]).await.unwrap();
    let pg = Pg::start(&node, &scope).unwrap();
    let process = node.process().unwrap();
    pg.join(&group, process.pid()).await.unwrap();
    until("three members", || pg.members(&group).len() == 3).await;
    for erl in &mut erls {
        wait(erl, &format!("length(pg:get_members('{scope}', g)) =:= 3"));
        let members = beam_members(erl, "get_members", &scope, "g");
        assert_eq!(members, our_members(&pg, &group));
        assert!(members.contains(&hex(process.pid())) && !members.contains(&former));
    }
    // A link that is cut and comes back.
    until("all links", || node.links().len() == 2).await;
    let mut events = node.events();
    node.link(&erls[0].name.parse().unwrap()).unwrap().disconnect();
    down(&mut events, &erls[0].name).await;
    up(&mut events, &erls[0].name).await;
    until("three members again", || pg.members(&group).len() == 3).await;
    wait(&mut erls[0], &format!("length(pg:get_members('{scope}', g)) =:= 3"));
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg_between_rust_nodes_and_with_names_that_are_taken() {
    let epmd = EpmdServer::start();
    let one = Node::start(config(&epmd, &name("one"), &[]), vec![]).await.unwrap();
    let mut joins = config(&epmd, &name("two"), &[]);
    joins.joins = vec![Target::by_epmd(one.name().clone())];
    let two = Node::start(joins, vec![]).await.unwrap();
    let (pg1, pg2) = (Pg::start(&one, "pg").unwrap(), Pg::start(&two, "pg").unwrap());
    assert!(matches!(Pg::start(&one, "pg"), Err(NodeError::BadOption { .. })), "the name is taken");
    assert!(Pg::start(&one, "net_kernel").is_err() && Pg::start(&one, "").is_err());
    let (p1, p2) = (one.process().unwrap(), two.process().unwrap());
    let group = atom("g");
    pg1.join(&group, p1.pid()).await.unwrap();
    pg2.join(&group, p2.pid()).await.unwrap();
    until("both to see both", || pg1.members(&group).len() == 2 && pg2.members(&group).len() == 2).await;
    // Only own processes, only terms.
    assert!(pg1.join(&group, p2.pid()).await.unwrap_err().to_string().contains("no process of this node"));
    assert!(pg1.join(&[97], p1.pid()).await.is_err() && pg1.members(&[97]).is_empty());
    assert!(!pg1.leave(&atom("other"), p1.pid()).await.unwrap());
    // A process that is not there any more is a member for a moment only.
    let ended = p1.pid().clone();
    p1.finish(Reason::normal());
    pg1.join(&group, &ended).await.unwrap();
    until("the end to be noticed", || pg1.members(&group).len() == 1 && pg2.members(&group).len() == 1).await;
    // A spawned task as a member, until it ends.
    let pid = one
        .spawn(&ProcessOptions::default(), |mut process| async move {
            process.recv().await;
            Ok(())
        })
        .unwrap();
    pg1.join(&group, &pid).await.unwrap();
    until("the task to be seen", || pg2.members(&group).contains(&pid)).await;
    p2.send(&Dest::Pid(pid.clone()), &atom("stop")).unwrap();
    until("its end to be seen", || !pg2.members(&group).contains(&pid)).await;
    one.shutdown().await;
    assert!(matches!(pg1.join(&group, &pid).await, Err(NodeError::ShutDown)));
    until("the other node to be forgotten", || pg2.figures().peers == 0).await;
    two.shutdown().await;
}

/// Joins, leaves, kills members and the scope itself, then says `done`. What is left is a matter of chance.
fn storm(scope: &str, seed: u64) -> String {
    format!(
        "rand:seed(exsss, {{{seed}, 7, 9}}), S = '{scope}',
         Restart = fun R() -> case catch pg:start(S) of {{ok, _}} -> ok; _ -> timer:sleep(1), R() end end,
         Storm = fun Next(_, 0) -> ok; Next(Pids, N) ->
           G = lists:nth(rand:uniform(3), [f, {{g, 1}}, #{{b => 1, a => 2}}]),
           Left = case {{rand:uniform(40), Pids}} of
             {{1, _}} -> exit(whereis(S), kill), Restart(), Pids;
             {{X, [P | T]}} when X < 8 -> exit(P, kill), T;
             {{X, [P | T]}} when X < 18 -> pg:leave(S, G, [P, P]), T ++ [P];
             {{X, [P | T]}} when X < 24 -> pg:join(S, G, [P, P]), T ++ [P];
             _ -> P = spawn(fun() -> receive stop -> ok end end), pg:join(S, G, P), Pids ++ [P] end,
           timer:sleep(rand:uniform(4)), Next(Left, N - 1) end,
         Storm([], 250), done"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg_storms_end_in_agreement() {
    let epmd = EpmdServer::start();
    let scope = unique("storm");
    let mut erls: Vec<Erl> = (0..3).map(|_| erl(&epmd, &scope)).collect();
    let names: Vec<String> = erls.iter().map(|erl| erl.name.clone()).collect();
    eval(&mut erls[0], &format!("[pong = net_adm:ping(N) || N <- ['{}', '{}']]", names[1], names[2]));
    let node =
        Node::start(config(&epmd, &name("rust"), &erls.iter().collect::<Vec<_>>()), vec![]).await.unwrap();
    until("all links", || node.links().len() == 3).await;
    let pg = Pg::start(&node, &scope).unwrap();
    let map = term(|writer| {
        writer.map(2);
        for (key, value) in [("b", 1), ("a", 2)] {
            writer.atom(key).unwrap();
            writer.integer(value);
        }
    });
    let pair = term(|writer| {
        writer.tuple(2);
        writer.atom("g").unwrap();
        writer.integer(1);
    });
    let groups = [(atom("f"), "f"), (pair, "{g, 1}"), (map, "#{a => 2, b => 1}")];
    let storms: Vec<_> = erls
        .into_iter()
        .zip(1..)
        .map(|(mut erl, seed)| {
            let storm = storm(&scope, seed);
            tokio::task::spawn_blocking(move || {
                assert_eq!(erl.eval(&storm), "done");
                erl
            })
        })
        .collect();
    // Ours, beside theirs: members come and go, links are cut.
    let mut members: Vec<Process> = Vec::new();
    let mut random = 77u32;
    let mut below = move |below: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 16) % below
    };
    let mut expected: Vec<(usize, OwnedPid)> = Vec::new();
    while !storms.iter().all(tokio::task::JoinHandle::is_finished) {
        let place = below(3) as usize;
        let group = &groups[place].0;
        match below(30) {
            0 => {
                let name = names[below(3) as usize].parse().unwrap();
                node.link(&name).inspect(|link| link.disconnect());
            }
            1..=5 if !members.is_empty() => {
                let gone = members.swap_remove(below(members.len() as u32) as usize);
                expected.retain(|(_, pid)| pid != gone.pid());
            }
            6..=14 if !members.is_empty() => {
                let pid = members[below(members.len() as u32) as usize].pid().clone();
                let left = pg.leave(group, &pid).await.unwrap();
                let at = expected.iter().position(|member| *member == (place, pid.clone()));
                assert_eq!(left, at.is_some());
                at.map(|at| expected.swap_remove(at));
            }
            _ => {
                if members.len() < 10 || below(2) == 0 {
                    members.push(node.process().unwrap());
                }
                let pid = members[below(members.len() as u32) as usize].pid().clone();
                pg.join(group, &pid).await.unwrap();
                expected.push((place, pid));
            }
        }
        tokio::time::sleep(Duration::from_millis(u64::from(below(3)))).await;
    }
    let mut erls = Vec::new();
    for storm in storms {
        erls.push(within("a storm", storm).await.unwrap());
    }

    // Everybody's own members are the truth about them; everybody's list must become the sum of them.
    for (place, (ours, theirs)) in groups.iter().enumerate() {
        let mut truth: Vec<String> =
            expected.iter().filter(|(other, _)| *other == place).map(|(_, pid)| hex(pid)).collect();
        for erl in &mut erls {
            truth.extend(beam_members(erl, "get_local_members", &scope, theirs));
        }
        truth.sort();
        let agreed = format!("our members of {theirs}");
        within(&agreed, async {
            while our_members(&pg, ours) != truth {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        for erl in &mut erls {
            let count = truth.len();
            wait(erl, &format!("length(pg:get_members('{scope}', {theirs})) =:= {count}"));
            assert_eq!(
                beam_members(erl, "get_members", &scope, theirs),
                truth,
                "{} about {theirs}",
                erl.name
            );
        }
    }
    assert!(expected.len() > 3, "a storm that leaves nobody shows nothing");
    let groups: BTreeSet<_> = pg.groups().into_iter().collect();
    assert!(groups.len() <= 3, "one group in two forms: {groups:?}");
    node.shutdown().await;
}
