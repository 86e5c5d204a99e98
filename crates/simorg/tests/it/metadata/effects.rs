//! What is deployed takes effect in the org.

use super::*;

fn object(parts: &str) -> String {
    format!("<CustomObject xmlns=\"{NAMESPACE}\">{parts}</CustomObject>")
}

const SHIP: &str = "<deploymentStatus>Deployed</deploymentStatus><fields><fullName>Length__c</fullName><label>Length</label><precision>10</precision><scale>2</scale><type>Number</type></fields><label>Ship</label><nameField><label>Name</label><type>Text</type></nameField><pluralLabel>Ships</pluralLabel><sharingModel>ReadWrite</sharingModel>";

#[tokio::test]
async fn a_deployed_object_takes_rows_and_a_removed_one_is_gone() {
    let org = Metadata::start().await;
    let files = [
        ("package.xml", manifest(&[("CustomObject", &["Ship__c"])])),
        ("objects/Ship__c.object", object(SHIP)),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (*path, body.as_str())).collect();
    let result = org.deploy(&files, "<checkOnly>true</checkOnly>").await;
    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
    assert_eq!(org.client.get("/sobjects/Ship__c/describe").await.0.as_u16(), 404);

    let result = org.deploy(&files, "").await;
    assert_eq!(fate(success(&result, "Ship__c")), "created changed");
    assert_eq!(fate(success(&result, "Ship__c.Length__c")), "created changed");
    let id = org.client.create("Ship__c", json!({"Name": "S", "Length__c": 12.5})).await;
    assert_eq!(org.client.get(&format!("/sobjects/Ship__c/{id}")).await.1["Length__c"], 12.5);
    let (_, retrieved) = org.retrieve(&[("CustomObject", &["Ship__c"])]).await;
    assert!(
        xml(&retrieved, "objects/Ship__c.object")
            .all("fields")
            .any(|f| f.text_of("fullName") == Some("Length__c"))
    );

    let gone = manifest(&[("CustomObject", &["Ship__c"])]);
    let result =
        org.deploy(&[("package.xml", &manifest(&[])), ("destructiveChangesPre.xml", &gone)], "").await;
    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
    assert_eq!(org.client.get("/sobjects/Ship__c/describe").await.0.as_u16(), 404);
}

#[tokio::test]
async fn a_field_is_added_alone_and_its_object_keeps_the_others() {
    let org = Metadata::start().await;
    let body = object(
        "<fields><fullName>Score__c</fullName><label>Score</label><length>20</length><type>Text</type></fields>",
    );
    let files = [
        ("package.xml", manifest(&[("CustomField", &["Account.Score__c"])])),
        ("objects/Account.object", body),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (*path, body.as_str())).collect();
    let result = org.deploy(&files, "").await;
    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
    assert_eq!(success(&result, "Account.Score__c").text_of("componentType"), Some("CustomField"));
    org.client.create("Account", json!({"Name": "A", "Score__c": "high"})).await;
    let (_, retrieved) = org.retrieve(&[("CustomObject", &["Account"])]).await;
    let account = xml(&retrieved, "objects/Account.object");
    let has = |name: &str| account.all("fields").any(|field| field.text_of("fullName") == Some(name));
    assert!(has("Score__c") && has("Industry"));
}

#[tokio::test]
async fn what_needs_something_missing_is_refused() {
    let org = Metadata::start().await;
    let rule = |formula: &str| {
        object(&format!(
            "<validationRules><fullName>R</fullName><active>true</active><errorConditionFormula>{formula}</errorConditionFormula><errorMessage>No</errorMessage></validationRules>"
        ))
    };
    let lookup = object(
        "<fields><fullName>To__c</fullName><label>To</label><referenceTo>Nope__c</referenceTo><relationshipName>Tos</relationshipName><type>Lookup</type></fields>",
    );
    let profile = |part: &str| format!("<Profile xmlns=\"{NAMESPACE}\">{part}</Profile>");
    for (kind, name, path, body, expected) in [
        ("ValidationRule", "Account.R", "objects/Account.object", rule("Nope__c &gt; 1"), "Field Nope__c does not exist. Check spelling."),
        ("CustomField", "Account.To__c", "objects/Account.object", lookup, "referenceTo value of 'Nope__c' does not resolve to a valid sObject type"),
        (
            "Profile",
            "Admin",
            "profiles/Admin.profile",
            profile("<fieldPermissions><editable>true</editable><field>Account.Nope__c</field><readable>true</readable></fieldPermissions>"),
            "In field: field - no CustomField named Account.Nope__c found",
        ),
        (
            "Profile",
            "Admin",
            "profiles/Admin.profile",
            profile("<classAccesses><apexClass>Nope</apexClass><enabled>true</enabled></classAccesses>"),
            "In field: apexClass - no ApexClass named Nope found",
        ),
        (
            "Layout",
            "Project__c-L",
            "layouts/Project__c-L.layout",
            "<Layout><layoutSections><layoutColumns><layoutItems><field>Nope__c</field></layoutItems></layoutColumns></layoutSections></Layout>".to_owned(),
            "In field: field - no CustomField named Project__c.Nope__c found",
        ),
        ("CustomTab", "Nope__c", "tabs/Nope__c.tab", "<CustomTab><customObject>true</customObject></CustomTab>".to_owned(), "In field: customObject - no CustomObject named Nope__c found"),
    ] {
        let result = org.deploy(&[("package.xml", &manifest(&[(kind, &[name])])), (path, &body)], "").await;
        assert_eq!(failures(&result), [format!("{path} {name}: {expected}")]);
    }
}

