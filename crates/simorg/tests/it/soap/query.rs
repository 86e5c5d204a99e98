//! Queries: the shape of records, pages, and what is refused.

use anyhow::{Context, Result};
use serde_json::json;
use simorg::xml::Element;
use simorg::{Effect, Endpoint, Fault, SimOrg};

use super::{ask, body, caller, elements, envelope, fault, post, result, results};
use crate::caller::{Caller, read};

fn query(call: &str, soql: &str) -> String {
    let soql = soql.replace('&', "&amp;").replace('<', "&lt;");
    format!("<urn:{call}><urn:queryString>{soql}</urn:queryString></urn:{call}>")
}

async fn family(caller: &Caller) -> Result<(String, String)> {
    let account = caller
        .insert("Account", &json!({"Name": "A & B", "NumberOfEmployees": 7, "AnnualRevenue": 12_345_679}))
        .await?;
    let contact = caller.insert("Contact", &json!({"LastName": "Doe", "AccountId": account})).await?;
    caller.insert("Contact", &json!({"LastName": "Alone"})).await?;
    Ok((account, contact))
}

#[tokio::test]
async fn a_record_has_type_and_id_first_then_its_fields() -> Result<()> {
    let caller = caller().await?;
    let (account, _) = family(&caller).await?;

    let soql = "SELECT Id, Name, NumberOfEmployees, AnnualRevenue, Phone FROM Account";
    let answer = ask(&caller, "", &query("query", soql)).await?;

    let expected = format!(
        "<queryResponse><result xsi:type=\"QueryResult\"><done>true</done><queryLocator xsi:nil=\"true\"/>\
         <records xsi:type=\"sf:sObject\"><sf:type>Account</sf:type><sf:Id>{account}</sf:Id><sf:Id>{account}</sf:Id>\
         <sf:Name>A &amp; B</sf:Name><sf:NumberOfEmployees>7</sf:NumberOfEmployees><sf:AnnualRevenue>1.2345679E7</sf:AnnualRevenue>\
         <sf:Phone xsi:nil=\"true\"/></records><size>1</size></result></queryResponse>"
    );
    assert!(answer.text.contains(&expected), "{}", answer.text);
    assert!(answer.text.contains("xmlns:sf=\"urn:sobject.partner.soap.sforce.com\""));
    Ok(())
}

#[tokio::test]
async fn parents_and_children_stand_within_the_record() -> Result<()> {
    let caller = caller().await?;
    let (account, contact) = family(&caller).await?;

    let contacts =
        result(&caller, &query("query", "SELECT LastName, Account.Name FROM Contact ORDER BY LastName"))
            .await?;
    let records: Vec<&Element> = contacts.all("records").collect();
    assert!(records[0].child("Account").context("a parent")?.is_nil());
    assert!(records[0].child("Id").context("an id")?.is_nil(), "an id that was not selected");
    let parent = records[1].child("Account").context("a parent")?;
    assert_eq!(parent.attribute_value("type"), Some("sf:sObject"));
    assert_eq!((parent.text_of("type"), parent.text_of("Name")), (Some("Account"), Some("A & B")));

    let accounts = result(
        &caller,
        &query(
            "query",
            "SELECT Id, (SELECT Id, LastName FROM Contacts), (SELECT Id FROM Cases) FROM Account",
        ),
    )
    .await?;
    let record = accounts.child("records").context("a record")?;
    assert_eq!(record.text_of("Id"), Some(account.as_str()));
    let children = record.child("Contacts").context("children")?;
    assert_eq!(children.attribute_value("type"), Some("QueryResult"));
    assert_eq!((children.text_of("size"), children.text_of("done")), (Some("1"), Some("true")));
    assert_eq!(children.child("records").context("a child")?.text_of("Id"), Some(contact.as_str()));
    assert!(record.child("Cases").context("no children")?.is_nil());
    Ok(())
}

#[tokio::test]
async fn groups_and_counts_have_types_of_their_own() -> Result<()> {
    let caller = caller().await?;
    family(&caller).await?;

    let groups = result(
        &caller,
        &query("query", "SELECT LastName, COUNT(Id) n FROM Contact GROUP BY LastName ORDER BY LastName"),
    )
    .await?;
    let count = result(&caller, &query("query", "SELECT COUNT() FROM Contact")).await?;

    let group = groups.child("records").context("a group")?;
    assert_eq!(group.text_of("type"), Some("AggregateResult"));
    assert!(group.child("Id").context("an id")?.is_nil());
    let number = group.child("n").context("a number")?;
    assert_eq!((number.attribute_value("type"), number.text.as_str()), (Some("xsd:int"), "1"));
    assert_eq!((count.text_of("size"), count.child("records")), (Some("2"), None));
    Ok(())
}

