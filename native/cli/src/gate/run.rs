//! The command.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use outrigger_probe::Sight;
use outrigger_watch::gate::{Config, Gate, Outcome, Verdict, judge};
use outrigger_watch::{Window, report};

use super::material::{add_files, read, windows};
use super::record::Recorder;
use crate::args::{GateArgs, GateFormat, LookArgs};
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
    let mut seen = windows(&args.from)?;
    if let Some(nodes) = args.look() {
        seen.push(watched(&nodes, &gates)?);
    }
    let judged = judged(args, &gates, &seen)?;
    let outcomes: Vec<Outcome> = judged.iter().map(|(outcome, _)| outcome.clone()).collect();
    out::print(&written(args, &outcomes, &judged, &name));
    if let Some(recorder) = recorder
        && let Some(link) = recorder.record(look::now_ms(), (&name, &bytes), &judged)?
    {
        let file = args.evidence.display();
        out::complain(&format!("recorded in {file}, number {}, head {}\n", link.number, link.hash));
    }
    Ok(outcomes.iter().map(|outcome| outcome.verdict).max().unwrap_or(Verdict::NotRun))
}

/// Looks at the nodes for as long as the longest of the gates wants.
fn watched(nodes: &LookArgs, gates: &[&Gate]) -> Result<Window, String> {
    let millis = gates.iter().map(|gate| gate.window.saturating_add(gate.warm_up)).max().unwrap_or(0);
    // The first round has no rates, and the last may come late.
    let during = Duration::from_millis(millis) + Duration::from_secs(2);
    out::complain(&format!("looking for {} s …\n", during.as_secs()));
    let lost = |sight: &Sight| {
        if let Sight::Lost { node, error } = sight {
            out::complain(&format!("{node}: {error}\n"));
        }
    };
    look::window("gate", nodes, during, lost).map_err(|error| error.to_string())
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

/// Each gate's outcome, and the windows that it is about.
fn judged(args: &GateArgs, gates: &[&Gate], seen: &[Window]) -> Result<Vec<(Outcome, Vec<Window>)>, String> {
    let folder = args.config.parent().unwrap_or(Path::new("."));
    gates
        .iter()
        .map(|gate| {
            let base: Vec<PathBuf> = match args.against.is_empty() {
                true => gate.against.iter().map(|file| folder.join(file)).collect(),
                false => args.against.clone(),
            };
            let mut now = seen.to_vec();
            add_files(gate, folder, &mut now, look::now_ms());
            Ok((judge(gate, &now, &windows(&base)?), now))
        })
        .collect()
}

fn written(args: &GateArgs, outcomes: &[Outcome], judged: &[(Outcome, Vec<Window>)], config: &str) -> String {
    let format = if args.json { GateFormat::Json } else { args.format };
    match format {
        GateFormat::Text => report::text(outcomes, io::stdout().is_terminal() && out::colours_wanted()),
        GateFormat::Json => report::json(outcomes),
        GateFormat::Junit => report::junit(outcomes),
        GateFormat::Sarif => report::sarif(outcomes, config),
        GateFormat::Github => report::github(outcomes, config),
        // All gates are about the same windows.
        GateFormat::Html => report::html(outcomes, judged.first().map_or(&[], |(_, windows)| windows)),
    }
}
