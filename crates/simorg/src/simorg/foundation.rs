//! The rows that every org has from the start: itself, users, licences, profiles, record types, the standard price book.

use std::collections::HashMap;

use crate::model::permissions::{Holder, SYSTEM_PERMISSIONS, column};
use crate::model::{ObjectDef, Value, ids};
use crate::state::permission_rows;
use crate::state::table::StoredRow;
use crate::state::users::Switches;
use crate::state::view::Snapshot;
use crate::state::{Permissions, User};

use super::Company;

/// What was made, and what generated rows may refer to.
pub(super) struct Foundation {
    pub(super) org_id: String,
    pub(super) users: Vec<User>,
    /// Ids by object.
    pub(super) ids: HashMap<String, Vec<String>>,
}

struct Writer<'a> {
    snapshot: &'a mut Snapshot,
    at_ms: i64,
    admin: String,
    ids: HashMap<String, Vec<String>>,
}

impl Writer<'_> {
    fn named_row(&mut self, object: &str, values: &[(String, Value)]) -> String {
        let values: Vec<(&str, Value)> =
            values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        self.row(object, &values)
    }

    /// Writes one row and answers its id. Fields that the object lacks are passed over.
    fn row(&mut self, object: &str, values: &[(&str, Value)]) -> String {
        let table = self.snapshot.table_mut(object).expect("a built-in object");
        let def = table.def.clone();
        let counter = table.reserve();
        let mut row = StoredRow::default();
        let audit = [
            ("CreatedDate", Value::DateTime(self.at_ms)),
            ("CreatedById", Value::Id(self.admin.clone())),
            ("LastModifiedDate", Value::DateTime(self.at_ms)),
            ("LastModifiedById", Value::Id(self.admin.clone())),
            ("SystemModstamp", Value::DateTime(self.at_ms)),
        ];
        for (name, value) in audit.iter().chain(values) {
            if let Some(field) = def.field(name) {
                row.set(field.slot, value);
            }
        }
        table.put(counter, row);
        let id = ids::record_id(&def.id_prefix, counter);
        self.ids.entry(object.to_owned()).or_default().push(id.clone());
        id
    }
}

fn text(text: &str) -> Value {
    Value::text(text)
}

pub(super) fn rows(
    snapshot: &mut Snapshot,
    epoch_ms: i64,
    admin_name: &str,
    company: &Company,
) -> Foundation {
    // A little before the oldest generated row.
    let at_ms = epoch_ms - (6 * 365 + 30) * 86_400_000;
    let first_user: &ObjectDef = &snapshot.table("User").expect("a built-in object").def;
    let admin = ids::record_id(&first_user.id_prefix, first_user.first_counter);
    let mut writer = Writer { snapshot, at_ms, admin, ids: HashMap::new() };
    let org_id = organization(&mut writer, company);
    let users = people(&mut writer, admin_name);
    catalogue(&mut writer, &users[1].id);
    let mut ids = writer.ids;
    permission_rows::grant_all(snapshot, |_| true, at_ms);
    for user in &users {
        permission_rows::put_access_row(snapshot, &user.id, &user.permissions, at_ms);
    }
    // Owners of generated rows: everyone with a licence, also the one who left.
    if let Some(all) = ids.get_mut("User") {
        all.truncate(3);
    }
    Foundation { org_id, users, ids }
}

