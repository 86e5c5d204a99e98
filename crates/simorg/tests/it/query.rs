//! `query` and `queryAll` over HTTP: the shape of answers, pages and cursors, and what is refused.

use anyhow::{Context, Result};
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value as Json, json};
use simorg::{Effect, Endpoint, Fault, SimOrg};

use crate::caller::{Caller, read};

async fn bare() -> Result<Caller> {
    Caller::start(SimOrg::new().bare()).await
}

fn ids(page: &Json) -> Vec<String> {
    page["records"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|record| record["Id"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a_record_has_attributes_and_values_in_the_forms_of_rest() -> Result<()> {
    let caller = bare().await?;
    let account = caller.insert("Account", &json!({"Name": "A \"1\"\r\n", "AnnualRevenue": 20_000_000, "NumberOfEmployees": 5, "BillingCity": "Paris"})).await?;
    let contact = caller.insert("Contact", &json!({"LastName": "Lee", "AccountId": account})).await?;

    let answer = caller
        .query(&format!("SELECT Id, Name, AnnualRevenue, NumberOfEmployees, IsDeleted, Website, CreatedDate, BillingAddress, Owner.Name, Parent.Name, (SELECT LastName FROM Contacts), (SELECT Id FROM Cases) FROM Account WHERE Id = '{account}'"))
        .await?;

    let body = answer.json();
    assert_eq!((&body["totalSize"], &body["done"]), (&json!(1), &json!(true)));
    assert!(body.get("nextRecordsUrl").is_none());
    let record = &body["records"][0];
    assert_eq!(
        record["attributes"],
        json!({"type": "Account", "url": format!("/services/data/v67.0/sobjects/Account/{account}")})
    );
    assert!(
        answer
            .text
            .contains("\"AnnualRevenue\":2.0E7,\"NumberOfEmployees\":5,\"IsDeleted\":false,\"Website\":null"),
        "{}",
        answer.text
    );
    assert!(record["CreatedDate"].as_str().context("a date")?.ends_with(".000+0000"));
    assert_eq!(record["BillingAddress"]["city"], "Paris");
    assert_eq!(record["Owner"]["attributes"]["type"], "User");
    assert_eq!(record["Parent"], Json::Null);
    assert_eq!(record["Contacts"]["records"][0]["LastName"], "Lee");
    assert_eq!((&record["Contacts"]["totalSize"], &record["Contacts"]["done"]), (&json!(1), &json!(true)));
    assert_eq!(record["Cases"], Json::Null);
    let keys: Vec<&String> = record.as_object().context("an object")?.keys().collect();
    assert_eq!(&keys[..4], &["attributes", "Id", "Name", "AnnualRevenue"]);

    let by_type = caller
        .query(&format!(
            "SELECT TYPEOF Owner WHEN User THEN Username END, What.Name FROM Event WHERE WhoId = '{contact}'"
        ))
        .await?;
    assert_eq!(by_type.json(), json!({"totalSize": 0, "done": true, "records": []}));
    Ok(())
}

#[tokio::test]
async fn counts_and_groups_have_their_own_shapes() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 7)).await?;
    assert_eq!(
        caller.query("SELECT COUNT() FROM Account").await?.json(),
        json!({"totalSize": 7, "done": true, "records": []})
    );
    assert_eq!(
        caller.query("SELECT COUNT(Id) FROM Account").await?.text,
        r#"{"totalSize":1,"done":true,"records":[{"attributes":{"type":"AggregateResult"},"expr0":7}]}"#
    );
    let sum = caller.query("SELECT COUNT(Id) n, MAX(SystemModstamp) newest FROM Account").await?.json();
    assert_eq!(sum["records"][0]["n"], 7);
    assert!(sum["records"][0]["newest"].as_str().context("a stamp")?.ends_with("+0000"));
    Ok(())
}

