//! retrieve and checkRetrieveStatus.

use super::*;

fn problems(result: &Element) -> Vec<&str> {
    result.all("messages").filter_map(|message| message.text_of("problem")).collect()
}

#[tokio::test]
async fn named_and_wildcard_members_come_as_files_of_a_zip() {
    let org = Metadata::start().await;
    let (result, files) = org
        .retrieve(&[
            ("ApexClass", &["*"]),
            ("LightningComponentBundle", &["projectTile"]),
            ("CustomObject", &["Account"]),
        ])
        .await;

    assert_eq!((result.text_of("status"), result.text_of("success")), (Some("Succeeded"), Some("true")));
    assert!(problems(&result).is_empty());
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "classes/AccountService.cls",
            "classes/AccountService.cls-meta.xml",
            "classes/AccountServiceTest.cls",
            "classes/AccountServiceTest.cls-meta.xml",
            "lwc/projectTile/projectTile.html",
            "lwc/projectTile/projectTile.js",
            "lwc/projectTile/projectTile.js-meta.xml",
            "objects/Account.object",
            "package.xml",
        ]
    );
    assert!(
        xml(&files, "objects/Account.object")
            .all("fields")
            .any(|f| f.text_of("fullName") == Some("Industry"))
    );
    assert_eq!(xml(&files, "package.xml").text_of("version"), Some("67.0"));
    let told: Vec<&str> = result.all("fileProperties").filter_map(|p| p.text_of("fileName")).collect();
    assert!(
        told.contains(&"unpackaged/classes/AccountService.cls") && told.contains(&"unpackaged/package.xml")
    );
    assert!(told.contains(&"unpackaged/lwc/projectTile/projectTile.html"));
}

#[tokio::test]
async fn the_request_is_taken_by_whatever_name_it_has() {
    let org = Metadata::start().await;
    let body = format!(
        "<request><singlePackage>true</singlePackage><unpackaged>{}</unpackaged></request>",
        types(&[("ApexTrigger", &["*"])])
    );
    let (_, files) = org.retrieve_with(&body).await;
    assert!(files.contains_key("triggers/ProjectTrigger.trigger"), "{:?}", files.keys());
}

#[tokio::test]
async fn several_packages_lie_below_their_names() {
    let org = Metadata::start().await;
    let body = format!(
        "<retrieveRequest><apiVersion>60.0</apiVersion><singlePackage>false</singlePackage><unpackaged>{}</unpackaged></retrieveRequest>",
        types(&[("ApexTrigger", &["*"])])
    );
    let (_, files) = org.retrieve_with(&body).await;
    assert!(files.contains_key("unpackaged/triggers/ProjectTrigger.trigger"));
    assert_eq!(xml(&files, "unpackaged/package.xml").text_of("version"), Some("60.0"));

    let body = "<retrieveRequest><packageNames>Nothing</packageNames></retrieveRequest>";
    let (result, _) = org.retrieve_with(body).await;
    assert_eq!(
        (result.text_of("status"), result.text_of("errorMessage")),
        (Some("Failed"), Some("INVALID_CROSS_REFERENCE_KEY: No package named 'Nothing' found"))
    );
}

#[tokio::test]
async fn a_package_that_was_deployed_by_name_is_retrieved_by_it() {
    let org = Metadata::start().await;
    let package = format!(
        "<Package xmlns=\"{NAMESPACE}\"><fullName>Tools</fullName>{}<version>67.0</version></Package>",
        types(&[("ApexClass", &["Tool"])])
    );
    let result = org
        .deploy(
            &[
                ("package.xml", &package),
                ("classes/Tool.cls", "class Tool {}"),
                ("classes/Tool.cls-meta.xml", &class_meta()),
            ],
            "",
        )
        .await;
    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());

    let body = "<retrieveRequest><singlePackage>false</singlePackage><packageNames>Tools</packageNames></retrieveRequest>";
    let (_, files) = org.retrieve_with(body).await;
    assert_eq!(files["Tools/classes/Tool.cls"], "class Tool {}");
}

#[tokio::test]
async fn specific_files_are_all_that_comes() {
    let org = Metadata::start().await;
    let body = format!(
        "<retrieveRequest><singlePackage>true</singlePackage><specificFiles>unpackaged/classes/AccountService.cls</specificFiles><unpackaged>{}</unpackaged></retrieveRequest>",
        types(&[("ApexClass", &["*"])])
    );
    let (_, files) = org.retrieve_with(&body).await;
    assert_eq!(files.keys().collect::<Vec<_>>(), ["classes/AccountService.cls", "package.xml"]);
}

