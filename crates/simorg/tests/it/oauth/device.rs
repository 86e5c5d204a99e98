//! The device flow over HTTP.

use anyhow::{Context, Result};
use chrono::Duration;
use serde_json::Value as Json;

use super::{caller, refusal, status_with, token_of};
use crate::caller::{Answer, Caller, read};

async fn begin(caller: &Caller) -> Result<Json> {
    let form = [("response_type", "device_code"), ("client_id", "simorg"), ("scope", "api refresh_token")];
    Ok(caller.token(&form).await?.json())
}

async fn poll(caller: &Caller, begun: &Json) -> Result<Answer> {
    let code = begun["device_code"].as_str().context("a device code")?;
    caller.token(&[("grant_type", "device"), ("client_id", "simorg"), ("code", code)]).await
}

async fn decide(caller: &Caller, user_code: &str, extra: &[(&str, &str)]) -> Result<Answer> {
    let mut form = vec![("user_code", user_code), ("username", "admin@simorg.example")];
    form.extend(extra);
    caller.form("/setup/connect", &form).await
}

#[tokio::test]
async fn a_device_waits_until_a_person_connects_it() -> Result<()> {
    let caller = caller().await?;
    caller.org.org().clock().stop_at(caller.org.org().now());
    let begun = begin(&caller).await?;
    let user_code = begun["user_code"].as_str().context("a user code")?;
    assert_eq!(begun["interval"], 5);
    assert_eq!(begun["verification_uri"], format!("{}/setup/connect", caller.org.url()));

    assert_eq!(
        refusal(&poll(&caller, &begun).await?),
        "400 authorization_pending: end-user has not yet authorized"
    );
    assert_eq!(refusal(&poll(&caller, &begun).await?), "400 slow_down: client is polling too quickly");
    let page =
        read(caller.http.get(format!("{}/setup/connect?user_code={user_code}", caller.org.url()))).await?;
    assert!(
        page.text.contains(&format!("value=\"{user_code}\""))
            && page.text.contains("<label for=\"user_code\">")
    );
    assert!(decide(&caller, user_code, &[("password", "no")]).await?.text.contains("role=\"alert\""));
    assert!(decide(&caller, "NOPE-0000", &[("password", "simorg")]).await?.text.contains("role=\"alert\""));
    let typed = user_code.replace('-', "").to_lowercase();
    assert!(decide(&caller, &typed, &[("password", "simorg")]).await?.text.contains("You're Connected"));
    caller.org.org().clock().advance(Duration::seconds(5));

    let grant = poll(&caller, &begun).await?;

    assert!(grant.json()["refresh_token"].is_string());
    assert_eq!(status_with(&caller, &token_of(&grant)?).await?, 200);
    assert_eq!(refusal(&poll(&caller, &begun).await?), "400 invalid_grant: invalid device code");
    Ok(())
}

#[tokio::test]
async fn a_device_learns_of_denial_and_of_the_end_of_its_code() -> Result<()> {
    let caller = caller().await?;
    caller.org.org().clock().stop_at(caller.org.org().now());
    let begun = begin(&caller).await?;
    let user_code = begun["user_code"].as_str().context("a user code")?;
    decide(&caller, user_code, &[("password", "simorg"), ("deny", "1")]).await?;
    assert_eq!(refusal(&poll(&caller, &begun).await?), "400 access_denied: end-user denied authorization");

    let begun = begin(&caller).await?;
    caller.org.org().clock().advance(Duration::minutes(11));
    assert_eq!(refusal(&poll(&caller, &begun).await?), "400 invalid_grant: expired device code");
    Ok(())
}
