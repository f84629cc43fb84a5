//! Schemas that were seen, by their bytes.
//!
//! Nearly three quarters of an event with its schema are the schema, and a topic has the same one for days. So the bytes
//! are compared with those seen last: a hash would have to find the end of the schema first, and read it twice.

use std::sync::Arc;

use super::schema::Plan;

/// Schemas that are kept. Each document costs at most as many comparisons, of which all but one end early.
const SCHEMAS: usize = 32;

/// Bytes of all schemas that are kept; their plans take less than these do.
const BYTES: usize = 4 << 20;

/// Plans of the schemas seen last, the latest at the end.
///
/// # Invariants
///
/// - At most 32 schemas, of at most 4 MiB together.
/// - What is kept was read whole once, and is a map: so bytes that begin with it have that map there, and no more of it.
#[derive(Debug, Default)]
pub(super) struct Cache {
    kept: Vec<(Box<[u8]>, Arc<Plan>)>,
    bytes: usize,
    /// Documents whose schema was kept, and those whose was not.
    hits: u64,
    misses: u64,
}

impl Cache {
    /// The plan of the schema that `rest` begins with, and the schema's length.
    #[inline]
    pub(super) fn find(&mut self, rest: &[u8]) -> Option<(Arc<Plan>, usize)> {
        let place = self.kept.iter().rposition(|(schema, _)| rest.starts_with(schema))?;
        let last = self.kept.len() - 1;
        if place != last {
            self.kept.swap(place, last);
        }
        self.hits += 1;
        self.kept.get(last).map(|(schema, plan)| (plan.clone(), schema.len()))
    }

    /// Keeps the plan of a schema, and forgets the oldest ones for it.
    pub(super) fn keep(&mut self, schema: &[u8], plan: Arc<Plan>) {
        self.misses += 1;
        if !schema.starts_with(b"{") || schema.len() > BYTES / 4 {
            return;
        }
        while self.kept.len() >= SCHEMAS || self.bytes + schema.len() > BYTES {
            let (oldest, _) = self.kept.remove(0);
            self.bytes -= oldest.len();
        }
        self.bytes += schema.len();
        self.kept.push((schema.into(), plan));
    }

    /// How often a schema was kept, and how often it was not.
    #[must_use]
    pub(super) const fn figures(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }
}

#[cfg(test)]
mod tests {
    use super::super::meaning::Meaning;
    use super::*;

    #[test]
    fn is_bounded_and_forgets_the_oldest() {
        let mut cache = Cache::default();
        let plan = Arc::new(Plan { name: "".into(), root: Meaning::Raw });
        let schema = |number: usize| format!("{{\"number\":{number:05}}}").into_bytes();
        for number in 0..3 * SCHEMAS {
            assert!(cache.find(&schema(number)).is_none());
            cache.keep(&schema(number), plan.clone());
            // Used all the time, so never the oldest.
            assert!(cache.find(&schema(0)).is_some());
            assert!(cache.kept.len() <= SCHEMAS);
        }
        assert!(cache.find(&schema(1)).is_none());
        let held: usize = cache.kept.iter().map(|(schema, _)| schema.len()).sum();
        assert_eq!(held, cache.bytes);
        cache.keep(&vec![b'{'; BYTES], plan);
        assert!(cache.kept.len() <= SCHEMAS && cache.bytes <= BYTES);
    }
}