#[tokio::test]
async fn children_come_in_the_file_of_their_parent_without_the_rest() {
    let org = Metadata::start().await;
    let (result, files) = org
        .retrieve(&[
            ("CustomField", &["Project__c.Budget__c", "Project__c.Nope__c"]),
            ("CustomLabel", &["Project_Late"]),
        ])
        .await;

    let object = xml(&files, "objects/Project__c.object");
    assert_eq!(object.children.len(), 1);
    assert_eq!(object.child("fields").and_then(|f| f.text_of("fullName")), Some("Budget__c"));
    assert_eq!(xml(&files, "labels/CustomLabels.labels").all("labels").count(), 1);
    assert_eq!(
        problems(&result),
        ["Entity of type 'CustomField' named 'Project__c.Nope__c' cannot be found"]
    );
    assert!(
        result.all("fileProperties").any(|p| p.text_of("type") == Some("CustomField")
            && p.text_of("fullName") == Some("Project__c.Budget__c"))
    );
}

#[tokio::test]
async fn wildcards_do_not_bring_standard_objects_managed_components_folders_or_value_sets() {
    let org = Metadata::start().await;
    let (_, files) = org
        .retrieve(&[
            ("CustomObject", &["*"]),
            ("Report", &["*"]),
            ("StandardValueSet", &["*"]),
            ("CustomField", &["*"]),
        ])
        .await;
    assert!(
        files.contains_key("objects/Project__c.object") && files.contains_key("objects/Tariff__mdt.object")
    );
    assert!(
        !files.contains_key("objects/Account.object") && !files.contains_key("objects/acme__Thing__c.object")
    );
    assert!(
        files.keys().all(|path| path.starts_with("objects/") || path == "package.xml"),
        "{:?}",
        files.keys()
    );
}

#[tokio::test]
async fn folders_and_value_sets_come_by_name() {
    let org = Metadata::start().await;
    let (result, files) = org
        .retrieve(&[
            ("Report", &["Project_Reports", "Project_Reports/Open_Projects", "unfiled$public"]),
            ("Document", &["Shared_Documents", "Shared_Documents/Welcome.txt"]),
            ("EmailTemplate", &["Project_Mails", "Project_Mails/Project_Done"]),
            ("StandardValueSet", &["Industry"]),
            ("CustomObject", &["acme__Thing__c"]),
            ("ApexClass", &["acme__Things"]),
        ])
        .await;
    assert!(problems(&result).is_empty(), "{:?}", problems(&result));
    for path in [
        "reports/Project_Reports-meta.xml",
        "reports/Project_Reports/Open_Projects.report",
        "documents/Shared_Documents/Welcome.txt",
        "documents/Shared_Documents/Welcome.txt-meta.xml",
        "email/Project_Mails/Project_Done.email",
        "objects/acme__Thing__c.object",
    ] {
        assert!(files.contains_key(path), "{path}");
    }
    let industries = xml(&files, "standardValueSets/Industry.standardValueSet");
    assert!(industries.all("standardValue").any(|value| value.text_of("fullName") == Some("Banking")));
    assert_eq!(files["classes/acme__Things.cls"], "(hidden)");
}

#[tokio::test]
async fn a_slash_at_the_end_means_the_folder() {
    let org = Metadata::start().await;
    let (result, files) = org.retrieve(&[("Report", &["Project_Reports/"]), ("ApexClass", &["No/"])]).await;

    assert_eq!(problems(&result), ["Entity of type 'ApexClass' named 'No/' cannot be found"]);
    assert!(files.contains_key("reports/Project_Reports-meta.xml"), "{:?}", files.keys());
}

#[tokio::test]
async fn what_cannot_be_found_is_a_message_beside_the_zip() {
    let org = Metadata::start().await;
    let (result, files) =
        org.retrieve(&[("ApexClass", &["Nope"]), ("Nonsense", &["A"]), ("CustomObject", &["Nope__c"])]).await;
    assert_eq!(result.text_of("status"), Some("Succeeded"));
    assert_eq!(
        problems(&result),
        [
            "Entity of type 'ApexClass' named 'Nope' cannot be found",
            "Entity type: 'Nonsense' is unknown",
            "Entity of type 'CustomObject' named 'Nope__c' cannot be found",
        ]
    );
    assert_eq!(result.child("messages").and_then(|m| m.text_of("fileName")), Some("unpackaged/package.xml"));
    assert_eq!(files.len(), 1);
}

