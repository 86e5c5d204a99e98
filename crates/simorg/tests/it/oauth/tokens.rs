//! What tokens say, what an administrator sets about them, and what is told about their bearer.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{
    CALLBACK, JWT, PRIVATE_KEY, PUBLIC_KEY, assertion, caller, parameter, refusal, status_with, token_of,
    web_sign_in,
};
use crate::caller::{Answer, Caller, read};

/// The claims of a token, if the org's own key signed it.
async fn claims(caller: &Caller, token: &str) -> Result<Json> {
    let keys = read(caller.http.get(format!("{}/id/keys", caller.org.url()))).await?.json();
    let text = |name: &str| keys["keys"][0][name].as_str().context("a part of the key");
    let key = DecodingKey::from_rsa_components(text("n")?, text("e")?)?;
    let header = jsonwebtoken::decode_header(token)?;
    assert_eq!(header.kid.as_deref(), Some(text("kid")?));
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    Ok(decode::<Json>(token, &key, &validation)?.claims)
}

async fn openid(caller: &Caller) -> Result<Answer> {
    let fields = [
        ("response_type", "code"),
        ("client_id", "simorg"),
        ("redirect_uri", CALLBACK),
        ("scope", "api openid refresh_token"),
        ("nonce", "n-1"),
        ("username", "admin@simorg.example"),
        ("password", "simorg"),
    ];
    let back = super::callback(caller, &fields).await?;
    let code = parameter(&back, "code").context("a code")?;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "simorg"),
        ("redirect_uri", CALLBACK),
        ("code", &code),
    ];
    caller.token(&form).await
}

#[tokio::test]
async fn an_id_token_tells_the_app_who_signed_in() -> Result<()> {
    let caller = caller().await?;
    let grant = openid(&caller).await?.json();

    let told = claims(&caller, grant["id_token"].as_str().context("an id token")?).await?;

    assert_eq!(told["sub"], grant["id"]);
    assert_eq!((&told["aud"], &told["nonce"]), (&json!("simorg"), &json!("n-1")));
    assert_eq!(told["iss"], caller.org.url());
    let digest = Sha256::digest(grant["access_token"].as_str().context("a token")?);
    assert_eq!(told["at_hash"], URL_SAFE_NO_PAD.encode(&digest[..16]));
    Ok(())
}

#[tokio::test]
async fn access_tokens_may_be_jwts_that_end_at_their_time() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.change_policy(|policy| policy.jwt_access_tokens = true);
    let grant = web_sign_in(&caller).await?;
    assert_eq!(grant.json()["token_format"], "jwt");
    let token = token_of(&grant)?;

    let told = claims(&caller, &token).await?;

    assert_eq!(told["sub"], format!("uid:{}", caller.org.org().admin().id));
    assert_eq!((&told["client_id"], &told["scp"]), (&json!("simorg"), &json!("api refresh_token")));
    caller.org.org().clock().stop_at(caller.org.org().now());
    caller.org.org().clock().advance(Duration::minutes(100));
    assert_eq!(status_with(&caller, &token).await?, 200);
    caller.org.org().clock().advance(Duration::minutes(100));
    assert_eq!(status_with(&caller, &token).await?, 401, "use does not extend it");
    Ok(())
}

#[tokio::test]
async fn the_signature_is_an_hmac_of_identity_and_time() -> Result<()> {
    let caller = caller().await?;
    let grant = web_sign_in(&caller).await?.json();
    let text = |name: &str| grant[name].as_str().unwrap_or_default().to_owned();
    // HS256 is HMAC-SHA256, in another base64.
    let message = format!("{}{}", text("id"), text("issued_at"));
    let key = jsonwebtoken::EncodingKey::from_secret(b"simorg");
    let expected = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256)?;

    let standard = expected.replace('-', "+").replace('_', "/");
    assert_eq!(text("signature").trim_end_matches('='), standard);
    Ok(())
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_but_not_for_more() -> Result<()> {
    let caller = caller().await?;
    let grant = web_sign_in(&caller).await?.json();
    let refresh = grant["refresh_token"].as_str().context("a refresh token")?;
    let form = |scope: &'static str| {
        [
            ("grant_type", "refresh_token"),
            ("client_id", "simorg"),
            ("refresh_token", refresh),
            ("scope", scope),
        ]
    };

    assert_eq!(caller.token(&form("api")).await?.json()["scope"], "api");
    assert_eq!(
        refusal(&caller.token(&form("api full")).await?),
        "400 invalid_scope: the requested scope is not allowed"
    );
    Ok(())
}

