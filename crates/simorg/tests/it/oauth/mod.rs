//! Sign-in over HTTP: every grant, its refusals, and the life of tokens.

mod device;
mod tokens;
mod web;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use sha2::{Digest, Sha256};
use simorg::SimOrg;

use crate::caller::{Answer, Caller, read};

const PUBLIC_KEY: &str = include_str!("../keys/app.pub.pem");
const PRIVATE_KEY: &str = include_str!("../keys/app.pem");
const STRANGER: &str = include_str!("../keys/other.pem");
const JWT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CALLBACK: &str = "http://localhost:1717/OauthRedirect";

async fn caller() -> Result<Caller> {
    Caller::start(SimOrg::new().bare()).await
}

fn refusal(answer: &Answer) -> String {
    let body = answer.json();
    format!(
        "{} {}: {}",
        answer.status.as_u16(),
        body["error"].as_str().unwrap_or("-"),
        body["error_description"].as_str().unwrap_or("-")
    )
}

fn token_of(answer: &Answer) -> Result<String> {
    Ok(answer.json()["access_token"].as_str().with_context(|| answer.text.clone())?.to_owned())
}

/// The status of a call with this token.
async fn status_with(caller: &Caller, token: &str) -> Result<u16> {
    let request =
        caller.http.get(format!("{}/services/data/v67.0/limits", caller.org.url())).bearer_auth(token);
    Ok(read(request).await?.status.as_u16())
}

#[tokio::test]
async fn client_credentials_sign_in_by_body_or_basic_and_count_no_call() -> Result<()> {
    let caller = caller().await?;
    assert_eq!(caller.org.org().limits().used(caller.org.org().now()), 0);

    let basic = caller
        .http
        .post(format!("{}/services/oauth2/token", caller.org.url()))
        .basic_auth("simorg", Some("simorg"))
        .form(&[("grant_type", "client_credentials")]);
    let answer = read(basic).await?;

    let body = answer.json();
    let (org, _) =
        body["access_token"].as_str().context("a token")?.split_once('!').context("an exclamation mark")?;
    assert_eq!(org, &caller.org.org().id()[..15]);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["instance_url"], caller.org.url());
    assert!(
        body["issued_at"].is_string()
            && body["id"].as_str().context("an id")?.ends_with(&caller.org.org().admin().id)
    );
    assert!(body.get("refresh_token").is_none() && body.get("expires_in").is_none());
    assert_eq!(status_with(&caller, &token_of(&answer)?).await?, 200);
    Ok(())
}

#[tokio::test]
async fn wrong_clients_grants_and_passwords_are_refused() -> Result<()> {
    let caller = caller().await?;
    let cases: [(&[(&str, &str)], &str); 7] = [
        (
            &[("grant_type", "client_credentials"), ("client_id", "other"), ("client_secret", "simorg")],
            "400 invalid_client_id: client identifier invalid",
        ),
        (
            &[("grant_type", "client_credentials"), ("client_id", "simorg"), ("client_secret", "x")],
            "401 invalid_client: invalid client credentials",
        ),
        (
            &[("grant_type", "saml2-bearer"), ("client_id", "simorg")],
            "400 unsupported_grant_type: grant type not supported",
        ),
        (&[("client_id", "simorg")], "400 invalid_request: missing required parameter: grant_type"),
        (
            &[
                ("grant_type", "password"),
                ("client_id", "simorg"),
                ("client_secret", "simorg"),
                ("username", "admin@simorg.example"),
                ("password", "no"),
            ],
            "400 invalid_grant: authentication failure",
        ),
        (
            &[("grant_type", "refresh_token"), ("client_id", "simorg"), ("refresh_token", "5Aep861x")],
            "400 invalid_grant: expired access/refresh token",
        ),
        (
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "simorg"),
                ("code", "x"),
                ("redirect_uri", CALLBACK),
            ],
            "400 invalid_grant: invalid authorization code",
        ),
    ];
    for (form, expected) in cases {
        assert_eq!(refusal(&caller.token(form).await?), expected);
    }
    let form = [
        ("grant_type", "password"),
        ("client_id", "simorg"),
        ("client_secret", "simorg"),
        ("username", "admin@simorg.example"),
        ("password", "simorgTOKEN"),
    ];
    assert_eq!(caller.token(&form).await?.status, 200);
    Ok(())
}

