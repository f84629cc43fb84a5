//! Gates over live nodes: once (`outrigger gate --join`), and over and over (`outrigger node --gates`).

use std::fs;
use std::path::PathBuf;

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, RustNode, outrigger};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Gates {
    folder: TempDir,
    file: PathBuf,
}

impl Gates {
    fn new(budgets: &[&str]) -> Self {
        let budgets: String =
            budgets.iter().map(|pass| format!("[[gate.serve.budget]]\npass = '{pass}'\n")).collect();
        // On a busy machine rounds are seconds apart, and of each window two have to be seen.
        Self::of(&format!("window = \"6s\"\nwarm_up = \"0s\"\nsamples = 2\n{budgets}"))
    }

    fn of(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("outrigger.toml");
        fs::write(&file, format!("[gate.serve]\n{settings}")).unwrap();
        Self { folder, file }
    }

    /// The exit code and the answer.
    fn judge(&self, epmd: &Epmd, node: &str) -> (Option<i32>, Value) {
        self.judge_with(epmd, &["--join", node])
    }

    fn judge_with(&self, epmd: &Epmd, args: &[&str]) -> (Option<i32>, Value) {
        let mut command = outrigger();
        command
            .current_dir(self.folder.path())
            .env("ERL_EPMD_PORT", epmd.port().to_string())
            .env("OUTRIGGER_COOKIE", COOKIE);
        let output = command.args(["gate", "--json"]).args(args).output().unwrap();
        let answer = serde_json::from_slice(&output.stdout);
        (
            output.status.code(),
            answer.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))),
        )
    }
}

#[test]
fn a_live_node_passes_and_fails() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let gates = Gates::new(&["process.count < 5000", "memory.total < 8GiB", "runq.total.min >= 0"]);
    let (code, answer) = gates.judge(&epmd, beam.name());
    assert_eq!(code, Some(0), "{answer:#}");
    beam.eval("[spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 6000)], ok");
    let (code, answer) = gates.judge(&epmd, beam.name());
    assert_eq!(code, Some(1), "{answer:#}");
    assert!(answer.to_string().contains("process.count"), "{answer:#}");
    assert!(gates.folder.path().join(".outrigger/evidence.jsonl").exists(), "both runs are recorded");
    // What nobody measures does not pass.
    let (code, answer) = Gates::new(&["p99(\"phoenix.endpoint\") < 50ms"]).judge(&epmd, beam.name());
    assert_eq!(code, Some(5), "{answer:#}");
}

/// What nobody reads unasked is read for a gate that names it, and the flag that this takes is put back.
#[test]
fn what_threads_do_is_read_for_a_gate_that_asks() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let budget = r#"sched.state{thread="scheduler", state="sleep"}.max <= 100%"#;
    let settings = format!(
        "window = \"12s\"\nwarm_up = \"0s\"\nsamples = 1\n[[gate.serve.budget]]\npass = '{budget}'\n"
    );
    let (code, answer) = Gates::of(&settings).judge(&epmd, beam.name());
    assert_eq!(code, Some(0), "{answer:#}");
    beam.wait_until("not is_pid(whereis(outrigger_states))", LONG);
    assert_eq!(beam.eval("erlang:system_flag(microstate_accounting, false)"), "false", "as it was");
}

#[test]
fn a_node_that_does_more_than_the_one_beside_it_fails() {
    let epmd = Epmd::start();
    let (old, new) = (Beam::options("old").epmd(&epmd).start(), Beam::options("new").epmd(&epmd).start());
    new.eval("spawn(fun Busy() -> Busy() end), ok");
    // On a busy machine rounds come seconds apart. Six of the eight blocks are enough to show what is there to be seen.
    let gates = Gates::of(
        "window = \"32s\"\nblocks = 8\nwarm_up = \"0s\"\nsamples = 6\n\
         [[gate.serve.budget]]\nname = \"work\"\ncompare = 'sched.util'\nfloor = \"0.1\"\n\
         [[gate.serve.budget]]\nname = \"size\"\ncompare = 'process.count.max'\nfloor = \"20%\"\n",
    );
    let (code, answer) = gates.judge_with(&epmd, &["--join", new.name(), "--against-node", old.name()]);
    let gate = &answer["gates"][0];
    assert_eq!(code, Some(1), "{answer:#}");
    assert_eq!((&gate["nodes"], &gate["against"]), (&json!([new.name()]), &json!([old.name()])));
    let verdict = |name: &str| {
        let budgets = gate["budgets"].as_array().unwrap();
        budgets.iter().find(|budget| budget["name"] == name).unwrap()["verdict"].clone()
    };
    assert_eq!(verdict("work"), "fail", "{answer:#}");
    assert_ne!(verdict("size"), "fail", "{answer:#}");
    assert_eq!(recorded(&gates), [json!([old.name()])], "who was compared is recorded");
    // Who cannot be reached has not passed.
    let gates =
        Gates::of("window = \"1s\"\nwarm_up = \"0s\"\n[[gate.serve.budget]]\ncompare = 'sched.util'\n");
    let (code, answer) = gates.judge_with(&epmd, &["--join", new.name(), "--against-node", "gone@127.0.0.1"]);
    assert_eq!(code, Some(5), "{answer:#}");
}

