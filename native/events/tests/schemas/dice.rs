//! Dice whose throws a seed decides.

/// A sequence of numbers that a seed decides (Weyl sequence, multiplied and folded).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let product = u128::from(self.0 ^ self.0 >> 32) * 0xd6e8_feb8_6659_fd93;
        (((product >> 64) as u64 ^ product as u64) % end as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}