fn organization(writer: &mut Writer<'_>, company: &Company) -> String {
    let instance = format!("SIM{}", company.number);
    let values = [
        ("Name", text("Simulated Org")),
        ("Country", text("US")),
        ("PrimaryContact", text("Ada Admin")),
        ("DefaultLocaleSidKey", text("en_US")),
        ("TimeZoneSidKey", text("GMT")),
        ("LanguageLocaleKey", text("en_US")),
        ("ReceivesInfoEmails", Value::Bool(true)),
        ("FiscalYearStartMonth", Value::Int(1)),
        ("DefaultAccountAccess", text("None")),
        ("DefaultContactAccess", text("None")),
        ("DefaultOpportunityAccess", text("None")),
        ("DefaultLeadAccess", text("None")),
        ("DefaultCaseAccess", text("None")),
        ("DefaultCalendarAccess", text("HideDetailsInsert")),
        ("DefaultPricebookAccess", text("ReadSelect")),
        ("DefaultCampaignAccess", text("None")),
        ("UiSkin", text("Theme3")),
        ("OrganizationType", text(&company.edition)),
        ("InstanceName", text(&instance)),
        ("IsSandbox", Value::Bool(company.is_sandbox)),
    ];
    // The ids of orgs with lower numbers are not this one's.
    let table = writer.snapshot.table_mut("Organization").expect("a built-in object");
    for _ in 1..company.number {
        table.reserve();
    }
    writer.row("Organization", &values)
}

/// Licence, profiles, permission set and users.
fn people(writer: &mut Writer<'_>, admin_name: &str) -> Vec<User> {
    let (admins, standard) = profiles(writer);
    let all = Permissions::integration;
    let own = Permissions::standard;
    let users = vec![
        person(writer, [admin_name, "Ada", "Admin", "Standard", &admins], true, all()),
        person(writer, ["standard@simorg.example", "Sam", "Standard", "Standard", &standard], true, own()),
        person(writer, ["former@simorg.example", "Iris", "Inactive", "Standard", &standard], false, own()),
        person(
            writer,
            ["autoproc@simorg.example", "Automated", "Process", "AutomatedProcess", &standard],
            true,
            own(),
        ),
        person(
            writer,
            ["integration@simorg.example", "Platform", "Integration", "CloudIntegrationUser", &standard],
            true,
            own(),
        ),
    ];
    let mut set = vec![
        ("Name".to_owned(), text("Backup_Integration")),
        ("Label".to_owned(), text("Backup Integration")),
        ("IsCustom".to_owned(), Value::Bool(true)),
        ("Type".to_owned(), text("Regular")),
    ];
    let system = ["ApiEnabled", "ViewAllData", "QueryAllFiles", "ViewEncryptedData", "BulkApiHardDelete"];
    set.extend(system.map(granted));
    let permission_set = writer.named_row("PermissionSet", &set);
    let assignment = [
        ("PermissionSetId", Value::Id(permission_set)),
        ("AssigneeId", Value::Id(users[0].id.clone())),
        ("IsActive", Value::Bool(true)),
    ];
    writer.row("PermissionSetAssignment", &assignment);
    users
}

/// The ids of the administrators' and the standard users' profile.
fn profiles(writer: &mut Writer<'_>) -> (String, String) {
    let licence = writer.row(
        "UserLicense",
        &[
            ("Name", text("Salesforce")),
            ("MasterLabel", text("Salesforce")),
            ("LicenseDefinitionKey", text("SFDC")),
            ("TotalLicenses", Value::Int(10)),
            ("Status", text("Active")),
        ],
    );
    let mut profile = |name: &str, holds: &dyn Fn(Holder) -> bool| {
        let held: Vec<(String, Value)> = SYSTEM_PERMISSIONS
            .iter()
            .filter(|(_, _, holder)| holds(*holder))
            .map(|(permission, ..)| granted(permission))
            .collect();
        let mut values = vec![
            ("Name".to_owned(), text(name)),
            ("UserLicenseId".to_owned(), Value::Id(licence.clone())),
            ("UserType".to_owned(), text("Standard")),
        ];
        values.extend(held.clone());
        let id = writer.named_row("Profile", &values);
        // The permission set that every profile owns is named by the platform.
        let mut own = vec![
            ("Name".to_owned(), text(&format!("X{}", &id[..15]))),
            ("Label".to_owned(), text(&id[..15])),
            ("ProfileId".to_owned(), Value::Id(id.clone())),
            ("IsOwnedByProfile".to_owned(), Value::Bool(true)),
            ("Type".to_owned(), text("Profile")),
        ];
        own.extend(held);
        writer.named_row("PermissionSet", &own);
        id
    };
    let admins = profile("System Administrator", &|holder| holder != Holder::NoOne);
    let standard = profile("Standard User", &|holder| holder == Holder::Everyone);
    profile("Minimum Access - Salesforce", &|_| false);
    (admins, standard)
}

