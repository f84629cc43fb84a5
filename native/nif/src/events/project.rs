//! Projections: plans as resources, and documents held against them, a portion at a time.
//!
//! A call on a normal scheduler reads some [`PORTION`] bytes and gives back what is left to do; `Outrigger.Events` calls again, and
//! the VM can let others run in between.

use std::cmp::Ordering;

use outrigger_events::json::Options;
use outrigger_events::project::{BatchSink, Operand, Passed, Path, Plan, Progress, Test, Type, Unit};
use outrigger_events::{Error, Sink as _};
use rustler::{
    Atom, Binary, Decoder, Encoder, Env, ListIterator, NifResult, Resource, ResourceArc, Term, atoms,
};

use super::effort::Effort;
use super::json::{Bounds, SCRATCH, options, style};
use super::problem::refused;
use super::rows::Rows;
use super::sink::{Style, TermSink};
use super::slice::charged;

atoms! { ok, done, dirty, any, string, integer, float, decimal, boolean, second, millisecond, microsecond, nanosecond,
is_in = "in", not_in, less = "<", at_most = "<=", greater = ">", at_least = ">=", nil }

/// What a call on a normal scheduler reads: the worst of documents takes less than a millisecond.
const PORTION: usize = 32 << 10;
/// The same on a dirty one.
const DIRTY_PORTION: usize = 8 << 20;
/// What a document costs beside its bytes.
const DOCUMENT: usize = 64;

/// A compiled plan, and how its rows are made.
struct PlanResource {
    plan: Plan,
    names: Option<Vec<Atom>>,
    options: Options,
    style: Style,
}

#[rustler::resource_impl]
impl Resource for PlanResource {}

type Field<'a> = (&'a str, Term<'a>);
type Filter<'a> = (&'a str, Atom, Term<'a>);

/// A filter compares with any number of values, and is compiled once: no scheduler has to wait for it.
#[rustler::nif(schedule = "DirtyCpu")]
fn events_plan<'a>(
    env: Env<'a>,
    fields: Vec<Field<'a>>,
    filters: Vec<Filter<'a>>,
    names: Option<Vec<Atom>>,
    flags: u32,
    bounds: Bounds,
) -> NifResult<Term<'a>> {
    let plan = match compile(&fields, &filters) {
        Ok(plan) => plan,
        Err(problem) => return Ok(refused(env, problem)),
    };
    let resource = PlanResource { plan, names, options: options(flags, bounds), style: style(flags) };
    Ok((ok(), ResourceArc::new(resource)).encode(env))
}

fn compile(fields: &[Field<'_>], filters: &[Filter<'_>]) -> Result<Plan, Error> {
    let fields: Result<Vec<_>, Error> =
        fields.iter().map(|(path, kind)| Ok((Path::parse(path)?, kind_of(*kind)?))).collect();
    let filters: Result<Vec<_>, Error> = filters
        .iter()
        .map(|(path, test, operand)| Ok((Path::parse(path)?, test_of(*test, *operand)?)))
        .collect();
    Plan::new(&fields?, &filters?)
}

fn wrong(what: &str, problem: &str) -> Error {
    Error::Plan { what: what.to_owned(), problem: problem.to_owned() }
}

fn kind_of(kind: Term<'_>) -> Result<Type, Error> {
    let simple = [
        (any(), Type::Any),
        (string(), Type::Text),
        (integer(), Type::Integer),
        (float(), Type::Float),
        (decimal(), Type::Decimal),
        (boolean(), Type::Boolean),
        (second(), Type::Instant(Unit::Seconds)),
        (millisecond(), Type::Instant(Unit::Millis)),
        (microsecond(), Type::Instant(Unit::Micros)),
        (nanosecond(), Type::Instant(Unit::Nanos)),
    ];
    simple
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, kind)| *kind)
        .ok_or_else(|| wrong("a type", "there is no such type"))
}

fn test_of(test: Atom, operand: Term<'_>) -> Result<Test, Error> {
    let list = |term: Term<'_>| -> Result<Vec<Operand>, Error> {
        let items: ListIterator<'_> =
            term.decode().map_err(|_| wrong("a filter", "it compares with a list"))?;
        items.map(operand_of).collect()
    };
    let number = |order, or_equal| {
        let number =
            operand.decode().map_err(|_| wrong("a filter", "it compares with a whole number of 64 bits"))?;
        Ok(Test::Compare(number, order, or_equal))
    };
    match test {
        _ if test == is_in() => Ok(Test::In(list(operand)?)),
        _ if test == not_in() => Ok(Test::NotIn(list(operand)?)),
        _ if test == less() => number(Ordering::Less, false),
        _ if test == at_most() => number(Ordering::Less, true),
        _ if test == greater() => number(Ordering::Greater, false),
        _ if test == at_least() => number(Ordering::Greater, true),
        _ => Err(wrong("a filter", "there is no such comparison")),
    }
}

