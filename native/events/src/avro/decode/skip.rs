//! What the reader does not want. Blocks that say their size are jumped over.

use super::Run;
use crate::Sink;
use crate::avro::plan::Skip;
use crate::fault::Checked;

impl<S: Sink> Run<'_, S> {
    pub(super) fn skip(&mut self, mut of: u32) -> Checked {
        let tables = self.tables;
        loop {
            match tables.skips[of as usize] {
                Skip::Bytes(size) => drop(self.take(size as usize)?),
                Skip::Whole => drop(self.long()?),
                Skip::Sized => drop(self.sized()?),
                Skip::Union(part) => {
                    of = self.choice(part.of(&tables.skipped), "branch")?;
                    continue;
                }
                Skip::Record(part) => {
                    let start = self.at;
                    self.sink_into()?;
                    for &field in part.of(&tables.skipped) {
                        self.skip(field)?;
                    }
                    self.rise();
                    self.element(start)?;
                }
                Skip::Array(item) => return self.skip_blocks(item, false),
                Skip::Map(item) => return self.skip_blocks(item, true),
            }
            return Ok(());
        }
    }

    fn skip_blocks(&mut self, item: u32, keys: bool) -> Checked {
        self.sink_into()?;
        while let Some(block) = self.block()? {
            if let Some(end) = block.end {
                self.at = end;
                continue;
            }
            for _ in 0..block.count {
                let start = self.at;
                if keys {
                    self.sized()?;
                }
                self.skip(item)?;
                self.element(start)?;
            }
        }
        self.rise();
        Ok(())
    }
}
