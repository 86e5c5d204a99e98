//! The team, its tokens and its audit log, by whoever may use the machine.

use holdfast_engine::access::Origin;
use holdfast_engine::{Engine, EngineOptions};
use serde_json::{Value, json};

use crate::stage::Stage;

const PASSWORD: &str = "correct horse battery";

/// The engine over the data that the commands work on, as `holdfast serve` has it.
async fn engine(stage: &Stage) -> Engine {
    Engine::open(EngineOptions::new(stage.folder.path().join("holdfast-data"))).await.unwrap()
}

async fn with_owner() -> (Stage, Engine) {
    let stage = Stage::connected().await;
    let engine = engine(&stage).await;
    let link = engine.first_owner_link().await.unwrap().unwrap();
    let origin = Origin::default();
    let owner = ("Olga Owner", "olga@acme.example");
    engine.create_first_owner(link.expose(), owner.0, owner.1, PASSWORD.into(), &origin).await.unwrap();
    (stage, engine)
}

fn item<'a>(list: &'a Value, email: &str) -> &'a Value {
    list["items"].as_array().unwrap().iter().find(|item| item["email"] == email).unwrap()
}

/// X-45, S-95
#[tokio::test(flavor = "multi_thread")]
async fn members_are_invited_changed_and_let_in_again() {
    let (stage, engine) = with_owner().await;
    let invite = ["user", "invite", "Max@acme.example", "--url", "https://backup.acme.example", "--json"];
    let created = stage.run(&invite).await.json();
    let link = created["link"].as_str().unwrap();
    let secret = link.strip_prefix("https://backup.acme.example/invitation#").unwrap();
    let joined = engine.accept_invitation(secret, "Max", PASSWORD.into(), &Origin::default()).await.unwrap();
    let listed = stage.run(&["user", "list", "--json"]).await.json();
    assert_eq!(item(&listed, "max@acme.example")["role"], "member");
    assert_eq!(item(&listed, "olga@acme.example")["orgs"][0]["rights"].as_array().unwrap().len(), 7);

    let alone = stage.run(&["user", "disable", "olga@acme.example"]).await.failed(1);
    assert!(alone.contains("keeps at least one owner"), "{alone}");
    let table = stage.run(&["user", "role", "max@acme.example", "owner"]).await.done();
    assert_eq!(table, "max@acme.example is now: owner\n");
    stage.run(&["user", "disable", "olga@acme.example"]).await.done();
    assert_eq!(
        item(&stage.run(&["user", "list", "--json"]).await.json(), "olga@acme.example")["is_disabled"],
        true
    );
    stage.run(&["user", "enable", "olga@acme.example"]).await.done();

    let reset = stage.run(&["user", "reset", "max@acme.example"]).await;
    assert!(!reset.err.contains(reset.out.trim()), "the password stands on standard output alone");
    let password = reset.done().trim().to_owned();
    let ended = engine.caller_by_session(joined.secret.expose(), Origin::default()).await;
    assert!(ended.is_err(), "the sessions have ended");
    let sign_in = |password: &str| {
        let password = password.into();
        let engine = engine.clone();
        async move { engine.sign_in_by_password("max@acme.example", password, &Origin::default()).await }
    };
    assert!(sign_in(PASSWORD).await.is_err());
    sign_in(&password).await.unwrap();
    let unknown = stage.run(&["user", "reset", "nobody@acme.example"]).await.failed(1);
    assert!(unknown.contains("`nobody@acme.example`") && unknown.contains("user list"), "{unknown}");
    let invite = ["user", "invite", "eva@acme.example"];
    let nowhere = stage.run(&invite).await;
    assert!(nowhere.err.contains("put the address of the service in front"), "{nowhere:?}");
    assert!(nowhere.done().starts_with("/invitation#"));
    engine.note_public_address(Some("http://127.0.0.1:4711/")).await.unwrap();
    let link = stage.run(&invite).await.done();
    assert!(link.starts_with("http://127.0.0.1:4711/invitation#"), "{link}");
    let known = stage.run(&["user", "invite", "max@acme.example"]).await.failed(1);
    assert!(known.contains("max@acme.example"), "{known}");
}