#[tokio::test]
async fn without_rollback_the_good_fields_of_an_object_stay() {
    let org = Metadata::start().await;
    let body = object(
        "<fields><fullName>Bad__c</fullName><label>Bad</label><referenceTo>Nope__c</referenceTo><relationshipName>Bads</relationshipName><type>Lookup</type></fields><fields><fullName>Good__c</fullName><label>Good</label><type>Date</type></fields>",
    );
    let package = manifest(&[("CustomField", &["Account.Bad__c", "Account.Good__c"])]);
    let files = [("package.xml", package.as_str()), ("objects/Account.object", body.as_str())];
    let result = org.deploy_with(&files, "<singlePackage>true</singlePackage>").await;
    assert_eq!(result.text_of("status"), Some("SucceededPartial"), "{}", result.to_text());
    let (_, described) = org.client.get("/sobjects/Account/describe").await;
    let fields: Vec<&str> =
        described["fields"].as_array().unwrap().iter().filter_map(|f| f["name"].as_str()).collect();
    assert!(fields.contains(&"Good__c") && !fields.contains(&"Bad__c"));
}

#[tokio::test]
async fn a_profile_decides_what_its_users_see() {
    let mut org = Metadata::start().await;
    let profile = |readable: bool| {
        format!(
            "<Profile xmlns=\"{NAMESPACE}\"><fieldPermissions><editable>false</editable><field>Account.Phone</field><readable>{readable}</readable></fieldPermissions></Profile>"
        )
    };
    for readable in [false, true] {
        let result = org
            .deploy(
                &[
                    ("package.xml", &manifest(&[("Profile", &["Standard"])])),
                    ("profiles/Standard.profile", &profile(readable)),
                ],
                "",
            )
            .await;
        assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
        org.client.sign_in(crate::client::STANDARD);
        let status = org.client.get("/query?q=SELECT+Phone+FROM+Account").await.0.as_u16();
        assert_eq!(status, if readable { 200 } else { 400 });
        org.client.sign_in(crate::client::ADMIN);
    }
}

#[tokio::test]
async fn permission_sets_roles_and_queues_are_rows_as_well() {
    let org = Metadata::start().await;
    let set = format!(
        "<PermissionSet xmlns=\"{NAMESPACE}\"><fieldPermissions><editable>false</editable><field>Account.Phone</field><readable>true</readable></fieldPermissions><label>Callers</label><userPermissions><enabled>true</enabled><name>ViewAllData</name></userPermissions></PermissionSet>"
    );
    let queue =
        "<Queue><name>Calls</name><queueSobject><sobjectType>Lead</sobjectType></queueSobject></Queue>";
    let role = "<Role><name>West</name><parentRole>CEO</parentRole></Role>";
    let package = manifest(&[("PermissionSet", &["Callers"]), ("Queue", &["Calls"]), ("Role", &["West"])]);
    let files = [
        ("package.xml", package.as_str()),
        ("permissionsets/Callers.permissionset", set.as_str()),
        ("queues/Calls.queue", queue),
        ("roles/West.role", role),
    ];
    let result = org.deploy(&files, "").await;
    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());

    let query = async |soql: &str| {
        org.client.get(&format!("/query?q={}", soql.replace(' ', "+"))).await.1["records"][0].clone()
    };
    let row =
        query("SELECT Id, Label, PermissionsViewAllData FROM PermissionSet WHERE Name = 'Callers'").await;
    assert_eq!((&row["Label"], &row["PermissionsViewAllData"]), (&json!("Callers"), &json!(true)));
    assert_eq!(row["Id"].as_str(), success(&result, "Callers").text_of("id"));
    let field =
        query("SELECT PermissionsRead, PermissionsEdit FROM FieldPermissions WHERE Field = 'Account.Phone' AND Parent.Name = 'Callers'")
            .await;
    assert_eq!((&field["PermissionsRead"], &field["PermissionsEdit"]), (&json!(true), &json!(false)));
    assert_eq!(
        query("SELECT SobjectType FROM QueueSobject WHERE Queue.DeveloperName = 'Calls'").await["SobjectType"],
        "Lead"
    );
    assert_eq!(
        query("SELECT Name FROM UserRole WHERE ParentRoleId != null AND DeveloperName = 'West'").await["Name"],
        "West"
    );

    let gone = manifest(&[("PermissionSet", &["Callers"])]);
    org.deploy(&[("package.xml", &manifest(&[])), ("destructiveChanges.xml", &gone)], "").await;
    assert_eq!(
        query("SELECT Id FROM FieldPermissions WHERE Field = 'Account.Phone' AND Parent.Name = 'Callers'")
            .await,
        Json::Null
    );
}

