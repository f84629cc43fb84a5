//! A peer that has stopped hurts only itself: the others get every message, and it gets, when it goes on, what the policy
//! has kept, and how many it has lost (`docs/design/fanout.md`).
#![allow(clippy::expect_used)] // The helpers of tests are tests, too.

use std::time::Duration;

use outrigger_testkit::{Cluster, Group, LONG, outrigger};

/// Far more than the kernel, the link and a queue take: 30 MB.
const MESSAGES: u64 = 30_000;
/// So many are published before the healthy ones have to have them.
const STEP: usize = 2_000;
const BYTES: u64 = 1_000;
/// What a peer's link may hold before the queue is used (4 MiB), and what a queue may hold.
const LINK: u64 = 4 << 20;
const QUEUE: u64 = 1 << 20;

struct Scene {
    cluster: Cluster,
}

/// What the stopped one has seen in the end.
struct Seen {
    before: (u64, u64),
    lost: u64,
    after: (u64, u64),
}

impl Scene {
    fn start(policy: &str) -> Self {
        Self::with_queue("1MiB", policy)
    }

    fn with_queue(queue: &str, policy: &str) -> Self {
        let arguments = ["--pubsub-queue", queue, "--pubsub-policy", policy];
        Self { cluster: Cluster::start_with(4, |options| options.args(&arguments), None) }
    }

    fn groups(&self) -> [Group<'_>; 4] {
        self.cluster.joined_groups("news").try_into().ok().expect("four")
    }

    /// `a` publishes on so many topics, as fast as the healthy ones follow; they get each message once and in order.
    fn publish(&self, [a, _, c, d]: &[Group<'_>; 4], prefix: &str, topics: u64) {
        let rust = self.cluster.rust().name();
        for first in (1..=MESSAGES).step_by(STEP) {
            let last = first + STEP as u64 - 1;
            let load = format!("{{<<\"{prefix}\">>, {topics}}}, {BYTES}, {{{first}, {last}}}");
            a.beam().eval_within(&format!("kit_group:publish_load(news, '{rust}', {load})"), LONG);
            for healthy in [c, d] {
                healthy.wait(&format!("kit_group:last(news) =:= {last}"), LONG);
            }
        }
        for healthy in [c, d] {
            assert_eq!(
                healthy.beam().eval(&format!("kit_group:numbers(news) =:= lists:seq(1, {MESSAGES})")),
                "true"
            );
            assert_eq!(healthy.own("around_loss"), "not_yet");
        }
    }

    /// The report of the Rust node on the link to a peer.
    fn link(&self, peer: &str) -> serde_json::Value {
        let mut command = outrigger();
        command.env("OUTRIGGER_COOKIE", outrigger_testkit::COOKIE);
        command.args(["node", "--status", self.cluster.rust().name(), "--json"]);
        command.args(["--epmd-port", &self.cluster.epmd().port().to_string()]);
        let output = command.output().expect("it runs");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
        });
        let peers = report["peers"].as_array().expect("peers").clone();
        peers.into_iter().find(|found| found["name"] == peer).expect("the peer")["link"].clone()
    }

    /// Two runs of numbers without a gap, and the word of the loss in between.
    fn seen(&self, b: &Group<'_>, last: u64) -> Seen {
        b.wait(&format!("kit_group:last(news) =:= {last}"), LONG);
        let text = b.beam().eval(
            "{[First | _] = Before, [{Node, Lost}], After} = kit_group:around_loss(news), \
             true = Before =:= lists:seq(First, lists:last(Before)), \
             {From, To} = case After of [] -> {0, 0}; [H | _] -> {H, lists:last(After)} end, \
             true = After =:= [N || N <- lists:seq(From, To), N > 0], \
             [First, lists:last(Before), Lost, From, To]",
        );
        let numbers: Vec<u64> = text
            .trim_matches(['[', ']'])
            .split(',')
            .map(|number| number.trim().parse().unwrap_or_else(|_| panic!("numbers: {text}")))
            .collect();
        let [first, kept, lost, from, to] = numbers[..] else { panic!("{text}") };
        Seen { before: (first, kept), lost, after: (from, to) }
    }

    fn has_left(&self, peer: &str) -> bool {
        self.cluster.rust().process().dump().lines().any(|line| line.contains("left") && line.contains(peer))
    }
}

/// How many numbers `from..=to` are; none for 0.
fn count((from, to): (u64, u64)) -> u64 {
    if from == 0 { 0 } else { to - from + 1 }
}

