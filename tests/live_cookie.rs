//! Where the cookie comes from, what is refused, and that it shows nowhere.

use std::os::unix::fs::PermissionsExt;

use outrigger_testkit::{Beam, CookieFrom, Epmd, LONG, RustNode, unique_name};

const COOKIE: &str = "a-cookie-that-shows-nowhere";
const OTHER: &str = "another-cookie-that-shows-nowhere";

#[track_caller]
fn joins_with(from: CookieFrom) -> RustNode {
    let epmd = Epmd::start();
    let beam = Beam::options("a").cookie_in_home(COOKIE).epmd(&epmd).start();
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).cookie(from).start();
    rust.wait_joined(beam.name());
    assert_eq!(beam.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
    let argv = std::fs::read_to_string(format!("/proc/{}/cmdline", rust.process().pid()));
    assert!(argv.is_ok_and(|argv| !argv.contains(COOKIE)), "the cookie is in argv");
    assert!(!rust.process().dump().contains(COOKIE), "the cookie is in the log:\n{}", rust.process().dump());
    rust
}

/// Starts a node that must give up; its log.
#[track_caller]
fn refuses(from: CookieFrom) -> String {
    let epmd = Epmd::start();
    let rust = RustNode::options("rust").epmd(&epmd).cookie(from).start();
    let status = rust.process().wait_exit(LONG);
    assert!(!status.success(), "the node must not start");
    let log = rust.process().lines();
    // The exit may be seen before the last line has been read from the pipe.
    let _ = log.wait(0, LONG, |line| line.contains("cookie"));
    assert!(!log.dump().contains(COOKIE), "the cookie is in the log:\n{}", log.dump());
    log.dump()
}

#[test]
fn from_a_file() {
    joins_with(CookieFrom::File(format!("{COOKIE}\n"), 0o400));
}

#[test]
fn from_the_environment() {
    joins_with(CookieFrom::Environment(COOKIE.to_owned()));
}

#[test]
fn from_the_home_directory() {
    joins_with(CookieFrom::Home(COOKIE.to_owned(), 0o600));
}

#[test]
fn from_standard_input() {
    let rust = joins_with(CookieFrom::Stdin(COOKIE.to_owned()));
    assert!(rust.process().is_running());
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    for (from, whose) in [
        (CookieFrom::File(COOKIE.to_owned(), 0o444), "others"),
        (CookieFrom::File(COOKIE.to_owned(), 0o440), "the group"),
        (CookieFrom::Home(COOKIE.to_owned(), 0o644), "others, at home"),
    ] {
        let log = refuses(from);
        assert!(log.contains("must be accessible by its owner only"), "{whose} can read it:\n{log}");
        assert!(log.contains("chmod 400"), "the remedy is named:\n{log}");
    }
}

#[test]
fn an_empty_cookie_is_refused() {
    for from in [
        CookieFrom::File("\n".to_owned(), 0o400),
        CookieFrom::Environment(String::new()),
        CookieFrom::Home(String::new(), 0o400),
        CookieFrom::Stdin(String::new()),
    ] {
        let log = refuses(from.clone());
        assert!(log.contains("cookie"), "{from:?}:\n{log}");
    }
}

#[test]
fn no_cookie_at_all_is_refused() {
    let log = refuses(CookieFrom::Nowhere);
    assert!(log.contains("no cookie"), "{log}");
}

#[test]
fn row_08_another_cookie_is_refused_in_both_directions_and_the_node_stays_up() {
    let epmd = Epmd::start();
    let good = Beam::options("good").epmd(&epmd).start();
    let wrong = Beam::options("wrong").cookie("something-else").epmd(&epmd).start();
    let joins = format!("{},{}", wrong.name(), good.name());
    let rust = RustNode::options("rust").epmd(&epmd).join(&joins).start();
    rust.wait_joined(good.name());
    rust.wait_log(0, LONG, &[wrong.name(), "another cookie"]);
    let from = rust.process().lines().count();
    assert_eq!(wrong.eval(&format!("net_adm:ping('{}')", rust.name())), "pang");
    rust.wait_log(from, LONG, &[wrong.name(), "cookie"]);
    assert_eq!(wrong.eval("nodes(hidden)"), "[]");
    assert_eq!(good.eval(&format!("net_adm:ping('{}')", rust.name())), "pong");
}

/// Two clusters with cookies of their own, and a node that is in both: whoever dials.
#[test]
fn row_08_a_peer_may_have_a_cookie_of_its_own_in_either_direction() {
    let (epmd, dir) = (Epmd::start(), tempfile::tempdir().expect("a temporary directory"));
    let first = Beam::options("first").cookie_in_home(COOKIE).epmd(&epmd).start();
    let second = Beam::options("second").cookie_in_home(OTHER).epmd(&epmd).start();
    let third = Beam::options("third").cookie_in_home(OTHER).epmd(&epmd).start();
    let file = dir.path().join("second.cookie");
    std::fs::write(&file, OTHER).expect("the file can be written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o400)).expect("its mode can be set");
    let of = |beam: &Beam| format!("{}={}", beam.name(), file.display());
    let options = RustNode::options("rust").epmd(&epmd).cookie(CookieFrom::Environment(COOKIE.to_owned()));
    let options = options.args(&["--cookie-for", &of(&second)]);

    // We dial.
    let dialling = options.clone().join(first.name()).join(second.name()).join(third.name()).start();
    dialling.wait_joined(first.name());
    dialling.wait_joined(second.name());
    dialling.wait_log(0, LONG, &[third.name(), "another cookie"]);
    for beam in [&first, &second] {
        assert_eq!(beam.eval(&format!("net_adm:ping('{}')", dialling.name())), "pong");
    }
    assert!(!dialling.process().dump().contains(OTHER), "the cookie is in the log");
    dialling.kill();

    // They dial. A name alone does not help: the cookie has to be that of the name.
    let waiting = options.name(&unique_name("waiting", "127.0.0.1")).start();
    epmd.wait_registered(waiting.short(), true);
    let ping = format!("net_adm:ping('{}')", waiting.name());
    assert_eq!(first.eval(&ping), "pong");
    assert_eq!(second.eval(&ping), "pong");
    assert_eq!(third.eval(&ping), "pang");
    waiting.wait_log(0, LONG, &[third.name(), "its cookie is another one"]);
    second.eval(&format!("erlang:disconnect_node('{}')", waiting.name()));
    second.eval(&format!("erlang:set_cookie('{}', '{COOKIE}')", waiting.name()));
    assert_eq!(second.eval(&ping), "pang", "the cookie of all is not that of this peer");
}
