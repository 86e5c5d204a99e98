//! deploy, checkDeployStatus, cancelDeploy, deployRecentValidation.

use super::*;

fn package(members: &[(&str, &[&str])], files: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut all = vec![("package.xml", manifest(members))];
    all.extend(files.iter().map(|(path, body)| (*path, (*body).to_owned())));
    all
}

async fn deploy(org: &Metadata, files: &[(&str, String)], options: &str) -> Element {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (*path, body.as_str())).collect();
    org.deploy(&files, options).await
}

const A: &str = "public class A {}";

fn class(body: &str) -> Vec<(&'static str, String)> {
    package(&[("ApexClass", &["A"])], &[("classes/A.cls", body), ("classes/A.cls-meta.xml", &class_meta())])
}

#[tokio::test]
async fn components_are_created_then_unchanged_then_changed() {
    let org = Metadata::start().await;
    let result = deploy(&org, &class(A), "").await;
    assert_eq!((result.text_of("status"), result.text_of("success")), (Some("Succeeded"), Some("true")));
    assert_eq!(
        (result.text_of("numberComponentsTotal"), result.text_of("numberComponentErrors")),
        (Some("1"), Some("0"))
    );
    let message = success(&result, "A");
    assert_eq!(fate(message), "created changed");
    assert_eq!(
        (message.text_of("componentType"), message.text_of("fileName")),
        (Some("ApexClass"), Some("classes/A.cls"))
    );
    assert!(message.text_of("id").is_some_and(|id| id.starts_with("01p")));
    assert_eq!(success(&result, "package.xml").text_of("componentType"), Some(""));

    assert_eq!(fate(success(&deploy(&org, &class(A), "").await, "A")), "");
    assert_eq!(fate(success(&deploy(&org, &class("class A { }"), "").await, "A")), "changed");
    let (_, files) = org.retrieve(&[("ApexClass", &["A"])]).await;
    assert_eq!(files["classes/A.cls"], "class A { }");
}

#[tokio::test]
async fn a_validation_changes_nothing_and_can_be_deployed_later() {
    let org = Metadata::start().await;
    let result = deploy(
        &org,
        &class(A),
        "<checkOnly>true</checkOnly><runTests>ATest</runTests><testLevel>RunSpecifiedTests</testLevel>",
    )
    .await;
    assert_eq!((result.text_of("checkOnly"), result.text_of("status")), (Some("true"), Some("Succeeded")));
    assert_eq!(
        (result.text_of("runTestsEnabled"), result.text_of("numberTestsTotal")),
        (Some("true"), Some("1"))
    );
    assert!(org.client.running.org().components().get("ApexClass", "A").is_none());

    let id = result.text_of("id").expect("an id");
    let quick = org.call("deployRecentValidation", &format!("<validationId>{id}</validationId>")).await;
    let status = org.deploy_status(&quick.result().text).await;
    assert_eq!((status.text_of("status"), status.text_of("checkOnly")), (Some("Succeeded"), Some("false")));
    assert!(org.client.running.org().components().get("ApexClass", "A").is_some());
    let again = org.call("deployRecentValidation", "<validationId>0Af5g000000000zAAA</validationId>").await;
    assert_eq!(again.status, 500);
}

#[tokio::test]
async fn one_error_undoes_everything_or_only_itself() {
    let org = Metadata::start().await;
    let mut files = class(A);
    files[0].1 = manifest(&[("ApexClass", &["A", "Gone"])]);
    let problem = "package.xml Gone: An object 'Gone' of type ApexClass was named in package.xml, but was not found in zipped directory";

    let result = deploy(&org, &files, "").await;
    assert_eq!((result.text_of("status"), failures(&result)), (Some("Failed"), vec![problem.to_owned()]));
    assert_eq!(success(&result, "A").text_of("success"), Some("true"));
    assert!(org.client.running.org().components().get("ApexClass", "A").is_none());

    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (*path, body.as_str())).collect();
    let result = org.deploy_with(&files, "<singlePackage>true</singlePackage>").await;
    assert_eq!(
        (result.text_of("status"), result.text_of("success")),
        (Some("SucceededPartial"), Some("false"))
    );
    assert_eq!(result.text_of("numberComponentErrors"), Some("1"));
    assert!(org.client.running.org().components().get("ApexClass", "A").is_some());

    let result = org.deploy(&files, "<allowMissingFiles>true</allowMissingFiles>").await;
    assert_eq!(result.text_of("status"), Some("Succeeded"));
    assert_eq!(success(&result, "Gone").text_of("problemType"), Some("Warning"));
}

