//! From the graph of pairs to the tables.
//!
//! Two rounds: each pair gets its instruction, which needs to know only how many came before it; then the tables are filled
//! with the instructions of what the pairs are made of. So recursion in the schemas is none here.

use std::collections::HashMap;

use super::constant::Recorder;
use super::op::{List, NOWHERE, Op, Part, Skip, Source, Step, Tables, append};
use super::{Event, Plan};
use crate::avro::decode::Run;
use crate::avro::resolve::{Graph, Origin, Pair, Shape};
use crate::avro::schema::{Enum, Kind, Logical, Node, Record, Schema, TypeId};
use crate::{Error, Limits};

pub(super) fn plan(writer: &Schema, reader: &Schema) -> Result<Plan, Error> {
    let graph = Graph::new(writer, reader, [(writer.root_id(), reader.root_id())])?;
    if !graph.pairs[0].readable {
        let blamed = graph.blame(0, false, 1).into_iter().next();
        let (path, problem) =
            blamed.map_or_else(Default::default, |(path, problem)| (path, problem.reason.clone()));
        return Err(Error::Resolution { path, problem });
    }
    let defaults = Defaults::of(&graph)?;
    let mut compiler = Compiler::new(&graph);
    compiler.fill(&defaults)?;
    let root = compiler.ops[0];
    Ok(Plan { tables: compiler.tables, root })
}

struct Compiler<'g> {
    graph: &'g Graph<'g>,
    /// The instruction of each pair.
    ops: Vec<Op>,
    tables: Tables,
    names: HashMap<&'g str, u32>,
}

impl<'g> Compiler<'g> {
    fn new(graph: &'g Graph<'g>) -> Self {
        let mut compiler = Self {
            graph,
            ops: Vec::with_capacity(graph.pairs.len()),
            tables: Tables::default(),
            names: HashMap::new(),
        };
        for (place, pair) in graph.pairs.iter().enumerate() {
            let op = compiler.op(place, pair);
            compiler.ops.push(op);
        }
        // A reader's union is the branch that reads; branches are no unions, so one step does.
        for (place, pair) in graph.pairs.iter().enumerate() {
            if let Shape::Read(branches) = &pair.shape
                && pair.readable
            {
                let safe = branches.iter().find(|branch| graph.pairs[**branch].safe);
                let best = safe.or_else(|| branches.iter().find(|branch| graph.pairs[**branch].readable));
                compiler.ops[place] = best.map_or(Op::Null, |branch| compiler.ops[*branch]);
            }
        }
        compiler
    }

    /// The instruction of a pair. What it refers to is filled in later.
    fn op(&mut self, place: usize, pair: &Pair) -> Op {
        let tables = &mut self.tables;
        if !pair.readable {
            let why =
                self.graph.blame(place, false, 1).first().map_or_else(String::new, |(path, problem)| {
                    let place = path.strip_prefix('$').unwrap_or(path);
                    if place.is_empty() {
                        problem.reason.clone()
                    } else {
                        format!("{place}: {}", problem.reason)
                    }
                });
            tables.failures.push(why);
            return Op::Fail(tables.failures.len() as u32 - 1);
        }
        let (writer, reader) = (self.graph.writer.node(pair.writer), self.graph.reader.node(pair.reader));
        match (&pair.shape, &writer.kind) {
            (Shape::Items(_), kind) => {
                tables.lists.push(List { item: Op::Null });
                let list = tables.lists.len() as u32 - 1;
                if matches!(kind, Kind::Map(_)) { Op::Map(list) } else { Op::Array(list) }
            }
            (Shape::Record(_), _) => {
                tables.records.push(Part::default());
                Op::Record(tables.records.len() as u32 - 1)
            }
            (Shape::Written(_), _) => {
                tables.unions.push(Part::default());
                Op::Union(tables.unions.len() as u32 - 1)
            }
            (Shape::Read(_), _) => Op::Null,
            (Shape::Leaf, Kind::Enum(_)) => {
                tables.enums.push(Part::default());
                Op::Enum(tables.enums.len() as u32 - 1)
            }
            (Shape::Leaf, _) => leaf(writer, reader),
        }
    }

