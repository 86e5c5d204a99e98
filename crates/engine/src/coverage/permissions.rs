//! The permissions that decide what a backup can see, and whether the integration user holds them.

use std::collections::BTreeMap;

use holdfast_domain::ObjectName;
use holdfast_domain::retry::Retry;
use holdfast_domain::schema::ObjectSchema;
use holdfast_salesforce::{self as salesforce, ApiError, Client, DescribeAnswer};
use serde::Serialize;
use serde_json::Value;

use crate::error::{Doing, Result};

/// One permission, and what is missed without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionState {
    /// As Setup names it.
    pub label: &'static str,
    /// None: the org does not tell, most often because its edition has no such permission.
    pub is_held: Option<bool>,
    /// What happens without it.
    pub without: &'static str,
    /// Needed only to put something back, not to capture it.
    pub is_for_restore: bool,
}

impl PermissionState {
    pub fn is_missing(&self) -> bool {
        self.is_held == Some(false)
    }
}

struct Permission {
    field: &'static str,
    label: &'static str,
    without: &'static str,
    is_for_restore: bool,
}

/// Has one row, about the user who asks.
const OBJECT: &str = "UserPermissionAccess";
const VIEW_ALL_DATA: &str = "PermissionsViewAllData";
const QUERY_ALL_FILES: &str = "PermissionsQueryAllFiles";
const VIEW_SETUP: &str = "PermissionsViewSetup";

/// From the Object Reference and the Metadata API Developer Guide, where they say who sees what.
const PERMISSIONS: [Permission; 8] = [
    Permission {
        field: VIEW_ALL_DATA,
        label: "View All Data",
        without: "records that are not shared with the user are not captured",
        is_for_restore: false,
    },
    Permission {
        field: QUERY_ALL_FILES,
        label: "Query All Files",
        without: "only files that the user may see are captured",
        is_for_restore: false,
    },
    Permission {
        field: "PermissionsViewEncryptedData",
        label: "View Encrypted Data",
        without: "classic encrypted text is captured masked",
        is_for_restore: false,
    },
    Permission {
        field: "PermissionsModifyAllData",
        label: "Modify All Data",
        without: "attachments of e-mails and private drafts are not captured, and records of others cannot be restored",
        is_for_restore: false,
    },
    Permission {
        field: VIEW_SETUP,
        label: "View Setup and Configuration",
        without: "the org tells neither its API use nor which objects and fields are hidden",
        is_for_restore: false,
    },
    Permission {
        field: "PermissionsCreateAuditFields",
        label: "Set Audit Fields upon Record Creation",
        without: "restored records are created now, and by the integration user",
        is_for_restore: true,
    },
    Permission {
        field: "PermissionsUpdateWithInactiveOwner",
        label: "Update Records with Inactive Owners",
        without: "records whose owner is inactive cannot be restored as they were",
        is_for_restore: true,
    },
    Permission {
        field: "PermissionsBulkApiHardDelete",
        label: "Bulk API Hard Delete",
        without: "what a drill has restored stays in the recycle bin",
        is_for_restore: true,
    },
];

/// What is held of [`PERMISSIONS`], by field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(BTreeMap<&'static str, bool>);

