//! The pairs of types that meet.

use std::collections::HashMap;

use super::matching;
use crate::Error;
use crate::avro::encode::encode_default;
use crate::avro::schema::{Enum, Fixed, Kind, Record, Schema, TypeId};

/// Pairs that two schemas may make.
const MAX_PAIRS: usize = 1 << 17;
/// Branches of unions that may be held against each other.
const MAX_LOOKS: usize = 1 << 22;

/// All pairs that are reached from some, with a judgement of each.
pub(crate) struct Graph<'s> {
    pub(in crate::avro) writer: &'s Schema,
    pub(in crate::avro) reader: &'s Schema,
    pub(in crate::avro) pairs: Vec<Pair>,
    places: HashMap<(TypeId, TypeId), usize>,
    looks: usize,
}

/// A type of the writer, and one of the reader that it is read as.
pub(in crate::avro) struct Pair {
    pub(in crate::avro) writer: TypeId,
    pub(in crate::avro) reader: TypeId,
    pub(in crate::avro) shape: Shape,
    /// What is wrong with the two themselves, whatever they hold.
    pub(in crate::avro) problems: Vec<Problem>,
    /// Some data can be read.
    pub(in crate::avro) readable: bool,
    /// All data can be read.
    pub(in crate::avro) safe: bool,
}

/// What a pair is made of: places of other pairs.
pub(in crate::avro) enum Shape {
    /// Of nothing.
    Leaf,
    /// The items of an array or the values of a map.
    Items(usize),
    /// For each field of the reader, where its value comes from.
    Record(Vec<Origin>),
    /// Each branch of the writer's union, as the reader's type.
    Written(Vec<usize>),
    /// The writer's type as those branches of the reader's union that may do, best first.
    Read(Vec<usize>),
}

/// Where a reader's field has its value from.
pub(in crate::avro) enum Origin {
    /// The writer's field at a place, as a pair.
    Writer(usize, usize),
    /// Nobody writes it: the bytes of its default, if there is one that fits.
    Default(Option<Vec<u8>>),
}

/// What keeps a pair from being read.
pub(crate) struct Problem {
    /// The field it is about, as a step of a path.
    pub(in crate::avro) step: String,
    pub(crate) kind: &'static str,
    pub(crate) reason: String,
    /// Only some data is affected.
    pub(in crate::avro) some: bool,
}

impl Problem {
    fn new(kind: &'static str, reason: String) -> Self {
        Self { step: String::new(), kind, reason, some: false }
    }
}

impl<'s> Graph<'s> {
    /// All that is reached from the roots, which take the first places.
    pub(crate) fn new(
        writer: &'s Schema,
        reader: &'s Schema,
        roots: impl IntoIterator<Item = (TypeId, TypeId)>,
    ) -> Result<Self, Error> {
        let mut graph = Self { writer, reader, pairs: Vec::new(), places: HashMap::new(), looks: 0 };
        for (of, to) in roots {
            graph.place(of, to);
        }
        let mut next = 0;
        while next < graph.pairs.len() {
            let (shape, problems) = graph.look(graph.pairs[next].writer, graph.pairs[next].reader);
            let pair = &mut graph.pairs[next];
            (pair.shape, pair.problems) = (shape, problems);
            next += 1;
            for (what, limit, now) in [
                ("pairs of types", MAX_PAIRS, graph.pairs.len()),
                ("pairs of branches", MAX_LOOKS, graph.looks),
            ] {
                if now > limit {
                    return Err(Error::Limit { what, limit, at: 0 });
                }
            }
        }
        graph.judge();
        Ok(graph)
    }

    fn place(&mut self, writer: TypeId, reader: TypeId) -> usize {
        *self.places.entry((writer, reader)).or_insert_with(|| {
            let (shape, problems) = (Shape::Leaf, Vec::new());
            self.pairs.push(Pair { writer, reader, shape, problems, readable: true, safe: true });
            self.pairs.len() - 1
        })
    }

    /// Where a pair is that one of the roots leads to.
    pub(in crate::avro) fn find(&self, writer: TypeId, reader: TypeId) -> Option<usize> {
        self.places.get(&(writer, reader)).copied()
    }

