//! Several messages in one frame (`docs/design/fanout.md`), between real BEAM nodes: under load, beside workers that take
//! none, and with terms of all kinds.

use outrigger_testkit::{Cluster, Group, LONG};

/// A worker on each node, attached in these versions of the contract.
fn attached<'a>(cluster: &'a Cluster, versions: &[&str]) -> Vec<Group<'a>> {
    let groups: Vec<_> = (0..versions.len()).map(|n| cluster.group(n, "news")).collect();
    for (group, version) in groups.iter().zip(versions) {
        group.wait_linked();
        group.call_with("attach", version);
    }
    groups.iter().for_each(|group| group.wait_members(&cluster.names()));
    groups
}

fn router_batches(group: &Group<'_>, cluster: &Cluster) -> u64 {
    group.beam().eval_number(&format!(
        "#{{services := [#{{figures := #{{<<\"batches\">> := N}}}} | _]}} = \
         gen_server:call({{outrigger_status, '{}'}}, status), N",
        cluster.rust().name()
    ))
}

#[test]
fn under_load_all_arrive_once_in_order_in_batches_and_one_by_one() {
    let cluster = Cluster::start(3);
    let groups = attached(&cluster, &["2", "2", "1"]);
    let names = cluster.names();
    let rust = cluster.rust().name();
    for group in &groups {
        group.beam().eval(&format!(
            "[spawn(fun() -> kit_group:publish_range(news, '{rust}', N * 10000 + 1, N * 10000 + 5000) end) \
             || N <- [1, 2, 3]], ok"
        ));
    }
    for (n, group) in groups.iter().enumerate() {
        group.wait("length(kit_group:data(news)) =:= 30000", LONG);
        for (_, from) in names.iter().enumerate().filter(|(m, _)| *m != n) {
            for publisher in [1, 2, 3] {
                let (first, last) = (publisher * 10_000 + 1, publisher * 10_000 + 5_000);
                let all = format!("[M || M <- kit_group:from(news, '{from}'), M >= {first}, M =< {last}]");
                group.wait(&format!("{all} =:= lists:seq({first}, {last})"), LONG);
            }
        }
    }
    for group in &groups[..2] {
        let sizes = "kit_group:batches(news)";
        let sane = format!("{sizes} =/= [] andalso lists:min({sizes}) > 1 andalso lists:max({sizes}) =< 128");
        assert_eq!(group.beam().eval(&sane), "true", "{}", group.own("batches"));
    }
    assert_eq!(groups[2].own("batches"), "[]", "version 1 gets single frames");
    assert!(router_batches(&groups[0], &cluster) > 0);
}

#[test]
fn terms_of_all_kinds_arrive_as_they_are_in_batches() {
    let cluster = Cluster::start(2);
    let [a, b] = attached(&cluster, &["2", "2"]).try_into().ok().unwrap();
    let (b_name, rust) = (b.beam().name(), cluster.rust().name());
    // First from BEAM to BEAM, then several times through the router, all by one process.
    let count = a.beam().eval(&format!(
        "Zoo = kit_group:zoo(), Direct = erpc:call('{b_name}', erlang, whereis, [news]), \
         [kit_group:publish(news, Direct, T) || T <- Zoo], \
         persistent_term:put(zoo, Zoo), length(Zoo)"
    ));
    b.wait(&format!("length(kit_group:data(news)) =:= {count}"), LONG);
    a.beam().eval(&format!(
        "[kit_group:publish(news, '{rust}', T) || _ <- lists:seq(1, 10), T <- persistent_term:get(zoo)], ok"
    ));
    b.wait(&format!("kit_group:same_again(news, {count}, 10)"), LONG);
    assert_ne!(b.own("batches"), "[]", "some shared a frame");
}

#[test]
fn a_worker_that_is_upgraded_gets_batches_from_then_on() {
    let cluster = Cluster::start(2);
    let [a, b] = attached(&cluster, &["2", "1"]).try_into().ok().unwrap();
    a.call_with("publish_range", "1, 2000");
    b.wait_data("lists:seq(1, 2000)");
    assert_eq!(b.own("batches"), "[]");
    let version = a.version();
    b.call_with("attach", "2");
    a.wait(&format!("kit_group:version(news, '{}') > {version}", cluster.rust().name()), LONG);
    a.call_with("publish_range", "2001, 4000");
    b.wait_data("lists:seq(1, 4000)");
    assert_ne!(b.own("batches"), "[]");
}