/// An assertion signed with this key.
fn assertion(
    caller: &Caller,
    key: &str,
    issuer: &str,
    audience: &str,
    subject: &str,
    lives_s: i64,
) -> Result<String> {
    let exp = caller.org.org().now().timestamp() + lives_s;
    let claims = json!({"iss": issuer, "sub": subject, "aud": audience, "exp": exp});
    Ok(encode(&Header::new(Algorithm::RS256), &claims, &EncodingKey::from_rsa_pem(key.as_bytes())?)?)
}

#[tokio::test]
async fn jwt_bearer_signs_in_with_the_registered_key_only() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.register_public_key("simorg", PUBLIC_KEY)?;
    let login = "https://login.salesforce.com";
    let admin = "admin@simorg.example";
    let own = caller.org.url();
    let cases = [
        (assertion(&caller, PRIVATE_KEY, "simorg", login, admin, 180)?, "200"),
        (assertion(&caller, PRIVATE_KEY, "simorg", &own, admin, 180)?, "200"),
        (assertion(&caller, STRANGER, "simorg", login, admin, 180)?, "400 invalid_grant: invalid assertion"),
        (
            assertion(&caller, PRIVATE_KEY, "nobody", login, admin, 180)?,
            "400 invalid_client_id: client identifier invalid",
        ),
        (
            assertion(&caller, PRIVATE_KEY, "simorg", "https://example.com", admin, 180)?,
            "400 invalid_grant: Audience validation failed",
        ),
        (
            assertion(&caller, PRIVATE_KEY, "simorg", login, "x@y.example", 180)?,
            "400 invalid_grant: user hasn't approved this consumer",
        ),
        (
            assertion(&caller, PRIVATE_KEY, "simorg", login, admin, -5)?,
            "400 invalid_grant: expired assertion",
        ),
        ("no.jwt.at-all".to_owned(), "400 invalid_grant: invalid assertion"),
    ];
    for (assertion, expected) in cases {
        let answer = caller.token(&[("grant_type", JWT), ("assertion", &assertion)]).await?;
        let shown = if answer.status == 200 { "200".to_owned() } else { refusal(&answer) };
        assert_eq!(shown, expected);
        assert!(answer.json().get("refresh_token").is_none());
    }
    Ok(())
}

#[tokio::test]
async fn the_expiration_of_an_assertion_may_be_text() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.register_public_key("simorg", PUBLIC_KEY)?;
    let now = caller.org.org().now().timestamp();
    let key = EncodingKey::from_rsa_pem(PRIVATE_KEY.as_bytes())?;
    for (exp, expected) in [
        ((now + 180).to_string(), "200"),
        ((now - 5).to_string(), "400 invalid_grant: expired assertion"),
        ("soon".to_owned(), "400 invalid_grant: invalid assertion"),
    ] {
        let claims = json!({"iss": "simorg", "sub": "admin@simorg.example",
                            "aud": "https://login.salesforce.com", "exp": exp});
        let assertion = encode(&Header::new(Algorithm::RS256), &claims, &key)?;

        let answer = caller.token(&[("grant_type", JWT), ("assertion", &assertion)]).await?;

        let shown = if answer.status == 200 { "200".to_owned() } else { refusal(&answer) };
        assert_eq!(shown, expected);
    }
    Ok(())
}

/// Signs in at the login page as a browser would, and gives the callback's query.
async fn callback(caller: &Caller, fields: &[(&str, &str)]) -> Result<url::Url> {
    let answer = caller.form("/services/oauth2/authorize", fields).await?;
    assert_eq!(answer.status, 302, "{}", answer.text);
    Ok(url::Url::parse(answer.header("location").context("a location")?)?)
}

