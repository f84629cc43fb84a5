//! The text that says what a stream is: JSON, written by the package.
//!
//! ```text
//! {"name": atom, "format": "json" | "debezium" | "avro" | "protobuf", "dead_letter": topic, "limits": [bytes, depth, digits],
//!  "decimals": boolean,                                    floats as decimals, of the format json
//!  "debezium": {"shape", "as_is", "binary", "prefix", "placeholder", "expand", "absent", "columns": [[table, column, lists, type, detail]]},
//!  "framed": boolean,                                      whether keys and values of the format debezium may have frames
//!  "schema": SCHEMA,                                       of Avro and Protobuf without frames
//!  "views": [{"name": atom, "topic": [text | {"path": path}], "where": [[path, comparison, value]], "fields": [[atom, path]]}]}
//! ```
//!
//! What is not there is as the decoder has it by default; a view without `fields` takes the whole. `SCHEMA` is that of [`super::given`].

use super::paths::{Paths, Place, Wanted};
use super::run::{Format, Stream};
use super::text::{Wrong, boolean, document, integer, items, list, optional, string, wrong};
use super::view::{Part, View};
use super::{given, named};
use crate::debezium::{self, Absent, Encoding, Meaning, Shape, Unavailable, Untyped};
use crate::json::{self, Floats};
use crate::project::Path;
use crate::{Error, Limits, Value};

const VIEWS: usize = 64;
const FIELDS: usize = 64;
const FILTERS: usize = 16;
/// Of an atom.
const NAME: usize = 255;
/// Levels of an event, whatever the limits say: some decoders take some of the stack for each, and that of a scheduler is small.
const DEPTH: usize = 200;
/// Lists inside each other, of a column.
const LISTS: i64 = 8;

impl Stream {
    /// Compiles the text of a stream.
    ///
    /// # Errors
    ///
    /// [`Error::Plan`], with what is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        parse(text).map_err(|wrong| wrong.of("the stream"))
    }
}

fn parse(text: &[u8]) -> Result<Stream, Wrong> {
    let of = document(text)?;
    let limits = limits(of.get("limits"))?;
    let schema = of.get("schema");
    let format = match string(of.get("format"), "format")? {
        "json" => {
            let floats = if boolean(of.get("decimals"))? { Floats::Decimals } else { Floats::Binary };
            Format::Json(json::Options { limits, floats })
        }
        "debezium" => {
            let options = debezium(of.get("debezium"), limits)?;
            Format::Debezium { options: Box::new(options), framed: boolean(of.get("framed"))? }
        }
        "avro" => Format::Avro { limits, given: schema.map(given::avro).transpose()? },
        "protobuf" => Format::Protobuf { limits, given: schema.map(given::protobuf).transpose()? },
        _ => return Err(wrong("the format is json, debezium, avro or protobuf")),
    };
    let mut paths = Paths::default();
    let views = list(of.get("views"), VIEWS, "views")?.iter().map(|of| view(of, &mut paths));
    let views = views.collect::<Result<_, _>>()?;
    Ok(Stream {
        name: name(of.get("name"))?,
        format,
        dead_letter: string(of.get("dead_letter"), "dead_letter")?.into(),
        paths,
        views,
    })
}

fn view(of: &Value, paths: &mut Paths) -> Result<View, Wrong> {
    let topic = list(of.get("topic"), FIELDS, "topic")?.iter().map(|of| part(of, paths));
    let topic = topic.collect::<Result<_, _>>()?;
    let filters = list(of.get("where"), FILTERS, "where")?.iter().map(|filter| match items(filter) {
        [path, test, operand] => Ok((
            paths.want(&Path::parse(string(Some(path), "path")?)?, Wanted::Scalar)?,
            named::test(string(Some(test), "comparison")?, operand)?,
        )),
        _ => Err(wrong("a filter is a path, a comparison and a value")),
    });
    let filters = filters.collect::<Result<_, _>>()?;
    let fields = |of: &Value| {
        let fields = list(Some(of), FIELDS, "fields")?.iter().map(|field| match items(field) {
            [key, path] => {
                let place = paths.want(&Path::parse(string(Some(path), "path")?)?, Wanted::Whole)?;
                Ok((name(Some(key))?, place))
            }
            _ => Err(wrong("a field is a name and a path")),
        });
        let fields: Vec<(Box<str>, Place)> = fields.collect::<Result<_, Wrong>>()?;
        // A map with a key twice is none.
        match (1..fields.len()).any(|place| fields[..place].iter().any(|(name, _)| *name == fields[place].0))
        {
            true => Err(wrong("two fields of a view have one name")),
            false => Ok(fields),
        }
    };
    let fields = of.get("fields").map(fields).transpose()?;
    if fields.is_none() {
        paths.want(&Path::parse("")?, Wanted::Whole)?;
    }
    Ok(View { name: name(of.get("name"))?, topic, filters, fields })
}

