//! The fan-out contract (`docs/design/fanout.md`) when somebody leaves, dies or comes again: what was sent before is
//! in front of the word about it, and nothing comes behind.

use outrigger_testkit::{Cluster, LONG};

#[test]
fn a_detach_is_announced_behind_the_data() {
    let cluster = Cluster::start(3);
    let [a, b, c] = cluster.joined_groups("news").try_into().ok().unwrap();
    let rest = [b.beam().name(), c.beam().name()];
    a.call_with("publish_range", "1, 2000");
    a.call("detach");
    a.publish("lost");
    for group in [&b, &c] {
        group.wait_members(&rest);
        let leave = format!("kit_group:leave(news, '{}', '{}')", cluster.rust().name(), a.beam().name());
        group.wait(&format!("{leave} =:= {{lists:seq(1, 2000), []}}"), LONG);
    }
    b.publish("on");
    c.wait_data("lists:seq(1, 2000) ++ [on]");
    assert_eq!(a.own("data"), "[]", "a detached worker hears nothing");
}

#[test]
fn a_lost_link_is_announced_behind_the_data() {
    let cluster = Cluster::start(3);
    let [a, b, c] = cluster.joined_groups("news").try_into().ok().unwrap();
    let (rust, lost) = (cluster.rust().name(), a.beam().name().to_owned());
    let rest = [b.beam().name(), c.beam().name()];
    a.beam().eval(&format!("kit_group:pump(news, '{rust}'), ok"));
    for group in [&b, &c] {
        group.wait(&format!("length(kit_group:from(news, '{lost}')) > 20"), LONG);
    }
    a.beam().kill();
    for group in [&b, &c] {
        group.wait_members(&rest);
        group.wait(
            &format!(
                "{{Before, []}} = kit_group:leave(news, '{rust}', '{lost}'), \
                 Before =:= lists:seq(1, length(Before)) andalso length(Before) > 20"
            ),
            LONG,
        );
    }
    b.publish("on");
    c.wait("lists:last(kit_group:data(news)) =:= on", LONG);
}

#[test]
fn the_routers_death_comes_behind_what_it_delivered() {
    let cluster = Cluster::start(3);
    let [a, b, c] = cluster.joined_groups("news").try_into().ok().unwrap();
    let (rust, from) = (cluster.rust().name(), a.beam().name());
    for group in [&a, &b, &c] {
        group.call("watch_router");
    }
    a.beam().eval(&format!("kit_group:pump(news, '{rust}'), ok"));
    for group in [&b, &c] {
        group.wait(&format!("length(kit_group:from(news, '{from}')) > 20"), LONG);
    }
    cluster.rust().kill();
    for group in [&b, &c] {
        group.wait(
            &format!(
                "{{Before, []}} = kit_group:down(news, '{rust}'), \
                 Before =:= lists:seq(1, length(Before)) andalso length(Before) > 20"
            ),
            LONG,
        );
    }
    a.wait(&format!("kit_group:down(news, '{rust}') =:= {{[], []}}"), LONG);
}

#[test]
fn after_the_routers_restart_all_begin_anew() {
    let cluster = Cluster::start(2);
    let [a, b] = cluster.joined_groups("news").try_into().ok().unwrap();
    let names = cluster.names();
    let router = format!("kit_group:router(news, '{}')", cluster.rust().name());
    a.beam().eval(&format!("persistent_term:put(old, {router})"));
    cluster.rust().kill();
    for group in [&a, &b] {
        group.wait("nodes(hidden) =:= []", LONG);
    }
    let again = cluster.rust().restart();
    again.wait_joined(names[0]);
    a.wait_linked();
    b.wait_linked();
    a.call("attach");
    b.join(&names);
    // Another creation makes another pid. Until the new list is here, the old one is.
    a.wait(&format!("persistent_term:get(old) =/= {router}"), LONG);
    a.wait_members(&names);
    a.publish("on");
    b.wait_data("[on]");
}

#[test]
fn attaching_again_makes_a_new_member() {
    let cluster = Cluster::start(2);
    let [a, b] = cluster.joined_groups("news").try_into().ok().unwrap();
    let names = cluster.names();
    let rust = cluster.rust().name();
    let a_at_b = format!("kit_group:member(news, '{rust}', '{}')", a.beam().name());
    b.beam().eval(&format!("persistent_term:put(old, {a_at_b}), ok"));
    let version = b.version();
    a.call_with("publish_range", "1, 500");
    a.call("attach");
    b.wait(&format!("kit_group:version(news, '{rust}') =:= {}", version + 1), LONG);
    b.wait_members(&names);
    assert_eq!(b.beam().eval(&format!("{a_at_b} =/= persistent_term:get(old)")), "true");
    // The old number is nobody's; the new one is the worker's. The data came before the list.
    b.beam().eval("kit_group:publish(news, persistent_term:get(old), lost)");
    b.beam().eval(&format!("kit_group:publish(news, {a_at_b}, found)"));
    a.wait_data("[found]");
    b.wait_data("lists:seq(1, 500)");
}

/// A replaced attachment does not live any more, though its link and its worker's name do: what still comes on an
/// older route neither reaches it nor is taken from it.
#[test]
fn an_old_route_leads_neither_to_nor_from_a_replaced_attachment() {
    let cluster = Cluster::start(3);
    let [a, b, c] = cluster.joined_groups("news").try_into().ok().unwrap();
    let rust = cluster.rust().name();
    for group in [&a, &b] {
        group.beam().eval(&format!("persistent_term:put(old, kit_group:route(news, '{rust}'))"));
    }
    let version = b.version();
    a.call("attach");
    for group in [&a, &b, &c] {
        group.wait(&format!("kit_group:version(news, '{rust}') =:= {}", version + 1), LONG);
    }
    a.beam().eval("kit_group:publish(news, persistent_term:get(old), lost)");
    b.beam().eval("kit_group:publish(news, persistent_term:get(old), to_c_alone)");
    a.publish("from_a");
    b.publish("from_b");
    a.wait_data("[from_b]");
    b.wait_data("[from_a]");
    c.wait("lists:sort(kit_group:data(news)) =:= [from_a, from_b, to_c_alone]", LONG);
}

/// Versions never fall while the router lives, even when a group is empty for a while.
#[test]
fn versions_rise_over_an_empty_group() {
    let cluster = Cluster::start(1);
    let worker = cluster.group(0, "news");
    let own = [cluster.beam(0).name()];
    worker.join(&own);
    let first = worker.version();
    worker.call("detach");
    worker.call("attach");
    worker.wait(&format!("kit_group:version(news, '{}') > {first}", cluster.rust().name()), LONG);
}

#[test]
fn a_new_worker_of_a_node_takes_the_place_of_the_old() {
    let cluster = Cluster::start(2);
    let [a, b] = cluster.joined_groups("news").try_into().ok().unwrap();
    let names = cluster.names();
    let version = b.version();
    a.own("stop");
    a.wait("whereis(news) =:= undefined", LONG);
    let new = cluster.group(0, "news");
    new.join(&names);
    b.wait(&format!("kit_group:version(news, '{}') =:= {}", cluster.rust().name(), version + 1), LONG);
    b.publish("hello");
    new.wait_data("[hello]");
}