/// X-43, L-01, S-31
#[tokio::test(flavor = "multi_thread")]
async fn rights_on_an_org_are_given_and_taken_back() {
    let (stage, engine) = with_owner().await;
    let created = stage.run(&["user", "invite", "max@acme.example", "--json"]).await.json();
    let secret = created["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    let joined = engine.accept_invitation(&secret, "Max", PASSWORD.into(), &Origin::default()).await.unwrap();
    let max = async || {
        let caller = engine.caller_by_session(joined.secret.expose(), Origin::default()).await.unwrap();
        caller.orgs().map(|(_, rights)| rights.to_text()).collect::<Vec<_>>()
    };
    let rights = ["user", "rights", "Max@acme.example"];
    let none = stage.run(&rights).await.done();
    assert!(none.contains("no right on any org") && none.contains("--grant view"), "{none}");

    let give = [&rights[..], &["--org", "acme", "--grant", "browse,download"]].concat();
    let given = stage.run(&give).await.done();
    assert_eq!(given, "max@acme.example on acme: view, browse, download\n", "who browses also sees the org");
    assert_eq!(max().await, ["view,browse,download"]);
    let both =
        [&rights[..], &["--org", "acme", "--grant", "execute", "--revoke", "browse", "--json"]].concat();
    let changed = stage.run(&both).await.json();
    let org = &changed["orgs"][0];
    assert_eq!((&changed["email"], &org["org"]), (&json!("max@acme.example"), &json!("acme")));
    assert_eq!(org["rights"], json!(["execute", "download"]), "what is not named stays");
    let listed = stage.run(&[&rights[..], &["--json"]].concat()).await.json();
    assert_eq!(&listed["orgs"][0], org);
    let table = stage.run(&rights).await.done();
    assert!(table.contains("acme  execute, download"), "{table}");
    let take = [&rights[..], &["--org", "acme", "--revoke", "all"]].concat();
    assert_eq!(stage.run(&take).await.done(), "max@acme.example on acme: no rights\n");
    assert!(max().await.is_empty());
    let owners = ["user", "rights", "olga@acme.example", "--org", "acme", "--revoke", "all"];
    let kept = stage.run(&owners).await;
    assert!(kept.err.contains("owner of the team"), "{kept:?}");
    assert!(kept.done().contains("view, browse, execute"));

    let audit = stage.run(&["audit", "list", "--action", "rights.", "--json"]).await.json();
    let told: Vec<_> = audit["items"].as_array().unwrap().iter().map(|entry| &entry["target"]).collect();
    assert_eq!(told, ["olga@acme.example", "max@acme.example", "max@acme.example", "max@acme.example"]);
    assert!(audit["items"].as_array().unwrap().iter().all(|entry| entry["actor"] == "command line"));
    let no_org = stage.run(&[&rights[..], &["--grant", "view"]].concat()).await.failed(2);
    assert!(no_org.contains("--org"), "{no_org}");
    let misspelt = stage.run(&[&rights[..], &["--org", "acme", "--grant", "look"]].concat()).await.failed(2);
    assert!(misspelt.contains("`look` is no right; there are view, browse"), "{misspelt}");
    let unclear = [&rights[..], &["--org", "acme", "--grant", "view", "--revoke", "all"]].concat();
    stage.run(&unclear).await.failed(2);
    stage.run(&["user", "rights", "max@acme.example", "--org", "nowhere"]).await.failed(1);
}

///
#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_listed_and_ended() {
    let (stage, engine) = with_owner().await;
    let line = ["token", "create", "ci", "--member", "olga@acme.example", "--scope", "view", "--org", "acme"];
    let created = stage.run(&[&line[..], &["--expires-in", "90d"]].concat()).await;
    let secret = created.out.trim().to_owned();
    assert!(secret.starts_with("holdfast_") && !created.err.contains(&secret), "{created:?}");
    let caller = engine.caller_by_token(&secret, Origin::default()).await.unwrap();
    assert_eq!(caller.orgs().map(|(_, rights)| rights.to_text()).collect::<Vec<_>>(), ["view"]);

    let listed = stage.run(&["token", "list", "--json"]).await;
    assert!(!listed.out.contains(&secret), "a secret is shown once");
    let listed = listed.json();
    let token = &listed["items"][0];
    assert_eq!((&token["member"], &token["scopes"]), (&json!("olga@acme.example"), &json!(["view"])));
    assert!(token["expires_at"].is_string());
    let id = token["id"].as_str().unwrap();
    stage.run(&["token", "revoke", id]).await.done();
    assert!(engine.caller_by_token(&secret, Origin::default()).await.is_err());
    stage.run(&["token", "revoke", id]).await.failed(1);
    let misspelt = stage.run(&["token", "revoke", "ci"]).await.failed(2);
    assert!(misspelt.contains("token list"), "{misspelt}");
    let none = stage.run(&["token", "list"]).await.done();
    assert!(none.contains("holdfast token create"), "{none}");
    let scope = ["token", "create", "x", "--member", "olga@acme.example", "--scope", "fly"];
    assert!(stage.run(&scope).await.failed(2).contains("view, browse"));
}