fn part(of: &Value, paths: &mut Paths) -> Result<Part, Wrong> {
    match of.get("path") {
        Some(path) => {
            let path = Path::parse(string(Some(path), "path")?)?;
            Ok(Part::Of(paths.want(&path, Wanted::Scalar)?))
        }
        None => Ok(Part::Text(string(Some(of), "a part of a topic")?.into())),
    }
}

fn debezium(of: Option<&Value>, limits: Limits) -> Result<debezium::Options, Wrong> {
    let mut options = debezium::Options { limits, ..debezium::Options::default() };
    let Some(of) = of else { return Ok(options) };
    let unknown = |what: &str| wrong(&format!("there is no such {what}"));
    if let Some(shape) = optional(of.get("shape"))? {
        options.shape = Shape::named(shape).ok_or_else(|| unknown("shape"))?;
    }
    if let Some(binary) = optional(of.get("binary"))? {
        options.binary = Some(Encoding::named(binary).ok_or_else(|| unknown("encoding"))?);
    }
    if let Some(prefix) = optional(of.get("prefix"))? {
        options.prefix = prefix.into();
    }
    if let Some(placeholder) = optional(of.get("placeholder"))? {
        options.unavailable = Unavailable::new(placeholder);
    }
    if boolean(of.get("as_is"))? {
        options.untyped = Untyped::AsIs;
    }
    if let Some(absent) = optional(of.get("absent"))? {
        options.absent = Absent::named(absent).ok_or_else(|| unknown("way to take what is absent"))?;
    }
    options.expand = boolean(of.get("expand"))?;
    for column in list(of.get("columns"), usize::MAX, "columns")? {
        let [table, name, lists, kind, detail] = items(column) else {
            return Err(wrong("a column is a table, a name, lists, a type and a detail"));
        };
        let detail = i32::try_from(integer(detail)?).map_err(|_| wrong("a detail is of 32 bits"))?;
        let meaning = Meaning::named(string(Some(kind), "type")?, detail).ok_or_else(|| unknown("type"))?;
        let meaning =
            (0..integer(lists)?.min(LISTS)).fold(meaning, |items, _| Meaning::List(Box::new(items)));
        options = options.column(string(Some(table), "table")?, string(Some(name), "column")?, meaning);
    }
    Ok(options)
}

fn limits(of: Option<&Value>) -> Result<Limits, Wrong> {
    let defaults = Limits { depth: DEPTH, ..Limits::default() };
    match of.map(items) {
        None => Ok(defaults),
        Some([bytes, depth, digits]) => {
            let [bytes, depth, digits] = [bytes, depth, digits].map(integer);
            let bound = |value: i64| usize::try_from(value).map_err(|_| wrong("a limit is a whole number"));
            Ok(Limits {
                bytes: bound(bytes?)?,
                depth: bound(depth?)?.min(defaults.depth),
                digits: bound(digits?)?,
                ..defaults
            })
        }
        Some(_) => Err(wrong("limits are bytes, depth and digits")),
    }
}

/// An atom's text.
fn name(of: Option<&Value>) -> Result<Box<str>, Wrong> {
    let text = string(of, "name")?;
    if text.len() <= NAME { Ok(text.into()) } else { Err(wrong("a name has at most 255 bytes")) }
}
