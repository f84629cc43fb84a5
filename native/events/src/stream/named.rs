//! Parts of plans by their names in a stream's text.

use std::cmp::Ordering;

use super::text::{Wrong, wrong};
use crate::project::{Operand, Test};
use crate::{Integer, Value};

/// A comparison, by the names that `Outrigger.Events.plan/2` has for them.
pub(super) fn test(name: &str, operand: &Value) -> Result<Test, Wrong> {
    let number = |order, or_equal| match operand {
        Value::Integer(Integer::Small(value)) => Ok(Test::Compare(*value, order, or_equal)),
        _ => Err(wrong("a filter compares with a whole number of 64 bits")),
    };
    let list = || match operand {
        Value::List(items) => items.iter().map(operand_of).collect::<Result<Vec<_>, _>>(),
        _ => Err(wrong("a filter compares with a list")),
    };
    match name {
        "in" => Ok(Test::In(list()?)),
        "not_in" => Ok(Test::NotIn(list()?)),
        "<" => number(Ordering::Less, false),
        "<=" => number(Ordering::Less, true),
        ">" => number(Ordering::Greater, false),
        ">=" => number(Ordering::Greater, true),
        _ => Err(wrong("there is no such comparison")),
    }
}

fn operand_of(value: &Value) -> Result<Operand, Wrong> {
    match value {
        Value::Null => Ok(Operand::Null),
        Value::Boolean(value) => Ok(Operand::Boolean(*value)),
        Value::Integer(Integer::Small(value)) => Ok(Operand::Integer(*value)),
        Value::Text(text) => Ok(Operand::Text(text.clone())),
        _ => Err(wrong("a filter compares with null, true, false, whole numbers of 64 bits and strings")),
    }
}