#[tokio::test]
async fn pages_follow_each_other_and_hold_every_row_once() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Contact", 4_321)).await?;
    let mut page = caller.query("SELECT Id FROM Contact").await?.json();
    let mut seen = ids(&page);
    let mut sizes = vec![seen.len()];
    while let Some(next) = page["nextRecordsUrl"].as_str() {
        assert!(next.starts_with("/services/data/v67.0/query/01g") && next.contains('-'), "{next}");
        page = caller.get(next).await?.json();
        assert_eq!(page["totalSize"], 4_321);
        sizes.push(ids(&page).len());
        seen.extend(ids(&page));
    }
    assert_eq!(sizes, [2000, 2000, 321]);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4_321);

    let small = caller
        .request(Method::GET, "/query")
        .query(&[("q", "SELECT Id FROM Contact")])
        .header("Sforce-Query-Options", "batchSize=10");
    assert_eq!(ids(&read(small).await?.json()).len(), 200, "200 rows is the least");
    let long_text = caller.query("SELECT Id, Description FROM Contact").await?.json();
    assert_eq!(ids(&long_text).len(), 1000, "long text makes pages small");
    Ok(())
}

#[tokio::test]
async fn a_cursor_fixes_the_rows_and_shows_their_newest_values() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Lead", 450)).await?;
    let first = caller
        .request(Method::GET, "/query")
        .query(&[("q", "SELECT Id, Company FROM Lead")])
        .header("Sforce-Query-Options", "batchSize=200");
    let first = read(first).await?.json();
    let all = caller.query("SELECT Id FROM Lead").await?.json();
    let open = caller.query("SELECT Id FROM Lead WHERE IsConverted = false").await?.json();
    let deleted = ids(&all)[300].clone();
    let changed = ids(&open).iter().find(|id| **id > deleted).context("an open lead")?.clone();
    read(caller.request(Method::DELETE, &format!("/sobjects/Lead/{deleted}"))).await?;
    read(
        caller
            .request(Method::PATCH, &format!("/sobjects/Lead/{changed}"))
            .json(&json!({"Company": "Newest"})),
    )
    .await?;
    caller.insert("Lead", &json!({"LastName": "Late", "Company": "Late"})).await?;

    let second = caller.get(first["nextRecordsUrl"].as_str().context("a next page")?).await?.json();

    assert_eq!(second["totalSize"], 450);
    assert_eq!(ids(&second).len(), 199, "the deleted row is missing");
    let newest = second["records"]
        .as_array()
        .context("rows")?
        .iter()
        .find(|row| row["Id"] == changed.as_str())
        .context("the row")?;
    assert_eq!(newest["Company"], "Newest");
    Ok(())
}

#[tokio::test]
async fn query_all_shows_the_bin() -> Result<()> {
    let caller = bare().await?;
    let id = caller.insert("Account", &json!({"Name": "Gone"})).await?;
    read(caller.request(Method::DELETE, &format!("/sobjects/Account/{id}"))).await?;

    let soql = "SELECT Id, IsDeleted FROM Account";
    assert_eq!(caller.query(soql).await?.json()["totalSize"], 0);
    let row = &caller.query_all(soql).await?.json()["records"][0];
    assert_eq!((&row["Id"], &row["IsDeleted"]), (&json!(id), &json!(true)));
    Ok(())
}

#[tokio::test]
async fn cursors_are_lost_after_two_days_by_fault_and_for_others() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Lead", 2_500)).await?;
    let next = || async {
        let page = caller.query("SELECT Id FROM Lead").await?.json();
        Ok::<_, anyhow::Error>(page["nextRecordsUrl"].as_str().context("a next page")?.to_owned())
    };
    let (kept, lost) = (next().await?, next().await?);
    assert_eq!(caller.get(&kept).await?.status, 200);
    assert_eq!(caller.get("/query/01g000000000000AAA-2000").await?.refusal(), "400 INVALID_QUERY_LOCATOR");

    caller.org.faults().add(Fault::at(Endpoint::NextPage, Effect::LocatorLost).once());
    let answer = caller.get(&lost).await?;
    assert_eq!(answer.refusal(), "400 INVALID_QUERY_LOCATOR");
    assert_eq!(answer.json()[0]["message"], "invalid query locator");
    assert_eq!(caller.get(&kept).await?.status, 200);

    caller.org.org().clock().advance(Duration::hours(49));
    let caller = Caller {
        token: caller.org.state().oauth.open_session(
            caller.org.org().id(),
            &caller.org.org().admin().id,
            caller.org.org().now(),
        ),
        ..caller
    };
    assert_eq!(caller.get(&kept).await?.refusal(), "400 INVALID_QUERY_LOCATOR");
    Ok(())
}

