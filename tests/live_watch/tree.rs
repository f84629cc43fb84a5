//! `outrigger tree` beside real BEAM nodes: the tree is the node's own, and nobody there can hold it up.

use std::process::{Command, Output, Stdio};

use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, Process, outrigger};
use serde_json::Value;

const GROVE: &str = include_str!("grove.erl");
/// Who reads, there.
const GUESTS: &str =
    "[P || P <- processes(), {initial_call, {erl_eval, _, _}} <- [process_info(P, initial_call)]]";

fn command(epmd: &Epmd, args: &[&str]) -> Command {
    let mut command = outrigger();
    command.env("ERL_EPMD_PORT", epmd.port().to_string()).env("OUTRIGGER_COOKIE", COOKIE);
    command.arg("tree").args(args).stdin(Stdio::null());
    command
}

#[track_caller]
fn tree(epmd: &Epmd, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(epmd, args).output().unwrap();
    assert!(status.success(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// The one below that is called so.
#[track_caller]
fn below<'a>(branch: &'a Value, field: &str, label: &str) -> &'a Value {
    let found = branch[field].as_array().and_then(|all| all.iter().find(|branch| branch["label"] == label));
    found.unwrap_or_else(|| panic!("no {label} in {branch}"))
}

/// One supervisor is suspended, and another one hangs in the start of a child: neither answers anybody.
#[test]
fn the_tree_is_that_of_the_node_and_nobody_holds_it_up() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.load(GROVE);
    beam.eval("grove:start()");
    beam.eval("register(orphan_maker, spawn(fun() -> register(lost, spawn(grove, loop, [])), receive stop -> ok end end)), ok");
    beam.wait_until("[] =/= [x || grove_stuck <- registered(), {links, L} <- [process_info(whereis(grove_stuck), links)], length(L) > 1]", LONG);
    beam.eval("orphan_maker ! stop, ok");
    beam.wait_until("whereis(orphan_maker) =:= undefined", LONG);
    // A name that reads like a truth value is a name.
    beam.eval("register(true, spawn(fun grove:loop/0)), ok");
    let waiting = beam.eval_number("element(2, process_info(whereis(grove_stuck), message_queue_len))");

    let shown: Value = serde_json::from_str(&tree(&epmd, &[beam.name(), "--json"])).unwrap();
    let top = below(below(&shown, "branches", "grove"), "children", "grove_sup");
    assert_eq!((&top["kind"], &top["started"]), (&"supervisor".into(), &"grove".into()), "{top}");
    let workers = below(top, "children", "grove_workers");
    let children = workers["children"].as_array().unwrap();
    assert_eq!((children.len(), &children[0]["kind"]), (1, &"alike".into()), "{workers}");
    assert_eq!(
        (&children[0]["label"], &children[0]["own"]["processes"]),
        (&"grove:loop/0".into(), &1_000.into())
    );
    assert!(children[0]["own"]["memory"].as_u64().unwrap() > 1_000_000, "{}", children[0]);
    let stuck = below(top, "children", "grove_stuck");
    assert_eq!(stuck["children"][0]["label"], "grove:hang/0", "{stuck}");

    let orphans = shown["orphans"].as_array().unwrap();
    assert!(orphans.iter().any(|orphan| orphan["label"] == "lost"), "{orphans:?}");
    let lost = beam.eval("list_to_binary(pid_to_list(whereis(lost)))");
    assert!(
        orphans.iter().any(|orphan| lost.contains(orphan["pid"].as_str().unwrap())),
        "{lost} {orphans:?}"
    );
    assert_eq!(shown["orphan_count"].as_u64().unwrap(), orphans.len() as u64);
    assert_eq!(
        beam.eval_number("element(2, process_info(whereis(grove_workers), message_queue_len))"),
        0,
        "nobody was asked"
    );
    assert_eq!(
        beam.eval_number("element(2, process_info(whereis(grove_stuck), message_queue_len))"),
        waiting
    );
    beam.wait_until(&format!("{GUESTS} =:= []"), LONG);

    let text = tree(&epmd, &[beam.name(), "--app", "grove", "--depth", "2"]);
    assert!(text.contains("├─ grove_workers ") && text.contains("below  1,000 processes"), "{text}");
    assert!(!text.contains("kernel_sup") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn pictures_are_files_of_their_own_and_wrong_words_are_explained() {
    let epmd = Epmd::start();
    let (one, two) = (Beam::options("one").epmd(&epmd).start(), Beam::options("two").epmd(&epmd).start());
    let folder = tempfile::tempdir().unwrap();
    let (svg, html) = (folder.path().join("tree.svg"), folder.path().join("tree.html"));
    let files = ["--svg", svg.to_str().unwrap(), "--html", html.to_str().unwrap()];
    let text = tree(&epmd, &[one.name(), two.name()]);
    assert!(text.contains(one.name()) && text.contains(two.name()) && text.contains("kernel_sup"), "{text}");
    tree(&epmd, &[&[one.name()], &files[..]].concat());
    for file in [&svg, &html] {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("kernel_sup") && text.contains(one.name()), "{text}");
    }
    let refused = |args: &[&str], code: i32, words: &str| {
        let output = command(&epmd, args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(words), "{text}");
    };
    refused(&[&[one.name(), two.name()], &files[..]].concat(), 2, "one node at a time");
    refused(&[one.name(), "--app", "kernal"], 1, "did you mean kernel?");
    refused(&["nobody@127.0.0.1"], 1, "outrigger doctor");
}

/// The node is killed while it is read.
#[test]
fn a_node_that_ends_meanwhile_is_named() {
    let epmd = Epmd::start();
    let beam = Beam::options("app").epmd(&epmd).start();
    beam.eval("[spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 20000)], ok");
    // So little that it takes minutes.
    let process = Process::start(
        "outrigger tree",
        command(&epmd, &[beam.name(), "--duty", "0.1"]),
        "cargo build -p outrigger",
    );
    beam.wait_until(&format!("{GUESTS} =/= []"), LONG);
    beam.kill();
    let status = process.wait_exit(LONG);
    assert_eq!(status.code(), Some(1));
    process.wait_line(0, LONG, "why", |line| line.contains("the guest on") && line.contains(beam.name()));
}
