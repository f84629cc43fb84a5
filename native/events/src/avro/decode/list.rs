//! Arrays and maps: blocks, each behind its count.
//!
//! A negative count has the block's size in bytes behind it, by which it can be skipped. It is checked where the block is
//! read, so that nobody who skips sees other data than one who reads.

use super::Run;
use crate::Sink;
use crate::avro::malformed;
use crate::fault::{Checked, Fault};

/// A block: its elements, and where it has to end if it says so.
pub(super) struct Block {
    pub(super) count: u64,
    pub(super) end: Option<usize>,
}

impl<S> Run<'_, S> {
    /// The next block; `None` at the end.
    #[inline]
    pub(super) fn block(&mut self) -> Checked<Option<Block>> {
        match self.long()? {
            0 => Ok(None),
            count if count > 0 => Ok(Some(Block { count: count.unsigned_abs(), end: None })),
            count => {
                let at = self.at;
                let size = self.long()?;
                let left = self.bytes.len() - self.at;
                let size = usize::try_from(size)
                    .ok()
                    .filter(|size| *size <= left)
                    .ok_or_else(|| malformed(at, format!("a block of {size} bytes where {left} are left")))?;
                Ok(Some(Block { count: count.unsigned_abs(), end: Some(self.at + size) }))
            }
        }
    }

    #[inline]
    fn block_end(&self, block: &Block) -> Checked {
        match block.end {
            Some(end) if end != self.at => {
                Err(malformed(self.at, format!("a block ends here that was to end at byte {end}")))
            }
            _ => Ok(()),
        }
    }
}

impl<S: Sink> Run<'_, S> {
    #[inline(never)]
    pub(super) fn array(&mut self, list: u32) -> Checked {
        let item = self.tables.lists[list as usize].item;
        let mut count = 0;
        self.sink_into()?;
        self.sink.begin_list();
        while let Some(block) = self.block()? {
            for _ in 0..block.count {
                let start = self.at;
                self.room()?;
                self.value(item).map_err(|fault| fault.under(format!("[{count}]")))?;
                self.element(start)?;
                count += 1;
            }
            self.block_end(&block)?;
        }
        self.rise();
        self.sink.end_list(count);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn map(&mut self, list: u32) -> Checked {
        let item = self.tables.lists[list as usize].item;
        let mut count = 0;
        self.sink_into()?;
        self.sink.begin_map();
        while let Some(block) = self.block()? {
            for _ in 0..block.count {
                let key = self.text()?;
                self.sink.key(key);
                self.value(item)
                    .map_err(|fault| fault.under(format!("{{{:?}}}", String::from_utf8_lossy(key.bytes))))?;
                count += 1;
            }
            self.block_end(&block)?;
        }
        self.rise();
        self.sink.end_map(count).map_err(|_| self.twice())
    }

    /// Only maps have equal keys: the fields of a record differ, and so do keys in a schema's text.
    #[cold]
    pub(super) fn twice(&self) -> Box<Fault> {
        malformed(self.at, "a map has a key twice")
    }
}
