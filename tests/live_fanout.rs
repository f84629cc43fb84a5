//! The fan-out contract (`docs/design/fanout.md`) between three BEAM nodes and the router: lists, routes, payloads.
//! What happens when somebody leaves or dies is in `live_fanout_loss.rs`.

use outrigger_testkit::{Beam, Cluster, Group, Identity, LONG, RawPeer, etf, unique_name};

#[test]
fn members_are_told_with_every_change() {
    let cluster = Cluster::start(3);
    let [a, b, c] = [0, 1, 2].map(|n| cluster.group(n, "news"));
    let names = cluster.names();
    a.join(&names[..1]);
    let first = a.version();
    b.join(&names[..2]);
    c.join(&names);
    for group in [&a, &b, &c] {
        group.wait_members(&names);
        assert_eq!(group.call("version"), (first + 2).to_string(), "one version for each change");
        assert_eq!(group.call("route"), a.call("route"), "one route for all");
        assert_eq!(group.call("members"), a.call("members"), "the same list for all, own node included");
    }
    let pids: Vec<_> = names.iter().map(|name| a.call_with("member", &format!("'{name}'"))).collect();
    assert!(pids[0] != pids[1] && pids[1] != pids[2] && pids[0] != pids[2], "{pids:?}");
    let rust = cluster.rust().name();
    let all_of_it = format!(
        "[R, T | Ps] = [kit_group:router(news, '{rust}'), kit_group:route(news, '{rust}') | \
         [P || {{_, P}} <- element(5, kit_group:members(news, '{rust}'))]], \
         lists:usort([node(P) || P <- [R, T | Ps]]) =:= ['{rust}'] andalso length(lists:usort([R, T | Ps])) =:= 5"
    );
    assert_eq!(a.beam().eval(&all_of_it), "true", "five different pids of the router");
}

#[test]
fn each_message_arrives_once_in_order_everywhere_but_at_home() {
    let cluster = Cluster::start(3);
    let groups = cluster.joined_groups("news");
    let names = cluster.names();
    for group in &groups {
        let text = format!(
            "spawn(fun() -> kit_group:publish_range(news, '{}', 1, 5000) end), ok",
            cluster.rust().name()
        );
        group.beam().eval(&text);
    }
    for (n, group) in groups.iter().enumerate() {
        for (m, from) in names.iter().enumerate() {
            let wanted = if n == m { "[]" } else { "lists:seq(1, 5000)" };
            group.wait(&format!("kit_group:from(news, '{from}') =:= {wanted}"), LONG);
        }
        group.wait("length(kit_group:data(news)) =:= 10000", LONG);
    }
}

#[test]
fn terms_of_all_kinds_arrive_as_they_are() {
    let cluster = Cluster::start(3);
    let [a, b, c] = cluster.joined_groups("news").try_into().ok().unwrap();
    let (b_name, c_name, rust) = (b.beam().name(), c.beam().name(), cluster.rust().name());
    // The reference goes from BEAM to BEAM directly, and one process sends both copies of the same terms.
    let count = a.beam().eval(&format!(
        "Zoo = kit_group:zoo(), persistent_term:put(zoo, Zoo), \
         [kit_group:publish(news, P, T) || N <- ['{b_name}', '{c_name}'], \
            P <- [erpc:call(N, erlang, whereis, [news])], T <- Zoo], length(Zoo)"
    ));
    for group in [&b, &c] {
        group.wait(&format!("length(kit_group:data(news)) =:= {count}"), LONG);
    }
    a.beam().eval(&format!("[kit_group:publish(news, '{rust}', T) || T <- persistent_term:get(zoo)], ok"));
    for group in [&b, &c] {
        group.wait(&format!("kit_group:same_twice(news, {count})"), LONG);
    }
    assert_eq!(a.own("data"), "[]");
}

