//! Single sign-on, against a provider of a few lines: it discovers, lets anybody in, and signs what it says.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::browser::{Answer, Browser, http};
use crate::site::{OWNER, PASSWORD, Site};

const KEY: &str = include_str!("keys/provider.pem");
const MODULUS: &str = include_str!("keys/provider.modulus");
const CLIENT: &str = "holdfast";

/// Who signs in next, and what the provider gets wrong.
#[derive(Clone, Default)]
struct Says {
    claims: Value,
    nonce: Option<String>,
    audience: Option<String>,
    key: Option<String>,
}

#[derive(Clone)]
struct Provider {
    url: String,
    says: Arc<Mutex<Says>>,
    /// Nonce and challenge of each code that was given.
    codes: Arc<Mutex<HashMap<String, (String, String)>>>,
    /// How often it was asked who it is, which comes before everything else.
    asked: Arc<AtomicU32>,
}

impl Provider {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let provider = Self { url, says: Arc::default(), codes: Arc::default(), asked: Arc::default() };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        Ok(provider)
    }

    fn says(&self, subject: &str, email: &str, is_verified: bool) {
        let claims =
            json!({ "sub": subject, "email": email, "email_verified": is_verified, "name": "Sam Single" });
        *self.says.lock().unwrap() = Says { claims, ..Says::default() };
    }

    async fn set_up(&self, owner: &Browser, more: Value) -> Result<Answer> {
        let mut body =
            json!({ "is_enabled": true, "issuer": self.url, "client_id": CLIENT, "client_secret": "hidden" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        owner.put("/api/v1/single_sign_on", &body).await
    }
}

async fn configuration(State(provider): State<Provider>) -> Json<Value> {
    provider.asked.fetch_add(1, Ordering::Relaxed);
    let url = &provider.url;
    Json(json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"]
    }))
}

