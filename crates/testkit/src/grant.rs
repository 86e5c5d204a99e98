//! A grant with a refresh token, as the integration user gives it in a browser.

use anyhow::{Context, Result};
use holdfast_salesforce::oauth::{Pkce, authorize_url, exchange_code};
use holdfast_salesforce::{ClientOptions, Credentials, Secret};
use simorg::RunningOrg;

/// A callback that every simulated org knows.
const CALLBACK: &str = "http://localhost:1717/OauthRedirect";

/// Signs in at the org's own page, and exchanges the code that comes back.
#[expect(clippy::disallowed_methods, reason = "this plays the browser, not the client of Salesforce")]
pub async fn web_grant(org: &RunningOrg) -> Result<Credentials> {
    let (login_url, pkce) = (org.url().parse()?, Pkce::new());
    let scopes = ["api", "refresh_token"];
    let page = authorize_url(&login_url, org.client_id(), CALLBACK, &scopes, "state", &pkce)?;
    let form = format!("{}&username=admin%40simorg.example&password=simorg", page.query().unwrap_or(""));
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let sent = browser.post(page).header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = sent.send().await?;
    let back = answer.headers().get("location").context("a way back from the sign-in page")?;
    let back: reqwest::Url = back.to_str()?.parse()?;
    let code = back.query_pairs().find(|(name, _)| name == "code").context("a code")?.1.into_owned();
    let (code, options) = (Secret::from(code), ClientOptions::default());
    let tokens = exchange_code(&login_url, org.client_id(), None, CALLBACK, &code, &pkce, &options).await?;
    Ok(Credentials::RefreshToken {
        login_url,
        client_id: org.client_id().to_owned(),
        client_secret: None,
        refresh_token: tokens.refresh_token.context("a refresh token")?,
    })
}