fn parameter(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A grant with a refresh token.
async fn web_sign_in(caller: &Caller) -> Result<Answer> {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let fields = [
        ("response_type", "code"),
        ("client_id", "simorg"),
        ("redirect_uri", CALLBACK),
        ("scope", "api refresh_token"),
        ("state", "s 1"),
        ("code_challenge", &challenge),
        ("username", "admin@simorg.example"),
        ("password", "simorg"),
    ];
    let back = callback(caller, &fields).await?;
    assert_eq!(parameter(&back, "state").as_deref(), Some("s 1"));
    let code = parameter(&back, "code").context("a code")?;
    let form = |code: &str, verifier: &str| {
        [
            ("grant_type", "authorization_code"),
            ("client_id", "simorg"),
            ("redirect_uri", CALLBACK),
            ("code", code),
            ("code_verifier", verifier),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
    };
    let form = form(&code, VERIFIER);
    let pairs: Vec<(&str, &str)> = form.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let answer = caller.token(&pairs).await?;
    assert_eq!(
        refusal(&caller.token(&pairs).await?),
        "400 invalid_grant: invalid authorization code",
        "a code works once"
    );
    Ok(answer)
}

#[tokio::test]
async fn the_web_server_flow_ends_with_a_refreshable_grant() -> Result<()> {
    let caller = caller().await?;
    let page = caller.http.get(format!(
        "{}/services/oauth2/authorize?response_type=code&client_id=simorg&redirect_uri={CALLBACK}&state=a%22b",
        caller.org.url()
    ));
    let page = read(page).await?;
    assert!(page.status == 200 && page.text.contains("name=\"password\"") && page.text.contains("a&quot;b"));

    let grant = web_sign_in(&caller).await?.json();

    assert_eq!(grant["scope"], "api refresh_token");
    let refresh = grant["refresh_token"].as_str().context("a refresh token")?;
    let again = caller
        .token(&[("grant_type", "refresh_token"), ("client_id", "simorg"), ("refresh_token", refresh)])
        .await?;
    assert!(again.json().get("refresh_token").is_none());
    assert_eq!(status_with(&caller, &token_of(&again)?).await?, 200);
    Ok(())
}

#[tokio::test]
async fn the_web_server_flow_refuses_in_the_right_place() -> Result<()> {
    let caller = caller().await?;
    let base =
        [("response_type", "code"), ("client_id", "simorg"), ("redirect_uri", CALLBACK), ("state", "1")];
    let with = |extra: &[(&'static str, &'static str)]| {
        base.iter().copied().chain(extra.iter().copied()).collect::<Vec<_>>()
    };

    let denied = callback(&caller, &with(&[("deny", "1")])).await?;
    assert_eq!(parameter(&denied, "error").as_deref(), Some("access_denied"));
    let wrong = caller
        .form("/services/oauth2/authorize", &with(&[("username", "admin@simorg.example"), ("password", "x")]))
        .await?;
    assert!(wrong.status == 200 && wrong.text.contains("role=\"alert\""));
    let scope = callback(&caller, &with(&[("scope", "api everything")])).await?;
    assert_eq!(parameter(&scope, "error").as_deref(), Some("invalid_scope"));

    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    for (verifier, expected) in [
        (None, "400 invalid_grant: missing required code verifier"),
        (Some("wrong"), "400 invalid_request: invalid code verifier"),
    ] {
        let mut fields = with(&[("username", "admin@simorg.example"), ("password", "simorg")]);
        fields.push(("code_challenge", &challenge));
        let code = parameter(&callback(&caller, &fields).await?, "code").context("a code")?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", "simorg"),
            ("redirect_uri", CALLBACK),
            ("code", &code),
        ];
        form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        assert_eq!(refusal(&caller.token(&form).await?), expected);
    }

    caller.org.state().oauth.register_callback("https://holdfast.example/callback");
    let foreign = caller.form("/services/oauth2/authorize", &base).await?;
    assert!(foreign.status == 400 && foreign.text.contains("redirect_uri_mismatch"));
    Ok(())
}

#[tokio::test]
async fn a_rotated_refresh_token_used_again_ends_the_whole_grant() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.set_rotation(true);
    let first = web_sign_in(&caller).await?.json();
    let old = first["refresh_token"].as_str().context("a refresh token")?.to_owned();
    let refresh = |token: String| {
        let caller = &caller;
        async move {
            caller
                .token(&[("grant_type", "refresh_token"), ("client_id", "simorg"), ("refresh_token", &token)])
                .await
        }
    };
    let second = refresh(old.clone()).await?;
    let new = second.json()["refresh_token"].as_str().context("a rotated token")?.to_owned();
    assert_ne!(old, new);
    assert_eq!(status_with(&caller, &token_of(&second)?).await?, 200);

    let reused = refresh(old).await?;

    assert_eq!(refusal(&reused), "400 invalid_grant: expired access/refresh token");
    assert_eq!(refusal(&refresh(new).await?), "400 invalid_grant: expired access/refresh token");
    assert_eq!(status_with(&caller, &token_of(&second)?).await?, 401);
    Ok(())
}

