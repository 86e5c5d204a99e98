//! The system permissions that simorg knows, by the API names that `Permissions…` columns and profiles give them.
//!
//! A real org has some 400. These are the ones that decide something here, and those that a backup looks for or that any
//! administrator holds.

/// Who holds a permission in an org that was just made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    Everyone,
    Administrators,
    /// Those to whom a permission set gives it.
    NoOne,
}

use Holder::{Administrators, Everyone, NoOne};

/// API name and label of each, and who holds it at first.
pub const SYSTEM_PERMISSIONS: [(&str, &str, Holder); 48] = [
    ("ApiEnabled", "API Enabled", Everyone),
    ("ViewAllData", "View All Data", Administrators),
    ("ModifyAllData", "Modify All Data", Administrators),
    ("QueryAllFiles", "Query All Files", NoOne),
    ("ViewEncryptedData", "View Encrypted Data", NoOne),
    ("EditReadonlyFields", "Edit Read Only Fields", Administrators),
    ("ViewSetup", "View Setup and Configuration", Administrators),
    ("ViewAllUsers", "View All Users", NoOne),
    ("ViewAllProfiles", "View All Profiles", Administrators),
    ("ViewRoles", "View Roles and Role Hierarchy", Administrators),
    ("ManageUsers", "Manage Users", Administrators),
    ("ManageInternalUsers", "Manage Internal Users", Administrators),
    ("ManageProfilesPermissionsets", "Manage Profiles and Permission Sets", Administrators),
    ("AssignPermissionSets", "Assign Permission Sets", Administrators),
    ("ManageRoles", "Manage Roles", Administrators),
    ("ManageSharing", "Manage Sharing", Administrators),
    ("CustomizeApplication", "Customize Application", Administrators),
    ("ModifyMetadata", "Modify Metadata Through Metadata API Functions", Administrators),
    ("AuthorApex", "Author Apex", Administrators),
    ("DataExport", "Weekly Data Export", Administrators),
    ("BulkApiHardDelete", "Bulk API Hard Delete", NoOne),
    ("CreateAuditFields", "Set Audit Fields upon Record Creation", NoOne),
    ("UpdateWithInactiveOwner", "Update Records with Inactive Owners", NoOne),
    ("AllowViewEditConvertedLeads", "View and Edit Converted Leads", NoOne),
    ("ConvertLeads", "Convert Leads", Everyone),
    ("ImportLeads", "Import Leads", Administrators),
    ("ManageLeads", "Manage Leads", Administrators),
    ("TransferAnyEntity", "Transfer Record", Administrators),
    ("TransferAnyCase", "Transfer Cases", Administrators),
    ("TransferAnyLead", "Transfer Leads", Administrators),
    ("EditTask", "Edit Tasks", Everyone),
    ("EditEvent", "Edit Events", Everyone),
    ("EditCaseComments", "Edit Case Comments", Administrators),
    ("EditPublicDocuments", "Manage Public Documents", Administrators),
    ("ManageCases", "Manage Cases", Administrators),
    ("ManageContentPermissions", "Manage Content Permissions", NoOne),
    ("ViewContent", "View Content in Portals", NoOne),
    ("RunReports", "Run Reports", Everyone),
    ("ExportReport", "Export Reports", Everyone),
    ("ViewEventLogFiles", "View Event Log Files", NoOne),
    ("ManageEncryptionKeys", "Manage Encryption Keys", NoOne),
    ("TransactionSecurityExempt", "Exempt from Transaction Security", NoOne),
    ("PasswordNeverExpires", "Password Never Expires", NoOne),
    ("ApiUserOnly", "Api Only User", NoOne),
    ("ManagePasswordPolicies", "Manage Password Policies", Administrators),
    ("ManageIpAddresses", "Manage IP Addresses", Administrators),
    ("ViewDataAssessment", "View Data Assessment", NoOne),
    ("LightningExperienceUser", "Lightning Experience User", Everyone),
];

/// The name as the table spells it.
pub fn known(name: &str) -> Option<&'static str> {
    SYSTEM_PERMISSIONS.iter().map(|(known, ..)| *known).find(|known| known.eq_ignore_ascii_case(name))
}

/// The column that tells a permission: `PermissionsApiEnabled`.
pub fn column(name: &str) -> String {
    format!("Permissions{name}")
}
