//! No answer holds a secret: not one that was given to Holdfast, and none that it made, but where it is handed out.

use anyhow::Result;
use serde_json::json;

use crate::site::{PASSWORD, Site};

///
#[tokio::test(flavor = "multi_thread")]
async fn no_answer_holds_a_secret() -> Result<()> {
    let site = Site::start().await?;
    site.app.backup().await?;
    let owner = site.owner().await?;
    let totp = owner.post("/api/v1/me/totp", &json!({ "password": PASSWORD })).await?.ok();
    let token = owner.post("/api/v1/me/tokens", &json!({ "name": "t", "scopes": ["view"] })).await?.ok();
    let sso = json!({ "is_enabled": false, "issuer": "http://localhost:1", "client_id": "x", "client_secret": "hidden-sso-secret" });
    owner.put("/api/v1/single_sign_on", &sso).await?.ok();
    let invite = json!({ "email": "max@acme.example", "role": "member" });
    let invitation = owner.post("/api/v1/invitations", &invite).await?.ok();
    let secrets = [
        PASSWORD.to_owned(),
        "hidden-sso-secret".to_owned(),
        "argon2".to_owned(),
        "v1:".to_owned(),
        format!("\"{}\"", site.org.client_secret()),
        totp["secret"].as_str().unwrap().to_owned(),
        token["secret"].as_str().unwrap().to_owned(),
        invitation["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned(),
        owner.cookie("holdfast_session").unwrap(),
    ];
    let org = site.org_id().await?;
    let run = owner.get(&format!("/api/v1/orgs/{org}/runs")).await?.ok()["items"][0]["id"].clone();
    let mut seen = 0;
    for (path, methods) in holdfast_server::document()["paths"].as_object().unwrap() {
        if methods.get("get").is_none() || path.ends_with("/events") || path.ends_with("/callback") {
            continue;
        }
        let path = path.replace("{org_id}", &org).replace("{run_id}", run.as_str().unwrap());
        let path = path.replace("{object}", "Account") + "?object=Account";
        let answer = owner.get(&path).await?;
        seen += usize::from(answer.status.is_success());
        for secret in &secrets {
            assert!(!answer.text.contains(secret.as_str()), "{path} tells `{secret}`");
        }
    }
    assert!(seen > 25, "{seen} answers were looked at");
    site.end().await
}
