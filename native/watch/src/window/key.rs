//! The name of a series.

use std::collections::BTreeMap;
use std::fmt;

/// A metric and the labels that tell its series apart, e.g. `pool.queue_len{repo="MyApp.Repo"}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its name in the catalogue.
    pub metric: String,
    /// By their names.
    pub labels: BTreeMap<String, String>,
}

impl Key {
    /// Of a metric without labels.
    #[must_use]
    pub fn new(metric: impl Into<String>) -> Self {
        Self { metric: metric.into(), labels: BTreeMap::new() }
    }

    /// With one label more.
    #[must_use]
    pub fn with(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(label.into(), value.into());
        self
    }
}

/// As a budget names it.
impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.metric)?;
        let mut between = "{";
        for (label, value) in &self.labels {
            write!(formatter, "{between}{label}={value:?}")?;
            between = ", ";
        }
        formatter.write_str(if self.labels.is_empty() { "" } else { "}" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_as_a_budget_names_it() {
        assert_eq!(Key::new("sched.util").to_string(), "sched.util");
        let key = Key::new("pool.size").with("repo", "A \"b\"").with("pool", "1");
        assert_eq!(key.to_string(), r#"pool.size{pool="1", repo="A \"b\""}"#);
    }
}