#[tokio::test]
async fn what_is_wrong_with_a_package_is_told() {
    let org = Metadata::start().await;
    for (files, expected) in [
        (vec![("classes/A.cls", A.to_owned())], "package.xml package.xml: No package.xml found"),
        (
            package(&[("Nonsense", &["A"])], &[]),
            "package.xml package.xml: Unknown type name 'Nonsense' specified in package.xml",
        ),
        (
            package(&[("ApexClass", &["A"])], &[("classes/A.cls", A)]),
            "classes/A.cls A: The object 'A' of type ApexClass metadata file is missing, remove object from package.xml or add the corresponding '-meta.xml' metadata file",
        ),
        (
            package(&[("ApexClass", &["A"])], &[("classes/A.cls-meta.xml", &class_meta())]),
            "package.xml A: An object 'A' of type ApexClass was named in package.xml, but was not found in zipped directory",
        ),
        (
            package(&[], &[("classes/A.cls", A), ("classes/A.cls-meta.xml", &class_meta())]),
            "classes/A.cls A: Not in package.xml",
        ),
        (
            package(&[("Report", &["Nowhere/R"])], &[("reports/Nowhere/R.report", "<Report/>")]),
            "reports/Nowhere/R.report Nowhere/R: Cannot find folder:Nowhere",
        ),
    ] {
        let result = deploy(&org, &files, "").await;
        assert_eq!(failures(&result), [expected]);
        assert_eq!(
            (result.text_of("status"), result.text_of("numberComponentErrors")),
            (Some("Failed"), Some("1"))
        );
    }
}

#[tokio::test]
async fn malformed_xml_is_told_with_line_and_column() {
    let org = Metadata::start().await;
    let meta = "<ApexClass>\n  <status>Active</status>\n  <colour>red</colour>\n</ApexClass>";
    let files = package(&[("ApexClass", &["A"])], &[("classes/A.cls", A), ("classes/A.cls-meta.xml", meta)]);
    let result = deploy(&org, &files, "").await;
    let failure =
        result.child("details").and_then(|details| details.child("componentFailures")).expect("a failure");
    assert_eq!(
        failure.text_of("problem"),
        Some(
            "Error parsing file: Element {http://soap.sforce.com/2006/04/metadata}colour invalid at this location in type ApexClass"
        )
    );
    assert_eq!((failure.text_of("lineNumber"), failure.text_of("problemType")), (Some("3"), Some("Error")));
    assert!(failure.text_of("columnNumber").is_some());
    assert_eq!(failure.text_of("fileName"), Some("classes/A.cls-meta.xml"));

    let files = package(&[("Flow", &["F"])], &[("flows/F.flow", "<Flow>\n<label></Flow>")]);
    let result = deploy(&org, &files, "").await;
    assert!(
        failures(&result)[0].starts_with("flows/F.flow F: Error parsing file: "),
        "{:?}",
        failures(&result)
    );
}

#[tokio::test]
async fn packages_may_lie_in_directories() {
    let org = Metadata::start().await;
    let files = class(A);
    let files: Vec<(String, String)> =
        files.into_iter().map(|(path, body)| (format!("unpackaged/{path}"), body)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (path.as_str(), body.as_str())).collect();
    let result = org.deploy_with(&files, "<rollbackOnError>true</rollbackOnError>").await;
    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
    assert_eq!(success(&result, "A").text_of("fileName"), Some("unpackaged/classes/A.cls"));

    let result = org.deploy_with(&[("classes/A.cls", A), ("triggers/T.trigger", "")], "").await;
    assert_eq!(
        failures(&result),
        [
            "classes/package.xml package.xml: No package.xml found",
            "triggers/package.xml package.xml: No package.xml found"
        ]
    );
}

