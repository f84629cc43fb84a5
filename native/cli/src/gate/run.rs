//! The command.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use outrigger_watch::gate::{Config, Gate, Outcome, Verdict, judge, judge_beside};
use outrigger_watch::{Window, report};

use super::live::{self, Seen};
use super::material::{add_files, read, windows};
use super::record::{Recorder, Run};
use crate::args::{GateArgs, GateFormat};
use crate::exit::Exit;
use crate::look;
use crate::out;

/// Bytes of a configuration, of which more says that it is none.
const MOST_CONFIG: u64 = 1 << 20;

/// Judges, answers and records.
pub(crate) fn run(args: &GateArgs) -> Exit {
    match gate(args) {
        Ok(verdict) => Exit::Verdict(verdict),
        Err(problem) => {
            out::complain(&format!("error: {problem}\n"));
            Exit::Usage
        }
    }
}

fn gate(args: &GateArgs) -> Result<Verdict, String> {
    let bytes = config_of(&args.config)?;
    let name = args.config.display().to_string();
    let config = std::str::from_utf8(&bytes).map_err(|_| format!("{name}: not UTF-8"))?;
    let config = Config::read(config).map_err(|error| prefixed(&name, &error.to_string()))?;
    let gates = chosen(&config, args.name.as_deref(), &name)?;
    // Before anything is judged: a run that cannot be recorded is not made.
    let recorder = if args.no_evidence { None } else { Some(Recorder::new(&args.evidence)?) };
    let recorded = windows(&args.from)?;
    let gates = with_baselines(args, gates)?;
    let looked_at = args.look().map(|nodes| live::look(args, &nodes, &gates)).transpose()?;
    let runs = judged(args, gates, &recorded, looked_at);
    let outcomes: Vec<Outcome> = runs.iter().map(|run| run.outcome.clone()).collect();
    out::print(&written(args, &outcomes, &runs, &name));
    if let Some(recorder) = recorder
        && let Some(link) = recorder.record(look::now_ms(), (&name, &bytes), &runs)?
    {
        let file = args.evidence.display();
        out::complain(&format!("recorded in {file}, number {}, head {}\n", link.number, link.hash));
    }
    Ok(outcomes.iter().map(|outcome| outcome.verdict).max().unwrap_or(Verdict::NotRun))
}

fn config_of(path: &Path) -> Result<Vec<u8>, String> {
    read(path, MOST_CONFIG).map_err(|problem| {
        let remedy = if path.exists() { "" } else { "; the smallest one is the line preset = \"phoenix\"" };
        format!("{}: {problem}{remedy}", path.display())
    })
}

/// Each line of a problem with the file that it is in.
fn prefixed(name: &str, problems: &str) -> String {
    problems.lines().map(|line| format!("{name}, {line}")).collect::<Vec<_>>().join("\n       ")
}

fn chosen<'a>(config: &'a Config, name: Option<&str>, file: &str) -> Result<Vec<&'a Gate>, String> {
    match name {
        None => Ok(config.gates.values().collect()),
        Some(name) => config.gates.get(name).map(|gate| vec![gate]).ok_or_else(|| {
            let all = config.gates.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            format!("{file} has no gate {name:?}: it has {all}")
        }),
    }
}

/// The gates, each with the recordings that it compares with.
fn with_baselines<'a>(args: &GateArgs, gates: Vec<&'a Gate>) -> Result<Vec<(&'a Gate, Vec<Window>)>, String> {
    let folder = folder(args);
    let kept = |gate: &'a Gate| {
        let files: Vec<PathBuf> = match (args.against.is_empty(), args.against_node.is_empty()) {
            (false, _) => args.against.clone(),
            (true, true) => gate.against.iter().map(|file| folder.join(file)).collect(),
            (true, false) => Vec::new(),
        };
        Ok((gate, windows(&files)?))
    };
    gates.into_iter().map(kept).collect()
}

/// What lies beside the configuration is named from there.
fn folder(args: &GateArgs) -> &Path {
    args.config.parent().unwrap_or(Path::new("."))
}

fn judged(
    args: &GateArgs,
    gates: Vec<(&Gate, Vec<Window>)>,
    recorded: &[Window],
    looked_at: Option<Vec<Seen>>,
) -> Vec<Run> {
    let mut looked_at = looked_at.unwrap_or_default().into_iter();
    let one = |(gate, base): (&Gate, Vec<Window>)| {
        let Seen { now: live, beside } = looked_at.next().unwrap_or_default();
        let mut now = recorded.to_vec();
        now.extend(live);
        add_files(gate, folder(args), &mut now, look::now_ms());
        match args.against_node.is_empty() {
            true => Run { outcome: judge(gate, &now, &base), now, base },
            false => Run { outcome: judge_beside(gate, &now, &beside), now, base: beside },
        }
    };
    gates.into_iter().map(one).collect()
}

fn written(args: &GateArgs, outcomes: &[Outcome], runs: &[Run], config: &str) -> String {
    let format = if args.json { GateFormat::Json } else { args.format };
    match format {
        GateFormat::Text => report::text(outcomes, io::stdout().is_terminal() && out::colours_wanted()),
        GateFormat::Json => report::json(outcomes),
        GateFormat::Junit => report::junit(outcomes),
        GateFormat::Sarif => report::sarif(outcomes, config),
        GateFormat::Github => report::github(outcomes, config),
        GateFormat::Html => report::html(outcomes, &charted(args, runs)),
    }
}

/// The windows of charts. All gates are about the same recordings, and about nodes the longest has seen the most.
fn charted(args: &GateArgs, runs: &[Run]) -> Vec<Window> {
    let seconds = |run: &&Run| run.outcome.until.saturating_sub(run.outcome.from);
    let Some(run) = runs.iter().max_by_key(seconds) else { return Vec::new() };
    let whole = |windows: &[Window]| {
        windows.iter().cloned().reduce(|mut whole, next| {
            whole.merge(next);
            whole
        })
    };
    match args.look() {
        None => run.now.clone(),
        Some(_) if args.against_node.is_empty() => whole(&run.now).into_iter().collect(),
        Some(_) => whole(&run.now).into_iter().chain(whole(&run.base)).collect(),
    }
}