#[tokio::test]
async fn a_rotated_token_works_for_as_long_as_it_is_given_grace() -> Result<()> {
    let caller = caller().await?;
    caller.org.org().clock().stop_at(caller.org.org().now());
    let policy = json!({"rotates": true, "rotation_grace_s": 30});
    let changed =
        read(caller.http.patch(format!("{}/simorg/grants/policy", caller.org.url())).json(&policy)).await?;
    assert_eq!((&changed.json()["rotates"], &changed.json()["preauthorized"]), (&json!(true), &json!(true)));
    let old = web_sign_in(&caller).await?.json()["refresh_token"].as_str().context("a token")?.to_owned();
    let form = [("grant_type", "refresh_token"), ("client_id", "simorg"), ("refresh_token", old.as_str())];
    let first = caller.token(&form).await?;
    caller.org.org().clock().advance(Duration::seconds(29));

    let again = caller.token(&form).await?;

    assert_ne!(first.json()["refresh_token"], again.json()["refresh_token"]);
    caller.org.org().clock().advance(Duration::seconds(1));
    assert_eq!(refusal(&caller.token(&form).await?), "400 invalid_grant: expired access/refresh token");
    assert_eq!(status_with(&caller, &token_of(&again)?).await?, 401, "theft ends the whole grant");
    Ok(())
}

#[tokio::test]
async fn jwts_for_any_of_the_orgs_names_are_taken_from_users_who_approved() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.register_public_key("simorg", PUBLIC_KEY)?;
    let ask = |audience: String| {
        let caller = &caller;
        async move {
            let assertion = assertion(caller, PRIVATE_KEY, "simorg", &audience, "admin@simorg.example", 180)?;
            caller.token(&[("grant_type", JWT), ("assertion", &assertion)]).await
        }
    };
    for audience in
        ["https://login.salesforce.com", "https://test.salesforce.com", "https://simorg.my.salesforce.com"]
    {
        assert_eq!(ask(audience.to_owned()).await?.status, 200, "{audience}");
    }
    assert_eq!(ask(caller.org.url()).await?.status, 200);
    assert_eq!(
        refusal(&ask("https://other.my.salesforce.com".to_owned()).await?),
        "400 invalid_grant: Audience validation failed"
    );

    caller.org.state().oauth.revoke_grants();
    caller.org.state().oauth.change_policy(|policy| policy.preauthorized = false);

    let url = caller.org.url();
    assert_eq!(refusal(&ask(url.clone()).await?), "400 invalid_grant: user hasn't approved this consumer");
    web_sign_in(&caller).await?;
    assert_eq!(ask(url).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_blocked_password_grant_and_get_are_refused() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.change_policy(|policy| policy.password_grant_blocked = true);
    let form = [
        ("grant_type", "password"),
        ("client_id", "simorg"),
        ("client_secret", "simorg"),
        ("username", "admin@simorg.example"),
        ("password", "simorg"),
    ];
    assert_eq!(refusal(&caller.token(&form).await?), "400 invalid_grant: authentication failure");

    let got = read(caller.http.get(format!("{}/services/oauth2/token", caller.org.url()))).await?;
    assert_eq!(refusal(&got), "400 invalid_request: must use HTTP POST");
    Ok(())
}

