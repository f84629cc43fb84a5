//! The budgets of a gate.

use std::collections::BTreeSet;

use super::read::patterns;
use super::table::{Reader, Table, Text};
use super::{Budget, Check, Comparing, Floor, Per, Worse};
use crate::gate::Pattern;
use crate::gate::expr::{Comparison, Dimension, Figure, Literal, Names, Shape, Statistic, figure};

const MOST_BUDGETS: usize = 1_000;

/// What a budget has from its gate.
pub(super) struct Defaults {
    pub(super) nodes: Vec<Pattern>,
    pub(super) samples: u64,
    pub(super) per: Per,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    gate: &mut Table<'_, '_>,
    names: &Names,
    defaults: &Defaults,
) -> Vec<Budget> {
    let mut budgets: Vec<Budget> = Vec::new();
    let mut taken = BTreeSet::new();
    for table in gate.list(reader, "budget", MOST_BUDGETS) {
        let at = table.at;
        let Some(budget) = one(reader, table, names, defaults) else { continue };
        if !taken.insert(budget.name.clone()) {
            reader.problem(at, format!("two budgets are named {:?}: give them a name each", budget.name));
        }
        budgets.push(budget);
    }
    budgets
}

fn one(
    reader: &mut Reader<'_>,
    mut table: Table<'_, '_>,
    names: &Names,
    defaults: &Defaults,
) -> Option<Budget> {
    let name = table.text(reader, "name");
    let pass = table.text(reader, "pass");
    let warn = table.text(reader, "warn");
    let compare = table.text(reader, "compare");
    let text = pass.as_ref().or(compare.as_ref()).map_or("", |text| text.value).trim();
    let name = name.map_or(text, |name| name.value).to_owned();
    let at = table.at;
    let check = match (pass, compare) {
        (Some(pass), None) => limit(reader, &pass, warn.as_ref(), names),
        (None, Some(compare)) => {
            if let Some(warn) = warn {
                reader.problem(
                    warn.span.start,
                    "a budget that compares has no warn: its floor says what matters",
                );
            }
            comparing(reader, &mut table, &compare, names)
        }
        (Some(_), Some(_)) => {
            reader.problem(at, "a budget has either pass or compare, not both");
            None
        }
        (None, None) => {
            reader.problem(at, "a budget needs pass = '…', or compare = '…'");
            None
        }
    };
    let weight = table.whole(reader, "weight", 1..1_001).unwrap_or(1);
    let budget = check.map(|check| Budget {
        name,
        check,
        weight: u32::try_from(weight).unwrap_or(1),
        veto: table.flag(reader, "veto").unwrap_or(true),
        required: table.flag(reader, "required").unwrap_or(true),
        nodes: table.texts(reader, "nodes").map_or_else(|| defaults.nodes.clone(), patterns),
        samples: table.whole(reader, "samples", 1..1_000_000_000).unwrap_or(defaults.samples),
        per: table.word(reader, "per", &Per::WORDS).unwrap_or(defaults.per),
        line: Some(reader.line(at)),
    });
    if let Some(budget) = &budget
        && let Some(figure) = of_no_cluster(budget)
    {
        let problem = format!(
            "there is no {figure} of a cluster: its samples are of many nodes, so take per = \"node\""
        );
        reader.problem(at, problem);
    }
    // Without a check, what else is right or wrong of it will be said the next time.
    if budget.is_some() {
        table.end(reader);
    }
    budget
}

/// A figure that has a meaning for one node only.
fn of_no_cluster(budget: &Budget) -> Option<&Figure> {
    let figures = match &budget.check {
        Check::Limit { pass, warn } => {
            pass.figures().into_iter().chain(warn.iter().flat_map(Comparison::figures)).collect()
        }
        Check::Compare(comparing) => vec![&comparing.figure],
    };
    let of_one = |figure: &Figure| {
        figure.shape == Shape::Samples && matches!(figure.statistic, Some(Statistic::Last | Statistic::Rate))
    };
    figures.into_iter().find(|figure| budget.per == Per::Cluster && of_one(figure))
}

fn limit(reader: &mut Reader<'_>, pass: &Text<'_>, warn: Option<&Text<'_>>, names: &Names) -> Option<Check> {
    let read = |reader: &mut Reader<'_>, text: &Text<'_>| {
        Comparison::read(text.value, names).map_err(|fault| reader.fault(text, fault)).ok()
    };
    let warn = match warn {
        Some(text) => Some(read(reader, text)?),
        None => None,
    };
    Some(Check::Limit { pass: read(reader, pass)?, warn })
}

fn comparing(
    reader: &mut Reader<'_>,
    table: &mut Table<'_, '_>,
    text: &Text<'_>,
    names: &Names,
) -> Option<Check> {
    let floor = table.literal(reader, "floor");
    let words = [("higher", Worse::Higher), ("lower", Worse::Lower), ("either", Worse::Either)];
    let worse = table.word(reader, "worse", &words).unwrap_or(Worse::Higher);
    let confidence = table.literal(reader, "confidence");
    let figure = figure(text.value, names).map_err(|fault| reader.fault(text, fault)).ok()?;
    if figure.shape == Shape::Value {
        let problem =
            format!("{} is one figure of a file: there is nothing to compare it with", figure.metric);
        reader.problem(text.span.start, problem);
        return None;
    }
    let floor = match floor {
        None => Floor::Share(0.05),
        Some((_, Literal { value, dimension: Dimension::RATIO })) => Floor::Share(value),
        Some((_, Literal { value, dimension })) if dimension.plus(figure.dimension).is_some() => {
            Floor::Absolute(value)
        }
        Some((at, literal)) => {
            let problem = format!(
                "floor is a share such as \"5%\", or {} as {text} is, not {}",
                figure.dimension,
                literal.dimension,
                text = text.value
            );
            reader.problem(at, problem);
            return None;
        }
    };
    let confidence = match confidence {
        None => 0.95,
        Some((_, Literal { value, dimension: Dimension::RATIO })) if (0.5..1.0).contains(&value) => value,
        Some((at, _)) => {
            reader.problem(at, "confidence is from \"50%\" to below \"100%\"");
            return None;
        }
    };
    let text = text.value.trim().to_owned();
    Some(Check::Compare(Comparing { figure, text, floor, worse, confidence }))
}
