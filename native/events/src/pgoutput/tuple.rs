//! Rows as they stand in a frame: checked once, then walked as often as their columns are asked for.

use super::wire::{Checked, Fault, Wire};

/// One column of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    Null,
    /// It did not come, since it did not change.
    Unchanged,
    Value {
        bytes: &'a [u8],
        /// Offset in the frame.
        at: usize,
        binary: bool,
    },
}

impl PartialEq for Cell<'_> {
    /// Whether the value is the same, wherever it stands.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Unchanged, Self::Unchanged) => true,
            (
                Self::Value { bytes, binary, .. },
                Self::Value { bytes: other_bytes, binary: other_binary, .. },
            ) => bytes == other_bytes && binary == other_binary,
            _ => false,
        }
    }
}

/// The columns of a row, known to be whole.
#[derive(Clone, Copy)]
pub(super) struct Tuple<'a> {
    columns: Wire<'a>,
    count: usize,
}

impl<'a> Tuple<'a> {
    /// Reads a row to its end.
    pub(super) fn read(wire: &mut Wire<'a>) -> Checked<Self> {
        let count = usize::from(wire.u16()?);
        let columns = *wire;
        for _ in 0..count {
            cell(wire)?;
        }
        Ok(Self { columns, count })
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Offset of its first column.
    pub(super) const fn at(&self) -> usize {
        self.columns.at()
    }

    #[inline]
    pub(super) fn cells(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let mut wire = self.columns;
        // Each was read before.
        (0..self.count).map_while(move |_| cell(&mut wire).ok())
    }
}

#[inline]
fn cell<'a>(wire: &mut Wire<'a>) -> Checked<Cell<'a>> {
    let at = wire.at();
    Ok(match wire.u8()? {
        b'n' => Cell::Null,
        b'u' => Cell::Unchanged,
        kind @ (b't' | b'b') => {
            let bytes = wire.sized()?;
            Cell::Value { bytes, at: wire.at() - bytes.len(), binary: kind == b'b' }
        }
        _ => return Err(Fault::said(at, "a column is one of n, u, t and b")),
    })
}
