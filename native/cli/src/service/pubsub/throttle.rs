//! At most one log line a second, and how many were left out.

/// The gate in front of a log line. No clock: the caller gives the time.
#[derive(Debug, Default)]
pub(in crate::service) struct Throttle {
    next_ms: u64,
    held_back: u64,
}

impl Throttle {
    const PAUSE_MS: u64 = 1_000;

    /// Whether a line may be written now; then how many were held back since the last one.
    pub(in crate::service) fn pass(&mut self, now_ms: u64) -> Option<u64> {
        if now_ms < self.next_ms {
            self.held_back += 1;
            return None;
        }
        self.next_ms = now_ms + Self::PAUSE_MS;
        Some(std::mem::take(&mut self.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second() {
        let mut throttle = Throttle::default();
        assert_eq!(throttle.pass(0), Some(0));
        assert_eq!(throttle.pass(1), None);
        assert_eq!(throttle.pass(999), None);
        assert_eq!(throttle.pass(1_000), Some(2));
        assert_eq!(throttle.pass(5_000), Some(0));
    }
}
