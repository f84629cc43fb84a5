//! The line protocol that `Outrigger.Node` reads, against a real BEAM.

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Beam, COOKIE, Epmd, PATIENCE, Running, free_port, outrigger, unique};

fn node(epmd_port: u16, join: &str) -> Running {
    node_named(epmd_port, &format!("{}@127.0.0.1", unique("rust")), &["--join", join])
}

fn node_named(epmd_port: u16, name: &str, more: &[&str]) -> Running {
    let mut node =
        Running::start(outrigger(epmd_port).args(["node", "--supervised", "--name", name]).args(more));
    node.write(&format!("{COOKIE}\n"));
    node
}

/// The reason of the fatal line, after the process has ended with 1 and within what a supervisor waits for.
#[track_caller]
fn fatal(mut node: Running) -> String {
    let started = Instant::now();
    assert_eq!(node.wait_exit().0.code(), Some(1), "{:?}", node.lines());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let line = node.wait("\tfatal ");
    let fields: Vec<_> = line.split('\t').collect();
    assert_eq!((fields.len(), fields[0]), (3, "error"), "{line}");
    assert!(!fields[2].is_empty(), "a reason without a text: {line}");
    fields[1].trim_start_matches("fatal ").to_owned()
}

#[test]
fn joined_then_ready_then_left() {
    let epmd = Epmd::start();
    let beam = Beam::start(&epmd);
    let node = node(epmd.port, &beam.name);
    let ready = node.wait("\tready\t");
    assert_eq!(ready, "info\tready\t");
    let lines = node.lines();
    let at = |part: &str| lines.iter().position(|line| line.contains(part));
    assert!(at(&format!("info\tjoined {}\t", beam.name)) < at("\tready\t"), "{lines:?}");
    assert!(lines.iter().all(|line| line.split('\t').count() == 3), "{lines:?}");
    let left = format!("warning\tleft {}\t", beam.name);
    drop(beam);
    node.wait(&left);
}

#[test]
fn the_end_of_input_is_the_end() {
    let epmd = Epmd::start();
    let beam = Beam::start(&epmd);
    let mut node = node(epmd.port, &beam.name);
    node.wait("\tready\t");
    node.close_stdin();
    let (status, took) = node.wait_exit();
    assert_eq!(status.code(), Some(0));
    // A tenth of a second is what it is built for; the bound leaves room for a busy machine.
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn the_end_of_input_before_the_cookie_is_the_end_too() {
    let mut node = Running::start(outrigger(1).args(["node", "--supervised", "--sname", "a"]));
    node.close_stdin();
    let (status, took) = node.wait_exit();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_millis(200), "{took:?}");
}

/// A supervisor that reads nothing, and one that has closed its end: neither holds the node up.
#[test]
fn a_standard_output_that_nobody_reads_holds_nothing_up() {
    let epmd = Epmd::start();
    for closed in [true, false] {
        let mut beam = Beam::start(&epmd);
        let name = format!("{}@127.0.0.1", unique("rust"));
        let mut command = outrigger(epmd.port);
        command.args(["node", "--supervised", "--name", &name, "--join", &beam.name, "--log-level", "trace"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = Guard(command.spawn().unwrap());
        let mut stdout = child.0.stdout.take();
        if closed {
            stdout = None;
        }
        let mut stdin = child.0.stdin.take().unwrap();
        stdin.write_all(format!("{COOKIE}\n").as_bytes()).unwrap();
        beam.wait_until(&format!("lists:member('{name}', nodes(hidden))"));
        // Each of these is a log line: megabytes, where the pipe takes 64 KiB and the queue some hundred.
        beam.eval(&format!(
            "[{{outrigger_pubsub, '{name}'}} ! {{attach, 1, flood, self()}} || _ <- lists:seq(1, 50000)], ok"
        ));
        // Answered behind all of them, on the same link.
        beam.eval(&format!(
            "register(last, self()), {{outrigger_pubsub, '{name}'}} ! {{attach, 1, last, self()}}, \
             receive {{'$outrigger_members', _, _, _, _}} -> ok after 20000 -> error(deaf) end"
        ));
        assert_eq!(beam.eval(&format!("net_adm:ping('{name}')")), "pong");
        drop(stdin);
        let started = Instant::now();
        while child.0.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        assert_eq!(child.0.wait().unwrap().code(), Some(0));
        drop(stdout);
    }
}

struct Guard(std::process::Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn another_cookie() {
    let epmd = Epmd::start();
    let beam = Beam::start(&epmd);
    let name = format!("{}@127.0.0.1", unique("rust"));
    let line = ["node", "--supervised", "--name", &name, "--join", &beam.name];
    let mut node = Running::start(outrigger(epmd.port).args(line).env("OUTRIGGER_COOKIE", COOKIE));
    node.write("another\n");
    assert_eq!(fatal(node), "cookie_refused", "the line of standard input comes before the environment");
}

#[test]
fn a_taken_name() {
    let epmd = Epmd::start();
    let beam = Beam::start(&epmd);
    let first = node_named(epmd.port, "taken@127.0.0.1", &["--join", &beam.name]);
    first.wait("\tready\t");
    assert_eq!(fatal(node_named(epmd.port, "taken@127.0.0.1", &["--join", &beam.name])), "name_taken");
    first.wait("\tready\t");
}

#[test]
fn no_epmd() {
    assert_eq!(fatal(node(free_port(), "app@127.0.0.1")), "epmd_unreachable");
}

#[test]
fn an_unknown_peer() {
    let epmd = Epmd::start();
    assert_eq!(fatal(node(epmd.port, "nobody@127.0.0.1")), "peer_unknown");
}

#[test]
fn a_peer_without_a_listener_and_one_that_says_nothing() {
    let epmd = Epmd::start();
    let peer = format!("app@127.0.0.1=127.0.0.1:{}", free_port());
    let name = || format!("{}@127.0.0.1", unique("rust"));
    assert_eq!(fatal(node_named(epmd.port, &name(), &["--peer", &peer])), "peer_unreachable");

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = format!("app@127.0.0.1={}", silent.local_addr().unwrap());
    assert_eq!(fatal(node_named(epmd.port, &name(), &["--peer", &peer])), "timeout");
}

#[test]
fn the_other_kind_of_name() {
    let epmd = Epmd::start();
    assert_eq!(fatal(node(epmd.port, "app@host")), "name_mismatch");
}

#[test]
fn an_empty_cookie() {
    let epmd = Epmd::start();
    let line = ["node", "--supervised", "--name", "a@127.0.0.1", "--join", "b@127.0.0.1"];
    let mut node = Running::start(outrigger(epmd.port).args(line));
    node.write("\n");
    assert_eq!(fatal(node), "bad_option");
}

#[test]
fn a_panic_free_end_when_everything_is_closed() {
    let mut command = outrigger(1);
    command.args(["node", "--supervised", "--sname", "a", "--sail"]);
    let mut child =
        Guard(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    drop((child.0.stdin.take(), child.0.stdout.take()));
    assert_eq!(child.0.wait().unwrap().code(), Some(1));
    let mut error = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(error, "");
}
