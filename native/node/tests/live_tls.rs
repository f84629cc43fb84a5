//! TLS distribution, with real `erl -proto_dist inet_tls` nodes as both sides, in TLS 1.2 and 1.3.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::Duration;

use common::beam::{EpmdServer, Erl, unique};
use common::cluster::term;
use common::tls::{Authority, Says, optfile};
use common::{join_error, log, up, within};
use outrigger_node::{Config, Dest, Epmd, Listen, Node, NodeError, Process, Target, Tls, cookie};
use outrigger_term::{Reader, Writer};

const COOKIE: &str = "TLSCOOKIE";
const HOST: &str = "127.0.0.1";
const TLS_1_2: &str = ", {versions, ['tlsv1.2']}";
const TLS_1_3: &str = ", {versions, ['tlsv1.3']}";

fn erl_on(epmd: &EpmdServer, ca: &Authority, host: &str, tls: &Tls, more: &str) -> Erl {
    let name = unique("app");
    let optfile = optfile(ca.dir.path(), &name, tls, more);
    let args = ["-proto_dist", "inet_tls", "-ssl_dist_optfile", optfile.to_str().unwrap()];
    Erl::start(epmd, &format!("{name}@{host}"), COOKIE, &args)
}

fn erl(epmd: &EpmdServer, ca: &Authority, more: &str) -> Erl {
    erl_on(epmd, ca, HOST, &ca.node("beam", &[HOST]), more)
}

fn config_on(epmd: &EpmdServer, host: &str, tls: Option<Tls>) -> Config {
    let name = format!("{}@{host}", unique("rust"));
    let mut config = Config::new(name.parse().unwrap(), cookie::from_text(COOKIE, "test").unwrap());
    config.epmd = Epmd::Port(epmd.port);
    config.tls = tls;
    config
}

fn config(epmd: &EpmdServer, tls: Tls) -> Config {
    config_on(epmd, HOST, Some(tls))
}

async fn start(config: Config) -> Node {
    Node::start(config, vec![]).await.unwrap()
}

/// A node that joins `erl`, and has.
async fn joined(mut config: Config, erl: &Erl) -> Node {
    config.joins = vec![Target::by_epmd(erl.name.parse().unwrap())];
    let node = start(config).await;
    up(&mut node.events(), &erl.name).await;
    node
}

/// Why a node cannot join `peer`.
async fn refusal(mut config: Config, peer: &str) -> String {
    config.joins = vec![Target::by_epmd(peer.parse().unwrap())];
    config.handshake_timeout = Duration::from_secs(2);
    let node = start(config).await;
    let error = join_error(&mut node.events()).await;
    node.shutdown().await;
    assert!(matches!(&*error, NodeError::Tls { .. } | NodeError::PeerSpeaksTls { .. }), "{error:?}");
    error.to_string()
}

/// The value of an expression in which `RUST` is the node's name. The node works meanwhile.
async fn eval(erl: &mut Erl, node: &Node, expression: &str) -> String {
    let expression = expression.replace("RUST", &format!("'{}'", node.name()));
    tokio::task::block_in_place(|| erl.eval(&expression))
}

/// `{Pid, Number, <<0:(8 * Length)>>}`.
fn numbered(from: &Process, number: i64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(3);
    writer.pid(&from.pid().borrow()).unwrap();
    writer.integer(number);
    writer.binary(&vec![number as u8; length]).unwrap();
    bytes
}

/// A process that sends what it gets back to who sent it, but for the pid.
const ECHO: &str =
    "register(echo, spawn(fun F() -> receive {P, N, B} -> P ! {N, byte_size(B), B}, F() end end)), ok";