#[tokio::test]
async fn addresses_times_and_bodies_are_those_of_soap() -> Result<()> {
    let caller = caller().await?;
    let address = json!({"Name": "A", "BillingCity": "Bonn", "BillingStreet": "Weg 1\r\nHof"});
    let id = caller.insert("Account", &address).await?;
    let attachment = json!({"Name": "a.txt", "ParentId": id, "Body": "aGVsbG8="});
    caller.insert("Attachment", &attachment).await?;

    let account =
        result(&caller, &query("query", "SELECT BillingAddress, CreatedDate, BillingStreet FROM Account"))
            .await?;
    let record = account.child("records").context("a record")?;
    let part = record.child("BillingAddress").context("an address")?;
    assert_eq!(part.attribute_value("type"), Some("address"));
    assert_eq!(part.text_of("city"), Some("Bonn"));
    assert!(part.child("country").context("a country")?.is_nil());
    assert_eq!(record.text_of("BillingStreet"), Some("Weg 1\r\nHof"));
    let created = record.text_of("CreatedDate").context("a date")?;
    assert!(created.strip_suffix("Z").is_some_and(|rest| rest.len() == 23), "{created}");
    let files = result(&caller, &query("query", "SELECT Body FROM Attachment")).await?;
    assert_eq!(files.child("records").context("a file")?.text_of("Body"), Some("aGVsbG8="));
    Ok(())
}

#[tokio::test]
async fn the_enterprise_api_types_its_records_and_leaves_nulls_out() -> Result<()> {
    let caller = caller().await?;
    let (account, _) = family(&caller).await?;
    let soql = query("query", "SELECT Phone, Name, Id, AnnualRevenue FROM Account");

    let answer = read(post(&caller, "c/60.0", envelope(&caller.token, "", &soql))).await?;

    let expected = format!(
        "<result><done>true</done><queryLocator xsi:nil=\"true\"/><records xsi:type=\"sf:Account\"><sf:Id>{account}</sf:Id>\
         <sf:AnnualRevenue>1.2345679E7</sf:AnnualRevenue><sf:Name>A &amp; B</sf:Name></records><size>1</size></result>"
    );
    assert!(answer.text.contains(&expected), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn pages_lead_to_each_other_until_all_rows_are_told() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 450)).await?;
    let options = "<urn:QueryOptions><urn:batchSize>200</urn:batchSize></urn:QueryOptions>";
    let first = results(&caller, options, &query("query", "SELECT Id FROM Account")).await?;
    let mut page = first.into_iter().next().context("a page")?;
    let mut sizes = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    loop {
        sizes.push(page.all("records").count());
        ids.extend(page.all("records").filter_map(|record| record.text_of("Id").map(str::to_owned)));
        assert_eq!(page.text_of("size"), Some("450"));
        if page.is_true("done") {
            break;
        }
        let locator = page.text_of("queryLocator").context("a locator")?;
        let call = format!("<urn:queryMore><urn:queryLocator>{locator}</urn:queryLocator></urn:queryMore>");
        page = result(&caller, &call).await?;
    }
    assert_eq!((sizes, ids.len()), (vec![200, 200, 50], 450));

    let default = Caller::start(SimOrg::new().bare().records("Account", 501)).await?;
    let page = result(&default, &query("query", "SELECT Id FROM Account")).await?;
    assert_eq!(page.all("records").count(), 500);
    Ok(())
}

#[tokio::test]
async fn a_lost_locator_faults() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 600)).await?;
    let page = result(&caller, &query("query", "SELECT Id FROM Account")).await?;
    let locator = page.text_of("queryLocator").context("a locator")?.to_owned();
    caller.org.faults().add(Fault::at(Endpoint::NextPage, Effect::LocatorLost).once());
    let call = format!("<urn:queryMore><urn:queryLocator>{locator}</urn:queryLocator></urn:queryMore>");

    let answer = ask(&caller, "", &call).await?;

    assert_eq!(fault(&answer), "500 sf:INVALID_QUERY_LOCATOR");
    assert!(answer.text.contains("sf:InvalidQueryLocatorFault"));
    Ok(())
}