async fn keys() -> Json<Value> {
    Json(
        json!({ "keys": [{ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": MODULUS, "e": "AQAB" }] }),
    )
}

async fn authorize(
    State(provider): State<Provider>,
    Query(asked): Query<HashMap<String, String>>,
) -> Redirect {
    assert_eq!((asked["client_id"].as_str(), asked["code_challenge_method"].as_str()), (CLIENT, "S256"));
    let mut codes = provider.codes.lock().unwrap();
    let code = format!("code-{}", codes.len());
    codes.insert(code.clone(), (asked["nonce"].clone(), asked["code_challenge"].clone()));
    Redirect::to(&format!("{}?code={code}&state={}", asked["redirect_uri"], asked["state"]))
}

async fn token(
    State(provider): State<Provider>,
    Form(asked): Form<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let given = provider.codes.lock().unwrap().remove(&asked["code"]);
    let (nonce, challenge) = given.ok_or(StatusCode::BAD_REQUEST)?;
    assert_eq!(challenge_of(&asked["code_verifier"]), challenge, "PKCE");
    let says = provider.says.lock().unwrap().clone();
    let now = jsonwebtoken::get_current_timestamp();
    let mut claims = json!({
        "iss": provider.url, "aud": says.audience.as_deref().unwrap_or(CLIENT),
        "iat": now, "exp": now + 365 * 86_400, "nonce": says.nonce.unwrap_or(nonce)
    });
    claims.as_object_mut().unwrap().extend(says.claims.as_object().unwrap().clone());
    let header = Header { kid: Some("1".to_owned()), ..Header::new(Algorithm::RS256) };
    let key = EncodingKey::from_rsa_pem(says.key.as_deref().unwrap_or(KEY).as_bytes()).unwrap();
    let id_token = encode(&header, &claims, &key).unwrap();
    Ok(Json(json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": id_token })))
}

fn challenge_of(verifier: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier))
}

/// A browser that goes to the provider and comes back; answers where it lands.
async fn sign_in(site: &Site, start: &str) -> Result<(Browser, String)> {
    let browser = site.browser();
    let to_provider = browser.get(start).await?.location();
    let back = http().get(to_provider).send().await?.headers()["location"].to_str()?.to_owned();
    let landed = browser.get(back.strip_prefix(&site.url).unwrap()).await?.location();
    Ok((browser, landed))
}

const START: &str = "/api/v1/single_sign_on/start?return_to=/orgs";

///
#[tokio::test(flavor = "multi_thread")]
async fn members_invited_people_and_admitted_domains_come_in_by_the_provider() -> Result<()> {
    let (site, provider) = (Site::start().await?, Provider::start().await?);
    let owner = site.owner().await?;
    let set = provider
        .set_up(&owner, json!({ "label": "Acme login", "admitted_domains": ["Partner.example"] }))
        .await?
        .ok();
    assert_eq!((&set["has_client_secret"], set.get("client_secret")), (&json!(true), None));
    let offer = site.browser().get("/api/v1/sign_in_options").await?.ok();
    assert_eq!(offer["single_sign_on"]["label"], "Acme login");

    provider.says("1", OWNER, true);
    let (browser, landed) = sign_in(&site, START).await?;
    assert_eq!(landed, "/orgs");
    assert_eq!(browser.get("/api/v1/me").await?.ok()["is_linked_to_single_sign_on"], true);
    assert_eq!(browser.cookie("holdfast_sign_in"), None);
    let invite = json!({ "email": "ida@acme.example", "role": "owner" });
    owner.post("/api/v1/invitations", &invite).await?.ok();
    provider.says("2", "Ida@acme.example", true);
    let (browser, _) = sign_in(&site, START).await?;
    let me = browser.get("/api/v1/me").await?.ok();
    assert_eq!((me["role"].as_str(), me["has_password"].as_bool()), (Some("owner"), Some(false)));
    provider.says("3", "pat@partner.example", true);
    let me = sign_in(&site, START).await?.0.get("/api/v1/me").await?.ok();
    assert_eq!((me["role"].as_str(), me["orgs"].as_array().unwrap().len()), (Some("member"), 0));

    for (subject, email, is_verified) in
        [("4", "eve@evil.example", true), ("5", "ida@acme.example", true), ("6", OWNER, false)]
    {
        provider.says(subject, email, is_verified);
        let (browser, landed) = sign_in(&site, START).await?;
        assert!(landed.starts_with("/sign-in?error=sign_in_refused"), "{email}: {landed}");
        assert_eq!(browser.get("/api/v1/me").await?.code(), "not_signed_in");
    }
    site.end().await
}

/// what is not signed by the provider, for us, and for this very sign-in lets nobody in.
#[tokio::test(flavor = "multi_thread")]
async fn forged_foreign_and_replayed_answers_let_nobody_in() -> Result<()> {
    let (site, provider) = (Site::start().await?, Provider::start().await?);
    let owner = site.owner().await?;
    provider.set_up(&owner, json!({})).await?.ok();
    let other_key = include_str!("../../../simorg/tests/it/keys/other.pem").to_owned();
    let wrong = [
        Says { nonce: Some("replayed".to_owned()), ..Says::default() },
        Says { audience: Some("somebody-else".to_owned()), ..Says::default() },
        Says { key: Some(other_key), ..Says::default() },
    ];
    for says in wrong {
        provider.says("1", OWNER, true);
        let claims = provider.says.lock().unwrap().claims.clone();
        *provider.says.lock().unwrap() = Says { claims, ..says };
        let (_, landed) = sign_in(&site, START).await?;
        assert!(landed.starts_with("/sign-in?error=identity_provider_failed"), "{landed}");
    }
    provider.says("1", OWNER, true);
    let begun = site.browser();
    let to_provider = begun.get(START).await?.location();
    let back = http().get(to_provider).send().await?.headers()["location"].to_str()?.to_owned();
    let path = back.strip_prefix(&site.url).unwrap();
    let victim = site.browser().get(path).await?.location();
    assert!(victim.starts_with("/sign-in?error=link_expired"), "another browser did not begin it: {victim}");
    assert_eq!(begun.get(path).await?.location(), "/orgs");
    assert!(begun.get(path).await?.location().starts_with("/sign-in?error="), "an answer is good once");
    site.end().await
}

/// what is known of a sign-in under way lies sealed with the browser, and is good for minutes, with its own state, once.
#[tokio::test(flavor = "multi_thread")]
async fn the_browser_keeps_a_sign_in_sealed_and_it_is_good_once_and_in_time() -> Result<()> {
    let (site, provider) = (Site::start().await?, Provider::start().await?);
    let owner = site.owner().await?;
    provider.set_up(&owner, json!({})).await?.ok();
    provider.says("1", OWNER, true);
    let begin = async |browser: &Browser| {
        let to_provider = browser.get(START).await?.location();
        let back = http().get(to_provider).send().await?.headers()["location"].to_str()?.to_owned();
        anyhow::Ok(back.strip_prefix(&site.url).unwrap().to_owned())
    };
    let browser = site.browser();
    let first = begin(&browser).await?;
    let kept = browser.cookie("holdfast_sign_in").unwrap();
    for open in ["nonce", "verifier", "/orgs", first.split("state=").nth(1).unwrap()] {
        assert!(!kept.contains(open), "{open} lies open in {kept}");
    }
    let second = begin(&browser).await?;
    let of_the_first = browser.get(&first).await?.location();
    assert!(of_the_first.starts_with("/sign-in?error=link_expired"), "another state: {of_the_first}");
    assert_eq!(browser.get(&second).await?.location(), "/orgs");
    let third = begin(&browser).await?;
    let kept = browser.cookie("holdfast_sign_in").unwrap();
    assert_eq!(browser.get(&third).await?.location(), "/orgs");
    let again = third.replace("code=code-2", &format!("code={}", code_of(&begin(&site.browser()).await?)));
    browser.plant_cookie("holdfast_sign_in", &kept);
    let replayed = browser.get(&again).await?.location();
    assert!(replayed.starts_with("/sign-in?error="), "a cookie that was kept, and a new code: {replayed}");
    let late = begin(&browser).await?;
    site.app.clock.advance(chrono::TimeDelta::minutes(11));
    let landed = browser.get(&late).await?.location();
    assert!(landed.starts_with("/sign-in?error=link_expired"), "{landed}");
    site.end().await
}

/// whoever began once does not make us ask the provider again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_came_to_nothing_is_used_up_before_the_provider_is_asked_again() -> Result<()> {
    let (site, provider) = (Site::start().await?, Provider::start().await?);
    let owner = site.owner().await?;
    provider.set_up(&owner, json!({})).await?.ok();
    provider.says("1", OWNER, true);
    let browser = site.browser();
    let to_provider = browser.get(START).await?.location();
    let back = http().get(to_provider).send().await?.headers()["location"].to_str()?.to_owned();
    let path = back.strip_prefix(&site.url).unwrap();
    let junk = path.replace(&format!("code={}", code_of(path)), "code=junk");
    let kept = browser.cookie("holdfast_sign_in").unwrap();
    let landed = browser.get(&junk).await?.location();
    assert!(landed.starts_with("/sign-in?error=identity_provider_failed"), "{landed}");
    let asked = provider.asked.load(Ordering::Relaxed);

    for again in [junk.as_str(), path] {
        browser.plant_cookie("holdfast_sign_in", &kept);
        let landed = browser.get(again).await?.location();
        assert!(landed.starts_with("/sign-in?error=link_expired"), "{landed}");
    }
    assert_eq!(provider.asked.load(Ordering::Relaxed), asked, "the provider is not asked");
    site.end().await
}

fn code_of(path: &str) -> &str {
    path.split("code=").nth(1).unwrap().split('&').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there_is_not_set_up_and_passwords_can_be_switched_off() -> Result<()> {
    let (site, provider) = (Site::start().await?, Provider::start().await?);
    let owner = site.owner().await?;
    site.member(&owner, "max@acme.example", &[]).await?;
    let nowhere = json!({ "is_enabled": true, "issuer": "http://127.0.0.1:9", "client_id": "x" });
    assert_eq!(owner.put("/api/v1/single_sign_on", &nowhere).await?.code(), "identity_provider_failed");
    assert!(site.browser().get(START).await?.location().starts_with("/sign-in?error=state_forbids"));
    provider.set_up(&owner, json!({ "requires_single_sign_on": true })).await?.ok();

    let by_password = json!({ "email": "max@acme.example", "password": PASSWORD });
    let refused = site.browser().post("/api/v1/session", &by_password).await?;
    assert_eq!(refused.json()["title"], "this team signs in by single sign-on");
    site.sign_in(OWNER, PASSWORD).await?;
    site.end().await
}

/// whoever changes where people sign in is not told the secret that another provider knows us by.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_the_client_is_kept_for_its_own_provider_only() -> Result<()> {
    let (site, provider, other) = (Site::start().await?, Provider::start().await?, Provider::start().await?);
    let owner = site.owner().await?;
    let set = async |body: Value| anyhow::Ok(owner.put("/api/v1/single_sign_on", &body).await?.ok());
    provider.set_up(&owner, json!({})).await?.ok();
    let same = json!({ "is_enabled": true, "issuer": provider.url, "client_id": CLIENT, "label": "Acme" });
    assert_eq!(set(same.clone()).await?["has_client_secret"], true);
    let moved = json!({ "is_enabled": true, "issuer": other.url, "client_id": CLIENT });
    assert_eq!(set(moved).await?["has_client_secret"], false);
    provider.set_up(&owner, json!({})).await?.ok();
    let mut emptied = same;
    emptied["client_secret"] = json!("");
    assert_eq!(set(emptied).await?["has_client_secret"], false);
    site.end().await
}
