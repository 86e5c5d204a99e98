//! Orgs: connecting in each way, listing, settings, forgetting.

use serde_json::json;

use crate::stage::{Ended, Stage, holdfast};

#[tokio::test(flavor = "multi_thread")]
async fn an_org_is_connected_listed_set_and_forgotten() {
    let stage = Stage::connected().await;
    let listed = stage.run(&["org", "list", "--json"]).await.json();
    assert_eq!(listed["items"][0]["name"], "acme");
    let id = listed["items"][0]["id"].as_str().unwrap();
    assert_eq!(stage.run(&["org", "show", id, "--json"]).await.json()["name"], "acme");
    stage.run(&["org", "set", "acme", "--api-budget", "60"]).await.done();
    assert_eq!(stage.run(&["org", "show", "acme", "--json"]).await.json()["api_budget_percent"], 60);

    let plan = stage.run(&["org", "remove", "acme"]).await.done();
    assert!(plan.contains("nothing was done"), "{plan}");
    stage.run(&["org", "show", "acme"]).await.done();
    stage.run(&["org", "remove", "acme", "--yes"]).await.done();
    assert_eq!(stage.run(&["org", "list", "--json"]).await.json(), json!({ "items": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_may_come_from_the_environment_a_file_or_standard_input() {
    let stage = Stage::new().await;
    let (url, id, secret) = (stage.org.url(), stage.org.client_id(), stage.org.client_secret());
    let line = ["org", "add", "acme", "--client-id", id, "--login-url", &url];

    let by_variable = holdfast(stage.folder.path())
        .args(line)
        .env("HOLDFAST_CLIENT_SECRET", secret)
        .output()
        .await
        .unwrap();
    Ended::of(&by_variable).done();

    let file = stage.folder.path().join("secret.txt");
    std::fs::write(&file, format!("{secret}\n")).unwrap();
    stage.run(&[&line[..], &["--client-secret", "@secret.txt"]].concat()).await.done();

    let input = std::fs::File::open(&file).unwrap();
    let by_input = holdfast(stage.folder.path())
        .args(line)
        .args(["--client-secret", "-"])
        .stdin(input)
        .output()
        .await
        .unwrap();
    Ended::of(&by_input).done();
    assert_eq!(stage.run(&["org", "list", "--json"]).await.json()["items"].as_array().unwrap().len(), 1);
}

/// G-03.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_sign_in_connects_the_org() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let stage = Stage::new().await;
    let (url, id, secret) = (stage.org.url(), stage.org.client_id(), stage.org.client_secret());
    let port = free_port();
    let mut child = holdfast(stage.folder.path())
        .args([
            "org",
            "add",
            "acme",
            "--web",
            "--client-id",
            id,
            "--client-secret",
            secret,
            "--login-url",
            &url,
        ])
        .args(["--callback-port", &port])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some(address) = line.trim().strip_prefix(&url) {
            break format!("{url}{address}");
        }
    };
    crate::connecting::sign_in_with_browser(&address).await;
    assert!(child.wait().await.unwrap().success());
    assert_eq!(stage.run(&["org", "list", "--json"]).await.json()["items"][0]["name"], "acme");
}

/// Does what a browser and its person do: follows the redirects, through the sign-in page if there is one.
async fn sign_in_with_browser(address: &str) {
    let http = crate::stage::http();
    let page = http.get(address).send().await.unwrap();
    assert!(page.status().is_success(), "{}", page.status());
    let at = page.url().clone();
    if at.path() == "/OauthRedirect" {
        return;
    }
    let form: Vec<(String, String)> = at
        .query_pairs()
        .into_owned()
        .chain(
            [("username", "admin@simorg.example"), ("password", "simorg")]
                .map(|(k, v)| (k.to_owned(), v.to_owned())),
        )
        .collect();
    let back = http.post(at).form(&form).send().await.unwrap();
    assert_eq!(back.url().path(), "/OauthRedirect");
}

fn free_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}