#[tokio::test]
async fn destructive_changes_remove_before_and_after() {
    let org = Metadata::start().await;
    deploy(&org, &class(A), "").await;
    let files = [
        ("package.xml", manifest(&[])),
        (
            "destructiveChanges.xml",
            manifest(&[("ApexClass", &["A", "Never"]), ("CustomLabel", &["Project_Late"])]),
        ),
        ("destructiveChangesPost.xml", manifest(&[("CustomField", &["Project__c.Hidden__c"])])),
    ];
    let result = deploy(&org, &files, "").await;
    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
    assert_eq!(fate(success(&result, "A")), "changed deleted");
    let missing = success(&result, "Never");
    assert_eq!(
        (missing.text_of("problem"), missing.text_of("problemType")),
        (Some("No ApexClass named: Never found"), Some("Warning"))
    );
    let components = org.client.running.org().components();
    assert!(components.get("ApexClass", "A").is_none());
    assert_eq!(components.get("CustomLabels", "CustomLabels").map(|labels| labels.children().len()), Some(1));
    assert_eq!(org.client.get("/query?q=SELECT+Hidden__c+FROM+Project__c").await.0.as_u16(), 400);

    let files = [
        ("package.xml", manifest(&[])),
        ("destructiveChanges.xml", manifest(&[("CustomObject", &["Account"])])),
    ];
    let result = deploy(&org, &files, "").await;
    assert_eq!((result.text_of("status"), failures(&result).len()), (Some("Failed"), 1));
}

#[tokio::test]
async fn a_deploy_under_way_can_be_cancelled_and_a_finished_one_cannot() {
    let org = Metadata::start().await;
    org.set(settings(3)).await;
    let result = deploy(&org, &class(A), "").await;
    assert_eq!((result.text_of("done"), result.text_of("status")), (Some("false"), Some("InProgress")));
    let id = result.text_of("id").expect("an id").to_owned();
    let cancelled = org.call("cancelDeploy", &format!("<String>{id}</String>")).await;
    assert_eq!(
        (cancelled.result().text_of("done"), cancelled.result().text_of("id")),
        (Some("true"), Some(id.as_str()))
    );
    let status = org.deploy_status(&id).await;
    assert_eq!(
        (status.text_of("status"), status.text_of("canceledByName")),
        (Some("Canceled"), Some("Ada Admin"))
    );
    assert!(org.client.running.org().components().get("ApexClass", "A").is_none());
    let late = org.call("cancelDeploy", &format!("<String>{id}</String>")).await;
    assert_eq!(late.fault().1, "INVALID_ID_FIELD: Deployment already completed");
}

#[tokio::test]
async fn what_is_no_zip_fails_the_deploy() {
    let org = Metadata::start().await;
    let arguments = format!("<ZipFile>{}</ZipFile>", STANDARD.encode("no zip"));
    let id = org.call("deploy", &arguments).await.result().text_of("id").expect("an id").to_owned();
    let status = org.deploy_status(&id).await;
    assert_eq!(
        (status.text_of("status"), status.text_of("errorStatusCode")),
        (Some("Failed"), Some("UNKNOWN_EXCEPTION"))
    );
    assert_eq!(org.call("deploy", "<ZipFile>###</ZipFile>").await.fault().0, "soapenv:Client");
}

#[tokio::test]
async fn objects_deploy_as_they_were_retrieved() {
    let org = Metadata::start().await;
    let objects: &[(&str, &[&str])] =
        &[("CustomObject", &["*", "Account", "Case", "Contact", "Event", "Lead", "Opportunity"])];
    let (_, files) = org.retrieve(objects).await;
    assert!(files["objects/Account.object"].contains("<referenceTo>Contact</referenceTo>"));

    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (path.as_str(), body.as_str())).collect();
    let result = org.deploy(&files, "<checkOnly>true</checkOnly>").await;

    assert_eq!(failures(&result), Vec::<String>::new());
}
