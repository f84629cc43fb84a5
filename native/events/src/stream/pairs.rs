//! The pairs of maps that are being written, and keys that come twice.
//!
//! A map that is not closed stands within those that were opened before. Its pairs are noted by where they begin; at its end, pairs whose key
//! comes again are cut out of the bytes.

/// More keys are sorted to be compared.
const FEW: usize = 16;

/// Pairs there is room for when the next event comes.
const KEPT: usize = 1 << 14;

#[derive(Clone, Copy, Debug)]
struct Pair {
    start: usize,
    /// Where the value begins.
    value: usize,
    /// Of the key's bytes: keys of two marks are two keys.
    mark: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pairs: Vec<Pair>,
    levels: Vec<usize>,
    /// Pairs whose key comes again.
    again: Vec<usize>,
}

impl Pairs {
    pub(super) fn clear(&mut self) {
        self.pairs.clear();
        self.levels.clear();
        self.pairs.shrink_to(KEPT);
        self.again.shrink_to(KEPT);
    }

    pub(super) fn begin(&mut self) {
        self.levels.push(self.pairs.len());
    }

    /// A key has been written to the end of `out`.
    #[inline]
    pub(super) fn add(&mut self, start: usize, out: &[u8]) {
        let key = out.get(start..).unwrap_or_default();
        self.pairs.push(Pair { start, value: out.len(), mark: mark(key) });
    }

    /// The map is closed, and nothing of it was written.
    pub(super) fn drop_level(&mut self) {
        self.levels.pop();
    }

    /// Closes the map that ends with `out`, and says how many pairs are left. Where some are not, `moved` is told how to find the new place of
    /// what stood in the others.
    pub(super) fn end(
        &mut self,
        out: &mut Vec<u8>,
        moved: impl FnOnce(usize, &dyn Fn(usize) -> usize),
    ) -> usize {
        let first = self.levels.pop().unwrap_or(0).min(self.pairs.len());
        let mut count = self.pairs.len() - first;
        if is_twice(&self.pairs[first..], out, &mut self.again) {
            let kept = keep(&self.pairs[first..], &self.again, out);
            count = kept.len();
            moved(self.pairs[first].start, &|at| {
                let behind = kept.partition_point(|(start, _)| *start <= at);
                kept.get(behind.wrapping_sub(1)).map_or(at, |(_, shift)| at - shift)
            });
        }
        self.pairs.truncate(first);
        count
    }
}

/// Cuts pairs out. Where each of the others began, and how far it has moved.
#[cold]
fn keep(pairs: &[Pair], gone: &[usize], out: &mut Vec<u8>) -> Vec<(usize, usize)> {
    let mut gone = gone.iter().copied().peekable();
    let mut to = pairs.first().map_or(0, |pair| pair.start);
    let mut kept = Vec::with_capacity(pairs.len());
    for (place, pair) in pairs.iter().enumerate() {
        if gone.next_if_eq(&place).is_some() {
            continue;
        }
        let end = pairs.get(place + 1).map_or(out.len(), |next| next.start);
        out.copy_within(pair.start..end, to);
        kept.push((pair.start, pair.start - to));
        to += end - pair.start;
    }
    out.truncate(to);
    kept
}

/// Length, and bytes from both ends: what keys of one map differ in, as a rule.
#[inline]
fn mark(key: &[u8]) -> u64 {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let short = || key.iter().fold(0, |mark, byte| mark << 8 | u64::from(*byte));
    let ends = if key.len() < 8 {
        short()
    } else {
        word(key.first_chunk()).rotate_left(23) ^ word(key.last_chunk())
    };
    ends ^ (key.len() as u64).rotate_left(56)
}

/// Whether a key comes twice. If so, `gone` has the places of the pairs whose key comes again, in their order.
fn is_twice(pairs: &[Pair], out: &[u8], gone: &mut Vec<usize>) -> bool {
    let key = |place: usize| out.get(pairs[place].start..pairs[place].value);
    let same = |one: usize, other: usize| pairs[one].mark == pairs[other].mark && key(one) == key(other);
    gone.clear();
    if pairs.len() <= FEW {
        let count = pairs.len();
        gone.extend((0..count).filter(|&place| (place + 1..count).any(|later| same(place, later))));
        return !gone.is_empty();
    }
    // Marks that are made to be equal cost no more than keys that are sorted.
    gone.extend(0..pairs.len());
    gone.sort_unstable_by(|&one, &other| {
        let marks = pairs[one].mark.cmp(&pairs[other].mark);
        marks.then_with(|| key(one).cmp(&key(other))).then(one.cmp(&other))
    });
    let twice: Vec<usize> = gone.windows(2).filter(|two| same(two[0], two[1])).map(|two| two[0]).collect();
    gone.clear();
    gone.extend(twice);
    gone.sort_unstable();
    !gone.is_empty()
}
