//! OpenMetrics over HTTP: the latest figures of each node, for Prometheus to fetch.
//!
//! Only the latest round of a node is kept, so nothing grows when nobody fetches. A node that is lost has `outrigger_up 0`, and no other
//! figure: old figures would look like new ones.
//!
//! Limits: `GET /metrics` and nothing else; no TLS and no password, so bind it to an address that only the collector reaches.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use outrigger_probe::{Figure, Sight};
use outrigger_watch::Unit;
use outrigger_watch::catalogue;
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections at a time. What comes beyond them waits in the listener's queue.
const CONNECTIONS: usize = 16;
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// By node; `None`: it is lost.
type Latest = Arc<Mutex<BTreeMap<String, Option<Vec<Figure>>>>>;

/// Serves what it is told.
pub(super) struct Exporter {
    latest: Latest,
}

impl Exporter {
    /// Listens at an address.
    pub(super) async fn start(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let latest = Latest::default();
        tokio::spawn(serve(listener, latest.clone()));
        Ok(Self { latest })
    }

    /// Keeps what is seen.
    pub(super) fn take(&self, sight: &Sight) {
        let mut latest = self.latest.lock();
        match sight {
            Sight::Round(round) => latest.insert(round.node.clone(), Some(round.figures.clone())),
            Sight::Lost { node, .. } => latest.insert(node.to_string(), None),
            _ => None,
        };
    }
}

async fn serve(listener: TcpListener, latest: Latest) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = connections.clone().acquire_owned().await else { return };
        // An accept that fails is one of too many open files or of a peer that has gone: the next one may do.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let latest = latest.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, &latest);
                async { Ok::<_, Infallible>(answer) }
            });
            // The timer bounds how long a head may take. A connection that breaks is the collector's business.
            let mut connection = http1::Builder::new();
            let _ = connection
                .timer(TokioTimer::new())
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(permit);
        });
    }
}

fn answer(request: &Request<Incoming>, latest: &Latest) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, TYPE, render(&latest.lock())),
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "the metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

/// The text of all nodes.
fn render(latest: &BTreeMap<String, Option<Vec<Figure>>>) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot(latest.clone())));
    let mut text = String::new();
    // A string takes all that is written.
    let _ = encode(&mut text, &registry);
    text
}

#[derive(Debug)]
struct Snapshot(BTreeMap<String, Option<Vec<Figure>>>);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut up =
            encoder.encode_descriptor("outrigger_up", "whether the node is seen", None, MetricType::Gauge)?;
        for (node, figures) in &self.0 {
            let gauge = ConstGauge::new(i64::from(figures.is_some()));
            gauge.encode(up.encode_family(&[("node", node.as_str())])?)?;
        }
        // One family holds the samples of all nodes: the format allows each name once.
        let mut families: BTreeMap<&str, Vec<(&str, &Figure)>> = BTreeMap::new();
        for (node, figures) in &self.0 {
            for figure in figures.iter().flatten() {
                families.entry(figure.metric).or_default().push((node, figure));
            }
        }
        for (metric, samples) in families {
            let known = catalogue::find(metric);
            let unit = known.map_or("", |metric| match metric.unit {
                Unit::Seconds => "_seconds",
                Unit::Bytes => "_bytes",
                Unit::Ratio => "_ratio",
                _ => "",
            });
            let name = format!("outrigger_{}{unit}", metric.replace('.', "_"));
            let help = known.map_or("", |metric| metric.what);
            let mut family = encoder.encode_descriptor(&name, help, None, MetricType::Gauge)?;
            for (node, figure) in samples {
                let mut labels = vec![("node", node)];
                labels.extend(figure.labels.iter().map(|(name, value)| (*name, value.as_str())));
                ConstGauge::new(figure.value).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(metric: &'static str, labels: &[(&'static str, &str)], value: f64) -> Figure {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Figure { metric, labels, value }
    }

    #[test]
    fn families_hold_the_samples_of_all_nodes() {
        let latest = BTreeMap::from([
            (
                "a@h".to_owned(),
                Some(vec![
                    figure("pool.head_age", &[("repo", "A \"b\"")], 0.25),
                    figure("memory.total", &[], 5.0),
                ]),
            ),
            ("b@h".to_owned(), Some(vec![figure("memory.total", &[], 7.0)])),
            ("c@h".to_owned(), None),
        ]);
        let text = render(&latest);
        for line in [
            "# TYPE outrigger_up gauge",
            "outrigger_up{node=\"a@h\"} 1",
            "outrigger_up{node=\"c@h\"} 0",
            "outrigger_memory_total_bytes{node=\"a@h\"} 5.0",
            "outrigger_memory_total_bytes{node=\"b@h\"} 7.0",
            "outrigger_pool_head_age_seconds{node=\"a@h\",repo=\"A \\\"b\\\"\"} 0.25",
        ] {
            assert!(text.lines().any(|of| of == line), "{line} is not in\n{text}");
        }
        assert_eq!(text.matches("# TYPE outrigger_memory_total_bytes").count(), 1);
        assert!(text.ends_with("# EOF\n"));
    }
}
