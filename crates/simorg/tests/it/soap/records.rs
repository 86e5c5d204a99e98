//! Writing records, and what becomes of each.

use anyhow::{Context, Result};
use simorg::SimOrg;

use super::{ask, caller, elements, fault, outcome, post, result, results};
use crate::caller::{Caller, read};

fn account(fields: &str) -> String {
    format!("<urn:sObjects><urn1:type>Account</urn1:type>{fields}</urn:sObjects>")
}

fn name(text: &str) -> String {
    account(&format!("<urn1:Name>{text}</urn1:Name>"))
}

fn create(records: &str) -> String {
    format!("<urn:create>{records}</urn:create>")
}

fn ids(call: &str, ids: &[&str]) -> String {
    format!("<urn:{call}>{}</urn:{call}>", elements("ids", ids))
}

async fn created(caller: &Caller, record: &str) -> Result<String> {
    let result = result(caller, &create(record)).await?;
    Ok(result.text_of("id").with_context(|| format!("{result:?}"))?.to_owned())
}

async fn stored(caller: &Caller, id: &str, field: &str) -> Result<serde_json::Value> {
    Ok(caller.get(&format!("/sobjects/Account/{id}?fields={field}")).await?.json()[field].clone())
}

#[tokio::test]
async fn each_row_has_its_result_in_order() -> Result<()> {
    let caller = caller().await?;
    let records = [name("A &amp; B"), account("<urn1:Phone>1</urn1:Phone>"), name("C")].concat();

    let results = results(&caller, "", &create(&records)).await?;

    let outcomes: Vec<String> = results.iter().map(outcome).collect();
    assert_eq!(outcomes, ["true", "REQUIRED_FIELD_MISSING", "true"]);
    let error = results[1].child("errors").context("an error")?;
    assert_eq!(error.text_of("fields"), Some("Name"));
    assert_eq!(error.text_of("message"), Some("Required fields are missing: [Name]"));
    let names: Vec<&str> = results[1].children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(names, ["errors", "id", "success"]);
    let id = results[0].text_of("id").context("an id")?;
    assert_eq!(stored(&caller, id, "Name").await?, "A & B");
    Ok(())
}

