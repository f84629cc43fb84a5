//! A comparison, judged on each node and for each set of labels.

use std::collections::BTreeSet;

use super::evaluate::{Place, Sides, worst};
use super::material::Material;
use super::read::{Index, Labels, Notes};
use super::{Lack, Reading, Scope, scopes};
use crate::gate::{Budget, Comparison, Shape, Verdict, show};
use crate::{Key, Number};

/// All readings of a budget: at least one.
pub(super) fn judge(
    budget: &Budget,
    pass: &Comparison,
    warn: Option<&Comparison>,
    material: &Material,
) -> Vec<Reading> {
    let judge = Judge { budget, pass, warn, material };
    if judge.figures().all(|figure| figure.shape == Shape::Value) {
        let scope = Scope { nodes: Vec::new() };
        return vec![judge.reading(&scope, &Index::new([], &scope), &Labels::new())];
    }
    match scopes(budget, material) {
        Err(why) => vec![Lack::not_run(why).reading(None, String::new())],
        Ok(scopes) => scopes.iter().flat_map(|scope| judge.scope(scope)).collect(),
    }
}

struct Judge<'a> {
    budget: &'a Budget,
    pass: &'a Comparison,
    warn: Option<&'a Comparison>,
    material: &'a Material,
}

impl<'a> Judge<'a> {
    fn figures(&self) -> impl Iterator<Item = &'a crate::gate::Figure> {
        self.pass.figures().into_iter().chain(self.warn.map(Comparison::figures).unwrap_or_default())
    }

    fn scope(&self, scope: &Scope<'a>) -> Vec<Reading> {
        if let Some(lack) = scope.nodes.iter().find_map(|(_, node)| node.fit().err()) {
            return vec![lack.reading(scope.node(self.budget.per), String::new())];
        }
        let index = Index::new(self.figures().filter(|figure| figure.shape != Shape::Value), scope);
        // Those figures tell apart that have several series. One that is alone goes with all of them.
        let several = index.groups().filter(|groups| groups.len() > 1);
        let mut sets: BTreeSet<&Labels> = several.flat_map(|groups| groups.keys()).collect();
        let none = Labels::new();
        if sets.is_empty() {
            let most = index.groups().flat_map(|groups| groups.keys()).max_by_key(|labels| labels.len());
            sets.insert(most.unwrap_or(&none));
        }
        sets.into_iter().map(|labels| self.reading(scope, &index, labels)).collect()
    }

    fn reading(&self, scope: &Scope<'_>, index: &Index<'_>, labels: &Labels) -> Reading {
        let node = scope.node(self.budget.per);
        let shown_labels = match labels.is_empty() {
            true => String::new(),
            false => Key { metric: String::new(), labels: labels.clone() }.to_string(),
        };
        let value_of = |name: &str| self.value(name);
        let place = Place { scope, index, labels, least: self.budget.samples, value_of: &value_of };
        let mut notes = Notes::default();
        let sides = worst(self.pass, &place, &mut notes).and_then(|sides| {
            let holds =
                |comparison: &Comparison, sides: Sides| comparison.relation.holds(sides.left, sides.right);
            if holds(self.pass, sides) {
                return Ok((Verdict::Pass, sides, None));
            }
            let Some(warn) = self.warn else { return Ok((Verdict::Fail, sides, None)) };
            let second = worst(warn, &place, &mut notes)?;
            let verdict = if holds(warn, second) { Verdict::Warn } else { Verdict::Fail };
            Ok((verdict, sides, Some(second)))
        });
        match sides {
            Err(lack) => lack.reading(node, shown_labels),
            Ok((verdict, sides, second)) => {
                self.write(node.as_deref(), shown_labels, verdict, sides, second, &notes)
            }
        }
    }

    fn value(&self, name: &str) -> Result<Number, Lack> {
        match (self.material.values.get(name), self.material.absent.get(name)) {
            (Some(number), _) if number.value.is_finite() => Ok(*number),
            (Some(_), _) => Err(Lack::inconclusive(format!("{name} is no number"))),
            (None, Some(reason)) => Err(Lack::not_run(format!("{name} could not be read: {reason}"))),
            (None, None) => Err(Lack::not_run(format!("{name} is not there"))),
        }
    }

    fn write(
        &self,
        node: Option<&str>,
        labels: String,
        verdict: Verdict,
        sides: Sides,
        second: Option<Sides>,
        notes: &Notes,
    ) -> Reading {
        let dimension = self.pass.dimension;
        let (shown, limit) = show::pair(sides.left, sides.right, dimension);
        let sign = self.pass.relation.text();
        let on = node.map(|node| format!(" on {node}")).unwrap_or_default();
        // A budget that names its labels says them already.
        let told = labels.is_empty() || self.pass.left_text.contains(&labels);
        let of = if told { String::new() } else { format!(" of {labels}") };
        let mut why = format!("{}{of} is {shown}{on}", self.pass.left_text);
        let not = if self.pass.relation.holds(sides.left, sides.right) { "" } else { "not " };
        why.push_str(&format!(": {not}{sign} {limit}"));
        if let (Some(warn), Some(second)) = (self.warn, second) {
            let limit = show::pair(second.left, second.right, warn.dimension).1;
            let word = if verdict == Verdict::Warn { "but" } else { "and not" };
            why.push_str(&format!(", {word} {} {limit}", warn.relation.text()));
        }
        let defects = notes.defects.iter().map(String::as_str).collect::<Vec<_>>().join("; ");
        let verdict = match (defects.is_empty(), verdict) {
            (false, Verdict::Pass | Verdict::Warn) => Verdict::Inconclusive,
            (_, verdict) => verdict,
        };
        if !defects.is_empty() {
            why.push_str(&format!("; but {defects}"));
        }
        Reading {
            node: node.map(str::to_owned),
            labels,
            verdict,
            why,
            figure: Some(sides.left),
            limit: Some(sides.right),
            unit: dimension.unit().map_or_else(|| dimension.to_string(), |unit| unit.text().to_owned()),
            shown,
            shown_limit: format!("{sign} {limit}"),
            samples: notes.samples,
        }
    }
}
