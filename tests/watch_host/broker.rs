//! RabbitMQ's node, out of Debian's package: something that we did not write, and that knows nothing of us.
//!
//! `scripts/setup test` unpacks the package below `target/`; it is not installed, so no broker starts by itself. `OUTRIGGER_RABBITMQ` names another folder
//! with its `sbin`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, Process, free_port, outrigger, unique_name};
use tempfile::TempDir;

use crate::watcher::{Watcher, figure};

struct Broker {
    name: String,
    process: Process,
    home: TempDir,
}

impl Broker {
    fn start(epmd: &Epmd) -> Self {
        let name = unique_name("rabbit", "127.0.0.1");
        let home = tempfile::tempdir().unwrap();
        let cookie = home.path().join(".erlang.cookie");
        fs::write(&cookie, COOKIE).unwrap();
        fs::set_permissions(&cookie, fs::Permissions::from_mode(0o400)).unwrap();
        let of_home = |name: &str| home.path().join(name);
        let mut command = Command::new(program());
        command
            .env("HOME", home.path())
            .env("ERL_EPMD_PORT", epmd.port().to_string())
            .env("RABBITMQ_NODENAME", &name)
            .env("RABBITMQ_USE_LONGNAME", "true")
            .env("RABBITMQ_NODE_PORT", free_port().to_string())
            .env("RABBITMQ_DIST_PORT", free_port().to_string())
            .env("RABBITMQ_MNESIA_BASE", of_home("mnesia"))
            .env("RABBITMQ_LOG_BASE", of_home("log"))
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_PID_FILE", of_home("pid"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", of_home("plugins"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
        let process = Process::start("RabbitMQ", command, "scripts/setup test");
        process.wait_line(0, 2 * LONG, "the start", |line| line.contains("Server startup complete"));
        Self { name, process, home }
    }
}

/// The script is a shell that waits for the VM.
impl Drop for Broker {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.home.path().join("pid")) {
            let _ = Command::new("kill").args(["-9", pid.trim()]).status();
        }
        self.process.kill();
    }
}

fn program() -> PathBuf {
    let folder = std::env::var_os("OUTRIGGER_RABBITMQ").map_or_else(unpacked, PathBuf::from);
    folder.join("sbin/rabbitmq-server")
}

/// Its folder has a version in its name.
fn unpacked() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let library = target.join("rabbitmq/usr/lib/rabbitmq/lib");
    let mut found = fs::read_dir(&library)
        .unwrap_or_else(|error| panic!("{}: {error}; run scripts/setup test", library.display()));
    found.next().expect("a version of RabbitMQ").unwrap().path()
}

#[test]
fn a_broker_is_watched_and_left_as_it_was() {
    let epmd = Epmd::start();
    let broker = Broker::start(&epmd);
    let watcher = Watcher::start(&epmd, &[&broker.name], &["--processes", "5"]);
    let (_, round) = watcher.wait(0, "utilisation", |line| {
        line["event"] == "round"
            && figure(line, "sched.util").is_some()
            && line["processes"].as_array().is_some_and(|all| all.len() > 4)
    });
    assert!(figure(&round, "process.count").unwrap() > 100.0);
    assert!(figure(&round, "memory.total").unwrap() > 1e7);
    assert!(figure(&round, "ets.count").unwrap() > 50.0);
    assert_eq!(round["pools"], serde_json::json!([]), "it has no pools of DBConnection");
    let started = round["processes"].to_string();
    assert!(started.contains("rabbit") || started.contains("ra_") || started.contains("logger"), "{started}");
    assert!(broker.process.is_running());
    assert!(!broker.process.dump().contains("[error]"), "{}", broker.process.dump());
}

/// `outrigger` with these arguments, on its standard output.
fn run(epmd: &Epmd, folder: &Path, args: &[&str]) -> String {
    let mut command = outrigger();
    command.env("ERL_EPMD_PORT", epmd.port().to_string()).env("OUTRIGGER_COOKIE", COOKIE);
    let Output { status, stdout, stderr } =
        command.args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    assert!(status.success(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[test]
fn a_broker_is_profiled_and_judged() {
    let epmd = Epmd::start();
    let broker = Broker::start(&epmd);
    let beam = Beam::options("app").epmd(&epmd).args(&["-hidden"]).start();
    beam.eval(&format!(
        "spawn('{}', lists, foreach, [fun crypto:strong_rand_bytes/1, lists:duplicate(10000000, 10000)]), ok",
        broker.name
    ));
    let folder = tempfile::tempdir().unwrap();
    run(&epmd, folder.path(), &["profile", &broker.name, "--for", "3s", "--out", "broker"]);
    let folded = fs::read_to_string(folder.path().join("broker.folded")).unwrap();
    assert!(folded.contains("lists:foreach"), "{folded}");
    let budgets =
        "[gate.broker]\nwindow = \"5s\"\nsamples = 2\n[[gate.broker.budget]]\npass = 'sched.util.max > 0'\n";
    fs::write(folder.path().join("outrigger.toml"), budgets).unwrap();
    let said = run(&epmd, folder.path(), &["gate", "--join", &broker.name, "--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["verdict"], "pass", "{said}");
    assert!(!broker.process.dump().contains("[error]"), "{}", broker.process.dump());
}
