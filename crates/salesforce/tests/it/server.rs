//! A small HTTP server on the loopback that answers as each test says, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response};
use holdfast_salesforce::{Client, ClientOptions, Credentials, Error};
use serde_json::{Value, json};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How many requests to the same path came before.
    pub(crate) nth: usize,
}

impl Seen {
    pub(crate) fn token(&self) -> &str {
        let header = self.headers.get("authorization").map_or("", |value| value.to_str().unwrap());
        header.strip_prefix("Bearer ").unwrap_or(header)
    }

    /// A parameter of the form or of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let form = [self.query.as_bytes(), b"&", &self.body].concat();
        let value = url::form_urlencoded::parse(&form).find(|(key, _)| key == name)?.1.into_owned();
        Some(value)
    }
}

pub(crate) struct Server {
    pub(crate) url: url::Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// `answer` says what to answer; where it says nothing, the list of versions or a 404 is answered.
    pub(crate) async fn start(
        answer: impl Fn(&Seen) -> Option<Response<Body>> + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let seen = Arc::new(Mutex::new(Vec::<Seen>::new()));
        let (answer, all) = (Arc::new(answer), Arc::clone(&seen));
        let handler = move |request: Request| {
            let (answer, all) = (Arc::clone(&answer), Arc::clone(&all));
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let path = parts.uri.path().to_owned();
                let request = {
                    let mut all = all.lock().unwrap();
                    let nth = all.iter().filter(|seen| seen.path == path).count();
                    let query = parts.uri.query().unwrap_or_default().to_owned();
                    all.push(Seen { method: parts.method, path, query, headers: parts.headers, body, nth });
                    all.last().unwrap().clone()
                };
                answer(&request).unwrap_or_else(|| by_default(&request))
            }
        };
        let app = Router::new().fallback(handler);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, seen, task }
    }

    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.path == path).cloned().collect()
    }

    pub(crate) async fn connect(&self) -> Client {
        self.connect_with(ClientOptions::default()).await
    }

    pub(crate) async fn connect_with(&self, options: ClientOptions) -> Client {
        self.try_connect(access_token(), options).await.unwrap()
    }

    pub(crate) async fn try_connect(
        &self,
        credentials: Credentials,
        options: ClientOptions,
    ) -> Result<Client, Error> {
        Client::connect(Some(self.url.clone()), credentials, options).await
    }

    pub(crate) fn refresh_token(&self) -> Credentials {
        Credentials::RefreshToken {
            login_url: self.url.clone(),
            client_id: "app".into(),
            client_secret: Some("hidden-secret".into()),
            refresh_token: "hidden-refresh-0".into(),
        }
    }
}

pub(crate) fn access_token() -> Credentials {
    Credentials::AccessToken { access_token: "hidden-token".into() }
}

fn by_default(request: &Seen) -> Response<Body> {
    match request.path.as_str() {
        "/services/data" => {
            json_answer(200, &json!([{"version": "66.0"}, {"version": "67.0"}, {"version": "68.0"}]))
        }
        _ => json_answer(
            404,
            &json!([{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]),
        ),
    }
}

pub(crate) fn json_answer(status: u16, body: &Value) -> Response<Body> {
    answer(status, &[("content-type", "application/json;charset=UTF-8")], body.to_string())
}

pub(crate) fn api_error(status: u16, code: &str, message: &str) -> Response<Body> {
    json_answer(status, &json!([{"errorCode": code, "message": message}]))
}

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

/// A body that sends `start` and then breaks off.
pub(crate) fn breaking_off(start: impl Into<Bytes>) -> Body {
    use futures::StreamExt;
    let start = futures::stream::iter([Ok(start.into())]);
    // The server sends what it has when the body makes it wait.
    let cut = futures::stream::once(async {
        tokio::task::yield_now().await;
        Err(std::io::Error::other("cut"))
    });
    Body::from_stream(start.chain(cut))
}

/// A body that sends `start` and then nothing more.
pub(crate) fn falling_silent(start: impl Into<Bytes>) -> Body {
    use futures::StreamExt;
    let start = futures::stream::iter([Ok::<_, std::io::Error>(start.into())]);
    Body::from_stream(start.chain(futures::stream::pending()))
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The whole chain of causes, as a user would read it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