#[tokio::test]
async fn long_addresses_statements_and_wrong_methods_are_refused() -> Result<()> {
    let caller = bare().await?;
    let filler = "a".repeat(16_384);
    let long = caller.query(&format!("SELECT Id FROM Account WHERE Name = '{filler}'")).await?;
    assert_eq!(
        (long.status.as_u16(), long.text.as_str()),
        (414, "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>")
    );
    // "/services/data/v67.0/query?q=" and the statement itself, none of whose characters need escaping.
    let fits = "/services/data/v67.0/query?q=SELECT+Id+FROM+Account";
    let padded = format!("{fits}&x={}", "a".repeat(16_384 - fits.len() - 3));
    assert_eq!(caller.get(&padded).await?.status, 200);
    assert_eq!(caller.get(&format!("{padded}a")).await?.status, 414);

    assert_eq!(caller.post("/query", &json!({})).await?.refusal(), "405 METHOD_NOT_ALLOWED");
    assert_eq!(caller.get("/query").await?.refusal(), "400 MALFORMED_QUERY");
    let unknown = caller.query("SELECT Idd FROM Account").await?;
    assert_eq!(unknown.refusal(), "400 INVALID_FIELD");
    assert!(
        unknown.json()[0]["message"]
            .as_str()
            .context("a message")?
            .starts_with("\nSELECT Idd FROM Account\n       ^\nERROR at Row:1:Column:8\n")
    );
    Ok(())
}

#[tokio::test]
async fn hidden_fields_and_objects_do_not_exist_for_the_user() -> Result<()> {
    let caller = bare().await?;
    let admin = caller.org.org().admin().id.clone();
    caller.org.org().set_permissions(&admin, |permissions| {
        permissions.hidden_fields.insert(("account".to_owned(), "website".to_owned()));
        permissions.hidden_objects.insert("lead".to_owned());
    });
    assert_eq!(caller.query("SELECT Website FROM Account").await?.refusal(), "400 INVALID_FIELD");
    assert_eq!(
        caller.query("SELECT Id FROM Account WHERE Website = 'x'").await?.refusal(),
        "400 INVALID_FIELD"
    );
    assert_eq!(caller.query("SELECT Id FROM Lead").await?.refusal(), "400 INVALID_TYPE");
    let fields = caller.query("SELECT FIELDS(ALL) FROM Account LIMIT 1").await?;
    assert_eq!(fields.status, 200);
    Ok(())
}

#[tokio::test]
async fn links_of_files_want_a_filter_before_version_59_or_without_query_all_files() -> Result<()> {
    let caller = Caller::start(SimOrg::new()).await?;
    let soql = "SELECT+Id,ContentDocumentId+FROM+ContentDocumentLink";
    assert_eq!(
        caller.get(&format!("/services/data/v58.0/query?q={soql}")).await?.refusal(),
        "400 MALFORMED_QUERY"
    );
    let all = caller.get(&format!("/services/data/v59.0/query?q={soql}")).await?.json();
    let document = all["records"][0]["ContentDocumentId"].as_str().context("a link")?.to_owned();
    let admin = caller.org.org().admin().id.clone();
    caller.org.org().set_permissions(&admin, |permissions| permissions.query_all_files = false);
    let refused = caller.get(&format!("/query?q={soql}")).await?;
    assert!(
        refused.text.contains("Implementation restriction: ContentDocumentLink requires a filter"),
        "{}",
        refused.text
    );
    let filtered = caller
        .query(&format!("SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId = '{document}'"))
        .await?;
    assert_eq!(filtered.status, 200);
    Ok(())
}