fn granted(permission: &str) -> (String, Value) {
    (column(permission), Value::Bool(true))
}

/// One user with its row. `facts` are username, first name, last name, kind and profile.
fn person(writer: &mut Writer<'_>, facts: [&str; 5], active: bool, permissions: Permissions) -> User {
    let [username, first, last, kind, profile] = facts;
    let alias: String = first.to_lowercase().chars().take(8).collect();
    let values = [
        ("Username", text(username)),
        ("FirstName", text(first)),
        ("LastName", text(last)),
        ("Email", text(username)),
        ("Alias", text(&alias)),
        ("CommunityNickname", text(&format!("{first}.{last}"))),
        ("IsActive", Value::Bool(active)),
        ("TimeZoneSidKey", text("GMT")),
        ("LocaleSidKey", text("en_US")),
        ("EmailEncodingKey", text("UTF-8")),
        ("LanguageLocaleKey", text("en_US")),
        ("UserType", text(kind)),
        ("ProfileId", Value::Id(profile.to_owned())),
    ];
    User {
        id: writer.row("User", &values),
        username: username.to_owned(),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        email: username.to_owned(),
        active,
        permissions,
        switches: Switches::default(),
        generation: 0,
        changed_ms: 0,
    }
}

fn catalogue(writer: &mut Writer<'_>, clerk: &str) {
    for (object, name, developer) in
        [("Account", "Household", "Household"), ("Account", "Organization", "Organization")]
    {
        let values = [
            ("Name", text(name)),
            ("DeveloperName", text(developer)),
            ("SobjectType", text(object)),
            ("IsActive", Value::Bool(true)),
        ];
        writer.row("RecordType", &values);
    }
    writer.row(
        "Pricebook2",
        &[
            ("Name", text("Standard Price Book")),
            ("IsActive", Value::Bool(true)),
            ("IsStandard", Value::Bool(true)),
        ],
    );
    for (object, labels) in [
        ("CaseStatus", ["New", "Working", "Escalated", "Closed"]),
        ("TaskStatus", ["Not Started", "In Progress", "Completed", "Deferred"]),
    ] {
        for (at, label) in labels.iter().enumerate() {
            let order = Value::Int(i64::try_from(at + 1).expect("a short list"));
            let closed = Value::Bool(matches!(*label, "Closed" | "Completed"));
            let values = [
                ("MasterLabel", text(label)),
                ("ApiName", text(label)),
                ("SortOrder", order),
                ("IsDefault", Value::Bool(at == 0)),
                ("IsClosed", closed),
            ];
            writer.row(object, &values);
        }
    }
    let queue = writer.row(
        "Group",
        &[("Name", text("Support Queue")), ("DeveloperName", text("Support_Queue")), ("Type", text("Queue"))],
    );
    for object in ["Case", "Lead", "Task", "Project__c"] {
        writer.row("QueueSobject", &[("QueueId", Value::Id(queue.clone())), ("SobjectType", text(object))]);
    }
    let member = [("GroupId", Value::Id(queue)), ("UserOrGroupId", Value::Id(clerk.to_owned()))];
    writer.row("GroupMember", &member);
    let role = writer.row("UserRole", &[("Name", text("CEO")), ("DeveloperName", text("CEO"))]);
    writer.row(
        "UserRole",
        &[("Name", text("Sales")), ("DeveloperName", text("Sales")), ("ParentRoleId", Value::Id(role))],
    );
    writer.row(
        "Folder",
        &[
            ("Name", text("Shared Documents")),
            ("DeveloperName", text("Shared_Documents")),
            ("AccessType", text("Public")),
            ("Type", text("Document")),
        ],
    );
}
