//! describeMetadata, describeValueType and listMetadata.

use super::*;

fn names(answer: &Answer) -> Vec<String> {
    answer.results().iter().map(|result| result.text_of("fullName").unwrap_or("").to_owned()).collect()
}

#[tokio::test]
async fn describe_tells_every_type_with_its_children_and_directories() {
    let org = Metadata::start().await;
    let answer = org.call("describeMetadata", "<asOfVersion>67.0</asOfVersion>").await;
    let result = answer.result();
    let objects: Vec<&Element> = result.all("metadataObjects").collect();
    let of = |name: &str| *objects.iter().find(|object| object.text_of("xmlName") == Some(name)).expect(name);

    assert!(objects.len() > 250, "{}", objects.len());
    assert_eq!(result.text_of("partialSaveAllowed"), Some("true"));
    assert_eq!(result.text_of("organizationNamespace"), Some(""));
    let class = of("ApexClass");
    assert_eq!((class.text_of("directoryName"), class.text_of("suffix")), (Some("classes"), Some("cls")));
    assert!(
        class.is_true("metaFile") && !class.is_true("inFolder") && class.child("childXmlNames").is_none()
    );
    assert!(of("CustomObject").all("childXmlNames").any(|child| child.text == "ValidationRule"));
    assert!(of("Report").is_true("inFolder") && of("LightningComponentBundle").child("suffix").is_none());
    assert!(objects.iter().all(|object| object.text_of("xmlName") != Some("ReportFolder")));
}

#[tokio::test]
async fn value_types_are_described_where_their_elements_are_known() {
    let org = Metadata::start().await;
    let type_name = format!("<type>{{{NAMESPACE}}}CustomField</type>");
    let answer = org.call("describeValueType", &type_name).await;
    assert!(
        answer.result().all("valueTypeFields").any(|field| field.text_of("name") == Some("relationshipName"))
    );
    assert_eq!(org.call("describeValueType", "<type>Flow</type>").await.status, 501);
    assert_eq!(org.call("describeValueType", "<type>Nope</type>").await.fault().0, "sf:INVALID_TYPE");
}

#[tokio::test]
async fn a_list_tells_the_properties_of_each_file() {
    let org = Metadata::start().await;
    let answer = org
        .call("listMetadata", "<queries><type>ApexClass</type></queries><asOfVersion>67.0</asOfVersion>")
        .await;
    let class =
        *answer.results().iter().find(|r| r.text_of("fullName") == Some("AccountService")).expect("a class");

    let order: Vec<&str> = class.children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(
        order,
        [
            "createdById",
            "createdByName",
            "createdDate",
            "fileName",
            "fullName",
            "id",
            "lastModifiedById",
            "lastModifiedByName",
            "lastModifiedDate",
            "manageableState",
            "type"
        ]
    );
    assert_eq!(class.text_of("fileName"), Some("classes/AccountService.cls"));
    assert_eq!(class.text_of("createdByName"), Some("Ada Admin"));
    assert!(class.text_of("id").is_some_and(|id| id.starts_with("01p")));
    assert!(class.text_of("createdDate").is_some_and(|date| date.contains(".000Z")));
    let managed =
        *answer.results().iter().find(|r| r.text_of("fullName") == Some("acme__Things")).expect("a class");
    assert_eq!(
        (managed.text_of("namespacePrefix"), managed.text_of("manageableState")),
        (Some("acme"), Some("installed"))
    );
}

#[tokio::test]
async fn several_queries_children_and_folders_are_listed() {
    let org = Metadata::start().await;
    let answer = org
        .call("listMetadata", "<queries><type>CustomLabel</type></queries><queries><type>Report</type><folder>Project_Reports</folder></queries><queries><type>ReportFolder</type></queries>")
        .await;
    assert_eq!(
        names(&answer),
        ["Project_Done", "Project_Late", "Project_Reports/Open_Projects", "Project_Reports"]
    );
    assert_eq!(answer.results()[3].text_of("type"), Some("ReportFolder"));

    let fields = names(&org.call("listMetadata", "<queries><type>CustomField</type></queries>").await);
    assert!(
        fields.contains(&"Project__c.Budget__c".to_owned())
            && fields.contains(&"Account.Industry".to_owned())
    );
    let objects = names(&org.call("listMetadata", "<queries><type>CustomObject</type></queries>").await);
    assert!(objects.contains(&"Account".to_owned()) && objects.contains(&"Tariff__mdt".to_owned()));
    assert!(!objects.iter().any(|name| name.ends_with("__History") || name.ends_with("__Share")));
}

#[tokio::test]
async fn what_is_not_listed_is_empty_and_what_is_unknown_is_a_fault() {
    let org = Metadata::start().await;
    for kind in ["StandardValueSet", "Report", "Bot"] {
        let answer = org.call("listMetadata", &format!("<queries><type>{kind}</type></queries>")).await;
        assert_eq!((answer.status, answer.results().len()), (200, 0), "{kind}");
    }
    let unknown = org.call("listMetadata", "<queries><type>ApexClasses</type></queries>").await;
    assert_eq!(unknown.status, 500);
    assert_eq!(unknown.fault(), ("sf:INVALID_TYPE", "INVALID_TYPE: Unknown type:ApexClasses"));
    let four = "<queries><type>Flow</type></queries>".repeat(4);
    assert_eq!(org.call("listMetadata", &four).await.fault().0, "sf:LIMIT_EXCEEDED");
}
