//! Random numbers of a seed, the same on every machine (splitmix64).

/// A generator. Its state is its seed.
#[allow(unreachable_pub, reason = "shared by tests")]
pub struct Dice(pub u64);

#[allow(unreachable_pub, dead_code, reason = "shared by tests, each with its needs")]
impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }
}
