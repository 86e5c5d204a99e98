//! Login, logout, and who calls.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::json;
use simorg::SimOrg;

use super::{ask, body, caller, envelope, fault, post, result};
use crate::caller::{Answer, Caller, read};

async fn login(caller: &Caller, path: &str, password: &str) -> Result<Answer> {
    let call = format!(
        "<n1:login xmlns:n1=\"urn:partner.soap.sforce.com\"><n1:username>admin@simorg.example</n1:username>\
         <n1:password>{password}</n1:password></n1:login>"
    );
    let text = format!(
        "<env:Envelope xmlns:env=\"http://schemas.xmlsoap.org/soap/envelope/\"><env:Body>{call}</env:Body></env:Envelope>"
    );
    read(post(caller, path, text)).await
}

#[tokio::test]
async fn login_opens_a_session_for_every_api() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().sandbox(false)).await?;
    for path in ["u/64.0", "u/v60.0/", "c/59.0", "u/45.0/00D5g0000000001"] {
        let answer = login(&caller, path, "simorgTOKEN").await?;

        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("text/xml;charset=UTF-8"));
        let result = body(&answer).child("result").context("a result")?.clone();
        let session = result.text_of("sessionId").context("a session")?;
        let org = &caller.org.org().id()[..15];
        let version = path.trim_matches('/')[2..].trim_start_matches('v').split('/').next().unwrap();
        let expected = format!("{}/services/Soap/{}/{version}/{org}", caller.org.url(), &path[..1]);
        assert_eq!(result.text_of("serverUrl"), Some(expected.as_str()));
        assert_eq!(result.text_of("sandbox"), Some("false"));
        assert!(!result.is_true("passwordExpired"));
        let info = result.child("userInfo").context("user info")?;
        assert_eq!(info.text_of("organizationId"), Some(caller.org.org().id()));
        assert_eq!(info.text_of("userName"), Some("admin@simorg.example"));
        assert!(!answer.text.contains("LimitInfoHeader"));
        let limits = caller.http.get(format!("{}/services/data/v67.0/limits", caller.org.url()));
        assert_eq!(read(limits.bearer_auth(session)).await?.status, 200);
    }
    assert_eq!(caller.org.org().limits().used(caller.org.org().now()), 4, "login itself counts no call");
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_gets_the_fault_of_login() -> Result<()> {
    let caller = caller().await?;

    let answer = login(&caller, "u/60.0", "no").await?;

    assert_eq!(fault(&answer), "500 INVALID_LOGIN");
    let fault = body(&answer);
    let message = "Invalid username, password, security token; or user locked out.";
    assert_eq!(fault.text_of("faultstring"), Some(format!("INVALID_LOGIN: {message}").as_str()));
    let detail = fault.child("detail").and_then(|detail| detail.child("LoginFault")).context("a detail")?;
    assert_eq!(detail.attribute_value("type"), Some("sf:LoginFault"));
    assert_eq!(detail.text_of("exceptionCode"), Some("INVALID_LOGIN"));
    assert_eq!(detail.text_of("exceptionMessage"), Some(message));
    Ok(())
}

#[tokio::test]
async fn login_is_gone_in_new_versions_and_where_it_is_switched_off() -> Result<()> {
    let caller = caller().await?;
    for version in ["65.0", "67.0"] {
        let answer = login(&caller, &format!("u/{version}"), "simorg").await?;
        assert_eq!(fault(&answer), "500 sf:INVALID_OPERATION");
        assert!(answer.text.contains(&format!("not available in the API version specified ({version})")));
    }

    caller.org.state().oauth.change_policy(|policy| policy.soap_login_blocked = true);

    let answer = login(&caller, "u/60.0", "simorg").await?;
    assert_eq!(fault(&answer), "500 sf:INVALID_OPERATION");
    assert!(answer.text.contains("SOAP API login() is disabled by default in this org."));
    Ok(())
}

