//! `outrigger gate` and `outrigger evidence` in real folders and repositories: exit codes, files, and what others can read.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic with its context is how a test reports")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const SETTINGS: &str = "[gate.ship]\nwindow = \"25s\"\nsamples = 3\n";

/// A folder with a configuration and the windows of the gate corpus.
struct Folder(TempDir);

impl Folder {
    fn new(budgets: &str) -> Self {
        let it = Self(tempfile::tempdir().unwrap());
        it.write("outrigger.toml", &format!("{SETTINGS}{budgets}"));
        let windows = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/gate/windows");
        for name in ["two", "quiet", "steady", "worse"] {
            fs::copy(windows.join(format!("{name}.json")), it.path().join(format!("{name}.json"))).unwrap();
        }
        it
    }

    /// With one budget.
    fn with(pass: &str) -> Self {
        Self::new(&format!("[[gate.ship.budget]]\npass = '{pass}'\n"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path().join(path), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outrigger"));
        command.current_dir(self.path()).args(line.split_whitespace()).stdin(Stdio::null());
        // No repository above the folder of a test.
        command.env("GIT_CEILING_DIRECTORIES", self.path().parent().unwrap());
        command
    }

    fn run(&self, line: &str) -> (i32, String, String) {
        let Output { status, stdout, stderr } = self.command(line).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    fn git(&self, line: &str) -> String {
        let mut command = Command::new("git");
        command.current_dir(self.path()).args(["-c", "user.name=t", "-c", "user.email=t@t"]);
        let output = command.args(line.split_whitespace()).output().unwrap();
        assert!(output.status.success(), "git {line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

#[test]
fn each_verdict_has_its_exit_code() {
    for (pass, from, exit, said) in [
        ("memory.total < 200MiB", "two", 0, "ok       gate ship: all that was judged is within its limits"),
        ("memory.total < 100MiB", "two", 1, "FAIL     gate ship: beyond their limits: memory.total < 100MiB"),
        ("p99(phoenix.endpoint) < 1s", "quiet", 4, "no traffic: phoenix.endpoint counted nothing on app@a"),
        ("oban.errors == 0", "quiet", 5, "NOT RUN  gate ship: not measured: oban.errors == 0"),
    ] {
        let (code, out, error) = Folder::with(pass).run(&format!("gate --from {from}.json --no-evidence"));
        assert_eq!(code, exit, "{pass}: {out}{error}");
        assert!(out.contains(said), "{out}");
    }
    let warned =
        Folder::new("[[gate.ship.budget]]\npass = 'memory.total < 1MiB'\nwarn = 'memory.total < 1GiB'\n");
    assert_eq!(warned.run("gate ship --from two.json --no-evidence").0, 3);
    assert_eq!(Folder::with("memory.total < 1GiB").run("gate --no-evidence").0, 5);
}

#[test]
fn wrong_usage_is_2_with_the_place_and_the_remedy() {
    let folder = Folder::with("memory.totl < 200MiB");
    let refused = |line: &str, said: &str| {
        let (code, out, error) = folder.run(line);
        assert_eq!((code, out.as_str()), (2, ""), "{line}: {error}");
        assert!(error.contains(said), "{line}: {error}");
    };
    refused(
        "gate",
        "error: outrigger.toml, line 5, column 9: there is no metric \"memory.totl\": is it memory.total?",
    );
    refused(
        "gate --config none.toml",
        "none.toml: there is no such file; the smallest one is the line preset",
    );
    folder.write("outrigger.toml", "preset = \"phoenix\"\n");
    refused("gate ship", "outrigger.toml has no gate \"ship\": it has phoenix");
    refused("gate --from outrigger.toml", "outrigger.toml: not a window: expected value at line 1 column 1");
    refused("gate --from none.json", "none.json: there is no such file");
    refused("evidence verify none.jsonl", "none.jsonl: there is no such file");
    refused("evidence verify outrigger.toml --key ed25519:00", "--key: a public key begins with ed25519:");
    refused("evidence verify outrigger.toml --tree HEAD", "not a git repository");
}

#[test]
fn result_files_are_read_beside_the_configuration() {
    let folder = Folder::new(
        "[gate.ship.files]\ncoverage = {file = \"cover/c.json\", form = \"json\", pointer = \"/coverage\", unit = \"%\"}\n\
         [[gate.ship.budget]]\npass = 'coverage >= 80%'\n",
    );
    let (code, out, _) = folder.run("gate --no-evidence");
    assert_eq!(code, 5);
    assert!(out.contains("coverage could not be read: cover/c.json: there is no such file"), "{out}");
    fs::create_dir(folder.path().join("cover")).unwrap();
    folder.write("cover/c.json", r#"{"coverage": 80}"#);
    let (code, out, _) = folder.run("gate --no-evidence");
    assert_eq!((code, out.contains("coverage is 80 %: >= 80 %")), (0, true), "{out}");
    folder.write("cover/c.json", r#"{"coverage": 79.9}"#);
    assert_eq!(folder.run("gate --no-evidence").0, 1);
    folder.write("cover/c.json", "80");
    assert_eq!(folder.run("gate --no-evidence").0, 5);
}

#[test]
fn a_baseline_of_the_configuration_or_of_the_command_line() {
    let folder = Folder::new("[[gate.ship.budget]]\ncompare = 'sched.util'\n");
    assert_eq!(folder.run("gate --from worse.json --no-evidence").0, 5);
    assert_eq!(folder.run("gate --from worse.json --against steady.json --no-evidence").0, 1);
    let config = folder.read("outrigger.toml").replace("samples", "against = \"steady.json\"\nsamples");
    folder.write("outrigger.toml", &config);
    assert_eq!(folder.run("gate --from worse.json --no-evidence").0, 1);
    assert_eq!(folder.run("gate --from worse.json --against worse.json --no-evidence").0, 0);
}

#[test]
fn every_format_is_what_it_says() {
    let folder = Folder::with("memory.total < 100MiB");
    let of = |format: &str| {
        let (code, out, _) = folder.run(&format!("gate --from two.json --no-evidence {format}"));
        assert_eq!(code, 1, "{format}");
        out
    };
    let json: Value = serde_json::from_str(&of("--json")).unwrap();
    assert_eq!((json["verdict"].as_str(), json["exit"].as_i64()), (Some("fail"), Some(1)));
    assert_eq!(json["gates"][0]["budgets"][0]["readings"][0]["node"], "app@a");
    let sarif: Value = serde_json::from_str(&of("--format sarif")).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        (place["artifactLocation"]["uri"].as_str(), place["region"]["startLine"].as_i64()),
        (Some("outrigger.toml"), Some(4))
    );
    assert!(
        of("--format junit")
            .contains("<failure message=\"memory.total is 160 MiB on app@a: not &lt; 100 MiB\"")
    );
    assert!(of("--format github").starts_with("::error file=outrigger.toml,line=4,title=ship%3A FAIL"));
    assert!(of("--format html").starts_with("<!DOCTYPE html>"));
}

#[test]
fn each_run_is_recorded_and_verified() {
    let folder = Folder::with("memory.total < 200MiB");
    folder.git("init --quiet --initial-branch main");
    folder.git("add .");
    folder.git("commit --quiet -m first");
    let (code, _, said) = folder.run("gate --from two.json");
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("recorded in .outrigger/evidence.jsonl, number 1, head "), "{said}");
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".outrigger/evidence.key"), 0o600);
    assert_eq!(folder.read(".outrigger/.gitignore"), "evidence.key\n");
    folder.run("gate --from two.json --format junit");
    let (code, out, _) = folder.run("evidence verify --tree HEAD");
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with("ok  2 records are what was written, head "), "{out}");
    let (_, shown, _) = folder.run("evidence show --last 1");
    assert!(
        shown.contains("2  pass          gate ship, 20")
            && shown.contains(&folder.git("rev-parse HEAD^{tree}")),
        "{shown}"
    );

    // A change that is not committed, and one that is: neither was judged.
    folder.write("new.ex", "");
    folder.run("gate --from two.json");
    assert!(folder.run("evidence verify --tree HEAD").1.contains("line 3, tree: files had changes"));
    folder.git("add new.ex");
    folder.git("commit --quiet -m second");
    assert_eq!(folder.run("evidence verify --tree HEAD").0, 1);
    assert_eq!(folder.run("evidence verify").0, 0);

    // A record that is changed, one that is missing, and the last one missing.
    let records = folder.read(".outrigger/evidence.jsonl");
    let lines: Vec<&str> = records.split_inclusive('\n').collect();
    let (_, _, head) = folder.run("gate --from two.json");
    let head = head.trim().rsplit(' ').next().unwrap();
    let (code, out, _) = folder.run(&format!("evidence verify --head {head}"));
    assert_eq!((code, out.contains("--head")), (0, false), "{out}");
    folder.write(".outrigger/evidence.jsonl", &records.replacen("\"payload\":\"e", "\"payload\":\"f", 1));
    let (code, out, _) = folder.run("evidence verify");
    assert_eq!((code, out.contains("ALTERED  line 1, ")), (1, true), "{out}");
    folder.write(".outrigger/evidence.jsonl", &[lines[0], lines[2]].concat());
    let (code, out, _) = folder.run("evidence verify --json");
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, json["altered"][0]["line"].as_i64(), json["altered"][0]["field"].as_str()),
        (1, Some(2), Some("chain"))
    );
    folder.write(".outrigger/evidence.jsonl", &records);
    assert_eq!(folder.run("evidence verify").0, 0);
    let (code, out, _) = folder.run(&format!("evidence verify --head {head}"));
    assert_eq!((code, out.contains("ALTERED  head: no line is")), (1, true), "{out}");
}

#[test]
fn runs_at_one_time_make_one_chain() {
    let folder = Folder::with("memory.total < 200MiB");
    let start = || {
        folder.command("gate --from two.json").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let running: Vec<_> = (0..6).map(|_| start()).collect();
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let (code, out, _) = folder.run("evidence verify");
    assert_eq!((code, out.contains("ok  6 records")), (0, true), "{out}");
}

#[test]
fn a_key_that_others_can_read_and_a_torn_file_stop_the_run() {
    let folder = Folder::with("memory.total < 200MiB");
    assert_eq!(folder.run("gate --from two.json").0, 0);
    let records = folder.read(".outrigger/evidence.jsonl");
    folder.write(".outrigger/evidence.jsonl", records.trim_end());
    let (code, _, error) = folder.run("gate --from two.json");
    assert_eq!((code, error.contains("its last line has no end")), (2, true), "{error}");
    let key = folder.path().join(".outrigger/evidence.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let (code, out, error) = folder.run("gate --from two.json");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("others may read this key: chmod 600"), "{error}");
    // What an earlier run has signed does not need the key.
    folder.write(".outrigger/evidence.jsonl", &records);
    assert_eq!(folder.run("evidence verify").0, 0);
}