async fn expect_echo(process: &mut Process, number: i64, length: usize) {
    let bytes = term(process).await;
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.tuple().unwrap(), 3);
    assert_eq!((reader.integer().unwrap(), reader.integer().unwrap()), (number, length as i64));
    assert!(reader.binary().unwrap() == vec![number as u8; length], "message {number} came otherwise");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_each_side_connects_to_the_other_over_tls() {
    for host in ["localhost", HOST] {
        for versions in [TLS_1_2, TLS_1_3, ""] {
            let (epmd, ca) = (EpmdServer::start(), Authority::new());
            let mut erl = erl_on(&epmd, &ca, host, &ca.node("beam", &[host]), versions);
            let mut config = config_on(&epmd, host, Some(ca.node("rust", &[host])));
            let node = joined(config.clone(), &erl).await;
            assert_eq!(eval(&mut erl, &node, "net_adm:ping(RUST)").await, "pong");
            node.shutdown().await;
            eval(
                &mut erl,
                &node,
                "(fun F() -> case nodes(hidden) of [] -> ok; _ -> timer:sleep(10), F() end end)()",
            )
            .await;
            config.joins.clear();
            let node = start(config).await;
            assert_eq!(eval(&mut erl, &node, "net_adm:ping(RUST)").await, "pong");
            assert_eq!(eval(&mut erl, &node, "nodes(hidden) =:= [RUST]").await, "true");
            node.shutdown().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_payloads_of_every_size_come_back_in_order_over_tls() {
    for versions in [TLS_1_2, TLS_1_3] {
        for fragments in [true, false] {
            let (epmd, ca) = (EpmdServer::start(), Authority::new());
            let mut erl = erl(&epmd, &ca, versions);
            let mut config = config(&epmd, ca.node("rust", &[HOST]));
            config.fragments = fragments;
            let node = joined(config, &erl).await;
            eval(&mut erl, &node, ECHO).await;
            let mut ours = node.process().unwrap();
            let echo = Dest::name("echo", erl.name.parse().unwrap());
            // Around the sizes of a record, of a fragment and of what is encrypted at a time.
            let sizes = [
                0,
                1,
                100,
                16_383,
                16_384,
                16_385,
                65_535,
                65_536,
                65_537,
                (256 << 10) - 1,
                1 << 20,
                (20 << 20) + 3,
                7,
            ];
            for (number, &length) in sizes.iter().enumerate() {
                ours.send(&echo, &numbered(&ours, number as i64, length)).unwrap();
            }
            for (number, &length) in sizes.iter().enumerate() {
                expect_echo(&mut ours, number as i64, length).await;
            }
            node.shutdown().await;
        }
    }
}

/// More than both kernels hold, while the other side does not read: nothing is lost, and nothing waits for it here.
#[tokio::test(flavor = "multi_thread")]
async fn row_46_overload_in_both_directions_over_tls() {
    const COUNT: i64 = 600;
    const LENGTH: usize = 60_000;
    for versions in [TLS_1_2, TLS_1_3] {
        let (epmd, ca) = (EpmdServer::start(), Authority::new());
        let mut erl = erl(&epmd, &ca, versions);
        let node = joined(config(&epmd, ca.node("rust", &[HOST])), &erl).await;
        eval(&mut erl, &node, ECHO).await;
        let mut ours = node.process().unwrap();
        let echo = Dest::name("echo", erl.name.parse().unwrap());
        for number in 0..COUNT {
            ours.send(&echo, &numbered(&ours, number % 250, LENGTH)).unwrap();
        }
        assert!(node.links()[0].written.deferred > 0, "the socket was never full: {:?}", node.links()[0]);
        for number in 0..COUNT {
            expect_echo(&mut ours, number % 250, LENGTH).await;
        }
        let link = &node.links()[0];
        assert_eq!(link.queued, 0, "{link:?}");
        node.shutdown().await;
    }
}

/// The last ciphertext of a burst goes out though nobody says anything more: neither a sender, nor the peer, nor a tick.
#[tokio::test(flavor = "multi_thread")]
async fn row_46_the_end_of_a_burst_does_not_wait_over_tls() {
    let (epmd, ca) = (EpmdServer::start(), Authority::new());
    let name = unique("app");
    let optfile = optfile(ca.dir.path(), &name, &ca.node("beam", &[HOST]), TLS_1_3);
    let args = ["-proto_dist", "inet_tls", "-ssl_dist_optfile", optfile.to_str().unwrap()];
    let quiet = ["-kernel", "net_ticktime", "3600"];
    let mut erl = Erl::start(&epmd, &format!("{name}@{HOST}"), COOKIE, &[&args[..], &quiet].concat());
    let mut config = config(&epmd, ca.node("rust", &[HOST]));
    config.net_ticktime = Duration::from_secs(3600);
    let node = joined(config, &erl).await;
    let sum = "register(sum, spawn(fun() -> receive {P, 0, _} -> P ! length([receive {P, M, _} -> M end || M <- \
               lists:seq(1, 199)]) end end)), ok";
    eval(&mut erl, &node, sum).await;
    let mut ours = node.process().unwrap();
    for number in 0..200 {
        let term = numbered(&ours, number, 60_000);
        ours.send(&Dest::name("sum", erl.name.parse().unwrap()), &term).unwrap();
    }
    assert!(node.links()[0].written.deferred > 0, "the socket was never full: {:?}", node.links()[0]);
    assert_eq!(Reader::new(&term(&mut ours).await).integer().unwrap(), 199);
    node.shutdown().await;
}

/// Both sides exchange their keys while messages flow: OTP after so many bytes as it is told.
#[tokio::test(flavor = "multi_thread")]
async fn row_46_keys_are_updated_while_messages_flow() {
    let (epmd, ca) = (EpmdServer::start(), Authority::new());
    let mut erl = erl(&epmd, &ca, &format!("{TLS_1_3}, {{key_update_at, 100000}}"));
    let node = joined(config(&epmd, ca.node("rust", &[HOST])), &erl).await;
    eval(&mut erl, &node, ECHO).await;
    let mut ours = node.process().unwrap();
    let echo = Dest::name("echo", erl.name.parse().unwrap());
    for number in 0..200 {
        ours.send(&echo, &numbered(&ours, number, 30_000)).unwrap();
    }
    for number in 0..200 {
        expect_echo(&mut ours, number, 30_000).await;
    }
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_a_server_whose_certificate_does_not_hold_is_refused_with_the_remedy() {
    let (epmd, ca, other) = (EpmdServer::start(), Authority::new(), Authority::new());
    let ours = ca.node("rust", &[HOST]);
    let hosts: &[&str] = &[HOST];
    for (what, theirs, remedy) in [
        ("expired", ca.issue("old", Says { hosts, expired: true }), "has expired; renew it"),
        ("another CA", other.node("foreign", hosts), "CA that we do not know; add that CA"),
        ("another host", ca.node("moved", &["10.9.8.7", "elsewhere"]), "not for the host of its name; issue"),
    ] {
        // It trusts us, so that only its own certificate is at fault.
        let theirs = Tls { cacertfile: ours.cacertfile.clone(), ..theirs };
        let erl = erl_on(&epmd, &ca, HOST, &theirs, TLS_1_3);
        let text = refusal(config(&epmd, ours.clone()), &erl.name).await;
        assert!(text.contains(remedy), "{what}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_a_server_that_refuses_our_certificate_is_quoted_with_the_remedy() {
    for versions in [TLS_1_2, TLS_1_3] {
        let (epmd, ca, other) = (EpmdServer::start(), Authority::new(), Authority::new());
        let erl = erl(&epmd, &ca, versions);
        let hosts: &[&str] = &[HOST];
        for (what, ours, remedy) in [
            (
                "expired",
                ca.issue("old", Says { hosts, expired: true }),
                "our certificate has expired; renew it",
            ),
            ("another CA", other.node("foreign", hosts), "does not know the CA of our certificate; add"),
        ] {
            let ours = Tls { cacertfile: ca.node("any", hosts).cacertfile, ..ours };
            let text = refusal(config(&epmd, ours), &erl.name).await;
            assert!(text.contains(remedy), "{what}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_clients_whose_certificates_do_not_hold_are_refused_and_the_log_names_the_remedy() {
    log::keep();
    for versions in [TLS_1_2, TLS_1_3] {
        let (epmd, ca, other) = (EpmdServer::start(), Authority::new(), Authority::new());
        let node = start(config(&epmd, ca.node("rust", &[HOST]))).await;
        let hosts: &[&str] = &[HOST];
        let cases = [
            ("old", ca.issue("old", Says { hosts, expired: true }), "has expired; renew it"),
            ("foreign", other.node("foreign", hosts), "CA that we do not know; add that CA"),
            ("moved", ca.node("moved", &["10.9.8.7"]), "not for the host of its name; issue"),
        ];
        for (what, theirs, remedy) in cases {
            let theirs = Tls { cacertfile: ca.node("any", hosts).cacertfile, ..theirs };
            let parts = ["WARN", "refused a connection over TLS", remedy];
            let before = log::count(&parts);
            let mut erl = erl_on(&epmd, &ca, HOST, &theirs, versions);
            assert_eq!(eval(&mut erl, &node, "net_adm:ping(RUST)").await, "pang", "{what}");
            log::wait(before, &parts).await;
        }
        // One that has no certificate at all.
        let name = unique("app");
        let path = ca.dir.path().join("bare.config");
        let cacertfile = ca.node("any", hosts).cacertfile;
        let client = format!("{{cacertfile, {cacertfile:?}}}, {{verify, verify_peer}}{versions}");
        std::fs::write(&path, format!("[{{client, [{client}]}}, {{server, []}}].\n")).unwrap();
        let args = ["-proto_dist", "inet_tls", "-ssl_dist_optfile", path.to_str().unwrap()];
        let mut erl = Erl::start(&epmd, &format!("{name}@{HOST}"), COOKIE, &args);
        let parts = ["WARN", "it shows no certificate; give it a certfile"];
        let before = log::count(&parts);
        assert_eq!(eval(&mut erl, &node, "net_adm:ping(RUST)").await, "pang");
        log::wait(before, &parts).await;
        assert_eq!(node.links().len(), 0);
        node.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_a_wrong_cookie_does_not_pass_with_a_right_certificate() {
    let (epmd, ca) = (EpmdServer::start(), Authority::new());
    let mut erl = erl(&epmd, &ca, TLS_1_3);
    let mut config = config(&epmd, ca.node("rust", &[HOST]));
    config.cookie = cookie::from_text("ANOTHER", "test").unwrap();
    config.joins = vec![Target::by_epmd(erl.name.parse().unwrap())];
    let node = start(config).await;
    let error = join_error(&mut node.events()).await;
    assert!(matches!(&*error, NodeError::CookieRefused { .. }), "{error:?}");
    assert_eq!(eval(&mut erl, &node, "net_adm:ping(RUST)").await, "pang");
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_plain_and_tls_nodes_tell_each_other_apart() {
    log::keep();
    let (epmd, ca) = (EpmdServer::start(), Authority::new());
    let tls = start(config(&epmd, ca.node("rust", &[HOST]))).await;
    let plain = start(config_on(&epmd, HOST, None)).await;
    let mut tls_erl = erl(&epmd, &ca, TLS_1_3);
    let mut plain_erl = Erl::start(&epmd, &format!("{}@{HOST}", unique("plain")), COOKIE, &[]);
    assert_eq!(eval(&mut plain_erl, &tls, "net_adm:ping(RUST)").await, "pang");
    log::wait(0, &["WARN", "it does not speak TLS; start it with -proto_dist inet_tls"]).await;
    assert_eq!(eval(&mut tls_erl, &plain, "net_adm:ping(RUST)").await, "pang");
    log::wait(0, &["WARN", "refused a connection that speaks TLS; give this node TLS files"]).await;
    let text = refusal(config(&epmd, ca.node("again", &[HOST])), &plain_erl.name).await;
    assert!(text.contains("does not answer in TLS; start it with -proto_dist inet_tls"), "{text}");
    let text = refusal(config_on(&epmd, HOST, None), &tls_erl.name).await;
    assert!(text.contains("give this node TLS files"), "{text}");
    tls.shutdown().await;
    plain.shutdown().await;
}

/// Two nodes of ours need no BEAM for any of this.
#[tokio::test(flavor = "multi_thread")]
async fn two_rust_nodes_link_over_tls_and_end_in_good_order() {
    let (epmd, ca) = (EpmdServer::start(), Authority::new());
    let one = start(config(&epmd, ca.node("one", &[HOST]))).await;
    let mut config = config(&epmd, ca.node("two", &[HOST]));
    config.joins = vec![Target::by_epmd(one.name().clone())];
    let two = start(config).await;
    let mut events = one.events();
    up(&mut events, two.name().as_str()).await;
    up(&mut two.events(), one.name().as_str()).await;
    let mut sink = one.process().unwrap();
    sink.register("sink").unwrap();
    let from = two.process().unwrap();
    for number in 0..100 {
        from.send(&Dest::name("sink", one.name().clone()), &numbered(&from, number, 5_000)).unwrap();
    }
    for number in 0..100 {
        assert_eq!(term(&mut sink).await, numbered(&from, number, 5_000));
    }
    within("the end", two.shutdown()).await;
    let reason = common::down(&mut events, two.name().as_str()).await;
    assert_eq!(reason, outrigger_node::DownReason::ClosedByPeer);
    one.shutdown().await;
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_with_the_remedy() {
    let (epmd, ca) = (EpmdServer::start(), Authority::new());
    let (good, another) = (ca.node("good", &[HOST]), ca.node("another", &[HOST]));
    let open = ca.dir.path().join("open.key");
    std::fs::copy(&good.keyfile, &open).unwrap();
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
    let nothing = ca.dir.path().join("no-such-file");
    for (tls, remedy) in [
        (Tls { certfile: nothing.clone(), ..good.clone() }, "No such file"),
        (Tls { certfile: good.keyfile.clone(), ..good.clone() }, "give the file that has BEGIN CERTIFICATE"),
        (Tls { keyfile: good.certfile.clone(), ..good.clone() }, "run: chmod 400"),
        (Tls { keyfile: open, ..good.clone() }, "run: chmod 400"),
        (Tls { keyfile: another.keyfile, ..good.clone() }, "give the two that belong together"),
        (Tls { cacertfile: nothing, ..good.clone() }, "No such file"),
    ] {
        let error = Node::start(config(&epmd, tls), vec![]).await.expect_err(remedy);
        assert!(matches!(&error, NodeError::TlsFile { .. }), "{error:?}");
        assert!(error.to_string().contains(remedy), "{error}");
    }
}

/// Once, at the start, and only where it is true.
#[tokio::test]
async fn listening_beyond_loopback_without_tls_is_warned_of_with_the_remedy() {
    log::keep();
    let (epmd, ca) = (EpmdServer::start(), Authority::new());
    let everywhere = |mut config: Config| {
        config.listen = Listen::Addrs(vec!["0.0.0.0:0".parse().unwrap()]);
        config
    };
    let tls = Some(ca.node("rust", &[HOST]));
    let cases = [
        (everywhere(config_on(&epmd, HOST, None)), 1),
        (everywhere(config_on(&epmd, HOST, tls)), 0),
        (config_on(&epmd, HOST, None), 0),
    ];
    for (config, expected) in cases {
        let node = start(config).await;
        let address = node.listen_addrs()[0].to_string();
        let lines = log::count(&["WARN", "are not encrypted", "give certificates", "--tls-cert", &address]);
        assert_eq!(lines, expected, "{address}");
        node.shutdown().await;
    }
}
