//! `outrigger doctor`: each failure for real, and the exit code.

mod common;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use common::{Beam, COOKIE, Epmd, free_port, output, outrigger, unique};

struct Report {
    code: i32,
    lines: Vec<[String; 4]>,
}

fn doctor(epmd_port: u16, line: &[&str], cookie: Option<&str>) -> Report {
    let mut command = outrigger(epmd_port);
    command.args(["doctor", "--format", "tsv", "--timeout", "2"]).args(line);
    command.envs(cookie.map(|cookie| ("OUTRIGGER_COOKIE", cookie)));
    let (code, out, error) = output(&mut command);
    assert_eq!(error, "");
    let fields = |line: &str| {
        let fields: Vec<_> = line.split('\t').map(str::to_owned).collect();
        fields.try_into().unwrap_or_else(|fields| panic!("not four fields: {fields:?}"))
    };
    Report { code, lines: out.lines().map(fields).collect() }
}

impl Report {
    /// The one check that is not ok, by the start of its name; the detail and the remedy.
    #[track_caller]
    fn only(&self, status: &str, check: &str) -> (&str, &str) {
        assert_eq!(self.code, 1, "{:?}", self.lines);
        let wrong: Vec<_> = self.lines.iter().filter(|[status, ..]| status != "ok").collect();
        let [found] = wrong[..] else { panic!("not one: {wrong:?}") };
        assert_eq!((found[0].as_str(), found[1].starts_with(check)), (status, true), "{found:?}");
        assert!(!found[3].is_empty(), "no remedy: {found:?}");
        (&found[2], &found[3])
    }
}

#[test]
fn all_is_well() {
    let epmd = Epmd::start();
    let beam = Beam::start(&epmd);
    let name = format!("{}@127.0.0.1", unique("rust"));
    let report = doctor(epmd.port, &["--name", &name, "--join", &beam.name], Some(COOKIE));
    assert_eq!(report.code, 0, "{:?}", report.lines);
    assert!(report.lines.iter().all(|[status, ..]| status == "ok"), "{:?}", report.lines);
    let detail =
        |check: &str| report.lines.iter().find(|line| line[1].starts_with(check)).map(|line| line[2].clone());
    assert!(detail("release").unwrap().starts_with("OTP 2"), "{:?}", report.lines);
    assert!(detail("flags").unwrap().contains("with fragments"), "{:?}", report.lines);
    assert!(detail("cookie").unwrap().contains("OUTRIGGER_COOKIE"));
}

#[test]
fn the_other_forms_say_the_same() {
    let epmd = Epmd::start();
    let mut command = outrigger(epmd.port);
    let (code, out, _) = output(command.args(["doctor", "--json"]).env("OUTRIGGER_COOKIE", COOKIE));
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, value["status"].as_str()), (0, Some("ok")), "{out}");
    let mut command = outrigger(epmd.port);
    let (code, out, _) = output(command.arg("doctor").env("OUTRIGGER_COOKIE", COOKIE));
    assert_eq!(code, 0);
    assert!(
        out.starts_with("ok    own host") && out.contains("checks are ok.") && !out.contains('\x1b'),
        "{out}"
    );
    assert!(!out.contains(COOKIE));
}

#[test]
fn no_epmd() {
    let report = doctor(free_port(), &[], Some(COOKIE));
    assert!(report.only("fail", "own epmd").1.contains("epmd -daemon"));
}

#[test]
fn no_cookie_and_a_cookie_for_all_to_read() {
    let epmd = Epmd::start();
    assert!(doctor(epmd.port, &[], None).only("fail", "cookie").0.contains("no cookie"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cookie");
    fs::write(&path, COOKIE).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let report = doctor(epmd.port, &["--cookie-file", path.to_str().unwrap()], None);
    assert!(report.only("fail", "cookie").1.contains("chmod 400"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(doctor(epmd.port, &["--cookie-file", path.to_str().unwrap()], None).code, 0);
}

#[test]
fn another_cookie() {
    let epmd = Epmd::start();
    let beam = Beam::start(&epmd);
    let report = doctor(epmd.port, &["--join", &beam.name], Some("another"));
    assert!(report.only("fail", "handshake").0.contains("another cookie"));
}

#[test]
fn a_node_that_is_not_there() {
    let epmd = Epmd::start();
    let report = doctor(epmd.port, &["--join", "nobody@127.0.0.1"], Some(COOKIE));
    assert!(report.only("fail", "epmd nobody").0.contains("not registered"));
}

#[test]
fn a_port_that_takes_no_connection() {
    let epmd = Epmd::start();
    let peer = format!("app@127.0.0.1=127.0.0.1:{}", free_port());
    doctor(epmd.port, &["--peer", &peer], Some(COOKIE)).only("fail", "port app@127.0.0.1");
}

#[test]
fn a_peer_that_speaks_no_distribution_or_tls_or_nothing() {
    let epmd = Epmd::start();
    for (says, part) in
        [(&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], ""), (b"\x15\x03\x03\x00\x02\x02\x46", "TLS"), (b"", "")]
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = format!("app@127.0.0.1={}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            use std::io::{Read, Write};
            // The first connection only looks at the port.
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                let mut byte = [0];
                if stream.read(&mut byte).unwrap() > 0 {
                    let _ = stream.write_all(says);
                    let _ = stream.read_to_end(&mut Vec::new());
                }
            }
        });
        let report = doctor(epmd.port, &["--peer", &peer], Some(COOKIE));
        let (detail, _) = report.only("fail", "handshake app@127.0.0.1");
        assert!(detail.contains(part), "{detail}");
        server.join().unwrap();
    }
}

#[test]
fn the_other_kind_of_name() {
    let epmd = Epmd::start();
    let beam = Beam::start_with(&epmd, "-sname", "localhost", &[]);
    let report = doctor(epmd.port, &["--name", "rust@127.0.0.1", "--join", &beam.name], Some(COOKIE));
    let (detail, remedy) = report.only("fail", "name beam");
    assert!(detail.contains("short name") && remedy.contains("--sname"), "{detail}: {remedy}");
}

#[test]
fn a_host_that_does_not_resolve() {
    let epmd = Epmd::start();
    let report = doctor(epmd.port, &["--name", "rust@no.such.host.invalid"], Some(COOKIE));
    report.only("fail", "own host");
}

#[test]
fn a_name_in_use_is_worth_a_look() {
    let epmd = Epmd::start();
    let beam = Beam::start(&epmd);
    let report = doctor(epmd.port, &["--name", &beam.name], Some(COOKIE));
    report.only("warn", "own name");
}

#[test]
fn a_node_that_keeps_others_out() {
    let epmd = Epmd::start();
    let mut beam = Beam::start(&epmd);
    assert_eq!(beam.eval("net_kernel:allow(['friend@127.0.0.1'])"), "ok");
    let report = doctor(epmd.port, &["--join", &beam.name], Some(COOKIE));
    assert!(report.only("fail", "handshake").0.contains("does not allow"));
}