#[tokio::test]
async fn automations_are_switched_off_by_deploying_them_inactive() {
    let org = Metadata::start().await;
    let find = |list: &Json| {
        let all = list["automations"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|a| a["full_name"] == "ProjectTrigger").expect("the trigger")
    };
    let list = org.admin(Method::GET, "/metadata/automations", Json::Null).await;
    assert_eq!(
        find(&list),
        json!({"type": "ApexTrigger", "full_name": "ProjectTrigger", "object": "Project__c", "active": true})
    );

    let (_, mut files) = org.retrieve(&[("ApexTrigger", &["ProjectTrigger"])]).await;
    let meta = files.get_mut("triggers/ProjectTrigger.trigger-meta.xml").expect("its meta file");
    *meta = meta.replace("Active", "Inactive");
    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (path.as_str(), body.as_str())).collect();
    let result = org.deploy(&files, "").await;
    assert_eq!(fate(success(&result, "ProjectTrigger")), "changed");
    let list = org.admin(Method::GET, "/metadata/automations", Json::Null).await;
    assert_eq!(find(&list)["active"], false);
}

#[tokio::test]
async fn a_deployed_trigger_strikes_until_it_is_deployed_inactive() {
    let org = Metadata::start().await;
    let body =
        "trigger Guard on Lead (before insert) {\n  // simorg: {\"fail\": {\"message\": \"not today\"}}\n}";
    for (status, answer) in [("Active", 400), ("Inactive", 201)] {
        let meta = format!(
            "<ApexTrigger xmlns=\"{NAMESPACE}\"><apiVersion>67.0</apiVersion><status>{status}</status></ApexTrigger>"
        );
        let package = manifest(&[("ApexTrigger", &["Guard"])]);
        let files = [
            ("package.xml", package.as_str()),
            ("triggers/Guard.trigger", body),
            ("triggers/Guard.trigger-meta.xml", meta.as_str()),
        ];
        let result = org.deploy(&files, "").await;
        assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
        let lead = json!({"LastName": "L", "Company": "C"});
        assert_eq!(
            org.client.send(Method::POST, "/sobjects/Lead", lead).await.0.as_u16(),
            answer,
            "{status}"
        );
    }
}

#[tokio::test]
async fn everything_that_is_retrieved_can_be_deployed_again_without_a_change() {
    let org = Metadata::of(SimOrg::new()).await;
    let kinds = [
        "ApexClass",
        "ApexTrigger",
        "ApexPage",
        "ApexComponent",
        "AuraDefinitionBundle",
        "LightningComponentBundle",
        "CustomLabels",
        "CustomObject",
        "CustomTab",
        "CustomApplication",
        "Flow",
        "Layout",
        "PermissionSet",
        "Profile",
        "Queue",
        "Role",
        "RemoteSiteSetting",
        "Settings",
        "StaticResource",
        "AssignmentRules",
        "AppMenu",
    ];
    let members: Vec<(&str, &[&str])> = kinds.iter().map(|kind| (*kind, &["*"] as &[&str])).collect();
    let (_, files) = org.retrieve(&members).await;
    let files: Vec<(&str, &str)> = files.iter().map(|(path, body)| (path.as_str(), body.as_str())).collect();
    let result = org.deploy(&files, "").await;
    assert_eq!(failures(&result), Vec::<String>::new());
    assert_eq!(result.text_of("status"), Some("Succeeded"));
}

