//! A saved org is the org that was saved.

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};
use simorg::state::Scan;
use simorg::{Org, RunningOrg, SimOrg};

use crate::caller::Caller;

/// Every row of every object, in the bin or not, field by field.
fn rows(org: &Org) -> Vec<String> {
    let view = org.admin_view();
    let mut all = Vec::new();
    for def in view.objects() {
        view.scan(&def, Scan { with_deleted: true, stamped: None }, &mut |row| {
            let cells: Vec<String> =
                def.fields.iter().map(|field| format!("{}={:?}", field.name, row.value(field))).collect();
            all.push(format!("{} {} {} {}", def.name, row.id(), row.is_deleted(), cells.join("|")));
            std::ops::ControlFlow::Continue(())
        });
    }
    all
}

/// What the org is besides its rows, as text.
fn surroundings(running: &RunningOrg) -> Vec<String> {
    let org = running.org();
    let view = org.admin_view();
    let mut all: Vec<String> = view.objects().iter().map(|def| format!("{:?}", sorted(def))).collect();
    all.extend(org.users().iter().map(|user| format!("{user:?}")));
    all.extend(org.automations().iter().map(|automation| format!("{automation:?}")));
    all.extend(org.components().iter().map(|component| format!("{component:?}")));
    all.push(format!("{:?} {:?} {:?}", org.faults().list(), org.row_faults(), org.lookup_filters()));
    all.push(format!("{} {} {}", org.id(), org.now(), org.limits().max()));
    all.push(format!("{:?}", org.deleted("Account", 0, i64::MAX)));
    let state = running.state();
    all.push(format!("{:?} {:?}", state.metadata.settings(), state.oauth.policy()));
    all.push(state.bulk1.whole_numbers_have_point().to_string());
    all
}

/// The parts of an object, without the index that has no order.
fn sorted(def: &simorg::model::ObjectDef) -> impl std::fmt::Debug + '_ {
    (&def.name, &def.flags, def.kind, &def.fields, &def.children, &def.validation_rules, &def.metadata)
}

async fn admin(caller: &Caller, method: reqwest::Method, path: &str, body: Json) -> Result<Json> {
    let url = format!("{}/simorg/{path}", caller.org.url());
    let answer = crate::caller::read(caller.http.request(method, url).json(&body)).await?;
    anyhow::ensure!(answer.status.is_success(), "{path}: {}", answer.text);
    Ok(answer.json())
}

async fn change_everything(caller: &Caller) -> Result<()> {
    use reqwest::Method;
    let at = json!({"stop_at": "2030-01-02T03:04:05Z"});
    admin(caller, Method::PUT, "clock", at).await?;
    let account =
        |name: &str| json!({"attributes": {"type": "Account"}, "Name": name, "AnnualRevenue": 12.5});
    let made =
        admin(caller, Method::POST, "records", json!({"create": [account("A \"1\""), account("B")]})).await?;
    let ids: Vec<String> = serde_json::from_value(made["ids"].clone())?;
    let generated = simorg::model::ids::record_id("001", 2);
    let purged = simorg::model::ids::record_id("001", 3);
    admin(caller, Method::POST, "records", json!({"delete": [ids[0], generated]})).await?;
    admin(caller, Method::POST, "records", json!({"delete": [purged], "purge": [purged]})).await?;
    let field = json!({"notation": "Score__c:double(10,2)"});
    admin(caller, Method::POST, "objects/Account/fields", field).await?;
    let update = json!({"update": [{"attributes": {"type": "Account"}, "Id": ids[1], "Score__c": 7}]});
    admin(caller, Method::POST, "records", update).await?;
    let rules = json!({"rules": [{"name": "R", "formula": "Score__c < 0", "message": "no"}]});
    admin(caller, Method::PUT, "objects/Account/rules", rules).await?;
    let object = json!({"notation": "= Ship__c a7Q Ships | CUDQRTZ\nS; Owner(U); Name:string(80) N"});
    admin(caller, Method::POST, "objects", object).await?;
    let hidden =
        json!({"hide_objects": ["Case"], "hide_fields": ["Account.Phone"], "grant": ["CreateAuditFields"]});
    admin(caller, Method::POST, "users/standard@simorg.example/permissions", hidden).await?;
    let trigger =
        json!({"kind": "ApexTrigger", "full_name": "Guard", "object": "Lead", "effect": "cpu_limit"});
    admin(caller, Method::POST, "automations", trigger).await?;
    let fault = json!({"at": "blob", "times": 2, "effect": {"slow": {"ms_per_chunk": 1}}});
    admin(caller, Method::POST, "faults", fault).await?;
    let filter =
        json!({"object": "Contact", "field": "AccountId", "target_field": "Rating", "values": ["Hot"]});
    admin(caller, Method::POST, "lookup-filters", filter).await?;
    admin(caller, Method::PUT, "sharing", json!({"Account": "Read"})).await?;
    admin(caller, Method::PUT, "limits", json!({"max": 777})).await?;
    admin(caller, Method::PUT, "metadata", json!({"polls": 3})).await?;
    admin(caller, Method::PUT, "bulk", json!({"whole_numbers_have_point": true})).await?;
    admin(caller, Method::PATCH, "grants/policy", json!({"code_life_s": 77})).await?;
    Ok(())
}