#[tokio::test]
async fn a_wrong_query_faults_with_its_place() -> Result<()> {
    let caller = caller().await?;
    for (soql, code, kind) in [
        ("SELECT Idd FROM Account", "INVALID_FIELD", "InvalidFieldFault"),
        ("SELECT Id FROM", "MALFORMED_QUERY", "MalformedQueryFault"),
        ("SELECT Id FROM Acount", "INVALID_TYPE", "InvalidSObjectFault"),
    ] {
        let answer = ask(&caller, "", &query("query", soql)).await?;
        assert_eq!(fault(&answer), format!("500 sf:{code}"));
        let detail = body(&answer).child("detail").and_then(|detail| detail.child(kind)).cloned();
        let detail = detail.with_context(|| answer.text.clone())?;
        assert_eq!(detail.text_of("exceptionCode"), Some(code));
        assert!(detail.child("row").is_some() && detail.child("column").is_some());
    }
    let answer = ask(&caller, "", &query("query", "SELECT Idd FROM Account")).await?;
    assert!(answer.text.contains("<sf:row>1</sf:row><sf:column>8</sf:column>"), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn query_all_sees_the_bin() -> Result<()> {
    let caller = caller().await?;
    let (account, _) = family(&caller).await?;
    read(caller.request(reqwest::Method::DELETE, &format!("/sobjects/Account/{account}"))).await?;

    let live = result(&caller, &query("query", "SELECT Id FROM Account")).await?;
    let all = result(&caller, &query("queryAll", "SELECT Id, IsDeleted FROM Account")).await?;

    assert_eq!(live.text_of("size"), Some("0"));
    assert_eq!(all.child("records").context("a record")?.text_of("IsDeleted"), Some("true"));
    Ok(())
}

#[tokio::test]
async fn a_query_may_be_longer_than_any_url() -> Result<()> {
    let caller = caller().await?;
    family(&caller).await?;
    let names: Vec<String> = (0..4000).map(|at| format!("'name number {at}'")).collect();
    let soql = format!("SELECT Id FROM Account WHERE Name IN ('A & B',{})", names.join(","));
    assert!(soql.len() > 70_000);

    assert_eq!(result(&caller, &query("query", &soql)).await?.text_of("size"), Some("1"));
    Ok(())
}

#[tokio::test]
async fn search_wraps_each_record() -> Result<()> {
    let caller = caller().await?;
    let id = caller.insert("Account", &json!({"Name": "Zaphod Holding"})).await?;
    let call = "<urn:search><urn:searchString>FIND {Zaphod} IN ALL FIELDS RETURNING Account(Id, Name)</urn:searchString></urn:search>";

    let found = result(&caller, call).await?;

    let record = found.child("searchRecords").and_then(|found| found.child("record")).context("a record")?;
    assert_eq!(record.attribute_value("type"), Some("sf:sObject"));
    assert_eq!((record.text_of("Id"), record.text_of("Name")), (Some(id.as_str()), Some("Zaphod Holding")));
    Ok(())
}

#[tokio::test]
async fn retrieve_finds_every_row_however_wide_they_are() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Project__c", 450)).await?;
    let rows = caller.query("SELECT Id FROM Project__c ORDER BY Id").await?.json();
    let rows = rows["records"].as_array().context("rows")?;
    let ids: Vec<String> = rows.iter().map(|row| row["Id"].as_str().unwrap_or_default().to_owned()).collect();
    let asked: Vec<String> = ids.iter().map(|id| format!("<urn:ids>{id}</urn:ids>")).collect();
    let call = format!(
        "<urn:retrieve><urn:fieldList>Name,Notes__c,Rich_Notes__c</urn:fieldList><urn:sObjectType>Project__c</urn:sObjectType>{}</urn:retrieve>",
        asked.concat()
    );
    let found = results(&caller, "", &call).await?;
    let found: Vec<Option<&str>> = found.iter().map(|row| row.text_of("Id")).collect();
    assert_eq!(found, ids.iter().map(|id| Some(id.as_str())).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn a_window_without_a_zone_is_one_of_utc() -> Result<()> {
    let caller = caller().await?;
    caller.insert("Account", &serde_json::json!({"Name": "A"})).await?;
    let now = caller.org.org().now();
    let time =
        |hours: i64| (now + chrono::Duration::hours(hours)).format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    let call = format!(
        "<urn:getUpdated><urn:sObjectType>Account</urn:sObjectType>{}{}</urn:getUpdated>",
        elements("startDate", &[&time(-1)]),
        elements("endDate", &[&time(1)])
    );

    assert_eq!(result(&caller, &call).await?.all("ids").count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_single_argument_of_another_name_is_the_statement() -> Result<()> {
    let caller = caller().await?;
    family(&caller).await?;

    let unnamed = "<urn:query><c-gensym3>SELECT Id FROM Contact</c-gensym3></urn:query>";
    assert_eq!(result(&caller, unnamed).await?.text_of("size"), Some("2"));

    let refused = fault(&ask(&caller, "", "<urn:query/>").await?);
    assert_eq!(refused, "500 sf:MALFORMED_QUERY");
    Ok(())
}