#[tokio::test]
async fn all_or_none_undoes_the_good_rows() -> Result<()> {
    let caller = caller().await?;
    let header = "<urn:AllOrNoneHeader><urn:allOrNone>true</urn:allOrNone></urn:AllOrNoneHeader>";
    let records = [name("Good"), account("")].concat();

    let results = results(&caller, header, &create(&records)).await?;

    assert_eq!(outcome(&results[0]), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    let count = caller.query("SELECT COUNT() FROM Account WHERE Name = 'Good'").await?.json();
    assert_eq!(count["totalSize"], 0);
    Ok(())
}

#[tokio::test]
async fn a_call_of_201_rows_is_refused_as_a_whole() -> Result<()> {
    let caller = caller().await?;
    let refused = ask(&caller, "", &create(&name("x").repeat(201))).await?;
    assert_eq!(fault(&refused), "500 sf:EXCEEDED_ID_LIMIT");
    assert_eq!(results(&caller, "", &create(&name("x").repeat(200))).await?.len(), 200);
    Ok(())
}

#[tokio::test]
async fn update_sets_what_is_sent_and_empties_what_is_named() -> Result<()> {
    let caller = caller().await?;
    let fields = "<urn1:Name>A</urn1:Name><urn1:Phone>1</urn1:Phone><urn1:Fax>2</urn1:Fax>\
                  <urn1:NumberOfEmployees>5</urn1:NumberOfEmployees>";
    let id = created(&caller, &account(fields)).await?;
    let change = format!(
        "<urn1:fieldsToNull>Fax</urn1:fieldsToNull><urn1:fieldsToNull>NumberOfEmployees</urn1:fieldsToNull>\
         <urn1:Id>{id}</urn1:Id><urn1:Name>B</urn1:Name><urn1:Phone xsi:nil=\"true\"/>"
    );

    let changed = result(&caller, &format!("<urn:update>{}</urn:update>", account(&change))).await?;

    assert_eq!((outcome(&changed).as_str(), changed.text_of("id")), ("true", Some(id.as_str())));
    assert_eq!(stored(&caller, &id, "Name").await?, "B");
    assert_eq!(stored(&caller, &id, "Phone").await?, "1", "a nil element says nothing");
    assert!(stored(&caller, &id, "Fax").await?.is_null());
    assert!(stored(&caller, &id, "NumberOfEmployees").await?.is_null());
    Ok(())
}

#[tokio::test]
async fn long_text_is_cut_only_when_that_is_asked_for() -> Result<()> {
    let caller = caller().await?;
    let long = name(&"x".repeat(300));
    let header = "<urn:AllowFieldTruncationHeader><urn:allowFieldTruncation>true</urn:allowFieldTruncation></urn:AllowFieldTruncationHeader>";

    assert_eq!(outcome(&result(&caller, &create(&long)).await?), "STRING_TOO_LONG");
    let cut = results(&caller, header, &create(&long)).await?;
    let id = cut[0].text_of("id").context("an id")?;
    assert_eq!(stored(&caller, id, "Name").await?, "x".repeat(255));
    Ok(())
}

#[tokio::test]
async fn upsert_tells_whether_it_created() -> Result<()> {
    let caller = caller().await?;
    let upsert = |records: &str| {
        format!("<urn:upsert><urn:externalIDFieldName>Id</urn:externalIDFieldName>{records}</urn:upsert>")
    };
    let made = result(&caller, &upsert(&name("A"))).await?;
    let id = made.text_of("id").context("an id")?;
    let again = upsert(&account(&format!("<urn1:Id>{id}</urn1:Id><urn1:Name>B</urn1:Name>")));

    let updated = result(&caller, &again).await?;

    assert!(made.is_true("created") && !updated.is_true("created") && updated.is_true("success"));
    assert_eq!(stored(&caller, id, "Name").await?, "B");
    Ok(())
}

#[tokio::test]
async fn unknown_types_fields_and_values_fault_the_call() -> Result<()> {
    let caller = caller().await?;
    let record = |kind: &str, field: &str| {
        format!("<urn:create><urn:sObjects><urn1:type>{kind}</urn1:type>{field}</urn:sObjects></urn:create>")
    };
    for (call, expected) in [
        (record("Acount", ""), "500 sf:INVALID_TYPE"),
        (record("", ""), "500 sf:INVALID_TYPE"),
        (record("Account", "<urn1:Nam>x</urn1:Nam>"), "500 sf:INVALID_FIELD"),
        (record("Account", "<urn1:fieldsToNull>Nam</urn1:fieldsToNull>"), "500 sf:INVALID_FIELD"),
        (record("Account", "<urn1:NumberOfEmployees/>"), "500 soapenv:Client"),
    ] {
        assert_eq!(fault(&ask(&caller, "", &call).await?), expected, "{call}");
    }
    Ok(())
}

#[tokio::test]
async fn the_enterprise_api_names_the_type_in_an_attribute() -> Result<()> {
    let caller = caller().await?;
    let text = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <e:Header><SessionHeader xmlns=\"urn:enterprise.soap.sforce.com\"><sessionId>{}</sessionId></SessionHeader></e:Header>\
         <e:Body><create xmlns=\"urn:enterprise.soap.sforce.com\"><sObjects xsi:type=\"o:Account\" xmlns:o=\"urn:sobject.enterprise.soap.sforce.com\">\
         <o:Name>Typed</o:Name></sObjects></create></e:Body></e:Envelope>",
        caller.token
    );

    let answer = read(post(&caller, "c/60.0", text)).await?;

    assert!(answer.text.contains("xmlns=\"urn:enterprise.soap.sforce.com\""));
    let id = super::body(&answer).children[0].text_of("id").context("an id")?.to_owned();
    assert_eq!(stored(&caller, &id, "Name").await?, "Typed");
    Ok(())
}

#[tokio::test]
async fn deleted_rows_come_back_until_the_bin_is_emptied() -> Result<()> {
    let caller = caller().await?;
    let id = created(&caller, &name("A")).await?;
    let outcome_of = |call: &'static str, id: String| {
        let caller = &caller;
        async move { Ok::<_, anyhow::Error>(outcome(&result(caller, &ids(call, &[&id])).await?)) }
    };

    assert_eq!(outcome_of("emptyRecycleBin", id.clone()).await?, "INVALID_ID_FIELD");
    assert_eq!(outcome_of("delete", id.clone()).await?, "true");
    assert_eq!(outcome_of("delete", id.clone()).await?, "ENTITY_IS_DELETED");
    assert_eq!(outcome_of("undelete", id.clone()).await?, "true");
    assert_eq!(outcome_of("undelete", id.clone()).await?, "UNDELETE_FAILED");
    assert_eq!(caller.get(&format!("/sobjects/Account/{id}")).await?.status, 200);
    assert_eq!(outcome_of("delete", id.clone()).await?, "true");
    assert_eq!(outcome_of("emptyRecycleBin", id.clone()).await?, "true");
    assert_eq!(outcome_of("undelete", id.clone()).await?, "UNDELETE_FAILED");
    let all = caller.query_all(&format!("SELECT Id FROM Account WHERE Id = '{id}'")).await?.json();
    assert_eq!(all["totalSize"], 0);
    Ok(())
}