    fn look(&mut self, w: TypeId, r: TypeId) -> (Shape, Vec<Problem>) {
        let (writer, reader) = (&self.writer.node(w).kind, &self.reader.node(r).kind);
        let problem = match (writer, reader) {
            (Kind::Union(branches), _) => {
                let pairs = branches.iter().map(|branch| self.place(*branch, r)).collect();
                return (Shape::Written(pairs), Vec::new());
            }
            (_, Kind::Union(branches)) => return self.branches(w, branches),
            (Kind::Array(of), Kind::Array(to)) | (Kind::Map(of), Kind::Map(to)) => {
                return (Shape::Items(self.place(*of, *to)), Vec::new());
            }
            (writer, reader) if writer.word() != reader.word() => {
                if matching::promotes(writer, reader) {
                    return (Shape::Leaf, Vec::new());
                }
                Problem::new("type_mismatch", format!("the writer's {writer} cannot be read as {reader}"))
            }
            (writer, reader) if !matching::same_name(writer, reader) => Problem::new(
                "name_mismatch",
                format!("{reader} has neither name nor alias of the writer's {writer}"),
            ),
            (Kind::Record(writer), Kind::Record(reader)) => return self.record(writer, reader),
            (Kind::Enum(writer), Kind::Enum(reader)) => {
                return (Shape::Leaf, missing_symbols(writer, reader).into_iter().collect());
            }
            (Kind::Fixed(writer), Kind::Fixed(reader)) if writer.size != reader.size => {
                size_mismatch(writer, reader)
            }
            _ => return (Shape::Leaf, Vec::new()),
        };
        (Shape::Leaf, vec![problem])
    }

    fn branches(&mut self, w: TypeId, branches: &[TypeId]) -> (Shape, Vec<Problem>) {
        self.looks += branches.len();
        let writer = &self.writer.node(w).kind;
        let mut found: Vec<_> = branches
            .iter()
            .filter_map(|&branch| {
                let reader = &self.reader.node(branch).kind;
                let same = writer.word() == reader.word();
                let rank = match () {
                    () if same && matching::same_full_name(writer, reader) => 0,
                    () if same && matching::same_name(writer, reader) => 1,
                    () if matching::promotes(writer, reader) => 2,
                    () => return None,
                };
                Some((rank, branch))
            })
            .collect();
        found.sort_by_key(|(rank, _)| *rank);
        let pairs: Vec<_> = found.into_iter().map(|(_, branch)| self.place(w, branch)).collect();
        let problem = pairs.is_empty().then(|| {
            Problem::new(
                "missing_branch",
                format!("no branch of the reader's union reads the writer's {writer}"),
            )
        });
        (Shape::Read(pairs), problem.into_iter().collect())
    }

    fn record(&mut self, writer: &'s Record, reader: &'s Record) -> (Shape, Vec<Problem>) {
        let (mut origins, mut problems) = (Vec::with_capacity(reader.fields.len()), Vec::new());
        for (field, place) in reader.fields.iter().zip(matching::fields(writer, reader)) {
            origins.push(match place {
                Some(place) => Origin::Writer(place, self.place(writer.fields[place].of, field.of)),
                None => {
                    let bytes = match &field.default {
                        Some(json) => encode_default(self.reader, field.of, json).map_err(|fault| {
                            (
                                "invalid_default",
                                format!("is not written, and its default is wrong: {}", fault.finish()),
                            )
                        }),
                        None => Err(("missing_default", "is not written and has no default".to_owned())),
                    };
                    let step = format!(".{}", field.name);
                    Origin::Default(
                        bytes
                            .map_err(|(kind, reason)| {
                                problems.push(Problem { step, ..Problem::new(kind, reason) });
                            })
                            .ok(),
                    )
                }
            });
        }
        (Shape::Record(origins), problems)
    }
}

fn missing_symbols(writer: &Enum, reader: &Enum) -> Option<Problem> {
    if reader.default.is_some() {
        return None;
    }
    let missing: Vec<_> = writer.symbols.iter().filter(|symbol| reader.symbol(symbol).is_none()).collect();
    let few = missing.iter().take(8).map(|symbol| symbol.as_str()).collect::<Vec<_>>().join(", ");
    let more = if missing.len() > 8 { ", …" } else { "" };
    let reason = format!("enum {} has no default and lacks the writer's {few}{more}", reader.name);
    (!missing.is_empty()).then(|| Problem { some: true, ..Problem::new("missing_symbol", reason) })
}

fn size_mismatch(writer: &Fixed, reader: &Fixed) -> Problem {
    let reason = format!("fixed {} has {} bytes, the writer's {}", reader.name, reader.size, writer.size);
    Problem::new("size_mismatch", reason)
}
