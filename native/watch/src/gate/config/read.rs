//! From the text of a file to a configuration.

use toml::de::DeTable;

use super::budget::{self, Defaults};
use super::table::{Reader, Table};
use super::{Config, Gate, Levels, Per, Problem, file, preset};
use crate::gate::Pattern;
use crate::gate::expr::{Names, Shape};
use crate::{Unit, WatchError};

const MOST_BYTES: usize = 1 << 20;
const MOST_GATES: usize = 100;
const MOST_METRICS: usize = 1_000;

impl Config {
    /// Reads `outrigger.toml`.
    ///
    /// # Errors
    ///
    /// [`WatchError::BadConfig`] with all that is wrong.
    pub fn read(text: &str) -> Result<Self, WatchError> {
        let bad = |problems| Err(WatchError::BadConfig { problems });
        if text.len() > MOST_BYTES {
            let problem = format!("{} bytes are more than the {MOST_BYTES} that are read", text.len());
            return bad(vec![Problem::at(text, 0, problem)]);
        }
        let document = match DeTable::parse(text) {
            Ok(document) => document,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                return bad(vec![Problem::at(text, at, error.message())]);
            }
        };
        let mut reader = Reader::new(text);
        let mut table = Table::new("the file", 0, document.get_ref());
        let names = metrics(&mut reader, &mut table);
        let preset = preset_of(&mut reader, &mut table).unwrap_or(None);
        let mut config = Self::default();
        for (name, table) in table.tables(&mut reader, "gate", MOST_GATES) {
            let gate = gate(&mut reader, name, table, preset, names.clone());
            config.gates.insert(name.to_owned(), gate);
        }
        table.end(&mut reader);
        if let (true, Some(preset)) = (config.gates.is_empty(), preset) {
            config.gates.insert(preset.to_owned(), alone(preset));
        }
        if config.gates.is_empty() && reader.problems.is_empty() {
            reader.problem(
                0,
                "there is no gate in it: write preset = \"phoenix\", or a [gate.NAME] with budgets",
            );
        }
        if reader.problems.is_empty() { Ok(config) } else { bad(reader.problems) }
    }
}

/// The gate of a preset in a file that names no gate.
fn alone(preset: &'static str) -> Gate {
    let mut reader = Reader::new("");
    let members = DeTable::new();
    gate(&mut reader, preset, Table::new("", 0, &members), Some(preset), Names::default())
}

/// `None`: nothing is said. `Some(None)`: none is wanted.
fn preset_of(reader: &mut Reader<'_>, table: &mut Table<'_, '_>) -> Option<Option<&'static str>> {
    let words = [("phoenix", Some("phoenix")), ("none", None)];
    table.word(reader, "preset", &words)
}

fn metrics(reader: &mut Reader<'_>, table: &mut Table<'_, '_>) -> Names {
    let mut names = Names::default();
    for (name, mut metric) in table.tables(reader, "metrics", MOST_METRICS) {
        let units = Unit::ALL.map(|unit| (unit.text(), unit));
        let unit = metric.word(reader, "unit", &units);
        let kinds = [("samples", Shape::Samples), ("histogram", Shape::Histogram)];
        let kind = metric.word(reader, "kind", &kinds);
        let at = metric.at;
        metric.end(reader);
        let unit = unit.unwrap_or(Unit::Seconds);
        let shape = kind.unwrap_or(if unit == Unit::Seconds { Shape::Histogram } else { Shape::Samples });
        if shape == Shape::Histogram && unit != Unit::Seconds {
            reader.problem(at, format!("{name}: histograms count durations, so the unit is seconds"));
        }
        add(reader, &mut names, (name, at), unit, shape);
    }
    names
}

/// Adds a name that budgets may use.
pub(super) fn add(
    reader: &mut Reader<'_>,
    names: &mut Names,
    (name, at): (&str, usize),
    unit: Unit,
    shape: Shape,
) {
    if !Names::is_fit(name) {
        reader.problem(
            at,
            format!("{name:?} cannot be a metric's name: letters, digits, _ and . between them"),
        );
    } else if !names.add(name, unit, shape) {
        reader.problem(at, format!("{name} is a metric already"));
    }
}

fn gate(
    reader: &mut Reader<'_>,
    name: &str,
    mut table: Table<'_, '_>,
    preset: Option<&'static str>,
    mut names: Names,
) -> Gate {
    let preset = preset_of(reader, &mut table).unwrap_or(preset);
    let files = file::read(reader, &mut table, &mut names);
    let defaults = Defaults {
        nodes: table.texts(reader, "nodes").map_or_else(|| vec![Pattern::new("*")], patterns),
        samples: table.whole(reader, "samples", 1..1_000_000_000).unwrap_or(20),
        per: table.word(reader, "per", &Per::WORDS).unwrap_or(Per::Node),
    };
    let pass = table.percent(reader, "pass").unwrap_or(100.0);
    let warn = table.percent(reader, "warn").unwrap_or(50.0_f64.min(pass));
    if warn > pass {
        reader.problem(table.at, format!("gate {name}: warn ({warn}) is above pass ({pass})"));
    }
    let own = budget::read(reader, &mut table, &names, &defaults);
    let mut budgets = preset.map_or_else(Vec::new, |preset| preset::budgets(preset, &defaults));
    // What has the name of one of the preset stands in its place.
    budgets.retain(|budget| own.iter().all(|own| own.name != budget.name));
    budgets.extend(own);
    let gate = Gate {
        name: name.to_owned(),
        window: table.millis(reader, "window").unwrap_or(30_000),
        warm_up: table.millis(reader, "warm_up").unwrap_or(5_000),
        blocks: table.whole(reader, "blocks", 6..201).unwrap_or(10),
        clock_skew: table.millis(reader, "clock_skew").unwrap_or(1_000),
        levels: Levels { pass, warn },
        against: table.texts(reader, "against").unwrap_or_default(),
        nodes: defaults.nodes,
        files,
        budgets,
    };
    if gate.budgets.is_empty() && reader.problems.is_empty() {
        reader.problem(
            table.at,
            format!("gate {name} has no budget: write [[gate.{name}.budget]], or a preset"),
        );
    }
    table.end(reader);
    gate
}

pub(super) fn patterns(texts: Vec<String>) -> Vec<Pattern> {
    texts.into_iter().map(Pattern::new).collect()
}

impl Per {
    pub(super) const WORDS: [(&'static str, Self); 2] = [("node", Self::Node), ("cluster", Self::Cluster)];
}

/// The budgets of a text that is ours.
pub(super) fn budgets(text: &str, defaults: &Defaults) -> (Vec<super::Budget>, Vec<Problem>) {
    let mut reader = Reader::new(text);
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => return (Vec::new(), vec![Problem::at(text, 0, error.message())]),
    };
    let mut table = Table::new("the preset", 0, document.get_ref());
    let mut budgets = budget::read(&mut reader, &mut table, &Names::default(), defaults);
    table.end(&mut reader);
    budgets.iter_mut().for_each(|budget| budget.line = None);
    (budgets, reader.problems)
}
