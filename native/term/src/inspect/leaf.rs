//! Integers and bit strings: what they cost of the limits.

use std::fmt::{self, Write};

use super::printer::Printer;
use super::text;
use crate::{BitString, Integer};

/// Bits of an integer that is still printed in digits.
const MAX_INTEGER_BITS: u64 = 4096 * 8;

impl Printer<'_, '_, '_> {
    pub(super) fn integer(&mut self, number: &Integer<'_>) -> fmt::Result {
        match number.bits() {
            ..=MAX_INTEGER_BITS => write!(self.out, "{number}"),
            bits => write!(self.out, "#Integer<{bits} bits>"),
        }
    }

    pub(super) fn bits(&mut self, bits: &BitString<'_>) -> fmt::Result {
        if let Some(bytes) = bits.as_binary()
            && text::is_printable(bytes, self.printable_limit)
        {
            self.out.write_char('"')?;
            let left = text::escape(bytes, self.printable_limit, self.out)?;
            return self.out.write_str(if left == 0 { "\"" } else { "\" <> ..." });
        }
        let (whole, rest) = bits.split();
        self.out.write_str("<<")?;
        let items = whole.len() as u64 + u64::from(rest.is_some());
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut comma = "";
        for byte in whole.iter().take(shown) {
            write!(self.out, "{comma}{byte}")?;
            comma = ", ";
        }
        if items > self.limit {
            write!(self.out, "{comma}...")?;
        } else if let Some((size, value)) = rest {
            write!(self.out, "{comma}{value}::size({size})")?;
        }
        if self.limit < u64::MAX {
            self.limit = self.limit.saturating_sub(items);
        }
        self.out.write_str(">>")
    }
}
