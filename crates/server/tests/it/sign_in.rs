//! Signing in: with a password, with a second factor, too often, and for too long.

use anyhow::Result;
use chrono::TimeDelta;
use holdfast_engine::Clock as _;
use serde_json::{Value, json};
use totp_rs::{Algorithm, Secret, TOTP};

use crate::browser::Browser;
use crate::site::{OWNER, PASSWORD, Site};

///
#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_the_first_start_makes_one_owner() -> Result<()> {
    let site = Site::start().await?;
    assert_eq!(
        site.browser().get("/api/v1/sign_in_options").await?.ok(),
        json!({ "needs_first_owner": true })
    );
    let owner = site.owner().await?;

    let me = owner.get("/api/v1/me").await?.ok();
    assert_eq!((me["email"].as_str(), me["role"].as_str()), (Some(OWNER), Some("owner")));
    assert_eq!(me["permissions"].as_array().unwrap().len(), 4);
    assert_eq!(
        me["orgs"][0]["rights"].as_array().unwrap().len(),
        7,
        "an org that nobody owns is the owners'"
    );
    assert!(site.app.engine.first_owner_link().await?.is_none());
    let again = json!({ "token": "x", "name": "Eve", "email": "eve@acme.example", "password": PASSWORD });
    assert_eq!(site.browser().post("/api/v1/first_owner", &again).await?.code(), "link_expired");
    site.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_the_first_start_ends_with_time_and_with_the_next_one() -> Result<()> {
    let site = Site::start().await?;
    let first = site.app.engine.first_owner_link().await?.unwrap();
    let second = site.app.engine.first_owner_link().await?.unwrap();
    let body = |token: &str| json!({ "token": token, "name": "Eve", "email": "e@b.c", "password": PASSWORD });
    let by_first = site.browser().post("/api/v1/first_owner", &body(first.expose())).await?;
    assert_eq!(by_first.code(), "link_expired");
    site.app.clock.advance(TimeDelta::hours(25));
    let by_second = site.browser().post("/api/v1/first_owner", &body(second.expose())).await?;
    assert_eq!(by_second.code(), "link_expired");
    site.end().await
}

/// the cookie cannot be read by scripts, and a secret that somebody planted is never let in.
#[tokio::test(flavor = "multi_thread")]
async fn signing_in_begins_a_session_of_its_own() -> Result<()> {
    let site = Site::start().await?;
    site.owner().await?;
    let browser = site.browser();
    browser.plant_cookie("holdfast_session", "planted-by-somebody-else");
    let body = json!({ "email": "  OLGA@acme.example ", "password": PASSWORD });
    let answer = browser.post("/api/v1/session", &body).await?;

    assert_eq!(answer.ok()["next"], "done");
    let cookies = answer.set_cookies();
    assert_eq!(cookies.len(), 1);
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookies[0].contains(part), "{cookies:?}");
    }
    assert!(!cookies[0].contains("Secure"), "the service is reached without TLS");
    let secret = browser.cookie("holdfast_session").unwrap();
    assert!(secret.len() >= 43 && secret != "planted-by-somebody-else");
    let planted = site.browser();
    planted.plant_cookie("holdfast_session", "planted-by-somebody-else");
    assert_eq!(planted.get("/api/v1/me").await?.code(), "not_signed_in");

    browser.delete("/api/v1/session").await?.ok();
    assert_eq!(browser.cookie("holdfast_session"), None);
    browser.plant_cookie("holdfast_session", &secret);
    assert_eq!(browser.get("/api/v1/me").await?.code(), "not_signed_in", "signed out is signed out");
    site.end().await
}

///
#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_is_asked_for_once_it_is_set_up() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    assert_eq!(
        owner.post("/api/v1/me/totp", &json!({ "password": "wrong" })).await?.code(),
        "sign_in_refused"
    );
    let set_up = owner.post("/api/v1/me/totp", &json!({ "password": PASSWORD })).await?.ok();
    assert!(set_up["qr_svg"].as_str().unwrap().contains("<svg"));
    assert!(set_up["otpauth_url"].as_str().unwrap().starts_with("otpauth://totp/Holdfast"));
    let secret = set_up["secret"].as_str().unwrap().to_owned();
    let (_, before) = site.sign_in(OWNER, PASSWORD).await?;
    assert_eq!(before["next"], "done", "as long as no code has confirmed it");
    let code = code_of(&site, &secret);
    let codes = owner.put("/api/v1/me/totp", &json!({ "code": code })).await?.ok();
    let codes: Vec<String> = serde_json::from_value(codes["codes"].clone())?;
    assert_eq!(codes.len(), 10);

    let (half, answer) = site.sign_in(OWNER, PASSWORD).await?;
    assert_eq!(answer, json!({ "next": "second_factor" }));
    let half_secret = half.cookie("holdfast_session").unwrap();
    assert_eq!(half.get("/api/v1/me").await?.code(), "not_signed_in", "half a session opens nothing");
    let again = half.post("/api/v1/session/second_factor", &json!({ "code": code })).await?;
    assert_eq!(again.code(), "sign_in_refused", "a code that was used is no good");
    site.app.clock.advance(TimeDelta::seconds(90));
    let code = code_of(&site, &secret);
    half.post("/api/v1/session/second_factor", &json!({ "code": code })).await?.ok();
    assert_ne!(
        half.cookie("holdfast_session").unwrap(),
        half_secret,
        "the whole session has a secret of its own"
    );
    assert_eq!(half.get("/api/v1/me").await?.ok()["has_totp"], true);

    by_recovery_code(&site, &codes[0]).await?;
    owner.delete_with("/api/v1/me/totp", &json!({ "password": PASSWORD })).await?.ok();
    assert_eq!(site.sign_in(OWNER, PASSWORD).await?.1["next"], "done");
    site.end().await
}

