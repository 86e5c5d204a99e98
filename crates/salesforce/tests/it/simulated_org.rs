//! The client against the simulated org: two readings of one API must agree.

use std::collections::BTreeMap;

use arrow_array::{Array, RecordBatch, StringArray};
use chrono::TimeDelta;
use futures::TryStreamExt;
use holdfast_domain::ObjectName;
use holdfast_domain::retry::Retry;
use holdfast_domain::schema::{FieldKind, ObjectSchema};
use holdfast_salesforce::oauth::{Pkce, Tokens, authorize_url, exchange_code, new_state};
use holdfast_salesforce::{
    ApiErrorKind, BulkJobState, Client, ClientOptions, Credentials, DescribeAnswer, Error, QueryField, Secret,
};
use simorg::{Effect, Endpoint, Fault, RunningOrg, SimOrg};
use url::Url;

const KEY: &str = include_str!("jwt_test_key.pem");
const PUBLIC_KEY: &str = include_str!("jwt_test_key.pub.pem");
const USERNAME: &str = "admin@simorg.example";

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

fn address(org: &RunningOrg) -> Url {
    org.url().parse().unwrap()
}

fn client_credentials(org: &RunningOrg) -> Credentials {
    Credentials::ClientCredentials {
        login_url: address(org),
        client_id: org.client_id().to_owned(),
        client_secret: org.client_secret().into(),
    }
}

async fn connect(org: &RunningOrg) -> Client {
    Client::connect(None, client_credentials(org), ClientOptions::default()).await.unwrap()
}

async fn fields(client: &Client, object: &str) -> Vec<QueryField> {
    let answers = client.describe_many(&[name(object)], &BTreeMap::new()).await.unwrap();
    let DescribeAnswer::Describe { json, .. } = &answers[0].1 else { panic!("{answers:?}") };
    let schema = ObjectSchema::from_describe(json).unwrap();
    schema.captured_fields().map(|field| QueryField::new(&field.name, field.kind.clone())).collect()
}

fn select(fields: &[QueryField], object: &str) -> String {
    let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
    format!("SELECT {} FROM {object}", names.join(", "))
}

/// Records as rows of cells, in Id order.
fn rows(batches: &[RecordBatch]) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| column.as_any().downcast_ref::<StringArray>().unwrap())
            .collect();
        rows.extend((0..batch.num_rows()).map(|row| {
            columns
                .iter()
                .map(|column| column.is_valid(row).then(|| column.value(row).to_owned()))
                .collect::<Vec<_>>()
        }));
    }
    rows.sort();
    rows
}

async fn by_rest(client: &Client, soql: &str, fields: &[QueryField]) -> Result<Vec<RecordBatch>, Error> {
    let mut page = client.query_page(soql, false, fields).await?;
    let mut batches = Vec::new();
    loop {
        while let Some(batch) = page.rows.try_next().await? {
            batches.push(batch);
        }
        match page.rows.next_url() {
            Some(url) => page = client.next_page(url, fields).await?,
            None => return Ok(batches),
        }
    }
}

async fn by_bulk(client: &Client, soql: &str, fields: &[QueryField]) -> Result<Vec<RecordBatch>, Error> {
    let mut job = client.bulk_create(soql, false).await?;
    while !job.is_finished() {
        job = client.bulk_status(&job.id).await?;
    }
    assert_eq!(job.state, BulkJobState::JobComplete);
    let (mut batches, mut locator) = (Vec::new(), None);
    loop {
        let page = client.bulk_page(&job.id, locator.as_deref(), 1_000, fields).await?;
        batches.extend(page.rows.try_collect::<Vec<_>>().await?);
        locator = page.next;
        if locator.is_none() {
            break;
        }
    }
    client.bulk_delete(&job.id).await?;
    Ok(batches)
}

/// Does what a person does in the browser, and takes the code from where the browser is sent.
#[expect(clippy::disallowed_methods, reason = "the test plays the browser, which is no client of ours")]
async fn grant_in_the_browser(org: &RunningOrg) -> Tokens {
    let (pkce, state) = (Pkce::new(), new_state());
    let redirect = "http://localhost:1717/OauthRedirect";
    let url =
        authorize_url(&address(org), org.client_id(), redirect, &["api", "refresh_token"], &state, &pkce)
            .unwrap();
    let mut form: Vec<_> = url.query_pairs().into_owned().collect();
    form.extend([("username".to_owned(), USERNAME.to_owned()), ("password".to_owned(), "simorg".to_owned())]);
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = browser
        .post(address(org).join("/services/oauth2/authorize").unwrap())
        .form(&form)
        .send()
        .await
        .unwrap();
    let back: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    let parameters: BTreeMap<_, _> = back.query_pairs().into_owned().collect();
    assert_eq!(parameters["state"], state);
    let (secret, code) = (Secret::from(org.client_secret()), Secret::from(parameters["code"].as_str()));
    exchange_code(
        &address(org),
        org.client_id(),
        Some(&secret),
        redirect,
        &code,
        &pkce,
        &ClientOptions::default(),
    )
    .await
    .unwrap()
}

