//! The web-server flow as a person in a browser goes through it.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;

use super::{CALLBACK, VERIFIER, caller, parameter, refusal};
use crate::caller::{Answer, Caller, read};

const REQUEST: [(&str, &str); 5] = [
    ("response_type", "code"),
    ("client_id", "simorg"),
    ("redirect_uri", CALLBACK),
    ("scope", "api refresh_token"),
    ("state", "x&\"y"),
];

/// The value that a field of a page would send.
fn field(page: &Answer, name: &str) -> Option<String> {
    let (_, rest) = page.text.split_once(&format!("name=\"{name}\" value=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&"))
}

async fn ask(caller: &Caller, cookie: Option<&str>, extra: &[(&str, &str)]) -> Result<Answer> {
    let url = format!("{}/services/oauth2/authorize", caller.org.url());
    let mut request = caller.http.get(url).query(&REQUEST).query(extra);
    if let Some(cookie) = cookie {
        request = request.header("cookie", format!("other=1; {cookie}"));
    }
    read(request).await
}

/// Fills in a page and presses one of its buttons.
async fn submit(caller: &Caller, page: &Answer, typed: &[(&str, &str)]) -> Result<Answer> {
    let carried =
        ["response_type", "client_id", "redirect_uri", "scope", "state", "prompt", "step", "ticket"];
    let mut form: Vec<(String, String)> =
        carried.iter().filter_map(|name| Some(((*name).to_owned(), field(page, name)?))).collect();
    form.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    caller.form("/services/oauth2/authorize", &pairs).await
}

fn back(answer: &Answer) -> Result<Url> {
    assert_eq!(answer.status, 302, "{}", answer.text);
    Ok(Url::parse(answer.header("location").context("a location")?)?)
}

const ADA: [(&str, &str); 2] = [("username", "admin@simorg.example"), ("password", "simorg")];

#[tokio::test]
async fn a_person_logs_in_allows_and_is_remembered() -> Result<()> {
    let caller = caller().await?;
    let login = ask(&caller, None, &[("login_hint", "admin@simorg.example")]).await?;
    assert!(
        login.text.contains("<label for=\"username\">") && login.text.contains("<label for=\"password\">")
    );
    assert_eq!(field(&login, "username").as_deref(), Some("admin@simorg.example"));

    let wrong = submit(&caller, &login, &[ADA[0], ("password", "no")]).await?;
    assert!(wrong.text.contains("role=\"alert\""));
    let consent = submit(&caller, &wrong, &ADA).await?;
    assert!(consent.status == 200 && consent.text.contains("Allow Access?"), "{}", consent.text);
    let cookie = consent.header("set-cookie").context("a cookie")?.split(';').next().unwrap().to_owned();

    let allowed = back(&submit(&caller, &consent, &[("allow", "1")]).await?)?;
    assert_eq!(parameter(&allowed, "state").as_deref(), Some("x&\"y"));
    let code = parameter(&allowed, "code").context("a code")?;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "simorg"),
        ("redirect_uri", CALLBACK),
        ("code", &code),
    ];
    assert_eq!(caller.token(&form).await?.status, 200);

    let again = back(&ask(&caller, Some(&cookie), &[]).await?)?;
    assert!(parameter(&again, "code").is_some(), "known browser, known app: no page");
    let consent = ask(&caller, Some(&cookie), &[("prompt", "consent")]).await?;
    assert!(consent.status == 200 && consent.text.contains("Allow Access?"));
    let login = ask(&caller, Some(&cookie), &[("prompt", "login")]).await?;
    assert!(login.status == 200 && login.text.contains("Log In"));
    Ok(())
}

#[tokio::test]
async fn a_person_denies() -> Result<()> {
    let caller = caller().await?;
    let login = ask(&caller, None, &[]).await?;
    let consent = submit(&caller, &login, &ADA).await?;

    let denied = back(&submit(&caller, &consent, &[("deny", "1")]).await?)?;

    assert_eq!(parameter(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&denied, "state").as_deref(), Some("x&\"y"));
    assert!(parameter(&denied, "code").is_none());
    Ok(())
}

#[tokio::test]
async fn without_a_page_only_a_known_browser_gets_through() -> Result<()> {
    let caller = caller().await?;
    for silent in [("immediate", "true"), ("prompt", "none")] {
        let refused = back(&ask(&caller, None, &[silent]).await?)?;
        assert_eq!(parameter(&refused, "error").as_deref(), Some("immediate_unsuccessful"));
    }
    Ok(())
}

/// The error that an authorize request with these fields comes back with.
async fn error_of(caller: &Caller, fields: &[(&str, &str)]) -> Result<String> {
    let form: Vec<(&str, &str)> = REQUEST.iter().chain(&ADA).chain(fields).copied().collect();
    let back = back(&caller.form("/services/oauth2/authorize", &form).await?)?;
    Ok(parameter(&back, "error_description").unwrap_or_else(|| "none".to_owned()))
}

#[tokio::test]
async fn pkce_is_played_both_ways() -> Result<()> {
    let caller = caller().await?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let pkce =
        |method: &'static str| [("code_challenge", challenge.as_str()), ("code_challenge_method", method)];
    assert_eq!(error_of(&caller, &[]).await?, "none");
    assert_eq!(error_of(&caller, &pkce("plain")).await?, "none", "every challenge is taken as S256");

    caller.org.state().oauth.change_policy(|policy| {
        policy.pkce_required = true;
        policy.challenge_method_checked = true;
    });

    assert_eq!(error_of(&caller, &[]).await?, "missing required code challenge");
    assert_eq!(error_of(&caller, &pkce("plain")).await?, "code challenge method not supported");
    assert_eq!(error_of(&caller, &pkce("S256")).await?, "none");
    Ok(())
}

#[tokio::test]
async fn an_app_gets_no_more_scopes_than_it_is_allowed() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.change_policy(|policy| policy.scopes = vec!["api".to_owned()]);

    assert_eq!(error_of(&caller, &[]).await?, "the requested scope is not allowed");
    Ok(())
}

#[tokio::test]
async fn codes_of_an_app_that_needs_its_secret_are_worth_nothing_without_it() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.change_policy(|policy| policy.secret_required = true);
    let form: Vec<(&str, &str)> = REQUEST.iter().chain(&ADA).copied().collect();
    let code = back(&caller.form("/services/oauth2/authorize", &form).await?)?;
    let code = parameter(&code, "code").context("a code")?;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "simorg"),
        ("redirect_uri", CALLBACK),
        ("code", &code),
    ];

    assert_eq!(refusal(&caller.token(&form).await?), "401 invalid_client: invalid client credentials");

    let with_secret: Vec<(&str, &str)> = form.into_iter().chain([("client_secret", "simorg")]).collect();
    assert_eq!(caller.token(&with_secret).await?.status, 200);
    Ok(())
}