/// Retrieved, laid out anew and deployed, as `CumulusCI` does to change one thing of an object.
#[tokio::test]
async fn a_field_that_is_deployed_as_it_was_retrieved_stays_as_it_is() {
    let org = Metadata::of(SimOrg::new()).await;
    let fields = async || org.client.get("/sobjects/Account/describe").await.1["fields"].clone();
    let before = fields().await;
    let (_, files) = org.retrieve(&[("CustomObject", &["Account"])]).await;
    let account = files["objects/Account.object"].replace("><", ">\n<");
    let package = manifest(&[("CustomObject", &["Account"])]);

    let result =
        org.deploy(&[("package.xml", &package), ("objects/Account.object", account.as_str())], "").await;

    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
    let after = fields().await;
    let of = |list: &Json| list.as_array().expect("fields").clone();
    for (old, new) in of(&before).iter().zip(of(&after)) {
        assert_eq!(*old, new);
    }
    org.client.create("Account", json!({"Name": "A"})).await;
}

#[tokio::test]
async fn components_are_put_and_removed_by_the_admin_api() {
    let org = Metadata::start().await;
    let body = json!({"files": {"objects/Ship__c.object": object(SHIP), "labels/CustomLabels.labels": "<CustomLabels><labels><fullName>New</fullName><value>v</value></labels></CustomLabels>"}});
    let (status, answer) = org.client.admin(Method::PUT, "/components", body).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    org.client.create("Ship__c", json!({"Name": "S"})).await;
    let list = org.admin(Method::GET, "/components?type=CustomLabels", Json::Null).await;
    assert_eq!(list["components"][0]["files"], json!(["labels/CustomLabels.labels"]));
    let (status, _) =
        org.client.admin(Method::PUT, "/components", json!({"files": {"nowhere/a.b": ""}})).await;
    assert_eq!(status.as_u16(), 400);
    let (status, _) = org.client.admin(Method::DELETE, "/components/ApexClass/Never", Json::Null).await;
    assert_eq!(status.as_u16(), 400);
}

/// What a destructive deploy of one field is refused with; nothing if it is done.
async fn removal(org: &Metadata, members: &[(&str, &[&str])]) -> Vec<String> {
    let (package, destructive) = (manifest(&[]), manifest(members));
    let files = [("package.xml", package.as_str()), ("destructiveChanges.xml", destructive.as_str())];
    let result = org.deploy(&files, "").await;
    let details = result.child("details").expect("details");
    details
        .all("componentFailures")
        .filter_map(|failure| failure.text_of("problem"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn a_field_that_is_used_is_not_removed_and_its_user_is_named() {
    let org = Metadata::start().await;
    let words =
        |user: &str| vec![format!("This custom field is referenced elsewhere in salesforce.com. : {user}")];
    for (field, user) in [
        ("Project__c.Kick_Off__c", "Custom Formula Field - Project__c.Started_On__c"),
        ("Team__c.Motto__c", "Validation Rule - Team__c.Motto_Is_Public"),
        ("Project__c.Account__c", "Custom Formula Field - Project__c.Account_Name__c"),
    ] {
        assert_eq!(removal(&org, &[("CustomField", &[field])]).await, words(user), "{field}");
    }
    let net = removal(&org, &[("CustomField", &["Invoice__c.Net__c"])]).await;
    assert_eq!(net, words("Roll-Up Summary Field - Project__c.Total_Billed__c"));
    assert_eq!(removal(&org, &[("CustomField", &["Project__c.Hidden__c"])]).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_field_goes_together_with_the_formula_that_uses_it() {
    let org = Metadata::start().await;
    let both = ["Project__c.Kick_Off__c", "Project__c.Started_On__c"];
    assert_eq!(removal(&org, &[("CustomField", &both)]).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_field_in_code_is_not_removed() {
    let org = Metadata::start().await;
    let body = "public class Uses { String s = [SELECT Hidden__c FROM Project__c LIMIT 1].Hidden__c; }";
    let package = manifest(&[("ApexClass", &["Uses"])]);
    let meta = class_meta();
    org.deploy(
        &[("package.xml", &package), ("classes/Uses.cls", body), ("classes/Uses.cls-meta.xml", &meta)],
        "",
    )
    .await;
    let refused = removal(&org, &[("CustomField", &["Project__c.Hidden__c"])]).await;
    let expected = "This custom field is referenced elsewhere in salesforce.com. : Apex Class - Uses";
    assert_eq!(refused, [expected]);
}
