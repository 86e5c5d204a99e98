//! Profiles and permission sets show what concerns the components that are retrieved with them.

use super::*;

fn about<'a>(profile: &'a Element, element: &'a str, key: &str) -> Vec<&'a str> {
    profile.all(element).filter_map(|part| part.text_of(key)).collect()
}

#[tokio::test]
async fn a_profile_alone_shows_no_permissions_but_those_of_the_user() {
    let org = Metadata::start().await;
    let (_, files) = org.retrieve(&[("Profile", &["Admin"])]).await;
    let admin = xml(&files, "profiles/Admin.profile");
    for element in
        ["fieldPermissions", "objectPermissions", "classAccesses", "layoutAssignments", "tabVisibilities"]
    {
        assert!(admin.child(element).is_none(), "{element}");
    }
    assert!(about(&admin, "userPermissions", "name").contains(&"ViewAllData"));
    assert_eq!((admin.text_of("custom"), admin.text_of("userLicense")), (Some("false"), Some("Salesforce")));
}

#[tokio::test]
async fn companions_bring_their_permissions() {
    let org = Metadata::start().await;
    let (_, files) = org
        .retrieve(&[
            ("Profile", &["Admin", "Standard"]),
            ("CustomObject", &["Account"]),
            ("CustomField", &["Project__c.Budget__c"]),
            ("ApexClass", &["AccountService"]),
            ("CustomTab", &["Project__c"]),
            ("Layout", &["Account-Account Layout"]),
        ])
        .await;
    let admin = xml(&files, "profiles/Admin.profile");
    assert_eq!(about(&admin, "objectPermissions", "object"), ["Account"]);
    let fields = about(&admin, "fieldPermissions", "field");
    assert!(fields.contains(&"Account.Phone") && fields.contains(&"Project__c.Budget__c"));
    assert!(!fields.contains(&"Project__c.Notes__c") && !fields.contains(&"Contact.Phone"));
    assert_eq!(about(&admin, "classAccesses", "apexClass"), ["AccountService"]);
    assert_eq!(about(&admin, "tabVisibilities", "tab"), ["Project__c"]);
    assert_eq!(about(&admin, "layoutAssignments", "layout"), ["Account-Account Layout"]);

    let standard = xml(&files, "profiles/Standard.profile");
    let of = |profile: &Element| profile.child("objectPermissions").map(|p| p.is_true("modifyAllRecords"));
    assert_eq!((of(&admin), of(&standard)), (Some(true), Some(false)));
}

#[tokio::test]
async fn a_field_that_comes_later_is_in_the_profile_as_well() {
    let org = Metadata::start().await;
    org.admin(Method::POST, "/objects/Account/fields", json!({"notation": "Score__c:double(10,2)"})).await;
    let (_, files) = org.retrieve(&[("Profile", &["Admin"]), ("CustomField", &["Account.Score__c"])]).await;
    assert_eq!(
        about(&xml(&files, "profiles/Admin.profile"), "fieldPermissions", "field"),
        ["Account.Score__c"]
    );
}

#[tokio::test]
async fn a_deployed_profile_keeps_what_it_does_not_mention() {
    let org = Metadata::start().await;
    let profile = format!(
        "<Profile xmlns=\"{NAMESPACE}\"><classAccesses><apexClass>AccountService</apexClass><enabled>false</enabled></classAccesses></Profile>"
    );
    let result = org
        .deploy(
            &[("package.xml", &manifest(&[("Profile", &["Admin"])])), ("profiles/Admin.profile", &profile)],
            "",
        )
        .await;
    assert_eq!(result.text_of("status"), Some("Succeeded"), "{}", result.to_text());
    let (_, files) = org.retrieve(&[("Profile", &["Admin"]), ("ApexClass", &["*"])]).await;
    let admin = xml(&files, "profiles/Admin.profile");
    let enabled: Vec<(&str, bool)> =
        admin.all("classAccesses").map(|a| (a.text_of("apexClass").unwrap(), a.is_true("enabled"))).collect();
    assert_eq!(enabled, [("AccountService", false), ("AccountServiceTest", true)]);
    assert!(about(&admin, "userPermissions", "name").contains(&"ApiEnabled"));
}

#[tokio::test]
async fn permission_sets_are_cut_the_same_way_and_unknown_permissions_are_refused() {
    let org = Metadata::start().await;
    let (_, files) = org.retrieve(&[("PermissionSet", &["*"])]).await;
    let set = xml(&files, "permissionsets/Backup_Integration.permissionset");
    assert!(set.child("objectPermissions").is_none() && set.text_of("label") == Some("Backup Integration"));
    let (_, files) = org.retrieve(&[("PermissionSet", &["*"]), ("CustomObject", &["*"])]).await;
    assert!(
        xml(&files, "permissionsets/Backup_Integration.permissionset").child("objectPermissions").is_some()
    );

    org.set(json!({"missing_permissions": ["FlyToTheMoon"]})).await;
    let set = format!(
        "<PermissionSet xmlns=\"{NAMESPACE}\"><label>Moon</label><userPermissions><enabled>true</enabled><name>FlyToTheMoon</name></userPermissions></PermissionSet>"
    );
    let result = org
        .deploy(
            &[
                ("package.xml", &manifest(&[("PermissionSet", &["Moon"])])),
                ("permissionsets/Moon.permissionset", &set),
            ],
            "",
        )
        .await;
    assert_eq!(
        failures(&result),
        ["permissionsets/Moon.permissionset Moon: Unknown user permission: FlyToTheMoon"]
    );
}
