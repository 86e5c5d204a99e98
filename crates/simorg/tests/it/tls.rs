//! An org behind TLS, and several orgs side by side.

use anyhow::{Context, Result};
use reqwest::{Certificate, Client};
use serde_json::Value as Json;
use simorg::{Identity, SimOrg};

use crate::caller::Caller;

fn client(pem: &str) -> Result<Client> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a client of the loopback server, which trusts its certificate"
    )]
    let client = Client::builder()
        .tls_built_in_root_certs(false)
        .add_root_certificate(Certificate::from_pem(pem.as_bytes())?)
        .build()?;
    Ok(client)
}

async fn token(http: &Client, url: &str) -> Result<Json> {
    let form = [("grant_type", "client_credentials"), ("client_id", "simorg"), ("client_secret", "simorg")];
    let answer = http.post(format!("{url}/services/oauth2/token")).form(&form).send().await?;
    Ok(serde_json::from_str(&answer.text().await?)?)
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_served() -> Result<()> {
    let org = SimOrg::new().bare().tls().start().await?;
    let http = client(org.authority_pem().context("a certificate")?)?;

    let grant = token(&http, &org.url()).await?;

    assert!(org.url().starts_with("https://127.0.0.1:"));
    assert_eq!(grant["instance_url"], org.url());
    let by_name = org.url().replace("127.0.0.1", "localhost");
    let limits = http.get(format!("{by_name}/services/data/v67.0/limits"));
    let limits = limits.bearer_auth(grant["access_token"].as_str().context("a token")?).send().await?;
    assert_eq!(limits.status(), 200);
    Ok(())
}

#[tokio::test]
async fn a_client_that_does_not_trust_it_is_not() -> Result<()> {
    let org = SimOrg::new().bare().tls().start().await?;
    let http = client(Identity::generate()?.authority_pem())?;

    assert!(http.get(org.url()).send().await.is_err());

    let http = client(org.authority_pem().context("a certificate")?)?;
    assert_eq!(token(&http, &org.url()).await?["token_type"], "Bearer", "the next one still is");
    Ok(())
}

#[tokio::test]
async fn orgs_of_different_numbers_are_different_orgs() -> Result<()> {
    let first = Caller::start(SimOrg::new().bare()).await?;
    let second =
        Caller::start(SimOrg::new().bare().org_number(2).sandbox(false).edition("Enterprise Edition"))
            .await?;
    let soql = "SELECT Id, IsSandbox, OrganizationType, InstanceName FROM Organization";

    let (one, two) = (first.query(soql).await?.json(), second.query(soql).await?.json());

    let (one, two) = (&one["records"][0], &two["records"][0]);
    assert_ne!(first.org.org().id(), second.org.org().id());
    assert_eq!(two["Id"], second.org.org().id());
    assert!(second.token.starts_with(&second.org.org().id()[..15]));
    assert_eq!((&one["IsSandbox"], &one["InstanceName"]), (&Json::Bool(true), &Json::from("SIM1")));
    assert_eq!((&two["IsSandbox"], &two["InstanceName"]), (&Json::Bool(false), &Json::from("SIM2")));
    assert_eq!(two["OrganizationType"], "Enterprise Edition");
    Ok(())
}