/// Raw peers see the bytes: even encodings that no BEAM would choose pass through unchanged.
#[test]
fn payloads_pass_byte_for_byte() {
    let cluster = Cluster::start(1);
    let rust = cluster.rust().name();
    let [mut from, mut to] = ["from", "to"].map(|short| {
        let who = Identity::new(&unique_name(short, "127.0.0.1"));
        let mut peer = RawPeer::join(cluster.rust_address(), &who);
        let worker = etf::pid(&who.name, 1, 0, who.creation);
        let attach = etf::tuple(&[etf::atom("attach"), etf::int(1), etf::atom("raw"), worker.clone()]);
        peer.send_frame(&etf::reg_send(&worker, "outrigger_pubsub", &attach));
        (peer, who)
    });
    let both =
        |frame: &[u8]| [&from.1.name, &to.1.name].iter().all(|name| etf::contains(frame, &etf::atom(name)));
    let members = from.0.read_frame_where(both);
    to.0.read_frame_where(both);
    let route = etf::pids_in(etf::payload_of(&members), rust)[1].clone();
    let long = vec![7; 1 << 20];
    let payloads = [
        vec![98, 0, 0, 0, 5],          // 5 as INTEGER_EXT
        vec![110, 1, 1, 5],            // -5 as SMALL_BIG_EXT
        vec![100, 0, 1, 0xE9],         // an atom in Latin-1
        vec![105, 0, 0, 0, 1, 97, 1],  // a LARGE_TUPLE_EXT of one
        vec![108, 0, 0, 0, 0, 106],    // a LIST_EXT of none
        vec![107, 0, 2, 1, 2],         // STRING_EXT
        vec![77, 0, 0, 0, 1, 3, 0xE0], // a bitstring
        [vec![70], 1.5_f64.to_be_bytes().to_vec()].concat(),
        etf::binary(&long),
        etf::nested(10_000),
    ];
    for payload in &payloads {
        from.0.send_frame(&etf::send(&route, payload));
        let frame = to.0.read_frame_where(|frame| !etf::contains(frame, b"$outrigger_members"));
        assert!(etf::payload_of(&frame) == payload, "sent {:?}", &payload[..payload.len().min(20)]);
        assert!(
            etf::contains(&frame[..frame.len() - payload.len()], &etf::atom("raw")),
            "addressed to the group"
        );
    }
}

#[test]
fn a_member_pid_reaches_that_member_alone() {
    let cluster = Cluster::start(3);
    let [a, b, c] = cluster.joined_groups("news").try_into().ok().unwrap();
    let rust = cluster.rust().name();
    let member = format!("kit_group:member(news, '{rust}', '{}')", b.beam().name());
    a.beam().eval(&format!("[kit_group:publish(news, {member}, N) || N <- lists:seq(1, 100)], ok"));
    a.publish("all");
    b.wait_data("lists:seq(1, 100) ++ [all]");
    c.wait_data("[all]");
    assert_eq!(a.own("data"), "[]");
}

#[test]
fn unknown_and_expired_routes_go_nowhere() {
    let cluster = Cluster::start(3);
    let [a, b, c] = cluster.joined_groups("news").try_into().ok().unwrap();
    let rust = cluster.rust().name();
    a.beam().eval(&format!(
        "Old = kit_group:route(news, '{rust}'), persistent_term:put(old, Old), \
         [kit_group:publish(news, kit_group:pid_near(Old, N), lost) || N <- [1000, 100000, 10000000]], ok"
    ));
    a.publish("one");
    // A route outlives some changes of the list, but not all: the router keeps 64 versions.
    b.call("detach");
    c.wait_members(&[a.beam().name(), c.beam().name()]);
    a.beam().eval("kit_group:publish(news, persistent_term:get(old), two)");
    c.wait_data("[one, two]");
    b.wait_data("[one]");
    let version = a.version();
    for _ in 0..33 {
        b.call("attach");
        b.call("detach");
    }
    a.wait(&format!("kit_group:version(news, '{rust}') > {}", version + 64), LONG);
    b.join(&cluster.names());
    a.wait_members(&cluster.names());
    a.beam().eval("kit_group:publish(news, persistent_term:get(old), lost)");
    a.publish("three");
    c.wait_data("[one, two, three]");
    b.wait_data("[one, three]");
}