#[tokio::test]
async fn layouts_are_found_with_and_without_their_percent_signs() {
    let org = Metadata::start().await;
    let layout = format!("<Layout xmlns=\"{NAMESPACE}\"/>");
    let name = "Account-Account %28Sales%29 Layout";
    let path = format!("layouts/{name}.layout");
    let result =
        org.deploy(&[("package.xml", &manifest(&[("Layout", &[name])])), (&path, &layout)], "").await;
    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
    for asked in [name, "Account-Account (Sales) Layout"] {
        let (_, files) = org.retrieve(&[("Layout", &[asked])]).await;
        assert!(files.contains_key(&path), "{asked}: {:?}", files.keys());
    }
}

#[tokio::test]
async fn polls_tell_progress_and_the_zip_comes_when_it_is_asked_for() {
    let org = Metadata::start().await;
    org.set(json!({"polls": 2, "deletes_fetched": true})).await;
    let body =
        format!("<retrieveRequest><unpackaged>{}</unpackaged></retrieveRequest>", types(&[("Flow", &["*"])]));
    let id = org.call("retrieve", &body).await.result().text_of("id").expect("an id").to_owned();
    assert!(id.starts_with("09S"));

    let poll = format!("<asyncProcessId>{id}</asyncProcessId><includeZip>false</includeZip>");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let status = org.call("checkRetrieveStatus", &poll).await;
        seen.push(format!(
            "{} {}",
            status.result().text_of("done").unwrap(),
            status.result().text_of("status").unwrap()
        ));
        assert!(status.result().text_of("zipFile").is_none_or(str::is_empty));
    }
    assert_eq!(seen, ["false InProgress", "false InProgress", "true Succeeded"]);
    let fetch = format!("<asyncProcessId>{id}</asyncProcessId>");
    assert!(
        org.call("checkRetrieveStatus", &fetch)
            .await
            .result()
            .text_of("zipFile")
            .is_some_and(|zip| !zip.is_empty())
    );
    let gone = org.call("checkRetrieveStatus", &fetch).await;
    assert_eq!(gone.fault(), ("sf:INVALID_LOCATOR", "INVALID_LOCATOR: Retrieve result has been deleted."));
    let state = org.call("checkStatus", &fetch).await;
    assert_eq!(state.result().text_of("state"), Some("Completed"));
    let unknown =
        org.call("checkRetrieveStatus", "<asyncProcessId>09S5g000000000zAAA</asyncProcessId>").await;
    assert_eq!(unknown.status, 500);
}

#[tokio::test]
async fn ten_thousand_files_are_retrieved_and_not_one_more() {
    let org = Metadata::start().await;
    let classes = org.client.running.org().change_components(|components| {
        for n in 0..5_000 {
            let files = vec![
                (format!("classes/C{n}.cls"), format!("class C{n} {{}}").into()),
                (format!("classes/C{n}.cls-meta.xml"), class_meta().into()),
            ];
            components.put(simorg::components::Component::new("ApexClass", &format!("C{n}"), files));
        }
        Ok::<_, ()>(components.of_kind("ApexClass").count())
    });
    assert_eq!(classes, Ok(5_003));
    let (result, _) = org.retrieve(&[("ApexClass", &["*"])]).await;
    assert_eq!(result.text_of("done"), Some("true"));
    assert_eq!(result.text_of("errorStatusCode"), Some("LIMIT_EXCEEDED"));
    assert_eq!(
        result.text_of("errorMessage"),
        Some("LIMIT_EXCEEDED: Too many files in retrieve call, limit is: 10000")
    );
    assert_eq!(result.text_of("success"), Some("false"));

    org.admin(Method::DELETE, "/components/ApexClass/AccountService", Json::Null).await;
    org.admin(Method::DELETE, "/components/ApexClass/AccountServiceTest", Json::Null).await;
    let (result, files) = org.retrieve(&[("ApexClass", &["*"])]).await;
    assert_eq!((result.text_of("status"), files.len()), (Some("Succeeded"), 10_001));
}

#[tokio::test]
async fn fields_stand_in_the_order_of_their_names() {
    let org = Metadata::start().await;
    let (_, files) = org.retrieve(&[("CustomObject", &["Project__c"])]).await;
    let object = Element::parse(files["objects/Project__c.object"].as_bytes()).expect("XML");
    let names: Vec<&str> = object.all("fields").filter_map(|field| field.text_of("fullName")).collect();
    assert!(names.len() > 20, "{names:?}");
    assert!(names.is_sorted(), "{names:?}");
}
