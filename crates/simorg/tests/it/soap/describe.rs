//! Describes in the form of the WSDL.

use anyhow::{Context, Result};
use simorg::xml::Element;

use super::{ask, caller, elements, envelope, fault, post, result, results};
use crate::caller::read;

fn describe(objects: &[&str]) -> String {
    let names = elements("sObjectType", objects);
    if let [_] = objects {
        return format!("<urn:describeSObject>{names}</urn:describeSObject>");
    }
    format!("<urn:describeSObjects>{names}</urn:describeSObjects>")
}

fn is_sorted(element: &Element) -> bool {
    element.children.iter().map(|child| child.name.as_str()).is_sorted()
}

#[tokio::test]
async fn the_list_of_objects_agrees_with_rest() -> Result<()> {
    let caller = caller().await?;
    let rest = caller.get("/sobjects").await?.json();

    let global = result(&caller, "<urn:describeGlobal/>").await?;

    assert_eq!((global.text_of("encoding"), global.text_of("maxBatchSize")), (Some("UTF-8"), Some("200")));
    let names: Vec<&str> = global.all("sobjects").filter_map(|object| object.text_of("name")).collect();
    let expected: Vec<&str> =
        rest["sobjects"].as_array().context("a list")?.iter().filter_map(|o| o["name"].as_str()).collect();
    assert_eq!(names, expected);
    let account = global.all("sobjects").find(|object| object.text_of("name") == Some("Account"));
    assert_eq!(account.context("Account")?.text_of("keyPrefix"), Some("001"));
    let history = global.all("sobjects").find(|object| object.text_of("name") == Some("AccountHistory"));
    let history = history.context("AccountHistory")?;
    assert!(is_sorted(history) && history.child("keyPrefix").is_some() && history.child("urls").is_none());
    Ok(())
}

#[tokio::test]
async fn an_object_agrees_with_rest_field_by_field() -> Result<()> {
    let caller = caller().await?;
    let rest = caller.get("/sobjects/Account/describe").await?.json();

    let account = result(&caller, &describe(&["Account"])).await?;

    assert!(is_sorted(&account));
    assert_eq!(account.text_of("urlDetail"), Some(format!("{}/{{ID}}", caller.org.url()).as_str()));
    let fields: Vec<&Element> = account.all("fields").collect();
    let expected = rest["fields"].as_array().context("fields")?;
    assert_eq!(fields.len(), expected.len());
    for (field, expected) in fields.iter().zip(expected) {
        assert!(is_sorted(field), "{field:?}");
        for key in ["name", "type", "soapType", "label"] {
            assert_eq!(field.text_of(key), expected[key].as_str());
        }
        for key in ["nillable", "createable", "externalId", "cascadeDelete"] {
            assert_eq!(Some(field.is_true(key)), expected[key].as_bool(), "{key}");
        }
        assert_eq!(
            field.text_of("length").map(str::to_owned),
            expected["length"].as_u64().map(|n| n.to_string())
        );
        let values = expected["picklistValues"].as_array().context("values")?;
        assert_eq!(field.all("picklistValues").count(), values.len());
    }
    let industry =
        fields.iter().find(|field| field.text_of("name") == Some("Industry")).context("Industry")?;
    assert!(industry.child("relationshipName").is_none(), "what is null is left out");
    assert!(
        account.all("childRelationships").any(|child| child.text_of("relationshipName") == Some("Contacts"))
    );
    Ok(())
}

#[tokio::test]
async fn several_objects_are_described_in_order() -> Result<()> {
    let caller = caller().await?;

    let found = results(&caller, "", &describe(&["Contact", "account"])).await?;

    let names: Vec<Option<&str>> = found.iter().map(|object| object.text_of("name")).collect();
    assert_eq!(names, [Some("Contact"), Some("Account")]);
    assert_eq!(fault(&ask(&caller, "", &describe(&["Contact", "Nope"])).await?), "500 sf:INVALID_TYPE");
    let many = vec!["Account"; 101];
    assert_eq!(fault(&ask(&caller, "", &describe(&many)).await?), "500 sf:EXCEEDED_MAX_SOBJECTS");
    Ok(())
}

#[tokio::test]
async fn old_versions_know_nothing_of_associated_objects() -> Result<()> {
    let caller = caller().await?;
    let call = describe(&["AccountHistory"]);

    let old = read(post(&caller, "u/47.0", envelope(&caller.token, "", &call))).await?;
    let new = read(post(&caller, "u/60.0", envelope(&caller.token, "", &call))).await?;

    assert!(!old.text.contains("associateParentEntity"));
    assert!(new.text.contains("<associateParentEntity>Account</associateParentEntity>"));
    Ok(())
}

#[tokio::test]
async fn a_default_value_tells_its_type() -> Result<()> {
    let caller = caller().await?;

    let found = results(&caller, "", &describe(&["Contact", "Account"])).await?;

    let defaults: Vec<&Element> = found
        .iter()
        .flat_map(|object| object.all("fields"))
        .flat_map(|field| field.all("defaultValue"))
        .collect();
    let booleans = defaults.iter().filter(|value| value.attribute_value("type") == Some("xsd:boolean"));
    assert!(booleans.clone().count() > 1, "{defaults:?}");
    assert!(booleans.clone().all(|value| ["true", "false"].contains(&value.text.as_str())));
    assert!(defaults.iter().all(|value| value.attribute_value("type").is_some()));
    let entry = found[1].all("fields").find_map(|field| field.child("picklistValues")).context("a value")?;
    let entry = entry.child("defaultValue").context("a flag")?;
    assert_eq!(entry.attribute_value("type"), None, "a picklist's flag is a boolean by the WSDL");
    Ok(())
}
