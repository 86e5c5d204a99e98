//! Merging records and converting leads.

use anyhow::{Context, Result};
use serde_json::json;

use super::{ask, caller, fault, outcome, result, results};

fn merge(master: &str, losers: &[&str], fields: &str) -> String {
    format!(
        "<urn:request><urn:masterRecord><urn1:type>Account</urn1:type><urn1:Id>{master}</urn1:Id>{fields}</urn:masterRecord>{}</urn:request>",
        super::elements("recordToMergeIds", losers)
    )
}

#[tokio::test]
async fn a_merge_keeps_the_children_and_tells_which_moved() -> Result<()> {
    let caller = caller().await?;
    let mut ids = Vec::new();
    for name in ["Master", "Loser", "Other"] {
        ids.push(caller.insert("Account", &json!({"Name": name})).await?);
    }
    let contact = caller.insert("Contact", &json!({"LastName": "Doe", "AccountId": ids[1]})).await?;
    let requests = [
        merge(&ids[0], &[&ids[1]], "<urn1:Phone>7</urn1:Phone>"),
        merge(&ids[2], &[&ids[2]], ""),
        merge("001000000000000AAA", &[&ids[2]], ""),
    ];

    let results = results(&caller, "", &format!("<urn:merge>{}</urn:merge>", requests.concat())).await?;

    let outcomes: Vec<String> = results.iter().map(outcome).collect();
    assert_eq!(outcomes, ["true", "INVALID_ID_FIELD", "INVALID_CROSS_REFERENCE_KEY"]);
    assert_eq!(results[0].text_of("id"), Some(ids[0].as_str()));
    assert_eq!(results[0].text_of("mergedRecordIds"), Some(ids[1].as_str()));
    assert!(results[0].all("updatedRelatedIds").any(|id| id.text == contact));
    let soql = format!("SELECT Phone, (SELECT Id FROM Contacts) FROM Account WHERE Id = '{}'", ids[0]);
    let kept = caller.query(&soql).await?.json();
    assert_eq!(kept["records"][0]["Phone"], "7");
    assert_eq!(kept["records"][0]["Contacts"]["totalSize"], 1);
    let soql = format!("SELECT MasterRecordId FROM Account WHERE Id = '{}'", ids[1]);
    assert_eq!(caller.query_all(&soql).await?.json()["records"][0]["MasterRecordId"], json!(ids[0]));
    Ok(())
}

#[tokio::test]
async fn a_lead_becomes_account_contact_and_opportunity() -> Result<()> {
    let caller = caller().await?;
    let lead = caller.insert("Lead", &json!({"LastName": "Roe", "Company": "Roe Ltd"})).await?;
    let call = |more: &str| {
        format!(
            "<urn:convertLead><urn:leadConverts><urn:leadId>{lead}</urn:leadId>{more}</urn:leadConverts></urn:convertLead>"
        )
    };
    let refused =
        ask(&caller, "", &call("<urn:accountRecord><urn1:type>Account</urn1:type></urn:accountRecord>"))
            .await?;
    assert_eq!(fault(&refused), "501 sf:NOT_SIMULATED");

    let done = result(&caller, &call("<urn:opportunityName>Deal</urn:opportunityName>")).await?;

    assert!(done.is_true("success"), "{done:?}");
    assert_eq!(done.text_of("leadId"), Some(lead.as_str()));
    let account = done.text_of("accountId").context("an account")?;
    let opportunity = done.text_of("opportunityId").context("an opportunity")?;
    let account = caller.get(&format!("/sobjects/Account/{account}")).await?.json();
    assert_eq!(account["Name"], "Roe Ltd");
    let opportunity = caller.get(&format!("/sobjects/Opportunity/{opportunity}")).await?.json();
    assert_eq!((&opportunity["Name"], &opportunity["AccountId"]), (&json!("Deal"), &account["Id"]));

    let again = result(&caller, &call("")).await?;
    let names: Vec<&str> = again.children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(names, ["accountId", "contactId", "errors", "leadId", "opportunityId", "success"]);
    let error = again.child("errors").and_then(|error| error.text_of("statusCode"));
    assert_eq!(error, Some("CANNOT_UPDATE_CONVERTED_LEAD"));
    Ok(())
}
