//! The Tooling API over HTTP.

use std::path::Path;

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value as Json, json};
use simorg::SimOrg;

use crate::caller::{Answer, Caller, read};

async fn started() -> Result<Caller> {
    Caller::start(SimOrg::new().project(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/project")))
        .await
}

async fn tooling(caller: &Caller, soql: &str) -> Result<Answer> {
    read(caller.request(Method::GET, "/tooling/query").query(&[("q", soql)])).await
}

async fn records(caller: &Caller, soql: &str) -> Result<Vec<Json>> {
    let answer = tooling(caller, soql).await?;
    assert_eq!(answer.status, 200, "{soql}: {}", answer.text);
    Ok(answer.json()["records"].as_array().cloned().unwrap_or_default())
}

#[tokio::test]
async fn a_tooling_answer_has_its_own_keys_and_urls() -> Result<()> {
    let caller = started().await?;

    let answer = tooling(&caller, "SELECT Id, Name, Body, ApiVersion, LengthWithoutComments FROM ApexClass")
        .await?
        .json();

    let class = &answer["records"][0];
    let id = class["Id"].as_str().unwrap_or_default();
    assert_eq!(
        answer,
        json!({"size": 1, "totalSize": 1, "done": true, "queryLocator": null, "entityTypeName": "ApexClass", "records": [{
            "attributes": {"type": "ApexClass", "url": format!("/services/data/v67.0/tooling/sobjects/ApexClass/{id}")},
            "Id": id, "Name": "TripService", "Body": "public class TripService { /* plans */ }\n", "ApiVersion": 67.0,
            "LengthWithoutComments": 30,
        }]})
    );
    assert!(id.starts_with("01p") && id.len() == 18, "{id}");
    let row = caller.get(&format!("/tooling/sobjects/ApexClass/{id}")).await?.json();
    assert_eq!((&row["Name"], &row["Status"]), (&json!("TripService"), &json!("Active")));
    Ok(())
}

#[tokio::test]
async fn the_columns_of_a_tooling_query_are_told_without_its_rows() -> Result<()> {
    let caller = started().await?;
    let ask = |soql: &'static str| {
        caller.request(Method::GET, "/tooling/query").query(&[("q", soql), ("columns", "true")])
    };

    let told = read(ask("SELECT Id, Name, LengthWithoutComments FROM ApexClass")).await?.json();

    assert_eq!((&told["entityName"], &told["keyPrefix"]), (&json!("ApexClass"), &json!("01p")));
    assert_eq!((&told["idSelected"], &told["records"]), (&json!(true), &Json::Null));
    let columns = told["columnMetadata"].as_array().cloned().unwrap_or_default();
    let types: Vec<(&Json, &Json)> =
        columns.iter().map(|column| (&column["columnName"], &column["apexType"])).collect();
    assert_eq!(
        types,
        [
            (&json!("Id"), &json!("Id")),
            (&json!("Name"), &json!("String")),
            (&json!("LengthWithoutComments"), &json!("Integer")),
        ]
    );
    assert_eq!(read(ask("SELECT Nope FROM ApexClass")).await?.refusal(), "400 INVALID_FIELD");
    Ok(())
}

#[tokio::test]
async fn definitions_tell_of_objects_and_fields() -> Result<()> {
    let caller = started().await?;

    let trip = records(&caller, "SELECT Id, DurableId, QualifiedApiName, DeveloperName, KeyPrefix, InternalSharingModel, IsCustomSetting, (SELECT QualifiedApiName FROM Fields WHERE IsCalculated = true) FROM EntityDefinition WHERE QualifiedApiName = 'Trip__c'").await?;
    let durable = trip[0]["DurableId"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        trip[0]["attributes"]["url"],
        format!("/services/data/v67.0/tooling/sobjects/EntityDefinition/{durable}")
    );
    assert_eq!((&trip[0]["Id"], &trip[0]["DeveloperName"]), (&json!("000000000000000AAA"), &json!("Trip")));
    assert_eq!((trip[0]["InternalSharingModel"].as_str(), durable.len()), (Some("Private"), 15));
    assert_eq!(trip[0]["Fields"]["records"][0]["QualifiedApiName"], "Stops__c");

    let fields = records(&caller, "SELECT QualifiedApiName, DataType, EntityDefinition.Label, ReferenceTo, DurableId FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Trip__c' AND NamespacePrefix = null ORDER BY QualifiedApiName").await?;
    let shown: Vec<(&str, &str)> = fields
        .iter()
        .filter_map(|f| Some((f["QualifiedApiName"].as_str()?, f["DataType"].as_str()?)))
        .collect();
    for expected in [
        ("Account__c", "Lookup(Account)"),
        ("Budget__c", "Currency(14, 2)"),
        ("Name", "Auto Number"),
        ("Start__c", "Geolocation"),
        ("Stops__c", "Roll-Up Summary (COUNT Stop__c)"),
        ("OwnerId", "Lookup(Group,User)"),
    ] {
        assert!(shown.contains(&expected), "{expected:?} is not in {shown:?}");
    }
    assert_eq!(fields[0]["EntityDefinition"]["Label"], "Trip");
    assert_eq!(fields[0]["ReferenceTo"], json!({"referenceTo": ["Account"]}));
    let by_id = records(
        &caller,
        &format!("SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinitionId = '{durable}'"),
    )
    .await?;
    assert_eq!(by_id.len(), fields.len());
    let particles = records(&caller, "SELECT Name, DataType, FieldDefinition.QualifiedApiName FROM EntityParticle WHERE EntityDefinitionId = 'Account' AND Name = 'BillingCity'").await?;
    assert_eq!(particles[0]["FieldDefinition"], Json::Null.clone(), "{particles:?}");
    Ok(())
}

#[tokio::test]
async fn what_definitions_do_not_support_is_refused_in_their_words() -> Result<()> {
    let caller = started().await?;
    for (soql, refusal, text) in [
        (
            "SELECT QualifiedApiName FROM FieldDefinition",
            "400 MALFORMED_QUERY",
            "FieldDefinition: a filter on a reified column is required [EntityDefinitionId,DurableId]",
        ),
        (
            "SELECT Id FROM StandardValueSet",
            "400 MALFORMED_QUERY",
            "StandardValueSet: a filter on a reified column is required [MasterLabel,DurableId]",
        ),
        (
            "SELECT QualifiedApiName FROM EntityDefinition WHERE QualifiedApiName != 'Account'",
            "400 EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION",
            "Only equals comparisons permitted",
        ),
        (
            "SELECT QualifiedApiName FROM EntityDefinition WHERE KeyPrefix = '001' OR KeyPrefix = '003'",
            "400 EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION",
            "Disjunctions not supported",
        ),
        (
            "SELECT COUNT(QualifiedApiName), IsFeedEnabled FROM EntityDefinition GROUP BY IsFeedEnabled",
            "400 EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION",
            "The requested operation is not yet supported by this SObject storage type, contact salesforce.com support for more information.",
        ),
        (
            "SELECT Metadata FROM CustomField",
            "400 MALFORMED_QUERY",
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one row for retrieval. Result size: 9",
        ),
        ("SELECT Id FROM SourceMember", "400 INVALID_TYPE", "sObject type 'SourceMember' is not supported."),
    ] {
        let answer = tooling(&caller, soql).await?;
        assert_eq!(answer.refusal(), refusal, "{soql}: {}", answer.text);
        assert!(
            answer.json()[0]["message"].as_str().unwrap_or_default().contains(text),
            "{soql}: {}",
            answer.text
        );
    }
    assert_eq!(caller.get("/tooling/sobjects/SourceMember/describe").await?.refusal(), "404 NOT_FOUND");
    let run = caller.get("/tooling/executeAnonymous?anonymousBody=x").await?;
    assert_eq!(run.status, 501);
    assert!(run.text.contains("GET /services/data/v67.0/tooling/executeAnonymous"), "{}", run.text);
    assert_eq!(caller.post("/tooling/sobjects/ApexClass", &json!({"Name": "A"})).await?.status, 501);
    Ok(())
}

#[tokio::test]
async fn rows_over_components_carry_their_metadata() -> Result<()> {
    let caller = started().await?;
    let rule = records(&caller, "SELECT ValidationName, Active, ErrorMessage, EntityDefinition.QualifiedApiName, Metadata FROM ValidationRule").await?;
    assert_eq!(rule[0]["EntityDefinition"]["QualifiedApiName"], "Trip__c");
    assert_eq!(rule[0]["Metadata"]["errorConditionFormula"], "Budget__c < 0");
    assert_eq!((&rule[0]["Active"], &rule[0]["Metadata"]["active"]), (&json!(true), &json!(true)));

    let trigger = records(&caller, "SELECT TableEnumOrId, UsageBeforeInsert, UsageAfterDelete, UsageAfterInsert, EntityDefinition.QualifiedApiName FROM ApexTrigger").await?;
    assert_eq!(trigger[0]["EntityDefinition"]["QualifiedApiName"], "Trip__c");
    assert_eq!(
        [&trigger[0]["UsageBeforeInsert"], &trigger[0]["UsageAfterDelete"], &trigger[0]["UsageAfterInsert"]],
        [&json!(true), &json!(true), &json!(false)]
    );
    let flow = records(&caller, "SELECT MasterLabel, Status, Definition.DeveloperName FROM Flow").await?;
    assert_eq!(
        (&flow[0]["Status"], &flow[0]["Definition"]["DeveloperName"]),
        (&json!("Active"), &json!("Plan_Trip"))
    );
    let view = caller.query("SELECT ApiName, IsActive FROM FlowDefinitionView").await?.json();
    assert_eq!(view["records"][0]["ApiName"], "Plan_Trip");
    let set = records(
        &caller,
        "SELECT Id, MasterLabel, Metadata FROM StandardValueSet WHERE MasterLabel = 'Industry'",
    )
    .await?;
    let first = &set[0]["Metadata"]["standardValue"][0];
    assert!(first["valueName"].is_string() && first["default"].is_boolean(), "{first}");
    let field = records(
        &caller,
        "SELECT TableEnumOrId, DeveloperName, Metadata FROM CustomField WHERE DeveloperName = 'Budget'",
    )
    .await?;
    assert_eq!(
        (&field[0]["Metadata"]["type"], &field[0]["Metadata"]["precision"]),
        (&json!("Currency"), &json!(16))
    );
    for (object, count) in [
        ("Layout", 1),
        ("CustomTab", 1),
        ("ExternalString", 2),
        ("GlobalValueSet", 1),
        ("StaticResource", 1),
        ("LightningComponentBundle", 1),
        ("LightningComponentResource", 2),
        ("ApexCodeCoverageAggregate", 0),
        ("Organization", 1),
        ("RecordType", 3),
    ] {
        let filter =
            if object == "Layout" { " WHERE EntityDefinition.QualifiedApiName = 'Trip__c'" } else { "" };
        let found = records(&caller, &format!("SELECT Id FROM {object}{filter}")).await?;
        assert_eq!(found.len(), count, "{object}");
    }
    Ok(())
}

#[tokio::test]
async fn what_a_user_may_not_see_is_listed_all_the_same() -> Result<()> {
    let caller = started().await?;
    let body = json!({"hide_objects": ["Trip__c"], "hide_fields": ["Account.Phone"]});
    let path = "/simorg/users/admin@simorg.example/permissions";
    let url = format!("{}{path}", caller.org.url());
    assert_eq!(read(caller.http.post(url).json(&body)).await?.status, 200);

    assert_eq!(caller.get("/sobjects/Trip__c/describe").await?.status, 404);
    let trip = caller
        .query("SELECT QualifiedApiName FROM EntityDefinition WHERE QualifiedApiName = 'Trip__c'")
        .await?
        .json();
    assert_eq!(
        (
            &trip["totalSize"],
            &trip["records"][0]["attributes"]["url"].as_str().map(|url| url.contains("/tooling/"))
        ),
        (&json!(1), &Some(false))
    );
    let user = caller.org.org().admin().id.clone();
    let access = records(&caller, &format!("SELECT EntityDefinition.QualifiedApiName, IsReadable FROM UserEntityAccess WHERE UserId = '{user}' AND EntityDefinition.QualifiedApiName IN ('Trip__c', 'Stop__c') ORDER BY IsReadable")).await?;
    let readable: Vec<_> =
        access.iter().map(|row| (&row["EntityDefinition"]["QualifiedApiName"], &row["IsReadable"])).collect();
    assert_eq!(readable, [(&json!("Trip__c"), &json!(false)), (&json!("Stop__c"), &json!(true))]);
    let phone = records(&caller, &format!("SELECT IsAccessible FROM UserFieldAccess WHERE UserId = '{user}' AND FieldDefinitionId = 'Account.Phone'")).await?;
    assert_eq!(phone[0]["IsAccessible"], false);
    Ok(())
}

#[tokio::test]
async fn describes_and_pages_work_as_in_the_data_api() -> Result<()> {
    let caller = started().await?;
    let list = caller.get("/tooling/sobjects").await?.json();
    assert!(list["sobjects"].as_array().is_some_and(|objects| objects.len() > 50));
    let describe = caller.get("/tooling/sobjects/CustomField/describe").await?.json();
    let fields = describe["fields"].as_array().cloned().unwrap_or_default();
    let metadata = fields.iter().find(|field| field["name"] == "Metadata").cloned().unwrap_or_default();
    assert_eq!(metadata["type"], "complexvalue");
    assert!(!fields.iter().any(|field| field["name"] == "EntityDefinitionRef"));
    assert_eq!(describe["urls"]["sobject"], "/services/data/v67.0/tooling/sobjects/CustomField");

    let account = caller.get("/tooling/sobjects/EntityDefinition/Account").await?.json();
    assert_eq!(account["QualifiedApiName"], "Account");
    let domains = records(&caller, "SELECT RelationshipName, ChildSobject.QualifiedApiName, IsCascadeDelete FROM RelationshipDomain WHERE ParentSobject.QualifiedApiName = 'Account' AND RelationshipName = 'Trips__r'").await?;
    assert_eq!(domains[0]["ChildSobject"]["QualifiedApiName"], "Trip__c");
    Ok(())
}

#[tokio::test]
async fn code_has_the_same_rows_in_both_apis() -> Result<()> {
    let caller = Caller::start(SimOrg::new()).await?;
    for (object, fields) in [
        (
            "ApexClass",
            "Id, Name, NamespacePrefix, ApiVersion, Status, IsValid, Body, BodyCrc, LengthWithoutComments",
        ),
        ("ApexTrigger", "Id, Name, TableEnumOrId, UsageBeforeInsert, UsageAfterDelete, Status, Body"),
    ] {
        let soql = format!("SELECT {fields}, CreatedDate, LastModifiedById FROM {object} ORDER BY Id");
        let rows = |answer: serde_json::Value| -> Vec<serde_json::Value> {
            let rows = answer["records"].as_array().cloned().unwrap_or_default();
            rows.into_iter()
                .map(|mut row| {
                    row["attributes"] = serde_json::Value::Null;
                    row
                })
                .collect()
        };
        let data = rows(caller.query(&soql).await?.json());
        assert!(!data.is_empty(), "{object}");
        assert_eq!(data, rows(tooling(&caller, &soql).await?.json()));
        for row in &data {
            let id = row["Id"].as_str().unwrap_or_default();
            assert_eq!(caller.get(&format!("/sobjects/{object}/{id}")).await?.json()["Name"], row["Name"]);
        }
    }
    Ok(())
}