#[tokio::test]
async fn logout_and_invalidate_end_sessions() -> Result<()> {
    let caller = caller().await?;
    let admin = caller.org.org().admin();
    let open = || {
        let now = caller.org.org().now();
        caller.org.state().oauth.open_session(caller.org.org().id(), &admin.id, now)
    };
    let (one, two) = (open(), open());
    let out = read(post(&caller, "u/67.0", envelope(&one, "", "<urn:logout/>"))).await?;
    assert_eq!(body(&out).name, "logoutResponse");
    assert_eq!(
        fault(&read(post(&caller, "u/67.0", envelope(&one, "", "<urn:logout/>"))).await?),
        "500 sf:INVALID_SESSION_ID"
    );

    let call =
        format!("<urn:invalidateSessions><urn:sessionIds>{two}</urn:sessionIds></urn:invalidateSessions>");
    assert!(result(&caller, &call).await?.is_true("success"));
    let gone = read(post(&caller, "u/67.0", envelope(&two, "", "<urn:getUserInfo/>"))).await?;
    assert_eq!(fault(&gone), "500 sf:INVALID_SESSION_ID");
    assert!(gone.text.contains("Invalid Session ID found in SessionHeader"));
    Ok(())
}

#[tokio::test]
async fn jwts_are_no_sessions_before_version_67() -> Result<()> {
    let caller = caller().await?;
    caller.org.state().oauth.change_policy(|policy| policy.jwt_access_tokens = true);
    let form = [("grant_type", "client_credentials"), ("client_id", "simorg"), ("client_secret", "simorg")];
    let token = caller.token(&form).await?.json()["access_token"].as_str().context("a token")?.to_owned();
    let info = |version: &'static str| {
        let (caller, token) = (&caller, &token);
        async move { read(post(caller, version, envelope(token, "", "<urn:getUserInfo/>"))).await }
    };

    assert_eq!(fault(&info("u/66.0").await?), "500 sf:INVALID_SESSION_ID");
    assert_eq!(info("u/67.0").await?.status, 200);
    let rest = caller.http.get(format!("{}/services/data/v66.0/limits", caller.org.url()));
    assert_eq!(read(rest.bearer_auth(&token)).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn the_caller_learns_who_and_when_it_is() -> Result<()> {
    let caller = caller().await?;
    caller.org.org().clock().stop_at("2026-03-01T10:00:00Z".parse()?);
    let info = result(&caller, "<urn:getUserInfo/>").await?;
    assert_eq!(info.children.len(), 24, "as many as the WSDL has");
    assert_eq!(info.text_of("userEmail"), Some("admin@simorg.example"));
    assert_eq!(info.text_of("sessionSecondsValid"), Some("7200"));
    assert!(info.child("roleId").context("a role")?.is_nil());
    assert!(info.text_of("profileId").context("a profile")?.starts_with("00e"));

    let clock = result(&caller, "<urn:getServerTimestamp/>").await?;
    assert_eq!(clock.text_of("timestamp"), Some("2026-03-01T10:00:00.000Z"));
    Ok(())
}

#[tokio::test]
async fn passwords_are_set_and_reset() -> Result<()> {
    let caller = caller().await?;
    let admin = caller.org.org().admin().id.clone();
    let set = |password: &str| {
        format!(
            "<urn:setPassword><urn:userId>{admin}</urn:userId><urn:password>{password}</urn:password></urn:setPassword>"
        )
    };
    assert_eq!(fault(&ask(&caller, "", &set("short")).await?), "500 sf:INVALID_NEW_PASSWORD");

    result(&caller, &set("longenough1")).await?;

    assert_eq!(login(&caller, "u/60.0", "simorg").await?.status, 500);
    assert_eq!(login(&caller, "u/60.0", "longenough1").await?.status, 200);
    let call = format!("<urn:resetPassword><urn:userId>{admin}</urn:userId></urn:resetPassword>");
    let password = result(&caller, &call).await?.text_of("password").context("a password")?.to_owned();
    assert_eq!(login(&caller, "u/60.0", "longenough1").await?.status, 500);
    assert_eq!(login(&caller, "u/60.0", &password).await?.status, 200);

    let foreign = "<urn:setPassword><urn:userId>005000000000000AAA</urn:userId><urn:password>longenough1</urn:password></urn:setPassword>";
    assert_eq!(fault(&ask(&caller, "", foreign).await?), "500 sf:INVALID_ID_FIELD");
    Ok(())
}

#[tokio::test]
async fn a_user_without_the_api_is_refused() -> Result<()> {
    let caller = caller().await?;
    let path = "/simorg/users/admin@simorg.example/permissions";
    let request = caller.http.request(Method::POST, format!("{}{path}", caller.org.url()));
    read(request.json(&json!({"api_enabled": false}))).await?;

    assert_eq!(fault(&ask(&caller, "", "<urn:getUserInfo/>").await?), "500 sf:API_CURRENTLY_DISABLED");
    Ok(())
}