#[tokio::test]
async fn columns_are_described_instead_of_rows() -> Result<()> {
    let caller = bare().await?;
    let answer =
        caller.get("/query?q=SELECT+Id,Owner.Name,AnnualRevenue+FROM+Account&columns=true").await?.json();
    assert_eq!(
        (&answer["entityName"], &answer["idSelected"], &answer["keyPrefix"]),
        (&json!("Account"), &json!(true), &json!("001"))
    );
    let columns = answer["columnMetadata"].as_array().context("columns")?;
    assert_eq!(columns[1]["columnName"], "Owner");
    assert_eq!(columns[1]["joinColumns"][0]["columnName"], "Name");
    assert_eq!(columns[2]["numberType"], true);
    Ok(())
}

#[tokio::test]
async fn every_object_can_be_read_field_by_field() -> Result<()> {
    let caller = Caller::start(SimOrg::new()).await?;
    let admin = caller.org.org().admin();
    for object in caller.org.org().objects(&admin).iter().filter(|object| object.flags.queryable) {
        let fields: Vec<&str> = object.fields.iter().map(|field| field.name.as_str()).collect();
        let answer =
            caller.query(&format!("SELECT {} FROM {} LIMIT 5", fields.join(","), object.name)).await?;
        if answer.status != 200 {
            assert!(
                answer.text.contains("requires a filter") || answer.text.contains("must filter"),
                "{}: {}",
                object.name,
                answer.text
            );
            continue;
        }
        for record in answer.json()["records"].as_array().into_iter().flatten() {
            let keys: Vec<&str> =
                record.as_object().context("a record")?.keys().skip(1).map(String::as_str).collect();
            assert_eq!(keys, fields, "{}", object.name);
        }
    }
    Ok(())
}

#[tokio::test]
async fn attachments_in_the_bin_are_shown_to_those_who_view_all_data_only() -> Result<()> {
    let caller = bare().await?;
    let account = caller.insert("Account", &json!({"Name": "Acme"})).await?;
    let id =
        caller.insert("Attachment", &json!({"Name": "a.txt", "ParentId": account, "Body": "YQ=="})).await?;
    read(caller.request(Method::DELETE, &format!("/sobjects/Attachment/{id}"))).await?;
    let soql = "SELECT Id, IsDeleted, Body FROM Attachment";
    let row = caller.query(soql).await?.json()["records"][0].clone();
    assert_eq!(
        (&row["IsDeleted"], &row["Body"]),
        (&json!(true), &json!(format!("/services/data/v67.0/sobjects/Attachment/{id}/Body")))
    );
    let admin = caller.org.org().admin().id.clone();
    caller.org.org().set_permissions(&admin, |permissions| permissions.view_all_data = false);
    assert_eq!(caller.query_all(soql).await?.json()["totalSize"], 0);
    Ok(())
}

#[tokio::test]
async fn a_query_plan_tells_how_rows_would_be_found() -> Result<()> {
    let caller =
        Caller::start(SimOrg::new().bare().records("Account", 1_000).records("Contact", 2_000)).await?;
    let account = ids(&caller.query("SELECT Id FROM Account LIMIT 1").await?.json())[0].clone();
    let stamp = caller.query("SELECT MAX(SystemModstamp) m FROM Contact").await?.json()["records"][0]["m"]
        .as_str()
        .context("a stamp")?
        .replace("+0000", "Z");
    for (soql, operation, fields) in [
        ("SELECT Id FROM Contact WHERE Title = 'x'".to_owned(), "TableScan", json!([])),
        (format!("SELECT Id FROM Account WHERE Id = '{account}'"), "Index", json!(["Id"])),
        (format!("SELECT Id FROM Contact WHERE AccountId = '{account}'"), "Index", json!(["AccountId"])),
        (
            format!("SELECT Id FROM Contact WHERE SystemModstamp >= {stamp}"),
            "Index",
            json!(["SystemModstamp"]),
        ),
    ] {
        let answer = read(caller.request(Method::GET, "/query").query(&[("explain", &soql)])).await?.json();
        let plan = &answer["plans"][0];
        assert_eq!((&plan["leadingOperationType"], &plan["fields"]), (&json!(operation), &fields), "{soql}");
        let (cost, cardinality) = (plan["relativeCost"].as_f64(), plan["cardinality"].as_u64());
        let is_scan = operation == "TableScan";
        assert_eq!(cost.context("a cost")? > 1.0, is_scan, "{soql}");
        assert_eq!(cardinality.context("a cardinality")? > 500, is_scan, "{soql}");
        assert_eq!(plan["notes"][0]["fields"], json!(["IsDeleted"]));
    }
    let refused = caller.get("/query?explain=SELECT+Idd+FROM+Account").await?;
    assert_eq!(refused.refusal(), "400 INVALID_FIELD");
    Ok(())
}

