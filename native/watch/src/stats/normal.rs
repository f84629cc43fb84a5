//! The standard normal distribution.

/// The probability of a value as far from 0 as `z` or further, on either side.
pub(super) fn two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The `z` beyond which lies `p` on both sides together.
pub(super) fn quantile(p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    // A float has no more bits than this halves away.
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if two_sided(middle) > p { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert!((two_sided(1.959_963_984_540_054) - 0.05).abs() < 1e-12);
        assert!((quantile(0.05) - 1.959_963_984_540_054).abs() < 1e-9);
        assert!((quantile(0.01) - 2.575_829_303_548_901).abs() < 1e-9);
    }
}