#[test]
fn the_others_get_all_and_the_stopped_one_the_newest() {
    let scene = Scene::start("none:*=disconnect");
    let groups = scene.groups();
    let b = &groups[1];
    let before = scene.cluster.rust().process().resident_kib();
    b.beam().process().stop();
    scene.publish(&groups, "t", 1);
    let grown = (scene.cluster.rust().process().resident_kib().saturating_sub(before)) * 1_024;
    // What waits for one, what was under way to three, and what the allocator keeps.
    assert!(grown < LINK + QUEUE + (12 << 20), "grown by {grown} bytes");
    let link = scene.link(b.beam().name());
    let (bytes, lost) = (&link["pubsub"]["bytes"], &link["pubsub"]["dropped"]);
    assert!(bytes.as_u64().is_some_and(|bytes| bytes > QUEUE / 2 && bytes <= QUEUE), "{link}");
    assert!(link["queued_bytes"].as_u64().is_some_and(|bytes| bytes < 2 * LINK), "{link}");
    b.beam().process().cont();
    let seen = scene.seen(b, MESSAGES);
    assert_eq!(Some(seen.lost), lost.as_u64(), "as many as were counted");
    assert_eq!(seen.before.0, 1);
    assert_eq!(count(seen.before) + seen.lost + count(seen.after), MESSAGES, "received and lost");
    assert!(count(seen.after) > 500, "{:?}", seen.after);
    // It is as before, and has never been away.
    let more = MESSAGES + 1;
    groups[0].call_with("publish_load", &format!("{{<<\"t\">>, 1}}, 10, {{{more}, {more}}}"));
    b.wait(&format!("kit_group:last(news) =:= {more}"), LONG);
    assert!(!scene.has_left(b.beam().name()));
    assert_eq!(scene.link(b.beam().name())["pubsub"]["bytes"], 0);
}

#[test]
fn the_stopped_one_gets_the_oldest() {
    let scene = Scene::start("old:*=drop_newest");
    let groups = scene.groups();
    groups[1].beam().process().stop();
    scene.publish(&groups, "old:", 3);
    groups[1].beam().process().cont();
    groups[1].wait("kit_group:around_loss(news) =/= not_yet", LONG);
    let more = MESSAGES + 1;
    groups[0].call_with("publish_load", &format!("{{<<\"t\">>, 1}}, 10, {{{more}, {more}}}"));
    let text = |what: &str| format!("{{B, [{{_, Lost}}], A}} = kit_group:around_loss(news), {what}");
    groups[1].wait(&text("lists:last([0 | A]) =:= 30001"), LONG);
    // What waited when the queue was full, and nothing behind it but what came when there was room again.
    let all = "All = B ++ A, Kept = length(All) - 1, All =:= lists:seq(1, Kept) ++ [30001] andalso Kept + Lost =:= 30000";
    assert_eq!(groups[1].beam().eval(&text(all)), "true");
    assert!(!scene.has_left(groups[1].beam().name()));
}

#[test]
fn the_stopped_one_gets_the_latest_of_each_topic() {
    let scene = Scene::start("latest:*=keep_latest");
    let groups = scene.groups();
    groups[1].beam().process().stop();
    scene.publish(&groups, "latest:", 10);
    groups[1].beam().process().cont();
    let seen = scene.seen(&groups[1], MESSAGES);
    assert_eq!(seen.after, (MESSAGES - 9, MESSAGES), "one of each, in the order of publishing");
    assert_eq!(count(seen.before) + seen.lost + 10, MESSAGES);
}

#[test]
fn the_stopped_one_is_given_up() {
    let scene = Scene::start("dear:*=disconnect");
    let groups = scene.groups();
    let b = groups[1].beam();
    b.process().stop();
    scene.publish(&groups, "dear:", 1);
    scene.cluster.rust().wait_log(0, LONG, &["left", b.name(), "stopped reading"]);
    let rest = [0, 2, 3].map(|n| groups[n].beam().name());
    groups[2].wait_members(&rest);
    b.process().cont();
    // It comes back by itself, with nothing of what was in between.
    b.wait_until(&format!("lists:member('{}', nodes(hidden))", scene.cluster.rust().name()), LONG);
}

/// Rate and latency of the healthy ones, with and without a stopped one. By hand, on a quiet machine:
/// `cargo test -p outrigger-testkit --test live_slow_peer -- --ignored --nocapture`, with `OUTRIGGER_BIN` of a release build.
#[test]
#[ignore = "prints figures, proves nothing"]
fn figures() {
    for round in 0..3 {
        for stopped in [false, true] {
            // The healthy ones lose nothing of a burst either.
            let scene = Scene::with_queue("1GiB", "none:*=disconnect");
            let groups = scene.groups();
            let (rust, beam) = (scene.cluster.rust().name(), groups[0].beam());
            if stopped {
                groups[1].beam().process().stop();
                // So that its link is full when it counts.
                scene.publish(&groups, "t", 1);
                groups.iter().skip(2).for_each(Group::forget);
            }
            let paced = format!("kit_group:paced(news, '{rust}', 1000, 50000)");
            beam.eval_within(&paced, LONG);
            for healthy in [2, 3] {
                groups[healthy].wait("element(1, kit_group:latencies(news)) =:= 50000", LONG);
                let latencies = groups[healthy].own("latencies");
                println!(
                    "{round}: stopped {stopped}: 5,000/s of 1,000 bytes: {{count, p50, p99}} us {latencies}"
                );
                groups[healthy].forget();
            }
            let burst = format!(
                "{{T, ok}} = timer:tc(fun() -> \
                   kit_group:publish_load(news, '{rust}', {{<<\"t\">>, 1}}, 100, {{1, 200000}}), \
                   Wait = fun Wait(N) -> case length(erpc:call(N, kit_group, numbers, [news])) of \
                       200000 -> ok; _ -> timer:sleep(5), Wait(N) end end, \
                   [ok = Wait(N) || N <- ['{}', '{}']], ok end), T",
                groups[2].beam().name(),
                groups[3].beam().name(),
            );
            let micros: f64 = beam.eval_within(&burst, LONG).parse().expect("microseconds");
            println!("{round}: stopped {stopped}: {:.0} broadcasts/s of 100 bytes", 200_000.0 / micros * 1e6);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
