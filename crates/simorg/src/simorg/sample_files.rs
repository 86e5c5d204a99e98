//! The files of the default org: twelve documents, one with three versions, one of no bytes; attachments and documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use crate::errors::ApiError;
use crate::model::ids;
use crate::state::{Org, Transaction};

/// Adds the sample files; those objects for which records were asked for are left alone.
pub(super) fn add(org: &Arc<Org>, counts: &BTreeMap<String, u64>) {
    let view = org.admin_view();
    let none = |object: &str| counts.get(object).is_none_or(|count| *count == 0);
    let accounts: Vec<String> = (0..counts.get("Account").copied().unwrap_or(0).min(3))
        .filter_map(|at| {
            view.object("Account").map(|def| ids::record_id(&def.id_prefix, def.first_counter + at))
        })
        .collect();
    drop(view);
    let written = org.write(&org.admin(), |transaction| {
        if none("ContentDocument") && none("ContentVersion") {
            files(transaction, &accounts)?;
        }
        if none("Attachment") {
            attachments(transaction, &accounts)?;
        }
        if none("Document") { documents(transaction) } else { Ok(()) }
    });
    written.expect("the sample files satisfy the org's own rules");
}

fn record(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(record) => record,
        _ => Map::new(),
    }
}

fn files(transaction: &mut Transaction<'_>, accounts: &[String]) -> Result<(), ApiError> {
    for number in 1..=12_u32 {
        let name = format!("Sample file {number}.txt");
        let body = if number == 12 {
            String::new()
        } else {
            format!("Body of sample file {number}\r\nwith ünïcode.\n").repeat(number as usize)
        };
        let mut first = json!({"Title": format!("Sample file {number}"), "PathOnClient": name, "VersionData": STANDARD.encode(body)});
        if let Some(account) = accounts.get(number as usize % accounts.len().max(1)) {
            first["FirstPublishLocationId"] = json!(account);
        }
        let version = transaction.insert("ContentVersion", &record(first))?;
        if number != 1 {
            continue;
        }
        let view = transaction.view();
        let def = view.object("ContentVersion").ok_or_else(ApiError::not_found)?;
        let document = view
            .row(&def, &version)
            .ok_or_else(ApiError::not_found)?
            .value_of("ContentDocumentId")
            .to_plain_text();
        drop(view);
        for later in 2..=3 {
            let body = STANDARD.encode(format!("Version {later} of sample file 1"));
            let next = json!({"Title": "Sample file 1", "PathOnClient": name, "VersionData": body, "ContentDocumentId": document});
            transaction.insert("ContentVersion", &record(next))?;
        }
    }
    Ok(())
}

fn attachments(transaction: &mut Transaction<'_>, accounts: &[String]) -> Result<(), ApiError> {
    for (number, account) in accounts.iter().enumerate() {
        let body = STANDARD.encode(format!("attachment {number}"));
        let attachment = json!({"ParentId": account, "Name": format!("note {number}.txt"), "ContentType": "text/plain", "Body": body});
        transaction.insert("Attachment", &record(attachment))?;
    }
    Ok(())
}

fn documents(transaction: &mut Transaction<'_>) -> Result<(), ApiError> {
    let view = transaction.view();
    let def = view.object("Folder").ok_or_else(ApiError::not_found)?;
    let folder = ids::record_id(&def.id_prefix, def.first_counter);
    drop(view);
    for number in 1..=2 {
        let body = STANDARD.encode(format!("document {number}"));
        let document = json!({"FolderId": folder, "Name": format!("Logo {number}"), "DeveloperName": format!("Logo_{number}"), "ContentType": "image/png", "Type": "png", "Body": body});
        transaction.insert("Document", &record(document))?;
    }
    Ok(())
}