/// What a person who signs in and allows everything leaves with the app.
async fn refresh_token(caller: &Caller) -> Result<String> {
    const CALLBACK: &str = "http://localhost:1717/OauthRedirect";
    let asked = [
        ("response_type", "code"),
        ("client_id", "simorg"),
        ("redirect_uri", CALLBACK),
        ("scope", "api refresh_token"),
        ("username", "admin@simorg.example"),
        ("password", "simorg"),
    ];
    let back = caller.form("/services/oauth2/authorize", &asked).await?;
    let back = url::Url::parse(back.header("location").context("a location")?)?;
    let code = back.query_pairs().find(|(name, _)| name == "code").context("a code")?.1.into_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "simorg"),
        ("client_secret", "simorg"),
        ("redirect_uri", CALLBACK),
        ("code", &code),
    ];
    let answer = caller.token(&form).await?;
    Ok(answer.json()["refresh_token"].as_str().with_context(|| answer.text.clone())?.to_owned())
}

#[tokio::test]
async fn saves_at_the_same_time_leave_a_file_that_its_owner_alone_may_read() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("org");
    let caller = Caller::start(SimOrg::with_records("Account", 500).state(&file)).await?;
    let state = caller.org.state();
    std::thread::scope(|scope| {
        let saves: Vec<_> = (0..8).map(|_| scope.spawn(|| state.save())).collect();
        for save in saves {
            assert!(save.join().is_ok_and(|saved| saved.is_ok()));
        }
    });
    assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = std::fs::read_dir(directory.path())?.collect::<Result<_, _>>()?;
    assert_eq!(names.len(), 1, "{names:?}");
    SimOrg::new().state(&file).start().await?;
    Ok(())
}

#[tokio::test]
async fn a_loaded_org_is_the_saved_one() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("org");
    let first = Caller::start(SimOrg::with_records("Account", 500).state(&file)).await?;
    let file_body = json!({"Title": "T", "PathOnClient": "t.txt", "VersionData": "aGVsbG8="});
    let version = first.insert("ContentVersion", &file_body).await?;
    change_everything(&first).await?;
    let refresh = refresh_token(&first).await?;
    admin(&first, reqwest::Method::POST, "save", json!({})).await?;

    // What the second is asked to hold does not matter: the file tells.
    let second = Caller::start(SimOrg::new().bare().seed(9).state(&file)).await?;

    let (saved, loaded) = (rows(first.org.org()), rows(second.org.org()));
    assert!(saved.len() > 700, "{}", saved.len());
    let differing = saved.iter().zip(&loaded).find(|(one, other)| one != other);
    assert_eq!(differing, None);
    assert_eq!(saved.len(), loaded.len());
    assert_eq!(surroundings(&first.org), surroundings(&second.org));
    let body = second.get(&format!("/sobjects/ContentVersion/{version}/VersionData")).await?;
    assert_eq!(body.text, "hello");
    let form =
        [("grant_type", "refresh_token"), ("client_id", "simorg"), ("refresh_token", refresh.as_str())];
    assert_eq!(second.token(&form).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_file_of_another_form_is_refused_and_left_alone() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("org");
    std::fs::write(&file, "simorg state 99\n")?;
    let refused = SimOrg::new().state(&file).start().await.err().map(|error| error.to_string());
    assert!(refused.is_some_and(|text| text.contains("simorg state 99")));
    assert_eq!(std::fs::read_to_string(&file)?, "simorg state 99\n");
    Ok(())
}

#[tokio::test]
async fn the_page_shows_the_org_and_switches_it() -> Result<()> {
    let caller = Caller::start(SimOrg::new()).await?;
    let url = caller.org.url();
    let hide = [("object", "Case"), ("username", "standard@simorg.example"), ("hidden", "true")];
    let sent =
        crate::caller::read(caller.http.post(format!("{url}/simorg/page/visibility")).form(&hide)).await?;
    assert_eq!(sent.status, 303);
    crate::caller::read(caller.http.post(format!("{url}/simorg/page/limit")).form(&[("max", "4321")]))
        .await?;

    let page = crate::caller::read(caller.http.get(format!("{url}/simorg/"))).await?;

    assert_eq!(page.status, 200);
    for shown in
        ["of 4321 API calls", "<td>case</td>", "<td>Account</td><td>12</td>", "standard@simorg.example"]
    {
        assert!(page.text.contains(shown), "{shown} is not in {}", page.text);
    }
    assert!(!page.text.contains("<script"), "the page needs no scripts");
    Ok(())
}
