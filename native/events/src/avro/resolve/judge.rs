//! The two judgements of each pair, and where the blame lies.

use std::fmt::Write;

use super::{Graph, Origin, Problem, Shape};
use crate::avro::schema::Kind;

impl Shape {
    fn pairs(&self) -> Vec<usize> {
        match self {
            Self::Leaf => Vec::new(),
            Self::Items(pair) => vec![*pair],
            Self::Record(origins) => origins
                .iter()
                .filter_map(|origin| match origin {
                    Origin::Writer(_, pair) => Some(*pair),
                    Origin::Default(_) => None,
                })
                .collect(),
            Self::Written(pairs) | Self::Read(pairs) => pairs.clone(),
        }
    }
}

impl Graph<'_> {
    /// Starts with what is wrong by itself, and follows it up to those who need it.
    pub(super) fn judge(&mut self) {
        if self.pairs.iter().all(|pair| pair.problems.is_empty()) {
            return;
        }
        let mut users = vec![Vec::new(); self.pairs.len()];
        for (user, pair) in self.pairs.iter().enumerate() {
            for used in pair.shape.pairs() {
                users[used].push(user);
            }
        }
        for strict in [false, true] {
            // What a union has left: candidates of the reader's, branches of the writer's.
            let mut left: Vec<_> = self.pairs.iter().map(|pair| pair.shape.pairs().len()).collect();
            let wrong = |problems: &[Problem]| problems.iter().any(|problem| strict || !problem.some);
            let mut open: Vec<_> =
                (0..self.pairs.len()).filter(|&place| wrong(&self.pairs[place].problems)).collect();
            for &place in &open {
                self.condemn(place, strict);
            }
            while let Some(place) = open.pop() {
                for &user in &users[place] {
                    left[user] -= 1;
                    let fails = match self.pairs[user].shape {
                        Shape::Read(_) => left[user] == 0,
                        Shape::Written(_) => strict || left[user] == 0,
                        _ => true,
                    };
                    let stands = if strict { self.pairs[user].safe } else { self.pairs[user].readable };
                    if fails && stands {
                        self.condemn(user, strict);
                        open.push(user);
                    }
                }
            }
        }
    }

    fn condemn(&mut self, place: usize, strict: bool) {
        let pair = &mut self.pairs[place];
        if strict { pair.safe = false } else { pair.readable = false }
    }

    /// What is wrong below a pair, each with its path: all that is not safe, or all that keeps it from being readable.
    ///
    /// Each pair is blamed once, where it is met first. At most `most` are told.
    pub(crate) fn blame(&self, root: usize, strict: bool, most: usize) -> Vec<(String, &Problem)> {
        let wrong =
            |place: usize| !(if strict { self.pairs[place].safe } else { self.pairs[place].readable });
        // How each pair was come to: from which, by what step.
        let mut came: Vec<Option<(usize, String)>> = vec![None; self.pairs.len()];
        let (mut blamed, mut open, mut told) = (vec![false; self.pairs.len()], vec![root], Vec::new());
        while let Some(place) = open.pop() {
            if !wrong(place) || std::mem::replace(&mut blamed[place], true) {
                continue;
            }
            let pair = &self.pairs[place];
            for problem in pair.problems.iter().filter(|problem| strict || !problem.some) {
                if told.len() == most {
                    return told;
                }
                told.push((format!("{}{}", path(&came, place), problem.step), problem));
            }
            let mut below = self.steps(place);
            below.reverse();
            for (next, step) in below {
                if wrong(next) && !blamed[next] {
                    came[next] = Some((place, step));
                    open.push(next);
                }
            }
        }
        told
    }

    /// What a pair is made of, with the steps of a path to it.
    fn steps(&self, place: usize) -> Vec<(usize, String)> {
        let pair = &self.pairs[place];
        let (writer, reader) = (&self.writer.node(pair.writer).kind, &self.reader.node(pair.reader).kind);
        match &pair.shape {
            Shape::Leaf => Vec::new(),
            Shape::Items(item) => {
                let step = if matches!(writer, Kind::Map(_)) { "{}" } else { "[]" };
                vec![(*item, step.to_owned())]
            }
            Shape::Record(origins) => {
                let Kind::Record(record) = reader else { return Vec::new() };
                let steps = origins.iter().zip(&record.fields).filter_map(|(origin, field)| match origin {
                    Origin::Writer(_, pair) => Some((*pair, format!(".{}", field.name))),
                    Origin::Default(_) => None,
                });
                steps.collect()
            }
            Shape::Written(pairs) => {
                let name = |pair: &usize| branch(&self.writer.node(self.pairs[*pair].writer).kind);
                pairs.iter().map(|pair| (*pair, name(pair))).collect()
            }
            // One reader's branch is blamed for all: the one that comes nearest.
            Shape::Read(pairs) => pairs.iter().take(1).map(|pair| (*pair, String::new())).collect(),
        }
    }
}

/// `<long>`, `<org.acme.List>`.
fn branch(kind: &Kind) -> String {
    format!("<{}>", kind.name().map_or(kind.word(), |(name, _)| name))
}

fn path(came: &[Option<(usize, String)>], mut place: usize) -> String {
    let mut steps = Vec::new();
    while let Some((from, step)) = &came[place] {
        steps.push(step.as_str());
        place = *from;
    }
    steps.iter().rev().fold("$".to_owned(), |mut path, step| {
        let _ = write!(path, "{step}");
        path
    })
}
