//! The server: the page of what is kept, for Prometheus to fetch.
//!
//! Limits: `GET /metrics` and nothing else; no TLS and no password, so bind it to an address that only the collector reaches.

use std::convert::Infallible;
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
use outrigger_probe::Sight;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::page::Page;

/// Connections at a time. What comes beyond them waits in the listener's queue.
const CONNECTIONS: usize = 16;
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves what it is told.
pub(in crate::watch) struct Exporter {
    page: Arc<Mutex<Page>>,
}

impl Exporter {
    /// Listens at an address.
    pub(in crate::watch) async fn start(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let page = Arc::new(Mutex::new(Page::default()));
        tokio::spawn(serve(listener, page.clone()));
        Ok(Self { page })
    }

    /// Keeps what is seen.
    pub(in crate::watch) fn take(&self, sight: &Sight) {
        let mut page = self.page.lock();
        match sight {
            Sight::Round(round) => page.round(round),
            Sight::Lost { node, .. } => page.lost(node.as_str()),
            _ => {}
        }
    }
}

async fn serve(listener: TcpListener, page: Arc<Mutex<Page>>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = connections.clone().acquire_owned().await else { return };
        // An accept that fails is one of too many open files or of a peer that has gone: the next one may do.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let page = page.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, &page);
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

fn answer(request: &Request<Incoming>, page: &Mutex<Page>) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, TYPE, page.lock().render()),
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "the metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}
