//! The four ways to sign in, the web flow's exchange, and refusals.

use axum::body::Body;
use axum::http::Response;
use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use holdfast_salesforce::oauth::{Pkce, exchange_code, revoke};
use holdfast_salesforce::{Client, ClientOptions, Credentials, Error, Secret};
use serde_json::{Value, json};

use crate::server::{Seen, Server, answer, chain, json_answer};

const TOKEN: &str = "/services/oauth2/token";
const KEY: &str = include_str!("jwt_test_key.pem");
const PUBLIC_KEY: &str = include_str!("jwt_test_key.pub.pem");

fn grants(seen: &Seen) -> Option<Response<Body>> {
    let host = seen.headers["host"].to_str().unwrap();
    let body = json!({"access_token": "hidden-session", "instance_url": format!("http://{host}"), "token_type": "Bearer"});
    (seen.path == TOKEN).then(|| json_answer(200, &body))
}

fn jwt(server: &Server, key: &str) -> Credentials {
    Credentials::Jwt {
        login_url: server.url.clone(),
        audience: Some("https://login.salesforce.com".into()),
        client_id: "app".into(),
        username: "o'neil+x&y@b.c".into(),
        key_pem: key.into(),
    }
}

fn client_credentials(server: &Server) -> Credentials {
    Credentials::ClientCredentials {
        login_url: server.url.clone(),
        client_id: "app".into(),
        client_secret: "hidden-secret".into(),
    }
}

async fn connect(credentials: Credentials) -> Result<Client, Error> {
    Client::connect(None, credentials, ClientOptions::default()).await
}

#[tokio::test]
async fn client_credentials_are_sent_as_a_form() {
    let server = Server::start(grants).await;
    let client = connect(client_credentials(&server)).await.unwrap();
    assert_eq!(client.instance_url(), server.url);
    let form = &server.seen(TOKEN)[0];
    assert_eq!(form.parameter("grant_type").unwrap(), "client_credentials");
    assert_eq!(form.parameter("client_id").unwrap(), "app");
    assert_eq!(form.parameter("client_secret").unwrap(), "hidden-secret");
    assert!(form.query.is_empty());
}

