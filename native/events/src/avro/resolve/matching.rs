//! Which names and types go together.

use crate::avro::schema::{Field, Kind, Record, short};

/// Whether a named type of a reader stands for one of a writer.
pub(super) fn same_name(writer: &Kind, reader: &Kind) -> bool {
    let (Some((writer, _)), Some((reader, aliases))) = (writer.name(), reader.name()) else { return true };
    short(writer) == short(reader) || aliases.iter().any(|alias| alias == writer)
}

/// Whether both have the same full name, or none.
pub(super) fn same_full_name(writer: &Kind, reader: &Kind) -> bool {
    writer.name().map(|(name, _)| name) == reader.name().map(|(name, _)| name)
}

/// Whether the specification lets a reader take one primitive type for another.
pub(super) const fn promotes(writer: &Kind, reader: &Kind) -> bool {
    matches!(
        (writer, reader),
        (Kind::Int, Kind::Long | Kind::Float | Kind::Double)
            | (Kind::Long, Kind::Float | Kind::Double)
            | (Kind::Float, Kind::Double)
            | (Kind::String, Kind::Bytes)
            | (Kind::Bytes, Kind::String)
    )
}

/// For each field of the reader, the place of the writer's that it takes.
pub(super) fn fields(writer: &Record, reader: &Record) -> Vec<Option<usize>> {
    let mut taken = vec![false; writer.fields.len()];
    let mut places: Vec<_> = reader
        .fields
        .iter()
        .map(|field| {
            let (place, _) = writer.field(&field.name)?;
            taken[place] = true;
            Some(place)
        })
        .collect();
    let by_alias = |field: &Field, taken: &[bool]| {
        let found = field.aliases.iter().filter_map(|alias| writer.field(alias));
        found.map(|(place, _)| place).find(|place| !taken[*place])
    };
    for (place, field) in places.iter_mut().zip(&reader.fields) {
        if place.is_none() {
            *place = by_alias(field, &taken);
            if let Some(place) = place {
                taken[*place] = true;
            }
        }
    }
    places
}