/// G-03
#[tokio::test]
async fn all_four_ways_of_signing_in_reach_the_same_org() {
    let org = SimOrg::new().start().await.unwrap();
    org.state().oauth.register_public_key(org.client_id(), PUBLIC_KEY).ok().unwrap();
    let tokens = grant_in_the_browser(&org).await;
    let ways = [
        (Some(tokens.instance_url), Credentials::AccessToken { access_token: tokens.access_token }),
        (
            None,
            Credentials::RefreshToken {
                login_url: address(&org),
                client_id: org.client_id().to_owned(),
                client_secret: Some(org.client_secret().into()),
                refresh_token: tokens.refresh_token.unwrap(),
            },
        ),
        (
            None,
            Credentials::Jwt {
                login_url: address(&org),
                audience: Some("https://login.salesforce.com".into()),
                client_id: org.client_id().to_owned(),
                username: USERNAME.into(),
                key_pem: KEY.into(),
            },
        ),
        (None, client_credentials(&org)),
    ];
    for (instance_url, credentials) in ways {
        let client = Client::connect(instance_url, credentials, ClientOptions::default()).await.unwrap();
        let identity = client.identity().await.unwrap();
        assert_eq!(identity.org_id.as_str(), org.org().id());
        assert_eq!(identity.username, USERNAME);
        assert_eq!(client.api_version(), "67.0");
        assert!(client.limits().await.unwrap().get("DailyApiRequests").is_some());
        assert!(client.usage().is_some());
        let skew = client.org_clock().unwrap() - org.org().now();
        assert!(skew.abs() < TimeDelta::minutes(1), "{skew}");
    }
}

/// G-08
#[tokio::test]
async fn every_listed_object_can_be_described_and_an_unchanged_one_says_so() {
    let org = SimOrg::new().start().await.unwrap();
    let client = connect(&org).await;
    let names: Vec<_> =
        client.describe_global().await.unwrap().into_iter().map(|object| object.name).collect();
    assert!(names.contains(&name("Account")));

    let answers = client.describe_many(&names, &BTreeMap::new()).await.unwrap();
    let mut known = BTreeMap::new();
    for (name, answer) in answers {
        let DescribeAnswer::Describe { json, last_modified } = answer else { panic!("{name}: {answer:?}") };
        assert_eq!(ObjectSchema::from_describe(&json).unwrap().name, name);
        known.extend(last_modified.map(|time| (name, time)));
    }
    assert_eq!(known.len(), names.len());
    let again = client.describe_many(&names, &known).await.unwrap();
    assert!(again.iter().all(|(_, answer)| *answer == DescribeAnswer::NotModified));
    let gone = client.describe_many(&[name("Nothing__c")], &BTreeMap::new()).await.unwrap();
    assert!(matches!(gone[0].1, DescribeAnswer::Refused(_)));
}

/// What capture rests on: a record has the same canonical cells whichever API it came through.
#[tokio::test]
async fn rest_and_bulk_give_the_same_cells_over_several_pages() {
    let org = SimOrg::new().records("Account", 4_321).records("Contact", 2_500).start().await.unwrap();
    let client = connect(&org).await;
    for (object, least) in [("Account", 4_321), ("Contact", 2_500), ("Opportunity", 1), ("Case", 1)] {
        let fields = fields(&client, object).await;
        let soql = select(&fields, object);

        let rest = rows(&by_rest(&client, &soql, &fields).await.unwrap());
        let bulk = rows(&by_bulk(&client, &soql, &fields).await.unwrap());

        assert!(rest.len() >= least, "{object}: {}", rest.len());
        let count = client.query_count(&format!("SELECT COUNT() FROM {object}"), false).await.unwrap();
        assert_eq!(rest.len() as u64, count, "{object}");
        for (rest, bulk) in rest.iter().zip(&bulk) {
            assert_eq!(rest, bulk, "{object}");
        }
        assert_eq!(rest.len(), bulk.len(), "{object}");
    }
}