#[tokio::test]
async fn a_token_request_may_be_chunked() -> Result<()> {
    let caller = caller().await?;
    let parts = ["grant_type=client_cre", "dentials&client_id=simorg", "&client_secret=simorg"];
    let body = futures::stream::iter(parts.map(Ok::<_, std::io::Error>));
    let request = caller
        .http
        .post(format!("{}/services/oauth2/token", caller.org.url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(reqwest::Body::wrap_stream(body));
    assert_eq!(read(request).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn the_identity_url_is_read_in_every_way() -> Result<()> {
    let caller = caller().await?;
    let (org, admin) = (caller.org.org().id().to_owned(), caller.org.org().admin().id.clone());
    let id = format!("{}/id/{org}/{admin}", caller.org.url());

    let latest =
        read(caller.http.get(format!("{id}?version=latest")).bearer_auth(&caller.token)).await?.json();
    assert!(latest["urls"]["query"].as_str().context("a url")?.ends_with("/services/data/v68.0/query/"));
    let posted = read(caller.http.post(&id).form(&[("oauth_token", &caller.token)])).await?.json();
    assert!(posted["urls"]["query"].as_str().context("a url")?.contains("/v{version}/"));
    let xml = read(caller.http.get(format!("{id}?format=xml")).bearer_auth(&caller.token)).await?;
    assert!(xml.text.contains(&format!("<user_id>{admin}</user_id>")), "{}", xml.text);
    let other = caller.org.org().user_by_name("standard@simorg.example").context("a user")?;
    let other = format!("{}/id/{org}/{}", caller.org.url(), other.id);
    let other = read(caller.http.get(other).bearer_auth(&caller.token)).await?.json();
    assert_eq!(
        (&other["asserted_user"], &other["username"]),
        (&json!(false), &json!("standard@simorg.example"))
    );
    let wrong = format!("{}/id/00D000000000062EAA/{admin}", caller.org.url());
    assert_eq!(read(caller.http.get(wrong).bearer_auth(&caller.token)).await?.text, "Wrong_Org");

    let info = format!("{}/services/oauth2/userinfo", caller.org.url());
    let by_query = read(caller.http.get(format!("{info}?access_token={}", caller.token))).await?.json();
    let by_form = read(caller.http.post(&info).form(&[("access_token", &caller.token)])).await?.json();
    assert_eq!((&by_query["user_id"], &by_form["user_id"]), (&json!(admin), &json!(admin)));
    Ok(())
}

#[tokio::test]
async fn grants_that_are_not_played_say_so_by_name() -> Result<()> {
    let caller = caller().await?;
    for path in ["/services/oauth2/singleaccess", "/services/wsdl/partner", "/services/auth/sp/saml2/logout"]
    {
        let answer = read(caller.http.get(format!("{}{path}", caller.org.url()))).await?;
        assert_eq!(answer.refusal(), "501 NOT_SIMULATED");
        assert!(answer.text.contains(path), "{}", answer.text);
    }
    Ok(())
}

#[tokio::test]
async fn a_user_who_is_switched_off_for_a_while_comes_back_with_the_same_refresh_token() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.set_rotation(true);
    let token = web_sign_in(&caller).await?.json()["refresh_token"].as_str().context("a token")?.to_owned();
    let form = [("grant_type", "refresh_token"), ("client_id", "simorg"), ("refresh_token", token.as_str())];
    let org = caller.org.org();
    let active = |is_active: bool| {
        let mut record = serde_json::Map::new();
        record.insert("IsActive".to_owned(), json!(is_active));
        let other = org.user_by_name("standard@simorg.example").context("a user")?;
        assert_ne!(other.id, org.admin().id);
        org.write(&org.admin(), |work| work.update("User", &org.admin().id, &record)).context("an update")
    };

    active(false)?;
    assert_eq!(refusal(&caller.token(&form).await?), "400 invalid_grant: inactive user");
    active(true)?;

    assert_eq!(caller.token(&form).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn times_beyond_a_day_are_no_policy() -> Result<()> {
    let caller = caller().await?;
    let change = |policy: Json| {
        read(caller.http.patch(format!("{}/simorg/grants/policy", caller.org.url())).json(&policy))
    };
    for (name, seconds, status) in [
        ("session_timeout_s", 86_400, 200),
        ("session_timeout_s", i64::MAX, 400),
        ("session_timeout_s", -1, 400),
        ("rotation_grace_s", 86_401, 400),
        ("code_life_s", 1_000_000_000_000_000, 400),
    ] {
        assert_eq!(change(json!({name: seconds})).await?.status, status, "{name}: {seconds}");
    }
    assert_eq!(status_with(&caller, &caller.token).await?, 200);
    Ok(())
}