#[tokio::test]
async fn the_signed_statement_uses_the_login_hosts_clock() {
    let server = Server::start(|seen| {
        if seen.path == "/services/data" {
            let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
            return Some(answer(200, &[date], r#"[{"version":"67.0"}]"#));
        }
        grants(seen)
    })
    .await;

    connect(jwt(&server, KEY)).await.unwrap();

    let form = &server.seen(TOKEN)[0];
    assert_eq!(form.parameter("grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.validate_exp = false;
    validation.set_audience(&["https://login.salesforce.com"]);
    let key = jsonwebtoken::DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes()).unwrap();
    let claims = jsonwebtoken::decode::<Value>(form.parameter("assertion").unwrap(), &key, &validation)
        .unwrap()
        .claims;
    assert_eq!(claims["iss"], "app");
    assert_eq!(claims["sub"], "o'neil+x&y@b.c");
    assert_eq!(claims["exp"], 784_111_777 + 180);
}

#[tokio::test]
async fn a_key_that_is_no_rsa_key_is_said_to_be_one_without_being_shown() {
    let server = Server::start(grants).await;
    for key in ["hidden-nonsense", PUBLIC_KEY, ""] {
        let error = connect(jwt(&server, key)).await.err().unwrap();
        assert_eq!((error.code(), error.retry()), (ErrorCode::BadInput, Retry::Never));
        assert!(!format!("{error:?} {}", chain(&error)).contains("hidden-"));
    }
}

#[tokio::test]
async fn a_server_that_is_not_salesforces_is_told_from_one_that_is_busy() {
    const PAGE: &str = "<html><title>Unsupported method ('POST')</title></html>";
    const PASSING: &str = r#"{"error":"unknown_error","error_description":"retry your request"}"#;
    let not_salesforce = (ErrorCode::NotSalesforce, Retry::Never);
    let busy = (ErrorCode::OrgBusy, Retry::BackOff);
    for (status, body, expected, says) in [
        (404, "<html></html>", not_salesforce, "status 404"),
        (500, "<html></html>", not_salesforce, "status 500"),
        (501, PAGE, not_salesforce, "Unsupported method"),
        (500, PASSING, busy, "retry your request"),
        (504, "", busy, "empty answer"),
        (429, "slow down", busy, "slow down"),
    ] {
        let server = Server::start(move |_| Some(answer(status, &[], body))).await;
        let error = connect(client_credentials(&server)).await.err().unwrap();
        assert_eq!((error.code(), error.retry()), expected, "{}", chain(&error));
        assert!(chain(&error).contains(says), "{}", chain(&error));
    }
}

#[tokio::test]
async fn refusals_keep_salesforces_words_and_no_secret() {
    for (status, body, code, retry, says) in [
        (
            400,
            r#"{"error":"invalid_client_id","error_description":"client identifier invalid"}"#,
            ErrorCode::NeedsReauthorisation,
            Retry::Never,
            "client identifier invalid",
        ),
        (
            400,
            r#"{"error":"invalid_grant"}"#,
            ErrorCode::NeedsReauthorisation,
            Retry::Never,
            "no reason given",
        ),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#,
            ErrorCode::PermissionMissing,
            Retry::Never,
            "hasn't approved",
        ),
        (
            400,
            r#"{"error":"rate_limit_exceeded"}"#,
            ErrorCode::OrgBusy,
            Retry::BackOff,
            "rate_limit_exceeded",
        ),
        (503, "<html><title>Maintenance</title></html>", ErrorCode::OrgBusy, Retry::BackOff, "Maintenance"),
        (200, "<html><title>Sign in</title></html>", ErrorCode::NotSalesforce, Retry::Never, "Sign in"),
        (
            200,
            r#"{"access_token":"hidden-session"}"#,
            ErrorCode::NotSalesforce,
            Retry::Never,
            "no token answer",
        ),
        (
            200,
            r#"{"access_token":"hidden-session","instance_url":"nonsense"}"#,
            ErrorCode::BadInput,
            Retry::Never,
            "nonsense",
        ),
    ] {
        let server = Server::start(move |_| Some(answer(status, &[], body))).await;
        let error = connect(client_credentials(&server)).await.err().unwrap();
        assert_eq!((error.code(), error.retry()), (code, retry), "{}", chain(&error));
        assert!(chain(&error).contains(says), "{}", chain(&error));
        assert!(!format!("{error:?} {}", chain(&error)).contains("hidden-"));
    }
}

#[tokio::test]
async fn a_code_is_exchanged_with_its_proof() {
    let server = Server::start(|seen| {
        let body = json!({"access_token": "a", "refresh_token": "r", "instance_url": "https://acme.my.salesforce.com",
            "id": "https://login.salesforce.com/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS"});
        (seen.path == TOKEN).then(|| json_answer(200, &body))
    })
    .await;
    let pkce = Pkce::new();
    let redirect = "http://localhost:1717/cb";
    let code = Secret::from("aPrx+/=");

    let tokens = exchange_code(&server.url, "app", None, redirect, &code, &pkce, &ClientOptions::default())
        .await
        .unwrap();

    assert_eq!(tokens.refresh_token.unwrap().expose(), "r");
    assert_eq!(tokens.instance_url.as_str(), "https://acme.my.salesforce.com/");
    let form = &server.seen(TOKEN)[0];
    assert_eq!(form.parameter("code").unwrap(), "aPrx+/=");
    assert_eq!(form.parameter("code_verifier").unwrap(), pkce.verifier.expose());
    assert_eq!(form.parameter("redirect_uri").unwrap(), redirect);
    assert_eq!(form.parameter("client_secret"), None);
}

#[tokio::test]
async fn a_grant_is_ended_by_its_token() {
    let server = Server::start(|seen| match seen.parameter("token")?.as_str() {
        "alive" => Some(answer(200, &[], "")),
        _ => Some(answer(
            400,
            &[],
            "error=unsupported_token_type&error_description=this+token+type+is+not+supported",
        )),
    })
    .await;
    revoke(&server.url, &"alive".into(), &ClientOptions::default()).await.unwrap();
    assert!(revoke(&server.url, &"dead".into(), &ClientOptions::default()).await.is_err());
}
