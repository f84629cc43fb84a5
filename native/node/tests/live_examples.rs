//! The programs in `examples/rust`, as a reader would run them: against a live node, with the cookie of the user.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use common::beam::{EpmdServer, Erl, unique};

const COOKIE: &str = "EXAMPLES";

struct Home {
    folder: tempfile::TempDir,
    epmd: EpmdServer,
    erl: Erl,
}

impl Home {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cookie = folder.path().join(".erlang.cookie");
        fs::write(&cookie, COOKIE).unwrap();
        fs::set_permissions(&cookie, Permissions::from_mode(0o400)).unwrap();
        let epmd = EpmdServer::start();
        let erl = Erl::start(&epmd, &format!("{}@127.0.0.1", unique("app")), COOKIE, &[]);
        Self { folder, epmd, erl }
    }

    fn example(&self, name: &str, args: &[&str]) -> Example {
        let deps = std::env::current_exe().unwrap();
        let program = deps.parent().unwrap().with_file_name("examples").join(name);
        let mut command = Command::new(&program);
        command.args(args).env("HOME", self.folder.path()).env("ERL_EPMD_PORT", self.epmd.port.to_string());
        command.env_remove("OUTRIGGER_COOKIE").env_remove("XDG_CONFIG_HOME");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap_or_else(|error| {
            panic!("{}: {error}; build it with `cargo build --examples`", program.display())
        });
        let output = BufReader::new(child.stdout.take().unwrap());
        Example { child, output }
    }
}

struct Example {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Example {
    /// The next line that it prints; empty at its end.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn ready(&mut self) {
        let line = self.line();
        assert!(line.starts_with("ready: "), "{line:?}");
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

#[test]
fn ask_prints_what_a_node_says_of_itself() {
    let mut home = Home::start();
    let mut ask = home.example("ask", &[&home.erl.name]);
    let release = ask.line();
    let theirs = home.erl.eval("list_to_atom(erlang:system_info(otp_release))");
    assert!(release.contains("otp_release") && release.contains(theirs.trim_matches('\'')), "{release}");
    let lines: Vec<_> = std::iter::from_fn(|| Some(ask.line()).filter(|line| !line.is_empty())).collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(ask.child.wait().unwrap().success());
}

#[test]
fn echo_server_answers_calls_until_it_is_told_to_stop() {
    let mut home = Home::start();
    let rust = format!("{}@127.0.0.1", unique("rust"));
    let mut echo = home.example("echo_server", &[&rust, &home.erl.name]);
    echo.ready();
    let call = format!("gen_server:call({{echo, '{rust}'}}, {{hello, <<\"world\">>}})");
    assert_eq!(home.erl.eval(&call), "{hello,<<\"world\">>}");
    assert!(echo.line().ends_with("says {:hello, \"world\"}"));
    home.erl.eval(&format!("gen_server:cast({{echo, '{rust}'}}, stop)"));
    assert_eq!(echo.line(), "answered 1 calls");
    assert!(echo.child.wait().unwrap().success());
}

#[test]
fn pg_worker_is_found_in_its_group_and_answers() {
    let mut home = Home::start();
    home.erl.eval("pg:start(jobs)");
    let rust = format!("{}@127.0.0.1", unique("rust"));
    let mut worker = home.example("pg_worker", &[&rust, &home.erl.name]);
    worker.ready();
    let work = "Wait = fun W() -> case pg:get_members(jobs, hash) of [] -> timer:sleep(5), W(); [P | _] -> P end end,
        Worker = Wait(), Worker ! {self(), <<\"some bytes\">>},
        receive {Worker, Crc} -> Crc =:= erlang:crc32(<<\"some bytes\">>) after 5000 -> late end";
    assert_eq!(home.erl.eval(work), "true");
}
