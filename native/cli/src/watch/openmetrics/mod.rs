//! OpenMetrics over HTTP: what is seen of each node, for Prometheus.

mod page;
mod serve;

pub(super) use serve::Exporter;