/// The nodes that each record of evidence compares with.
fn recorded(gates: &Gates) -> Vec<Value> {
    let mut command = outrigger();
    command.current_dir(gates.folder.path()).args(["evidence", "verify", "--json"]);
    let verified: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    assert_eq!(verified["altered"], json!([]), "{verified:#}");
    let records = verified["records"].as_array().unwrap();
    records.iter().map(|record| record["outcome"]["against"].clone()).collect()
}

/// The BEAM's side of it is a bare process here; `gate_live_test.exs` has the package's.
/// Takes what the Rust node says of gates, as `Outrigger.Gate` does.
const LISTEN: &str = "register('Elixir.Outrigger.Gate', spawn(fun() -> Take = fun Take() -> \
     receive {'$outrigger_gate', 1, P, T, Said} when is_pid(P), is_integer(T) -> persistent_term:put(said, Said), Take() end end, Take() end)), ok";
const MANY: &str = "register(many, spawn(fun() -> [spawn_link(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 6000)], receive stop -> ok end end)), ok";

fn wait_verdict(beam: &Beam, verdict: &str) {
    let said = format!(
        "case persistent_term:get(said, none) of [{{<<\"serve\">>, {verdict}, W, A}}] when is_binary(W), is_integer(A) -> true; _ -> false end"
    );
    beam.wait_until(&said, LONG);
}

#[test]
fn a_node_tells_verdicts_as_they_change() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.eval(LISTEN);
    let gates = Gates::new(&["process.count < 5000"]);
    let config = ["--gates", gates.file.to_str().unwrap()];
    let rust = RustNode::options("rust").epmd(&epmd).join(beam.name()).args(&config).start();
    rust.wait_joined(beam.name());
    wait_verdict(&beam, "pass");
    beam.eval(MANY);
    wait_verdict(&beam, "fail");
    beam.eval("exit(whereis(many), kill)");
    wait_verdict(&beam, "pass");
}

/// A node that has gone is not judged once its time is over, and when it comes back it is judged as before.
#[test]
fn nodes_that_go_and_come_are_judged_while_they_are_there() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    let other = Beam::options("other").epmd(&epmd).start();
    beam.eval(LISTEN);
    let gates = Gates::new(&["process.count < 5000"]);
    let config = ["--gates", gates.file.to_str().unwrap()];
    let rust =
        RustNode::options("rust").epmd(&epmd).join(beam.name()).join(other.name()).args(&config).start();
    let from = rust.wait_joined(other.name());
    wait_verdict(&beam, "pass");
    other.eval(MANY);
    wait_verdict(&beam, "fail");
    other.kill();
    let from = rust.wait_left(from, other.name());
    wait_verdict(&beam, "pass");
    let other = other.restart();
    rust.wait_joined_from(from, other.name());
    other.eval(MANY);
    wait_verdict(&beam, "fail");
}

#[test]
fn a_file_that_is_wrong_is_refused_at_the_start() {
    let gates = Gates::new(&["proces.count < 5000"]);
    let output = outrigger()
        .args(["node", "--sname", "rust", "--gates", gates.file.to_str().unwrap()])
        .env("OUTRIGGER_COOKIE", COOKIE)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("is it process.") && said.contains("outrigger.toml"),
        "the nearest name and the place: {said}"
    );
}
