//! A PostgreSQL server of the test's own: its data in a new folder, no port, gone when the test is.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct Server {
    programs: PathBuf,
    folder: PathBuf,
    process: Child,
}

/// Debian puts the server's programs beside each other by version, and not on the path.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    found.retain(|bin| bin.join("initdb").exists());
    found.sort();
    found.pop().expect("a PostgreSQL server is needed: apt-get install postgresql")
}

/// The server refuses to run as root; Debian's package makes a user for it.
fn as_user(program: &std::path::Path) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn run(mut command: Command) -> String {
    let output = command.current_dir("/").stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Server {
    pub(crate) fn start() -> Self {
        let programs = programs();
        let mut make = as_user("mktemp".as_ref());
        make.args(["-d", &format!("/tmp/outrigger-pg-{}-XXXXXX", std::process::id())]);
        let folder = PathBuf::from(run(make).trim());
        let mut init = as_user(&programs.join("initdb"));
        init.args(["--no-sync", "-A", "trust", "-U", "test", "-E", "UTF8", "--locale=C.UTF-8", "-D"]);
        init.arg(folder.join("data"));
        run(init);
        let mut serve = as_user(&programs.join("postgres"));
        serve.arg("-D").arg(folder.join("data")).arg("-k").arg(&folder);
        serve.args([
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "wal_level=logical",
            "-c",
            "max_prepared_transactions=8",
        ]);
        serve.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self { process: serve.spawn().unwrap(), programs, folder };
        let deadline = Instant::now() + Duration::from_secs(120);
        while !server.ready() {
            assert!(Instant::now() < deadline, "PostgreSQL does not start");
            assert_eq!(server.process.try_wait().unwrap(), None, "PostgreSQL has ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn ready(&self) -> bool {
        let mut ask = Command::new(self.programs.join("pg_isready"));
        ask.args(["-q", "-U", "test", "-d", "postgres", "-h"]).arg(&self.folder);
        ask.status().is_ok_and(|status| status.success())
    }

    /// A client that prints bare values.
    pub(crate) fn psql(&self) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "test", "-d", "postgres", "-h"]).arg(&self.folder);
        psql
    }

    /// The lines that psql prints.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        let mut psql = self.psql();
        psql.args(["-c", sql]);
        run(psql).lines().map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = as_user(&self.programs.join("pg_ctl"));
        stop.args(["stop", "-s", "-w", "-m", "immediate", "-D"]).arg(self.folder.join("data"));
        let _ = stop.current_dir("/").status();
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