#[tokio::test]
async fn many_children_come_with_a_way_to_their_next_page() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 1).records("Contact", 2_300)).await?;
    let soql = "SELECT Id, (SELECT Id, Account.Name FROM Contacts ORDER BY Id) FROM Account";
    let children = caller.query(soql).await?.json()["records"][0]["Contacts"].clone();
    assert_eq!((&children["totalSize"], &children["done"]), (&json!(2_300), &json!(false)));
    assert_eq!(ids(&children).len(), 2_000);
    let rest = caller.get(children["nextRecordsUrl"].as_str().context("a next page")?).await?.json();
    assert_eq!((&rest["totalSize"], &rest["done"]), (&json!(2_300), &json!(true)));
    assert_eq!(ids(&rest).len(), 300);
    assert!(rest["records"][0]["Account"]["Name"].is_string());
    Ok(())
}

#[tokio::test]
async fn values_in_other_forms_stand_where_their_fields_would() -> Result<()> {
    let caller = bare().await?;
    let account = caller.insert("Account", &json!({"Name": "Acme", "AnnualRevenue": 1_000})).await?;
    let contact = caller.insert("Contact", &json!({"LastName": "Lee", "AccountId": account})).await?;
    let record = caller
        .query("SELECT FORMAT(Account.AnnualRevenue), FORMAT(CreatedDate) made, Account.Name FROM Contact")
        .await?
        .json()["records"][0]
        .clone();
    assert_eq!(record["Account"]["AnnualRevenue"], "$1,000.00");
    assert_eq!(record["Account"]["Name"], "Acme");
    assert!(record["made"].as_str().context("a text")?.ends_with('M'), "{record}");
    let case = caller.insert("Case", &json!({"Subject": "A", "ContactId": contact})).await?;
    let owner =
        caller.query("SELECT Owner.Name, Owner.Profile.Name FROM Case").await?.json()["records"][0]["Owner"]
            .clone();
    assert_eq!(owner["attributes"]["type"], "Name");
    assert!(owner["attributes"]["url"].as_str().context("a url")?.contains("/sobjects/User/005"));
    assert_eq!(owner["Profile"]["Name"], "System Administrator", "{case}");
    Ok(())
}

#[tokio::test]
async fn more_groups_than_a_page_holds_are_refused() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Lead", 2_001)).await?;
    let answer = caller.query("SELECT Id, COUNT(LastName) FROM Lead GROUP BY Id").await?;
    assert_eq!(answer.refusal(), "400 EXCEEDED_ID_LIMIT");
    assert!(
        answer.text.contains("Aggregate query does not support queryMore(), use LIMIT"),
        "{}",
        answer.text
    );
    let fits = caller.query("SELECT Id, COUNT(LastName) FROM Lead GROUP BY Id LIMIT 2000").await?;
    assert_eq!(fits.json()["totalSize"], 2_000);
    Ok(())
}

#[tokio::test]
async fn a_date_literal_counts_no_less_than_nothing_and_not_beyond_the_calendar() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 3)).await?;
    for (literal, status) in [
        ("LAST_N_DAYS:0", 200),
        ("LAST_N_DAYS:36500", 200),
        ("LAST_N_DAYS:-5", 400),
        ("NEXT_N_DAYS:9223372036854775807", 400),
        ("N_YEARS_AGO:9223372036854775807", 400),
        ("NEXT_N_DAYS:92233720368547758070", 400),
    ] {
        let soql = format!("SELECT Id FROM Account WHERE CreatedDate > {literal}");
        let answer = caller.query(&soql).await?;
        assert_eq!(answer.status, status, "{literal}: {}", answer.text);
    }
    Ok(())
}
