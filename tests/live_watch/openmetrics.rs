//! `outrigger watch --prometheus`, as a collector sees it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, Process, free_port, outrigger};

/// The whole answer, with its head. Empty as long as nobody listens.
fn get(port: u16, request: &str) -> String {
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        let _ = stream.write_all(format!("{request} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        let _ = stream.read_to_string(&mut answer);
    }
    answer
}

#[track_caller]
fn wait(port: u16, line: &str) -> String {
    let deadline = Instant::now() + LONG;
    loop {
        let answer = get(port, "GET /metrics");
        if answer.lines().any(|of| of.starts_with(line)) {
            return answer;
        }
        assert!(Instant::now() < deadline, "no {line:?} in\n{answer}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_collector_gets_all_nodes_and_learns_of_a_lost_one() {
    let epmd = Epmd::start();
    let beams = ["a", "b"].map(|short| Beam::options(short).epmd(&epmd).start());
    let port = free_port();
    let mut command = outrigger();
    command.env("ERL_EPMD_PORT", epmd.port().to_string()).env("OUTRIGGER_COOKIE", COOKIE);
    command.args(["watch", beams[0].name(), beams[1].name(), "--every", "200ms", "--duty", "50"]);
    command.args(["--prometheus", &format!("127.0.0.1:{port}")]);
    let _watch = Process::start("outrigger watch", command, "cargo build -p outrigger");
    for beam in &beams {
        wait(port, &format!("outrigger_sched_util_ratio{{node=\"{}\"}}", beam.name()));
    }
    let answer = get(port, "GET /metrics");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.to_ascii_lowercase().contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{answer}"
    );
    assert!(answer.ends_with("# EOF\n"), "{answer}");
    beams[1].kill();
    let answer = wait(port, &format!("outrigger_up{{node=\"{}\"}} 0", beams[1].name()));
    assert!(
        !answer.contains(&format!("outrigger_memory_total_bytes{{node=\"{}\"}}", beams[1].name())),
        "no old figure of it\n{answer}"
    );
    assert!(answer.contains(&format!("outrigger_up{{node=\"{}\"}} 1", beams[0].name())), "{answer}");
    assert!(get(port, "GET /").starts_with("HTTP/1.1 404"));
    assert!(get(port, "POST /metrics").starts_with("HTTP/1.1 405"));
}