async fn by_recovery_code(site: &Site, code: &str) -> Result<()> {
    let (browser, _) = site.sign_in(OWNER, PASSWORD).await?;
    browser.post("/api/v1/session/second_factor", &json!({ "code": code.to_uppercase() })).await?.ok();
    assert_eq!(browser.get("/api/v1/me").await?.ok()["recovery_codes_left"], 9);
    let (browser, _) = site.sign_in(OWNER, PASSWORD).await?;
    let again = browser.post("/api/v1/session/second_factor", &json!({ "code": code })).await?;
    assert_eq!(again.code(), "sign_in_refused", "a recovery code is good once");
    Ok(())
}

/// The code that the authenticator shows next, which is taken already; the test's clock runs fast.
fn code_of(site: &Site, secret: &str) -> String {
    let secret = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let totp = TOTP::new(Algorithm::SHA1, 6, 1, 30, secret, None, String::new()).unwrap();
    totp.generate(u64::try_from(site.app.clock.now().timestamp()).unwrap() + 30)
}

impl Browser {
    async fn delete_with(&self, path: &str, body: &Value) -> Result<crate::browser::Answer> {
        self.send(reqwest::Method::DELETE, path, Some(body)).await
    }
}

///
#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_says_how_long() -> Result<()> {
    let site = Site::start().await?;
    site.owner().await?;
    let wrong = json!({ "email": OWNER, "password": "not the password" });
    let unknown = json!({ "email": "nobody@acme.example", "password": "not the password" });
    let browser = site.browser();
    let by_wrong = browser.post("/api/v1/session", &wrong).await?;
    let by_unknown = browser.post("/api/v1/session", &unknown).await?;
    assert_eq!(by_wrong.json()["title"], by_unknown.json()["title"], "nobody learns who is a member");
    // The test's clock runs: failures come until one is too soon after those before.
    let mut refused = None;
    for _ in 0..40 {
        let answer = browser.post("/api/v1/session", &wrong).await?;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.code(), "sign_in_refused");
    }
    let refused = refused.expect("so many failures in a row make one wait");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(refused.code(), "too_many_requests");
    let right = json!({ "email": OWNER, "password": PASSWORD });
    site.app.clock.advance(TimeDelta::minutes(16));
    browser.post("/api/v1/session", &right).await?.ok();
    site.end().await
}

///
#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_unused_and_at_the_latest() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    site.app.clock.advance(TimeDelta::hours(13));
    assert_eq!(owner.get("/api/v1/me").await?.code(), "not_signed_in", "nobody used it for half a day");

    let (browser, _) = site.sign_in(OWNER, PASSWORD).await?;
    for _ in 0..16 {
        site.app.clock.advance(TimeDelta::hours(10));
        if browser.get("/api/v1/me").await?.status != 200 {
            break;
        }
    }
    site.app.clock.advance(TimeDelta::hours(10));
    assert_eq!(browser.get("/api/v1/me").await?.code(), "not_signed_in", "a week is the most");
    site.end().await
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_other_sessions() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let (other, _) = site.sign_in(OWNER, PASSWORD).await?;
    assert_eq!(owner.get("/api/v1/me/sessions").await?.ok()["items"].as_array().unwrap().len(), 2);
    let weak = json!({ "current_password": PASSWORD, "new_password": "short" });
    assert_eq!(owner.put("/api/v1/me/password", &weak).await?.code(), "bad_input");
    let change = json!({ "current_password": PASSWORD, "new_password": "another long password" });
    owner.put("/api/v1/me/password", &change).await?.ok();

    owner.get("/api/v1/me").await?.ok();
    assert_eq!(other.get("/api/v1/me").await?.code(), "not_signed_in");
    let old = json!({ "email": OWNER, "password": PASSWORD });
    assert_eq!(site.browser().post("/api/v1/session", &old).await?.code(), "sign_in_refused");
    site.sign_in(OWNER, "another long password").await?;
    site.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_ended_from_another_one() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let (other, _) = site.sign_in(OWNER, PASSWORD).await?;
    let sessions = owner.get("/api/v1/me/sessions").await?.ok();
    let id = sessions["items"].as_array().unwrap().iter().find(|session| session["is_current"] == false);
    let path = format!("/api/v1/me/sessions/{}", id.unwrap()["id"].as_str().unwrap());
    owner.delete(&path).await?.ok();
    assert_eq!(other.get("/api/v1/me").await?.code(), "not_signed_in");
    site.end().await
}
