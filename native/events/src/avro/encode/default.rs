//! Defaults: JSON in a schema, to the bytes that a writer would have written.

use std::borrow::Cow;

use crate::avro::Schema;
use crate::avro::schema::{Json, TypeId};
use crate::fault::Checked;
use crate::{Datum, Integer, Limits, View};

/// Values that one default may have; it is multiplied by defaults of defaults.
const MOST: usize = 10_000;

/// The bytes of a default of this type.
pub(in crate::avro) fn encode_default(schema: &Schema, of: TypeId, default: &Json) -> Checked<Vec<u8>> {
    let mut out = Vec::new();
    let limits = Limits { depth: 64, ..Limits::default() };
    super::encoder::Encoder::new(schema, &limits, MOST, &mut out).value(of, default)?;
    Ok(out)
}

impl<'a> Datum<'a> for &'a Json {
    const FIRST_BRANCH: bool = true;

    fn view(self) -> View<'a> {
        match self {
            Json::Null => View::Null,
            Json::Bool(value) => View::Boolean(*value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => View::Integer(Integer::Small(value)),
                None => View::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => View::Latin(text),
            Json::Array(items) => View::List(items.len()),
            Json::Object(pairs) => View::Map(pairs.len()),
        }
    }

    fn items(self) -> impl Iterator<Item = Self> {
        let Json::Array(items) = self else { return [].iter() };
        items.iter()
    }

    fn pairs(self) -> impl Iterator<Item = (Cow<'a, str>, Self)> {
        self.as_object().into_iter().flatten().map(|(key, value)| (Cow::Borrowed(key.as_str()), value))
    }

    fn field(self, name: &str) -> Option<Self> {
        self.get(name)
    }
}