fn operand_of(term: Term<'_>) -> Result<Operand, Error> {
    if nil() == term {
        return Ok(Operand::Null);
    }
    if let Ok(value) = bool::decode(term) {
        return Ok(Operand::Boolean(value));
    }
    if let Ok(value) = i64::decode(term) {
        return Ok(Operand::Integer(value));
    }
    let text = String::decode(term).map(Operand::Text);
    text.map_err(|_| {
        wrong("a filter", "it compares with nil, true, false, whole numbers of 64 bits and strings")
    })
}

/// `{rows, refused, left, index}` of a list of documents, or `:dirty` if the first one takes too long here.
#[rustler::nif]
fn events_project<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    documents: Term<'a>,
    index: usize,
) -> NifResult<Term<'a>> {
    charged(env, PORTION, || documents_of(env, &plan, documents, index, (PORTION, Effort::NORMAL)))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_project_dirty<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    documents: Term<'a>,
    index: usize,
) -> NifResult<Term<'a>> {
    documents_of(env, &plan, documents, index, (DIRTY_PORTION, Effort::DIRTY))
}

fn documents_of<'a>(
    env: Env<'a>,
    of: &PlanResource,
    documents: Term<'a>,
    from: usize,
    (portion, effort): (usize, Effort),
) -> NifResult<Term<'a>> {
    SCRATCH.with_borrow_mut(|scratch| {
        let terms = TermSink::new(env, of.style, effort, scratch);
        let mut rows = Rows::new(terms, of.plan.fields(), of.names.as_deref());
        let (mut left, mut index, mut read) = (documents, from, 0);
        while let Ok((document, rest)) = left.list_get_cell() {
            let document = Binary::from_term(document)?;
            let weight = document.len().saturating_mul(of.plan.weight());
            // A document larger than that is for a dirty scheduler, whose portion it is.
            if read + weight > portion && (read > 0 || portion == PORTION) {
                break;
            }
            read += weight + DOCUMENT;
            rows.terms.begin(document);
            match of.plan.row(document.as_slice(), &of.options, &mut rows) {
                Ok(Passed::Row) => rows.row(),
                Ok(Passed::Filtered) => rows.filtered(),
                Err(problem) => rows.refused(index, problem),
            }
            if rows.full() {
                break;
            }
            index += 1;
            left = rest;
        }
        if index == from && portion == PORTION {
            return Ok(dirty().to_term(env));
        }
        Ok((rows.list(), refusals(env, &rows), left, index).encode(env))
    })
}

/// `{:ok, {rows, refused, progress}}` of one document that is a list, or `:dirty` if its next element takes too long here.
#[rustler::nif]
fn events_project_list<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    list: Binary<'a>,
    progress: Option<(usize, usize)>,
) -> NifResult<Term<'a>> {
    charged(env, PORTION, || list_of(env, &plan, list, progress, (PORTION, Effort::NORMAL)))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn events_project_list_dirty<'a>(
    env: Env<'a>,
    plan: ResourceArc<PlanResource>,
    list: Binary<'a>,
    progress: Option<(usize, usize)>,
) -> NifResult<Term<'a>> {
    list_of(env, &plan, list, progress, (DIRTY_PORTION, Effort::DIRTY))
}

fn list_of<'a>(
    env: Env<'a>,
    of: &PlanResource,
    list: Binary<'a>,
    progress: Option<(usize, usize)>,
    (portion, effort): (usize, Effort),
) -> NifResult<Term<'a>> {
    SCRATCH.with_borrow_mut(|scratch| {
        let terms = TermSink::new(env, of.style, effort, scratch);
        let mut rows = Rows::new(terms, of.plan.fields(), of.names.as_deref());
        rows.terms.begin(list);
        let from = progress.map(|(element, at)| Progress { element, at, done: false });
        let mut read = |bytes| {
            rows.clear();
            of.plan.rows(list.as_slice(), from, bytes, &of.options, &mut rows)
        };
        let stays =
            |read: &Progress| !read.done && read.element == progress.map_or(0, |(element, _)| element);
        let read = match read((portion / of.plan.weight()).max(1)) {
            Ok(stayed) if stays(&stayed) && portion == PORTION => return Ok(dirty().to_term(env)),
            Ok(stayed) if stays(&stayed) => read(usize::MAX),
            read => read,
        };
        let read = match read {
            Ok(read) => read,
            Err(problem) => return Ok(refused(env, problem)),
        };
        let next = if read.done { done().to_term(env) } else { (read.element, read.at).encode(env) };
        Ok((ok(), (rows.list(), refusals(env, &rows), next)).encode(env))
    })
}

fn refusals<'a>(env: Env<'a>, rows: &Rows<'a, '_, '_>) -> Vec<Term<'a>> {
    let refusals = rows.refused.iter();
    refusals.map(|(index, problem)| (*index, refused(env, problem.clone())).encode(env)).collect()
}
