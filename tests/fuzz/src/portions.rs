//! Cuts bytes into portions, as a socket does.

/// Cuts `bytes` at places that `seed` decides: byte by byte for 0, otherwise portions of 1 byte up to a bound that grows
/// with the seed. No portion is empty.
pub fn portions(seed: u8, mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let largest = usize::from(seed / 4) * usize::from(seed / 4) + 1;
    let mut state = u32::from(seed) | 1;
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let wanted = if seed == 0 { 1 } else { (state >> 8) as usize % largest + 1 };
        let (portion, rest) = bytes.split_at(wanted.min(bytes.len()));
        bytes = rest;
        Some(portion)
    })
}