/// what the command line does is in the log as well.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_line_does_is_in_the_audit_log() {
    let (stage, _) = with_owner().await;
    stage.run(&["org", "set", "acme", "--api-budget", "60"]).await.done();
    stage.run(&["auto", "start", "acme"]).await.done();
    stage.run(&["auto", "pause"]).await.done();
    stage.run(&["user", "invite", "max@acme.example"]).await.done();
    let token = ["token", "create", "ci", "--member", "olga@acme.example", "--scope", "view"];
    stage.run(&token).await.done();
    stage.run(&["user", "reset", "olga@acme.example"]).await.done();
    stage.run(&["user", "rights", "olga@acme.example", "--org", "acme", "--grant", "view"]).await.done();
    stage.run(&["rebuild"]).await.done();
    stage.connect("acme").await;
    stage.run(&["org", "remove", "acme"]).await.done();
    stage.run(&["org", "remove", "acme", "--yes"]).await.done();

    let listed = stage.run(&["audit", "list", "--json"]).await.json();
    let by_machine =
        listed["items"].as_array().unwrap().iter().filter(|entry| entry["actor"] == "command line");
    let mut actions: Vec<_> = by_machine.map(|entry| entry["action"].as_str().unwrap()).collect();
    actions.reverse();
    assert_eq!(
        actions,
        [
            "org.connected",
            "org.changed",
            "auto_backup.changed",
            "auto_backup.changed",
            "invitation.created",
            "token.created",
            "member.reset",
            "rights.changed",
            "catalog.rebuilt",
            "org.reconnected",
            "org.removed"
        ]
    );
    let olgas = stage.run(&["audit", "list", "--member", "olga@acme.example", "--json"]).await.json();
    assert!(olgas["items"].as_array().unwrap().iter().all(|entry| entry["actor"] != "command line"));
    let csv = stage.run(&["audit", "list", "--csv", "--action", "org.", "--limit", "2"]).await.done();
    assert_eq!(csv.lines().count(), 3, "{csv}");

    let intact = stage.run(&["audit", "verify", "--json"]).await.json();
    assert_eq!((&intact["is_intact"], &intact["checked"]), (&json!(true), &listed["items"][0]["number"]));
    let head = intact["head"].as_str().unwrap();
    stage.run(&["audit", "verify", "--noted", head]).await.done();
    let cut = stage.run(&["audit", "verify", "--noted", "0000"]).await;
    assert!(cut.code == 3 && cut.out.contains("cut off"), "{cut:?}");
}
