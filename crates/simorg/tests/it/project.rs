//! Orgs made of a Salesforce DX project.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value as Json, json};
use simorg::SimOrg;

use crate::caller::{Caller, read};

fn project() -> SimOrg {
    SimOrg::new().project(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/project"))
}

fn names(records: &Json, field: &str) -> Vec<String> {
    let list = records.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(|record| record[field].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn objects_and_fields_of_a_project_are_the_schema() -> Result<()> {
    let caller = Caller::start(project()).await?;

    let describe = caller.get("/sobjects/Trip__c/describe").await?.json();
    let field = |name: &str| {
        let fields = describe["fields"].as_array().cloned().unwrap_or_default();
        fields.into_iter().find(|field| field["name"] == name).unwrap_or(Json::Null)
    };
    assert_eq!(describe["labelPlural"], "Trips");
    assert_eq!(describe["mruEnabled"], true, "it has a tab");
    assert_eq!(field("Name")["autoNumber"], true);
    assert_eq!(field("Status__c")["picklistValues"][1]["value"], "Done");
    assert_eq!(field("Stops__c")["calculated"], true);
    assert_eq!(field("Guide__c"), Json::Null, "its target does not exist");
    assert_eq!(names(&describe["recordTypeInfos"], "developerName"), ["Private_Trip", "Master"]);
    let account = caller.get("/sobjects/Account/describe").await?.text;
    assert!(account.contains("Trip_Count__c") && account.contains("Passport__c"));
    for object in ["Trip__Share", "Trip__History"] {
        assert_eq!(caller.get(&format!("/sobjects/{object}/describe")).await?.status, 200, "{object}");
    }
    let demo = caller.get("/sobjects/Project__c/describe").await?;
    assert_eq!(demo.refusal(), "404 NOT_FOUND", "the demo's own objects are not in it");
    Ok(())
}

#[tokio::test]
async fn the_plans_of_a_project_are_its_records_and_what_is_refused_is_told() -> Result<()> {
    let caller = Caller::start(project()).await?;

    let trips = caller
        .query("SELECT Name, Account__r.Name, Budget__c, Status__c, Stops__c, Start__Latitude__s, RecordTypeId, (SELECT Name FROM Stops__r ORDER BY Name) FROM Trip__c")
        .await?
        .json();
    let trip = &trips["records"][0];
    assert_eq!(trips["totalSize"], 1);
    assert_eq!((&trip["Name"], &trip["Account__r"]["Name"]), (&json!("T-0001"), &json!("Fjord Tours")));
    assert_eq!(
        (&trip["Budget__c"], &trip["Status__c"], &trip["Stops__c"]),
        (&json!(1200.5), &json!("Planned"), &json!(2.0))
    );
    assert!(
        trip["RecordTypeId"].as_str().is_some_and(|id| id.starts_with("012")),
        "the default of the object"
    );
    assert_eq!(names(&trip["Stops__r"]["records"], "Name"), ["Bergen", "Geiranger"]);
    assert_eq!(caller.query("SELECT COUNT() FROM Account").await?.json()["totalSize"], 1);
    let region = caller.query("SELECT MasterLabel, Tax__c FROM Region__mdt").await?.json();
    assert_eq!(region["records"][0]["Tax__c"], json!(19.0));

    let notes = read(caller.http.get(format!("{}/simorg/notes", caller.org.url()))).await?.json();
    let notes: Vec<&str> =
        notes["notes"].as_array().map_or(Vec::new(), |list| list.iter().filter_map(Json::as_str).collect());
    let text = notes.join("\n");
    for part in [
        "package directory `not-there` does not exist",
        "`main/default/unheardOf/X.unheardOf-meta.xml` is of no metadata type that simorg knows",
        "CustomField Trip__c.Guide__c: referenceTo value of 'Guide__c' does not resolve to a valid sObject type",
        "record 2 of `Account`: duplicate value found: Passport__c",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(notes.len(), 4, "{text}");
    Ok(())
}

#[tokio::test]
async fn files_of_a_project_become_components_in_package_layout() -> Result<()> {
    let org = project().build()?;
    let components = org.components();

    let paths = |kind: &str, name: &str| -> Vec<String> {
        let found = components.get(kind, name).unwrap_or_else(|| panic!("{kind} {name}"));
        found.files.iter().map(|(path, _)| path.clone()).collect()
    };
    assert_eq!(
        paths("ApexClass", "TripService"),
        ["classes/TripService.cls", "classes/TripService.cls-meta.xml"]
    );
    assert_eq!(
        paths("LightningComponentBundle", "tripCard"),
        ["lwc/tripCard/tripCard.html", "lwc/tripCard/tripCard.js", "lwc/tripCard/tripCard.js-meta.xml"]
    );
    assert_eq!(paths("Report", "Trips/All_Trips"), ["reports/Trips/All_Trips.report"]);
    assert_eq!(paths("ReportFolder", "Trips"), ["reports/Trips-meta.xml"]);
    assert_eq!(
        paths("StaticResource", "site"),
        ["staticresources/site.resource", "staticresources/site.resource-meta.xml"]
    );
    let archive = &components.get("StaticResource", "site").expect("asked above").files[0].1;
    assert_eq!(&archive[..4], b"PK\x03\x04");
    let labels =
        components.get("CustomLabels", "CustomLabels").and_then(|labels| labels.xml()).expect("labels");
    assert_eq!(
        labels.all("labels").filter_map(|label| label.text_of("fullName")).collect::<Vec<_>>(),
        ["Bye", "Hello"]
    );
    let trip = components.get("CustomObject", "Trip__c").and_then(|object| object.xml()).expect("the object");
    let children: Vec<(&str, usize)> =
        ["fields", "recordTypes", "validationRules"].map(|name| (name, trip.all(name).count())).into();
    assert_eq!(children, [("fields", 6), ("recordTypes", 1), ("validationRules", 1)]);
    Ok(())
}