    fn fill(&mut self, defaults: &Defaults) -> Result<(), Error> {
        for (place, pair) in self.graph.pairs.iter().enumerate() {
            match (&pair.shape, self.ops[place]) {
                (Shape::Items(item), Op::Array(list) | Op::Map(list)) => {
                    self.tables.lists[list as usize].item = self.ops[*item];
                }
                (Shape::Written(branches), Op::Union(union)) => {
                    let ops = branches.iter().map(|branch| self.ops[*branch]);
                    self.tables.unions[union as usize] = append(&mut self.tables.branches, ops);
                }
                (Shape::Record(origins), Op::Record(record)) => {
                    self.record(record, pair, origins, defaults.of_pair(place));
                }
                (Shape::Leaf, Op::Enum(number)) => self.symbols(number, pair),
                _ => {}
            }
        }
        if self.tables.steps.iter().any(|step| matches!(step.op, Op::Skip(_))) {
            skips(self.graph.writer, &mut self.tables);
        }
        Ok(())
    }

    fn record(&mut self, record: u32, pair: &Pair, origins: &[Origin], defaults: &[Vec<Event>]) {
        let (writer, reader) =
            (&self.graph.writer.node(pair.writer).kind, &self.graph.reader.node(pair.reader).kind);
        let (Kind::Record(writer), Kind::Record(reader)) = (writer, reader) else { return };
        let mut steps: Vec<_> =
            writer.fields.iter().map(|field| (field, Op::Skip(field.of.place() as u32))).collect();
        let mut last = Vec::new();
        let mut defaults = defaults.iter();
        for (origin, field) in origins.iter().zip(&reader.fields) {
            match origin {
                Origin::Writer(place, pair) => steps[*place] = (field, self.ops[*pair]),
                Origin::Default(_) => last.push((field, self.constant(defaults.next()))),
            }
        }
        let steps: Vec<_> = steps
            .into_iter()
            .chain(last)
            .map(|(field, op)| Step { name: self.name(&field.name), op })
            .collect();
        self.tables.records[record as usize] = append(&mut self.tables.steps, steps);
    }

    fn constant(&mut self, events: Option<&Vec<Event>>) -> Op {
        match events.map(Vec::as_slice) {
            None | Some([] | [Event::Null]) => Op::Null,
            Some(events) => {
                self.tables.constants.push(events.to_vec());
                Op::Constant(self.tables.constants.len() as u32 - 1)
            }
        }
    }

    fn symbols(&mut self, number: u32, pair: &Pair) {
        let (writer, reader) =
            (&self.graph.writer.node(pair.writer).kind, &self.graph.reader.node(pair.reader).kind);
        let (Kind::Enum(writer), Kind::Enum(reader)) = (writer, reader) else { return };
        let names: Vec<_> = writer.symbols.iter().map(|symbol| self.symbol(symbol, reader)).collect();
        self.tables.enums[number as usize] = append(&mut self.tables.symbols, names);
    }

    fn symbol(&mut self, symbol: &str, reader: &'g Enum) -> u32 {
        let place = reader.symbol(symbol).or(reader.default);
        place.map_or(NOWHERE, |place| self.name(&reader.symbols[place]))
    }

    fn name(&mut self, name: &'g str) -> u32 {
        *self.names.entry(name).or_insert_with(|| {
            self.tables.names.push(name.into());
            self.tables.names.len() as u32 - 1
        })
    }
}

