//! Serves connections as Salesforce does: by HTTP/1.1, with capitals in the names of headers.
//!
//! Such names are equal in any case (RFC 9110), but there are clients that look for `Content-Type` as it is written there,
//! and others that go astray when they find `content-type`.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tower::{Service, ServiceExt};

/// Serves all that connect, for ever; with it end all its connections.
pub(super) async fn serve<L, S>(mut listener: L, routes: S) -> std::io::Result<()>
where
    L: Listener,
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut open = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await;
        let routes = routes.clone();
        let service = service_fn(move |request: http::Request<Incoming>| {
            routes.clone().oneshot(request.map(Body::new))
        });
        let mut connections = http1::Builder::new();
        connections.title_case_headers(true);
        // A client that goes away in the middle is no failure of the server.
        let connection = connections.serve_connection(TokioIo::new(stream), service);
        open.spawn(async move { connection.await.ok() });
        // What has ended is let go of.
        while open.try_join_next().is_some() {}
    }
}
