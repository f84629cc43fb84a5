//! `outrigger.toml`: what is right is taken, and what is wrong is said with its place and the remedy.

#![allow(clippy::unwrap_used, reason = "a panic with its context is how a test reports")]

use outrigger_watch::gate::{Check, Comparison, Config, Floor, Names, Per, Worse};
use proptest::prelude::*;

/// A file with one gate of one budget.
fn with_pass(pass: &str) -> String {
    format!("[gate.g]\n[[gate.g.budget]]\npass = '{pass}'\n")
}

fn problems(text: &str) -> String {
    Config::read(text).unwrap_err().to_string()
}

#[test]
fn a_whole_file() {
    let text = r#"
        [metrics]
        "my_app.checkout" = {unit = "seconds", kind = "histogram"}

        [gate.ship]
        preset = "none"
        nodes = ["app@*", "web@*"]
        window = "1min"
        warm_up = "500ms"
        samples = 7
        per = "cluster"
        clock_skew = "2s"
        blocks = 6
        pass = 90
        warn = 62.5
        against = "baseline.json"

        [gate.ship.files]
        coverage = {file = "cover/excoveralls.json", form = "json", pointer = "/coverage", unit = "%"}

        [[gate.ship.budget]]
        pass = 'p99("my_app.checkout") < 50ms'
        warn = 'p99("my_app.checkout") < 80ms'
        weight = 2
        veto = false
        required = false
        samples = 100
        per = "node"
        nodes = "app@*"

        [[gate.ship.budget]]
        name = "shift"
        compare = 'sched.util'
        floor = "10%"
        worse = "either"
        confidence = "99%"

        [[gate.ship.budget]]
        pass = 'coverage >= 80%'
    "#;
    let config = Config::read(text).unwrap();
    let gate = &config.gates["ship"];
    assert_eq!((gate.window, gate.warm_up, gate.clock_skew, gate.blocks), (60_000, 500, 2_000, 6));
    assert_eq!((gate.levels.pass, gate.levels.warn), (90.0, 62.5));
    assert_eq!((gate.against.as_slice(), gate.nodes.len()), (&["baseline.json".to_owned()][..], 2));
    assert_eq!(gate.files["coverage"].file, "cover/excoveralls.json");
    let [latency, shift, coverage] = &gate.budgets[..] else { panic!("{:?}", gate.budgets) };
    assert_eq!(latency.name, r#"p99("my_app.checkout") < 50ms"#);
    assert_eq!((latency.weight, latency.veto, latency.required, latency.samples), (2, false, false, 100));
    assert_eq!((latency.per, latency.nodes.len(), latency.line), (Per::Node, 1, Some(21)));
    let Check::Compare(comparing) = &shift.check else { panic!("{shift:?}") };
    assert_eq!(
        (comparing.floor, comparing.worse, comparing.confidence),
        (Floor::Share(0.1), Worse::Either, 0.99)
    );
    assert_eq!((shift.samples, shift.per, shift.veto, shift.weight), (7, Per::Cluster, true, 1));
    assert_eq!(coverage.name, "coverage >= 80%");
}

#[test]
fn the_preset_alone_beside_and_overridden() {
    let alone = Config::read("preset = \"phoenix\"").unwrap();
    let preset = &alone.gates["phoenix"].budgets;
    assert!(preset.len() > 8 && preset.iter().all(|budget| budget.line.is_none()));
    let text = "preset = \"phoenix\"\n[gate.ship]\nsamples = 3\n[[gate.ship.budget]]\nname = \"memory\"\npass = 'memory.total < 1GiB'\n";
    let gate = &Config::read(text).unwrap().gates["ship"];
    assert_eq!(gate.budgets.len(), preset.len());
    let memory = gate.budgets.last().unwrap();
    assert_eq!((memory.name.as_str(), memory.line, memory.samples), ("memory", Some(4), 3));
    assert!(gate.budgets.iter().all(|budget| budget.samples == 3));
    let none = text.replace("samples = 3", "preset = \"none\"");
    assert_eq!(Config::read(&none).unwrap().gates["ship"].budgets.len(), 1);
}

#[test]
fn every_form_of_a_budget_is_taken() {
    for pass in [
        r#"p99("phoenix.endpoint") < 50ms"#,
        "ecto.queue_time.p99 < 5ms",
        "ecto.queue_time.p99.9 <= 0.5s",
        "p99.9(ecto.queue_time) <= 500us",
        "sched.util.p95 < 0.8",
        "sched.util.p95 < 80%",
        "runq.total.max < 2 * schedulers",
        "runq.total.max / schedulers.last < 2",
        "pool.head_age < 100ms",
        r#"pool.queue_len{repo="MyApp.Repo"} == 0"#,
        r#"pool.queue_len{repo="MyApp.*", pool="1"}.p95 <= 3"#,
        r#"pool.queue_len.max{repo="MyApp.Repo"} <= 3"#,
        r#"p99("phoenix.router"{route="/api/*"}) < 50ms"#,
        "pool.checked_out / pool.size < 90%",
        "pool.checked_out < 90% * pool.size",
        "memory.total < 200MiB",
        "memory.total.rate < 1MiB / 1s",
        "rate(phoenix.endpoint) > 100 / 1s",
        "count(oban.job) >= 10",
        "process.orphans == 0",
        "process.count != 0",
        "process.count.min > 10",
        "-(1 + 2) * 3 < -process.count.max + 1000000",
        "process.top_mailbox.rate <= 1 / 1min",
        "atom.usage.last < 50%",
        "mean(ecto.total_time) - mean(ecto.query_time) < 2ms",
    ] {
        assert!(
            Comparison::parse(pass, &Names::default()).is_ok(),
            "{pass}: {:?}",
            Comparison::parse(pass, &Names::default())
        );
    }
}

#[test]
fn what_is_wrong_in_a_budget_is_said_with_its_column() {
    for (pass, said) in [
        ("pool.head_age < 200MiB", "column 15: seconds cannot be compared with bytes"),
        ("process.count < 5%", "column 15: a count cannot be compared with a ratio"),
        ("phoenix.endpoint.count < 50ms", "a count cannot be compared with seconds"),
        ("memory.total + pool.head_age < 1MiB", "column 14: seconds cannot be added to bytes"),
        ("rate(phoenix.endpoint) > 100", "things per second cannot be compared with a plain number"),
        ("sched.util < 2 * schedulers", "a ratio cannot be compared with a count"),
        (
            "pool.queue_length == 0",
            "column 1: there is no metric \"pool.queue_length\": is it pool.queue_len?",
        ),
        ("nonsense == 0", "there is no metric \"nonsense\": see docs/gates.md"),
        ("p98(ecto.queue_time) < 5ms", "column 1: \"p98\" is no statistic: they are min max mean"),
        (
            r#"pool.size{rep="A"} == 5"#,
            "column 11: pool.size has no label \"rep\": its labels are repo, pool",
        ),
        (r#"memory.total{a="A"} < 1GiB"#, "memory.total has no label \"a\": its labels are none"),
        ("pool.size{repo=A} == 5", "column 16: a label's value stands in quotes"),
        ("last(phoenix.endpoint) < 5ms", "does not know the last one"),
        ("process.count", "column 14: a comparison is missing"),
        ("process.count < ", "column 17: a number or a metric is missing at the end"),
        ("process.count < 1 < 2", "column 19: \"<\" stands behind the end: a budget is one comparison"),
        ("process.count < 5mb", "column 18: \"mb\" is no unit: it is MB"),
        ("process.count = 5", "column 15: a comparison is missing"),
        ("1 < 2", "it names no metric"),
        ("process.count.max.min < 2", "there is no metric \"process.count.max\""),
        (r#"pool.size.max{repo="a"}.min < 2"#, "a second statistic, \"min\""),
        ("process.count < 5 & 3", "'&' means nothing in a budget"),
        (r#"p99("phoenix.endpoint < 5ms"#, "column 5: the text in quotes has no end"),
        ("(process.count < 5", "column 16: \")\" is missing behind what is in parentheses"),
        ("", "column 1: a number or a metric is missing at the end"),
        (&format!("{}1 < process.count", "(".repeat(40)), "column 33: more than 32 parentheses"),
        (&format!("{}process.count < 1", "1 + ".repeat(200)), "more than 300 words"),
        (&format!("process.count < {}", "1".repeat(5_000)), "more than the 4096 that a budget may have"),
    ] {
        let error = Comparison::parse(pass, &Names::default()).unwrap_err().to_string();
        assert!(error.contains(said), "{pass}: {error}");
    }
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_place() {
    for (text, said) in [
        ("", "line 1, column 1: there is no gate in it"),
        (
            "preset = \"rails\"",
            "line 1, column 10: preset of the file is \"phoenix\" or \"none\", not \"rails\"",
        ),
        ("[gate.g]\nwindow = 30\n", "line 2, column 10: window of gate.g is a string, not integer"),
        ("[gate.g]\nwindow = \"30\"\n", "line 2, column 10: window of gate.g is a time of up to 24h"),
        ("[gate.g]\nwindow = \"30 sec\"\n", "line 2, column 13: \"sec\" is no unit"),
        ("[gate.g]\nwarmup = \"3s\"\n", "line 2, column 1: gate.g has no key \"warmup\": is it warm_up?"),
        ("[gate.g]\nzzz = 1\n", "gate.g has no key \"zzz\": it has preset, files, nodes"),
        ("[gates.g]\n", "line 1, column 2: the file has no key \"gates\": is it gate?"),
        ("[gate.g]\nsamples = 0\n", "samples of gate.g is a whole number from 1 to"),
        ("[gate.g]\nblocks = 5\n", "blocks of gate.g is a whole number from 6 to 200"),
        ("[gate.g]\npass = 101\n", "line 2, column 8: pass of gate.g is a number from 0 to 100"),
        ("[gate.g]\npass = 50\nwarn = 60\n", "warn (60) is above pass (50)"),
        ("[gate.g]\nnodes = [1]\n", "nodes of gate.g is a string or a list of strings"),
        ("[gate.g]\n", "gate g has no budget"),
        ("[gate.g]\nbudget = 3\n", "budget of gate.g is a list of tables"),
        ("gate = 3\n", "gate of the file is a table, not integer"),
        ("[gate.g\n", "line 1, column 8"),
        ("[[gate.g.budget]]\nweight = 1\n", "line 1, column 1: a budget needs pass = '…', or compare = '…'"),
        ("[[gate.g.budget]]\npass = 'atom.count < 1'\ncompare = 'atom.count'\n", "either pass or compare"),
        (
            "[[gate.g.budget]]\npass = 'atom.count < 1'\nveto = 1\n",
            "line 3, column 8: veto of budget 1 of gate.g is true or false",
        ),
        ("[[gate.g.budget]]\npass = 'atom.count < 1'\nfloor = \"5%\"\n", "has no key \"floor\""),
        (
            "[[gate.g.budget]]\npass = 'atom.count < 1'\n[[gate.g.budget]]\npass = 'atom.count < 1'\n",
            "line 3, column 1: two budgets are named \"atom.count < 1\"",
        ),
        (
            "[[gate.g.budget]]\npass = 'atom.cuont < 1'\n",
            "line 2, column 9: there is no metric \"atom.cuont\": is it atom.count?",
        ),
        (
            "[[gate.g.budget]]\npass = \"atom.count \\u003c 1MiB\"\n",
            "line 2, column 8: a count cannot be compared with bytes",
        ),
        (
            "[[gate.g.budget]]\npass = '''\natom.count < 1MiB'''\n",
            "line 3, column 12: a count cannot be compared with bytes",
        ),
        (
            "[[gate.g.budget]]\ncompare = 'atom.count'\nfloor = \"5ms\"\n",
            "line 3, column 9: floor is a share such as \"5%\", or a count as atom.count is, not seconds",
        ),
        (
            "[[gate.g.budget]]\ncompare = 'atom.count'\nconfidence = \"100%\"\n",
            "line 3, column 14: confidence is from",
        ),
        (
            "[[gate.g.budget]]\ncompare = 'atom.count'\nwarn = 'atom.count < 1'\n",
            "a budget that compares has no warn",
        ),
        ("[[gate.g.budget]]\ncompare = 'atom.count < 1'\n", "line 2, column 23: \"<\" stands behind the end"),
        ("[metrics]\n\"atom.count\" = {unit = \"count\"}\n", "atom.count is a metric already"),
        ("[metrics]\n\"my-app\" = {unit = \"count\"}\n", "cannot be a metric's name"),
        ("[metrics]\nmine = {unit = \"bytes\", kind = \"histogram\"}\n", "the unit is seconds"),
        ("[gate.g.files]\nx = {file = \"a\", form = \"xml\"}\n", "form of files.x is \"json\" or \"lcov\""),
        ("[gate.g.files]\nx = {file = \"a\", form = \"json\", pointer = \"a\"}\n", "needs pointer = \"/…\""),
        (
            "[gate.g.files]\nx = {file = \"a\", form = \"json\", pointer = \"/a\", unit = \"percent\"}\n",
            "\"percent\" is no unit",
        ),
        ("[gate.g.files]\nx = {form = \"lcov\"}\n", "files.x needs file"),
        (&format!("a = {}", "[".repeat(1_000)), "line 1"),
        (&"#".repeat(2 << 20), "more than the 1048576 that are read"),
    ] {
        let said_really = problems(text);
        assert!(said_really.contains(said), "{text:.200}\n{said_really}\nlacks {said}");
    }
}

#[test]
fn all_problems_are_said_at_once() {
    let text = "[gate.g]\nwindow = 1\nper = \"pod\"\n[[gate.g.budget]]\npass = 'nope < 1'\n";
    assert_eq!(problems(text).lines().count(), 3);
}

#[test]
fn a_figure_of_a_file_has_no_statistic_and_no_baseline() {
    let file = "[gate.g.files]\ncoverage = {file = \"a\", form = \"json\", pointer = \"/a\", unit = \"%\"}\n";
    let with = |budget: &str| problems(&format!("{file}[[gate.g.budget]]\n{budget}\n"));
    assert!(with("pass = 'coverage.max > 80%'").contains("there is no max of it"));
    assert!(with("pass = 'coverage > 80MiB'").contains("a ratio cannot be compared with bytes"));
    assert!(with("compare = 'coverage'").contains("there is nothing to compare it with"));
    assert!(with("pass = 'coverage{a=\"b\"} > 80%'").contains("it has no labels"));
}

proptest! {
    #[test]
    fn any_text_is_a_configuration_or_problems_with_places(text in "[a-z\\[\\]=\"'{}.,0-9\n #%<>()*+-]{0,200}") {
        if let Err(error) = Config::read(&text) {
            prop_assert!(error.to_string().starts_with("line "), "{error}");
        }
    }

    #[test]
    fn any_budget_is_taken_or_refused_with_a_column(words in prop::collection::vec(prop_oneof![
        Just("atom.count"), Just("<"), Just("("), Just(")"), Just("5"), Just("ms"), Just("+"), Just("p99("), Just("é"),
        Just("\""), Just("phoenix.endpoint"), Just("{"), Just("}"), Just("repo="), Just(".max"), Just("-"), Just("/"),
    ], 0..12)) {
        let text = words.concat();
        match Comparison::parse(&text, &Names::default()) {
            Ok(comparison) => prop_assert_eq!(comparison.to_string(), text.trim()),
            Err(error) => prop_assert!(error.to_string().starts_with("column ")),
        }
        let _ = Config::read(&with_pass(&text));
    }
}