#[test]
fn a_node_without_an_attachment_publishes_nothing() {
    let cluster = Cluster::start(3);
    let names = cluster.names();
    let [a, b] = [0, 1].map(|n| cluster.group(n, "news"));
    a.join(&names[..1]);
    b.join(&names[..2]);
    let stranger = cluster.beam(2);
    let other = cluster.group(2, "other");
    other.join(&names[2..]);
    for function in ["route", "router"] {
        let bytes = a
            .beam()
            .eval(&format!("term_to_binary(kit_group:{function}(news, '{}'))", cluster.rust().name()));
        stranger.eval(&format!("kit_group:publish(news, binary_to_term({bytes}), lost)"));
    }
    let member = format!("kit_group:member(news, '{}', '{}')", cluster.rust().name(), b.beam().name());
    let bytes = a.beam().eval(&format!("term_to_binary({member})"));
    stranger.eval(&format!("kit_group:publish(news, binary_to_term({bytes}), lost)"));
    // Once it is a member its messages pass, behind what it sent before.
    let late = cluster.group(2, "news");
    late.join(&names);
    b.wait_members(&names);
    late.publish("found");
    b.wait_data("[found]");
    a.wait_data("[found]");
}

#[test]
fn groups_do_not_hear_each_other() {
    let cluster = Cluster::start(3);
    let names = cluster.names();
    let who: [(&str, &[usize]); 3] = [("left", &[0, 1]), ("right", &[1, 2]), ("all", &[0, 1, 2])];
    let mut groups: Vec<(&str, Group<'_>)> = Vec::new();
    for (group, nodes) in who {
        for (n, &node) in nodes.iter().enumerate() {
            let so_far: Vec<_> = nodes[..=n].iter().map(|&m| names[m]).collect();
            let worker = cluster.group(node, group);
            worker.join(&so_far);
            groups.push((group, worker));
        }
        let everyone: Vec<_> = nodes.iter().map(|&m| names[m]).collect();
        groups.iter().filter(|(g, _)| *g == group).for_each(|(_, worker)| worker.wait_members(&everyone));
    }
    for (group, worker) in &groups {
        worker.publish(&format!("{{{group}, '{}'}}", worker.beam().name()));
    }
    for (group, nodes) in who {
        for (_, worker) in groups.iter().filter(|(g, _)| *g == group) {
            let senders: Vec<_> =
                nodes.iter().map(|&m| names[m]).filter(|name| *name != worker.beam().name()).collect();
            let wanted: Vec<_> = senders.iter().map(|name| format!("{{{group},'{name}'}}")).collect();
            worker.wait(
                &format!("lists:sort(kit_group:data({group})) =:= lists:sort([{}])", wanted.join(",")),
                LONG,
            );
        }
    }
}

#[test]
fn another_version_of_the_contract_is_refused() {
    let cluster = Cluster::start(2);
    let names = cluster.names();
    let [a, b] = [0, 1].map(|n| cluster.group(n, "news"));
    a.join(&names[..1]);
    b.wait_linked();
    b.call_with("attach", "3");
    b.wait("kit_group:refusals(news) =:= [{news, version, 2}]", LONG);
    assert_eq!(b.call("members"), "none");
    b.join(&names);
    b.publish("understood");
    a.wait_data("[understood]");
}

#[test]
fn cover_makes_the_router_dial() {
    let cluster = Cluster::start(1);
    let far = Beam::options("far").epmd(cluster.epmd()).start();
    let near = cluster.group(0, "news");
    near.join(&[near.beam().name()]);
    assert_eq!(far.eval("nodes(hidden)"), "[]");
    near.call_with("cover", &format!("['{}', '{}']", near.beam().name(), far.name()));
    let group = Group::start(&far, "news", cluster.rust().name());
    group.join(&[near.beam().name(), far.name()]);
    near.wait_members(&[near.beam().name(), far.name()]);
    near.publish("hello");
    group.wait_data("[hello]");
}

/// A node that was dialled to cover a group and is gone for good is not dialled for ever; when it is named anew, it is.
#[test]
fn what_was_covered_and_is_gone_is_dialled_no_more() {
    let cluster = Cluster::start(1);
    let far = Beam::options("far").epmd(cluster.epmd()).start();
    let near = cluster.group(0, "news");
    near.join(&[near.beam().name()]);
    let cover = || near.call_with("cover", &format!("['{}']", far.name()));
    cover();
    let group = Group::start(&far, "news", cluster.rust().name());
    group.join(&[near.beam().name(), far.name()]);
    let from = cluster.rust().process().lines().count();
    far.kill();
    let given_up = cluster.rust().wait_log(from, LONG, &["no source names this peer any more", far.name()]);
    near.wait_members(&[near.beam().name()]);
    let far = far.restart();
    cover();
    cluster.rust().wait_joined_from(given_up, far.name());
}