/// The instruction of two types that hold no others.
fn leaf(writer: &Node, reader: &Node) -> Op {
    let source = match &writer.kind {
        Kind::Int => Source::Int,
        Kind::Long => Source::Long,
        Kind::Fixed(fixed) => Source::Fixed(fixed.size as u32),
        _ => Source::Sized,
    };
    let logical = Logical::resolve(writer.logical, reader.logical);
    match (&writer.kind, &reader.kind, logical) {
        (Kind::Null, ..) => Op::Null,
        (Kind::Boolean, ..) => Op::Boolean,
        (Kind::Int | Kind::Long, Kind::Float, _) => Op::WholeAsFloat(source),
        (Kind::Int | Kind::Long, Kind::Double, _) => Op::WholeAsDouble(source),
        (Kind::Float, ..) => Op::Float,
        (Kind::Double, ..) => Op::Double,
        (_, Kind::String, _) => Op::Text,
        (_, _, Some(logical)) => Op::Meaning(source, logical),
        (Kind::Int, ..) => Op::Int,
        (Kind::Long, ..) => Op::Long,
        (Kind::Fixed(fixed), ..) => Op::Fixed(fixed.size as u32),
        _ => Op::Bytes,
    }
}

/// How each type of the writer is skipped.
fn skips(writer: &Schema, tables: &mut Tables) {
    for node in writer.types() {
        let skip = match &node.kind {
            Kind::Null => Skip::Bytes(0),
            Kind::Boolean => Skip::Bytes(1),
            Kind::Float => Skip::Bytes(4),
            Kind::Double => Skip::Bytes(8),
            Kind::Int | Kind::Long | Kind::Enum(_) => Skip::Whole,
            Kind::Bytes | Kind::String => Skip::Sized,
            Kind::Fixed(fixed) => Skip::Bytes(fixed.size as u32),
            Kind::Array(of) => Skip::Array(of.place() as u32),
            Kind::Map(of) => Skip::Map(of.place() as u32),
            Kind::Union(branches) => {
                Skip::Union(append(&mut tables.skipped, branches.iter().map(|of| of.place() as u32)))
            }
            Kind::Record(Record { fields, .. }) => {
                Skip::Record(append(&mut tables.skipped, fields.iter().map(|field| field.of.place() as u32)))
            }
        };
        tables.skips.push(skip);
    }
}

/// The defaults that a graph needs: for each pair of records, those of its fields that nobody writes.
struct Defaults(HashMap<usize, Vec<Vec<Event>>>);

impl Defaults {
    /// Decodes the bytes of each, as the reader's own data.
    fn of(graph: &Graph<'_>) -> Result<Self, Error> {
        let mut wanted: Vec<(usize, TypeId, &[u8])> = Vec::new();
        for (place, pair) in graph.pairs.iter().enumerate() {
            let (Shape::Record(origins), Kind::Record(reader)) =
                (&pair.shape, &graph.reader.node(pair.reader).kind)
            else {
                continue;
            };
            for (origin, field) in origins.iter().zip(&reader.fields) {
                if let Origin::Default(Some(bytes)) = origin {
                    wanted.push((place, field.of, bytes));
                }
            }
        }
        let mut defaults = HashMap::<_, Vec<_>>::new();
        if wanted.is_empty() {
            return Ok(Self(defaults));
        }
        // Nothing is missing where a schema reads itself, so this one has no defaults.
        let own = Graph::new(graph.reader, graph.reader, wanted.iter().map(|(_, of, _)| (*of, *of)))?;
        let mut compiler = Compiler::new(&own);
        compiler.fill(&Self(HashMap::new()))?;
        for (place, of, bytes) in wanted {
            let mut recorder = Recorder::default();
            let op = own.find(of, of).map_or(Op::Null, |pair| compiler.ops[pair]);
            let limits = Limits::default();
            let run = Run::new(&compiler.tables, bytes, &limits, &mut recorder).value(op);
            run.map_err(|fault| fault.finish())?;
            defaults.entry(place).or_default().push(recorder.0);
        }
        Ok(Self(defaults))
    }

    fn of_pair(&self, place: usize) -> &[Vec<Event>] {
        self.0.get(&place).map_or(&[], Vec::as_slice)
    }
}