#[tokio::test]
async fn ids_of_every_kind_are_looked_at() -> Result<()> {
    let caller = caller().await?;
    let id = created(&caller, &name("A")).await?;
    let results = results(&caller, "", &ids("delete", &["abc", &id[..15]])).await?;
    let outcomes: Vec<String> = results.iter().map(outcome).collect();
    assert_eq!(outcomes, ["MALFORMED_ID", "true"]);
    assert_eq!(results[1].text_of("id"), Some(id.as_str()));
    let many: Vec<&str> = std::iter::repeat_n(id.as_str(), 201).collect();
    assert_eq!(fault(&ask(&caller, "", &ids("undelete", &many)).await?), "500 sf:EXCEEDED_ID_LIMIT");
    Ok(())
}

#[tokio::test]
async fn get_updated_and_get_deleted_tell_ids_and_times() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().epoch("2026-03-01T10:00:00Z".parse()?)).await?;
    caller.org.org().clock().stop_at("2026-03-01T10:00:30Z".parse()?);
    let token = caller.org.state().oauth.open_session(
        caller.org.org().id(),
        &caller.org.org().admin().id,
        caller.org.org().now(),
    );
    let caller = Caller { token, ..caller };
    let kept = created(&caller, &name("Kept")).await?;
    let gone = created(&caller, &name("Gone")).await?;
    result(&caller, &ids("delete", &[&gone])).await?;
    caller.org.org().clock().advance(chrono::Duration::minutes(5));
    let ask_for = |call: &str, object: &str| {
        format!(
            "<urn:{call}><urn:sObjectType>{object}</urn:sObjectType><urn:startDate>2026-03-01T09:00:00Z</urn:startDate>\
             <urn:endDate>2026-03-01T10:03:00.000Z</urn:endDate></urn:{call}>"
        )
    };

    let updated = result(&caller, &ask_for("getUpdated", "Account")).await?;
    let deleted = result(&caller, &ask_for("getDeleted", "Account")).await?;

    let ids: Vec<&str> = updated.all("ids").map(|id| id.text.as_str()).collect();
    assert_eq!(ids, [kept.as_str()]);
    assert_eq!(updated.text_of("latestDateCovered"), Some("2026-03-01T10:03:00.000Z"));
    let record = deleted.child("deletedRecords").context("a deleted record")?;
    assert_eq!(record.text_of("id"), Some(gone.as_str()));
    assert_eq!(record.text_of("deletedDate"), Some("2026-03-01T10:00:30.000Z"));
    assert!(deleted.text_of("earliestDateAvailable").is_some_and(|date| date.ends_with('Z')));
    assert_eq!(fault(&ask(&caller, "", &ask_for("getUpdated", "Nothing")).await?), "500 sf:INVALID_TYPE");
    Ok(())
}

#[tokio::test]
async fn retrieve_keeps_the_order_of_the_ids() -> Result<()> {
    let caller = caller().await?;
    let (one, two) = (created(&caller, &name("One")).await?, created(&caller, &name("Two")).await?);
    let call = |fields: &str, ids: &[&str]| {
        let ids = elements("ids", ids);
        format!(
            "<urn:retrieve><urn:fieldList>{fields}</urn:fieldList><urn:sObjectType>Account</urn:sObjectType>{ids}</urn:retrieve>"
        )
    };

    let found = results(&caller, "", &call("Name, Id", &[&two, "001000000000000AAA", &one])).await?;

    let names: Vec<Option<&str>> = found.iter().map(|record| record.text_of("Name")).collect();
    assert_eq!(names, [Some("Two"), None, Some("One")]);
    assert!(found[1].is_nil());
    assert_eq!(found[0].all("Id").count(), 2);
    assert_eq!(fault(&ask(&caller, "", &call("Nam", &[&one])).await?), "500 sf:INVALID_FIELD");
    assert_eq!(fault(&ask(&caller, "", &call("Name", &["x"])).await?), "500 sf:MALFORMED_ID");
    Ok(())
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_no_valid_call() -> Result<()> {
    let caller = caller().await?;
    for (field, value, kind) in
        [("NumberOfEmployees", "x", "xsd:int"), ("AnnualRevenue", "much", "xsd:double")]
    {
        let record = account(&format!("<urn1:Name>A</urn1:Name><urn1:{field}>{value}</urn1:{field}>"));
        let answer = ask(&caller, "", &create(&record)).await?;
        assert_eq!(fault(&answer), "500 soapenv:Client");
        let text = format!("<faultstring>'{value}' is not a valid value for the type {kind}</faultstring>");
        assert!(answer.text.contains(&text), "{}", answer.text);
    }
    Ok(())
}

#[tokio::test]
async fn rows_are_deleted_by_either_name_of_the_list() -> Result<()> {
    let caller = caller().await?;
    let first = caller.insert("Account", &serde_json::json!({"Name": "A"})).await?;
    let second = caller.insert("Account", &serde_json::json!({"Name": "B"})).await?;
    let call =
        format!("<urn:delete>{}{}</urn:delete>", elements("ids", &[&first]), elements("id", &[&second]));

    let outcomes: Vec<String> = results(&caller, "", &call).await?.iter().map(outcome).collect();

    assert_eq!(outcomes, ["true", "true"]);
    Ok(())
}
