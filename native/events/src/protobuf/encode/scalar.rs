//! One value that is no message.

use super::wire;
use crate::protobuf::plan::{Kind, Tables};
use crate::{Integer, View};

type Written = Result<(), String>;

/// A value.
pub(super) fn write(out: &mut Vec<u8>, tables: &Tables, kind: Kind, view: &View<'_>) -> Written {
    match (kind, view) {
        (Kind::Bool, View::Boolean(value)) => out.push(u8::from(*value)),
        (Kind::Null, View::Null) => out.push(0),
        (Kind::Float, view) => float(out, view)?,
        (Kind::Double, view) => out.extend_from_slice(&double(view)?.to_le_bytes()),
        (Kind::Text(strict), view) => {
            let bytes = match view {
                View::Text(text) | View::Latin(text) => text.as_bytes(),
                View::Binary(bytes) | View::Bytes(bytes) if !strict || std::str::from_utf8(bytes).is_ok() => {
                    bytes
                }
                View::Binary(_) | View::Bytes(_) => return Err("a binary is not UTF-8".to_owned()),
                view => return Err(no(view, kind)),
            };
            sized(out, bytes);
        }
        (Kind::Bytes, View::Bytes(bytes) | View::Binary(bytes)) => sized(out, bytes),
        (Kind::Enum(of), View::Text(name) | View::Latin(name)) => symbol(out, tables, of, name)?,
        (Kind::Enum(of), View::Binary(name)) => symbol(out, tables, of, &String::from_utf8_lossy(name))?,
        (kind, View::Integer(value)) => whole(out, kind, value)?,
        (kind, view) => return Err(no(view, kind)),
    }
    Ok(())
}

/// A key of a map, of its text.
pub(super) fn key(out: &mut Vec<u8>, kind: Kind, key: &str) -> Written {
    let wrong = || format!("a key of this map is {}, not {key:?}", kind.word());
    match (kind, key) {
        (Kind::Text(_), _) => sized(out, key.as_bytes()),
        (Kind::Bool, "true") => out.push(1),
        (Kind::Bool, "false") => out.push(0),
        (Kind::Bool, _) => return Err(wrong()),
        _ => whole(out, kind, &Integer::from_digits(key.as_bytes()).ok_or_else(wrong)?)?,
    }
    Ok(())
}

fn no(view: &View<'_>, kind: Kind) -> String {
    format!("{} is no {}", view.word(), kind.word().trim_start_matches("a ").trim_start_matches("an "))
}

fn sized(out: &mut Vec<u8>, bytes: &[u8]) {
    wire::varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn symbol(out: &mut Vec<u8>, tables: &Tables, of: u32, name: &str) -> Written {
    let number = tables.number(of, name);
    let number =
        number.ok_or_else(|| format!("{name:?} is no name of {}", tables.enums[of as usize].name))?;
    wire::varint(out, i64::from(number) as u64);
    Ok(())
}

fn whole(out: &mut Vec<u8>, kind: Kind, value: &Integer) -> Written {
    let wide = || format!("{value} does not fit {}", kind.word());
    let signed = || if let Integer::Small(value) = value { Ok(*value) } else { Err(wide()) };
    let signed_32 = || i32::try_from(signed()?).map_err(|_| wide());
    let unsigned_32 = || u32::try_from(signed()?).map_err(|_| wide());
    let unsigned = || match value {
        Integer::Small(value) => u64::try_from(*value).map_err(|_| wide()),
        Integer::Big(value) => u64::try_from(value).map_err(|_| wide()),
    };
    match kind {
        Kind::Int32 | Kind::Enum(_) => wire::varint(out, i64::from(signed_32()?) as u64),
        Kind::Int64 => wire::varint(out, signed()? as u64),
        Kind::Uint32 => wire::varint(out, u64::from(unsigned_32()?)),
        Kind::Uint64 => wire::varint(out, unsigned()?),
        Kind::Sint32 => {
            let value = signed_32()?;
            wire::varint(out, u64::from(((value << 1) ^ (value >> 31)) as u32));
        }
        Kind::Sint64 => {
            let value = signed()?;
            wire::varint(out, ((value << 1) ^ (value >> 63)) as u64);
        }
        Kind::Fixed32 => out.extend_from_slice(&unsigned_32()?.to_le_bytes()),
        Kind::Fixed64 => out.extend_from_slice(&unsigned()?.to_le_bytes()),
        Kind::Sfixed32 => out.extend_from_slice(&signed_32()?.to_le_bytes()),
        Kind::Sfixed64 => out.extend_from_slice(&signed()?.to_le_bytes()),
        kind => return Err(no(&View::Integer(value.clone()), kind)),
    }
    Ok(())
}

fn float(out: &mut Vec<u8>, view: &View<'_>) -> Written {
    let wide = double(view)?;
    let value = wide as f32;
    let whole = matches!(view, View::Integer(_));
    if value.is_infinite() && wide.is_finite() || whole && f64::from(value) != wide {
        return Err(format!("{wide} does not fit a float"));
    }
    out.extend_from_slice(&value.to_le_bytes());
    Ok(())
}

/// A floating point number, or a whole one that is one.
pub(super) fn double(view: &View<'_>) -> Result<f64, String> {
    match view {
        View::Float(value) => Ok(*value),
        View::Integer(Integer::Small(value)) if (*value as f64) as i128 == i128::from(*value) => {
            Ok(*value as f64)
        }
        View::Integer(value) => Err(format!("{value} does not fit a double without rounding")),
        view => Err(no(view, Kind::Double)),
    }
}