impl Held {
    /// One call, and two more where the org does not know all of them. An org that does not answer tells nothing, and
    /// that is no error.
    pub(crate) async fn ask(client: &Client) -> Result<Self> {
        let all: Vec<_> = PERMISSIONS.iter().map(|own| own.field).collect();
        if let Some(held) = Self::query(client, &all).await? {
            return Ok(held);
        }
        let known = known_fields(client, &all).await?;
        if known.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self::query(client, &known).await?.unwrap_or_default())
    }

    /// None if the org does not know the object or one of the fields, or does not let the user see it.
    async fn query(client: &Client, fields: &[&'static str]) -> Result<Option<Self>> {
        let soql = format!("SELECT {} FROM {OBJECT}", fields.join(", "));
        let answers = client.composite_query(&[(soql, false)]).await.doing(doing)?;
        let Some(values) = told(answers.into_iter().next(), doing)? else { return Ok(None) };
        let row = values.records.into_iter().next().unwrap_or_default();
        let held = |field: &&'static str| Some((*field, row.get(*field).and_then(Value::as_bool)?));
        Ok(Some(Self(fields.iter().filter_map(held).collect())))
    }

    pub(crate) fn states(&self) -> Vec<PermissionState> {
        let state = |permission: &Permission| PermissionState {
            label: permission.label,
            is_held: self.0.get(permission.field).copied(),
            without: permission.without,
            is_for_restore: permission.is_for_restore,
        };
        PERMISSIONS.iter().map(state).collect()
    }

    /// Labels of what is missing to see everything.
    pub(crate) fn missing_to_capture(&self) -> Vec<String> {
        let states = self.states().into_iter();
        states.filter(|own| own.is_missing() && !own.is_for_restore).map(|own| own.label.to_owned()).collect()
    }

    /// True if and only if the org says that the user may not view the setup.
    pub(super) fn lacks_setup(&self) -> bool {
        self.0.get(VIEW_SETUP) == Some(&false)
    }

    /// The permission without which records of `object` may vanish from the user's sight, if it is not held.
    pub(crate) fn missing_to_see_all(&self, object: &ObjectName) -> Option<&'static str> {
        let is_file = matches!(
            object.as_str(),
            "ContentDocument" | "ContentDocumentLink" | "ContentVersion" | "ContentBody"
        );
        let needed = [VIEW_ALL_DATA, QUERY_ALL_FILES];
        let needed = &needed[..if is_file { 2 } else { 1 }];
        let missing = needed.iter().find(|field| self.0.get(**field) == Some(&false))?;
        PERMISSIONS.iter().find(|own| own.field == *missing).map(|own| own.label)
    }
}

/// What one query answered; none if it was refused for good. What may pass is an error, to be tried again.
pub(super) fn told<T>(
    answer: Option<Result<T, ApiError>>,
    doing: impl FnOnce() -> String,
) -> Result<Option<T>> {
    match answer {
        Some(Err(error)) if error.retry() != Retry::Never => {
            let source = salesforce::Error::Api { doing: salesforce::Doing::Query, source: Box::new(error) };
            Err(source).doing(doing)
        }
        answer => Ok(answer.and_then(Result::ok)),
    }
}

fn doing() -> String {
    "read the permissions of the integration user".to_owned()
}

async fn known_fields(client: &Client, fields: &[&'static str]) -> Result<Vec<&'static str>> {
    let object = ObjectName::parse(OBJECT).expect("it is a name");
    let describes = client.describe_many(&[object], &BTreeMap::new()).await.doing(doing)?;
    let json = match describes.into_iter().next() {
        Some((_, DescribeAnswer::Describe { json, .. })) => json,
        Some((_, DescribeAnswer::Refused(error))) => {
            return told(Some(Err(error)), doing).map(|_: Option<()>| Vec::new());
        }
        Some((_, DescribeAnswer::NotModified)) | None => return Ok(Vec::new()),
    };
    let Ok(schema) = ObjectSchema::from_describe(&json) else { return Ok(Vec::new()) };
    Ok(fields.iter().copied().filter(|field| schema.field(field).is_some()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_need_one_permission_more() {
        let object = |name: &str| ObjectName::parse(name).unwrap();
        let (account, file) = (object("Account"), object("ContentVersion"));
        let held = |all: bool, files: bool| Held([(VIEW_ALL_DATA, all), (QUERY_ALL_FILES, files)].into());
        assert_eq!(held(true, true).missing_to_see_all(&file), None);
        assert_eq!(held(true, false).missing_to_see_all(&file), Some("Query All Files"));
        assert_eq!(held(true, false).missing_to_see_all(&account), None);
        assert_eq!(held(false, true).missing_to_see_all(&account), Some("View All Data"));
        assert_eq!(
            Held::default().missing_to_see_all(&file),
            None,
            "what is not told is not held against it"
        );
    }
}