#[tokio::test]
async fn related_fields_come_flat_through_both_apis() {
    let org = SimOrg::with_records("Contact", 50).start().await.unwrap();
    let client = connect(&org).await;
    let fields = [
        QueryField::new("Id", FieldKind::Id),
        QueryField::new("Account.Name", FieldKind::String),
        QueryField::new("Owner.Username", FieldKind::String),
    ];
    let soql = select(&fields, "Contact");
    let rest = rows(&by_rest(&client, &soql, &fields).await.unwrap());
    assert_eq!(rest, rows(&by_bulk(&client, &soql, &fields).await.unwrap()));
    assert!(rest.iter().all(|row| row[2].is_some()));
}

///
#[tokio::test]
async fn a_deleted_record_is_listed_and_shown_by_query_all() {
    let org = SimOrg::with_records("Lead", 20).start().await.unwrap();
    let client = connect(&org).await;
    let fields = [QueryField::new("Id", FieldKind::Id), QueryField::new("IsDeleted", FieldKind::Boolean)];
    let first =
        rows(&by_rest(&client, &select(&fields, "Lead"), &fields).await.unwrap())[0][0].clone().unwrap();
    org.org().write(&org.org().admin(), |transaction| transaction.delete(&first)).ok().unwrap();

    let now = org.org().now();
    let (start, end) = (now - TimeDelta::hours(1), now + TimeDelta::minutes(2));
    let deleted = client.get_deleted(&name("Lead"), start, end).await.unwrap();
    assert!(deleted.records.iter().any(|record| record.id.as_str() == first));
    assert!(deleted.earliest_available.is_some() && deleted.latest_covered.is_some());

    let soql = format!("SELECT Id, IsDeleted FROM Lead WHERE Id = '{first}'");
    let page = client.query_page(&soql, true, &fields).await.unwrap();
    let all = rows(&page.rows.try_collect::<Vec<_>>().await.unwrap());
    assert_eq!(all, [[Some(first), Some("true".to_owned())]]);
}

///
#[tokio::test]
async fn every_file_body_has_the_size_that_its_record_names() {
    let org = SimOrg::new().start().await.unwrap();
    let client = connect(&org).await;
    let versions =
        client.query_values("SELECT Id, VersionData, ContentSize FROM ContentVersion", false).await.unwrap();
    assert!(versions.iter().any(|version| version["ContentSize"] == 0));
    assert!(versions.len() >= 12);
    for version in versions {
        let blob = client.blob(version["VersionData"].as_str().unwrap()).await.unwrap();
        let size: usize =
            blob.try_fold(0, |size, piece| async move { Ok(size + piece.len()) }).await.unwrap();
        assert_eq!(Some(size as u64), version["ContentSize"].as_u64(), "{}", version["Id"]);
    }
}

/// G-28
#[tokio::test]
async fn a_session_that_ends_between_pages_is_renewed_unseen() {
    let org = SimOrg::with_records("Account", 5_000).start().await.unwrap();
    let client = connect(&org).await;
    let fields = fields(&client, "Account").await;
    org.faults().add(Fault::at(Endpoint::NextPage, Effect::SessionExpired).once());
    org.state().oauth.expire_sessions();
    let batches = by_rest(&client, &select(&fields, "Account"), &fields).await.unwrap();
    assert!(rows(&batches).len() >= 5_000);
}

/// G-27, G-28
#[tokio::test]
async fn no_fault_of_the_way_back_loses_a_record_in_silence() {
    let org = SimOrg::with_records("Account", 3_000).start().await.unwrap();
    let client = connect(&org).await;
    let fields = fields(&client, "Account").await;
    let soql = select(&fields, "Account");
    for effect in
        [Effect::Disconnect { after_bytes: 20_000 }, Effect::Truncate { after_bytes: 20_000 }, Effect::Garble]
    {
        for at in [Endpoint::Query, Endpoint::NextPage, Endpoint::BulkResults] {
            let what = format!("{effect:?} at {at:?}");
            org.faults().add(Fault::at(at, effect.clone()).once());
            let outcome = match at {
                Endpoint::BulkResults => by_bulk(&client, &soql, &fields).await,
                _ => by_rest(&client, &soql, &fields).await,
            };
            let error = outcome.err().unwrap_or_else(|| panic!("{what} was not noticed"));
            assert_eq!(error.retry(), Retry::BackOff, "{what}");
            org.faults().clear();
        }
    }
    let busy = Fault::status(Endpoint::Query, 503, "SERVER_UNAVAILABLE", "too busy").once();
    org.faults().add(busy);
    let error = by_rest(&client, &soql, &fields).await.unwrap_err();
    assert_eq!(error.api_error().unwrap().kind(), ApiErrorKind::Busy);
    org.faults().add(Fault::at(Endpoint::BulkCreate, Effect::RefuseBulk).once());
    let error = by_bulk(&client, &soql, &fields).await.unwrap_err();
    assert_eq!(error.api_error().unwrap().kind(), ApiErrorKind::BulkUnsupported);
}
