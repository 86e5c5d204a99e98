//! A small HTTP client for the tests: signs in as a user and asks for JSON.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value as Json;
use simorg::{RunningOrg, SimOrg};

pub(crate) const ADMIN: &str = "admin@simorg.example";
pub(crate) const STANDARD: &str = "standard@simorg.example";

pub(crate) struct Client {
    pub(crate) running: RunningOrg,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

impl Client {
    /// Starts the org and signs in as the integration user.
    pub(crate) async fn start(org: SimOrg) -> Client {
        #[expect(clippy::disallowed_methods, reason = "the test is the org's client")]
        let http = reqwest::Client::new();
        let running = org.start().await.expect("the org starts");
        let mut client = Client { running, http, token: String::new() };
        client.sign_in(ADMIN);
        client
    }

    pub(crate) fn sign_in(&mut self, username: &str) {
        let org = self.running.org();
        let user = org.user_by_name(username).expect("a user of the org");
        self.token = self.running.state().oauth.open_session(org.id(), &user.id, org.now());
    }

    /// A request below `/services/data/v67.0`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/services/data/v67.0{path}", self.running.url());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    pub(crate) fn admin_request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/simorg{path}", self.running.url()))
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Json) {
        read(self.request(Method::GET, path).send().await.expect("an answer")).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Json) -> (StatusCode, Json) {
        read(self.request(method, path).json(&body).send().await.expect("an answer")).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (StatusCode, Json) {
        read(self.request(Method::DELETE, path).send().await.expect("an answer")).await
    }

    /// Inserts a record that must be taken, and answers its id.
    pub(crate) async fn create(&self, object: &str, record: Json) -> String {
        let (status, answer) = self.send(Method::POST, &format!("/sobjects/{object}"), record).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// The code of the error that a request must be refused with, and its message.
    pub(crate) async fn refused(&self, method: Method, path: &str, body: Json) -> (u16, String, String) {
        let (status, answer) = self.send(method, path, body).await;
        let entry = &answer[0];
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        (status.as_u16(), text("errorCode"), text("message"))
    }

    pub(crate) async fn admin(&self, method: Method, path: &str, body: Json) -> (StatusCode, Json) {
        read(self.admin_request(method, path).json(&body).send().await.expect("an answer")).await
    }
}

async fn read(answer: Response) -> (StatusCode, Json) {
    let status = answer.status();
    let text = answer.text().await.expect("a whole body");
    (status, if text.is_empty() { Json::Null } else { serde_json::from_str(&text).expect("JSON") })
}