#[tokio::test]
async fn the_sixth_approval_revokes_the_first() -> Result<()> {
    let caller = caller().await?;
    let mut grants = Vec::new();
    for _ in 0..6 {
        grants.push(web_sign_in(&caller).await?);
    }
    assert_eq!(status_with(&caller, &token_of(&grants[0])?).await?, 401);
    assert_eq!(status_with(&caller, &token_of(&grants[1])?).await?, 200);
    Ok(())
}

#[tokio::test]
async fn sessions_end_when_idle_when_expired_and_when_revoked() -> Result<()> {
    let caller = caller().await?;
    let fresh = || async { token_of(&web_sign_in(&caller).await?) };
    caller.org.org().clock().stop_at(caller.org.org().now());
    let (idle, used) = (fresh().await?, fresh().await?);
    for _ in 0..3 {
        caller.org.org().clock().advance(Duration::minutes(61));
        assert_eq!(status_with(&caller, &used).await?, 200, "use extends a session");
    }
    assert_eq!(status_with(&caller, &idle).await?, 401);

    assert_eq!(caller.form("/services/oauth2/revoke", &[("token", &used)]).await?.status, 200);
    assert_eq!(status_with(&caller, &used).await?, 401);
    let unknown = caller.form("/services/oauth2/revoke", &[("token", "x")]).await?;
    assert_eq!(refusal(&unknown), "400 unsupported_token_type: this token type is not supported");

    let token = fresh().await?;
    caller.org.state().oauth.expire_sessions();
    let answer =
        read(caller.http.get(format!("{}/services/data/v67.0/limits", caller.org.url())).bearer_auth(&token))
            .await?;
    assert_eq!(answer.refusal(), "401 INVALID_SESSION_ID");
    assert_eq!(answer.json()[0]["message"], "Session expired or invalid");
    Ok(())
}

#[tokio::test]
async fn user_info_identity_and_introspection_agree_on_who_it_is() -> Result<()> {
    let caller = caller().await?;
    let admin = caller.org.org().admin();
    let info = caller.get("/services/oauth2/userinfo").await?.json();
    assert_eq!(info["user_id"], admin.id.as_str());
    assert_eq!(info["organization_id"], caller.org.org().id());
    assert_eq!(info["preferred_username"], "admin@simorg.example");

    let id = format!("{}/id/{}/{}", caller.org.url(), caller.org.org().id(), admin.id);
    let identity = read(caller.http.get(format!("{id}?format=json&oauth_token={}", caller.token))).await?;
    assert_eq!(identity.json()["username"], "admin@simorg.example");
    assert_eq!(read(caller.http.get(&id)).await?.text, "Missing_OAuth_Token");
    assert_eq!(read(caller.http.get(&id).bearer_auth("dead")).await?.text, "Bad_OAuth_Token");
    let wrong = format!("{}/id/{}/005000000000000AAA", caller.org.url(), caller.org.org().id());
    assert_eq!(read(caller.http.get(wrong).bearer_auth(&caller.token)).await?.text, "Bad_Id");

    let introspect = |token: String| {
        let caller = &caller;
        async move {
            caller
                .form(
                    "/services/oauth2/introspect",
                    &[("token", &token), ("client_id", "simorg"), ("client_secret", "simorg")],
                )
                .await
        }
    };
    let alive = introspect(caller.token.clone()).await?.json();
    assert_eq!((&alive["active"], &alive["username"]), (&json!(true), &json!("admin@simorg.example")));
    assert_eq!(introspect("dead".to_owned()).await?.json(), json!({"active": false}));
    Ok(())
}

#[tokio::test]
async fn requests_without_a_session_are_refused() -> Result<()> {
    let caller = caller().await?;
    let url = format!("{}/services/data/v67.0/limits", caller.org.url());
    assert_eq!(read(caller.http.get(&url)).await?.refusal(), "401 INVALID_SESSION_ID");
    assert_eq!(
        read(caller.http.get(&url).header("authorization", "Digest x")).await?.refusal(),
        "401 INVALID_AUTH_HEADER"
    );
    let old_form = caller.http.get(&url).header("authorization", format!("OAuth {}", caller.token));
    assert_eq!(read(old_form).await?.status, 200);
    Ok(())
}
