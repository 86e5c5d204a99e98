//! Files: a version makes its document, its links and its facts; documents go as a whole (`ContentVersion`,
//! `ContentDocument` and `ContentDocumentLink`, Object Reference).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::errors::ApiError;
use crate::model::{ObjectDef, Value, ids};
use crate::state::Body;
use crate::state::view::Snapshot;

use super::Transaction;
use super::draft::Draft;

impl Transaction<'_> {
    /// Only the latest version can be changed, archived documents take no new ones, and each day has room for so many.
    pub(super) fn file_version(&self, draft: &Draft<'_>) -> Result<(), ApiError> {
        if let Some(row) = draft.row {
            if row.value_of("IsLatest") == Value::Bool(true) {
                return Ok(());
            }
            let message = "You can only edit the latest version of a document.";
            return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, Vec::<String>::new()));
        }
        let published = self.ledger.versions_on(self.stamp_ms) + self.counted.versions;
        if published >= self.org.rules().versions_a_day() {
            let message = "ContentVersion publishing limit exceeded";
            return Err(ApiError::record("LIMIT_EXCEEDED", message, Vec::<String>::new()));
        }
        let Value::Id(document) = draft.value("ContentDocumentId") else { return Ok(()) };
        if !draft.value("FirstPublishLocationId").is_null() {
            let message = "FirstPublishLocationId can only be set on the first version of a document";
            return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, ["FirstPublishLocationId"]));
        }
        if self.found(&document).is_some_and(|document| document.is_archived()) {
            let message = "You cannot add a version to an archived document.";
            return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, ["ContentDocumentId"]));
        }
        Ok(())
    }

    /// A file is linked to a record once. Owners' links are the system's: `I` on a person is not for users to give.
    pub(super) fn file_link(&self, draft: &Draft<'_>) -> Result<(), ApiError> {
        self.one_of_a_kind(draft, ["ContentDocumentId", "LinkedEntityId"])?;
        let target =
            draft.value("LinkedEntityId").as_str().unwrap_or_default().get(..3).unwrap_or("").to_owned();
        let is_person = target == "005" || target == "00G";
        let share = draft.value("ShareType").to_plain_text();
        if is_person && share == "I" {
            let message = "Invalid sharing type I";
            return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, ["ShareType"]));
        }
        if is_person && draft.value("Visibility").to_plain_text() == "SharedUsers" {
            let message = "Invalid visibility for a user or group: SharedUsers";
            return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, ["Visibility"]));
        }
        Ok(())
    }

    /// A first version makes its document and links; a later one takes the place of the latest.
    pub(super) fn new_file_version(&mut self, def: &Arc<ObjectDef>, counter: u64) -> Result<(), ApiError> {
        self.counted.versions += 1;
        let version = self.current(def, counter);
        let id = version.id().to_owned();
        let path = version.value_of("PathOnClient").to_plain_text();
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_lowercase();
        let body = self
            .bodies
            .iter()
            .find(|(row, field, _)| *row == id && field == "VersionData")
            .map(|(_, _, body)| body);
        let (size, checksum) = size_and_checksum(body)?;
        let is_link = version.value_of("ContentLocation").to_plain_text() == "L";
        let kind = if is_link { "LINK".to_owned() } else { file_type(&extension) };
        let title = match version.value_of("Title") {
            Value::Null => Value::text(file_name(&path)),
            title => title,
        };
        let facts = vec![
            ("FileExtension", Value::text(extension)),
            ("FileType", Value::Text(kind)),
            ("ContentSize", super::side_effects::whole(size)),
            ("ContentSizeLong", super::side_effects::whole(size)),
            (
                "ContentModifiedDate",
                given_or(version.value_of("ContentModifiedDate"), Value::DateTime(self.stamp_ms)),
            ),
            ("Title", title),
            ("Description", version.value_of("Description")),
        ];
        let (given, owner, place) = (
            version.value_of("ContentDocumentId"),
            version.value_of("OwnerId"),
            version.value_of("FirstPublishLocationId"),
        );
        drop(version);
        let document = match given {
            Value::Id(document) => {
                self.demote_latest(&document);
                document
            }
            _ => self.new_document(&owner, &place)?,
        };
        let number = self.versions_of(&document, counter) + 1;
        let mut own = facts.clone();
        own.extend([
            ("Checksum", checksum),
            ("ContentDocumentId", Value::Id(document.clone())),
            ("ContentModifiedById", Value::Id(self.user.id.clone())),
            ("IsLatest", Value::Bool(true)),
            ("VersionNumber", Value::Text(number.to_string())),
            ("PublishStatus", Value::Text("P".to_owned())),
        ]);
        self.set_fields(def, counter, own);
        let mut latest = facts;
        latest.push(("LatestPublishedVersionId", Value::Id(id)));
        self.touch_row(&document, latest);
        Ok(())
    }

    /// What was changed on the latest version shows on the document too.
    pub(super) fn version_changed(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let version = self.current(def, counter);
        let (Value::Id(document), Value::Bool(true)) =
            (version.value_of("ContentDocumentId"), version.value_of("IsLatest"))
        else {
            return;
        };
        let shown = ["Title", "Description"].map(|name| (name, version.value_of(name)));
        drop(version);
        self.touch_row(&document, shown.into());
    }

    /// A document that gets another title or owner passes it on to its latest version; archiving dates it.
    pub(super) fn document_changed(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let document = self.current(def, counter);
        let id = document.id().to_owned();
        let (title, owner) = (document.value_of("Title"), document.value_of("OwnerId"));
        let (archived, by) = (document.is_archived(), document.value_of("ArchivedById"));
        let latest = document.value_of("LatestPublishedVersionId");
        drop(document);
        if archived && by.is_null() {
            let values = vec![
                ("ArchivedById", Value::Id(self.user.id.clone())),
                ("ArchivedDate", Value::Date(super::convert::day_of(self.stamp_ms))),
            ];
            self.set_fields(def, counter, values);
        }
        if let Value::Id(version) = latest {
            self.touch_row(&version, vec![("Title", title), ("OwnerId", owner.clone())]);
        }
        self.move_owner_link(&id, &owner);
    }

    /// The link of the owner follows the owner.
    fn move_owner_link(&mut self, document: &str, owner: &Value) {
        for (def, counter) in self.referrers("ContentDocumentLink", "ContentDocumentId", document) {
            let Some(link) = self.found(&ids::record_id(&def.id_prefix, counter)) else { continue };
            let is_owners = link.value_of("ShareType").to_plain_text() == "I"
                && link.value_of("LinkedEntityId").as_str().is_some_and(|id| id.starts_with("005"));
            if is_owners && link.value_of("LinkedEntityId") != *owner {
                drop(link);
                self.rewrite(&def, counter, vec![("LinkedEntityId", owner.clone())]);
            }
        }
    }

    fn new_document(&mut self, owner: &Value, place: &Value) -> Result<String, ApiError> {
        let values = vec![("OwnerId", owner.clone()), ("PublishStatus", Value::Text("P".to_owned()))];
        let document = self.system_row("ContentDocument", values)?.ok_or_else(ApiError::not_found)?;
        let mut link = |target: &Value, share: &str| {
            let values = vec![
                ("ContentDocumentId", Value::Id(document.clone())),
                ("LinkedEntityId", target.clone()),
                ("ShareType", Value::Text(share.to_owned())),
                ("Visibility", Value::Text("AllUsers".to_owned())),
            ];
            self.system_row("ContentDocumentLink", values).map(|_| ())
        };
        link(owner, "I")?;
        if !place.is_null() && place != owner {
            link(place, "V")?;
        }
        Ok(document)
    }

    fn touch_row(&mut self, document: &str, values: Vec<(&str, Value)>) {
        let Some(row) = Snapshot::find(&self.work, document) else { return };
        let counter = row.counter();
        let Some(def) = self.work.table(row.object_name()).map(|table| table.def.clone()) else { return };
        drop(row);
        self.set_fields(&def, counter, values);
        let mut row = self.table_row(&def, counter);
        self.stamp_modified(&def, &mut row);
        self.put(&def, counter, row);
    }

    fn demote_latest(&mut self, document: &str) {
        let latest = Snapshot::find(&self.work, document).map(|row| row.value_of("LatestPublishedVersionId"));
        let Some(Value::Id(version)) = latest else { return };
        self.touch_row(&version, vec![("IsLatest", Value::Bool(false))]);
    }

    /// How many other versions the document has.
    fn versions_of(&self, document: &str, own: u64) -> u64 {
        let Some(table) = self.work.table("ContentVersion") else { return 0 };
        let Some(field) = table.def.field("ContentDocumentId") else { return 0 };
        let (Some(counter), Some(prefix)) = (ids::counter_of(document), document.get(..3)) else { return 0 };
        let versions =
            super::cascade::referring(&self.work, table, field.slot, prefix, &BTreeSet::from([counter]));
        versions.into_iter().filter(|counter| *counter != own).count() as u64
    }
}

fn size_and_checksum(body: Option<&Body>) -> Result<(u64, Value), ApiError> {
    let Some(body) = body else { return Ok((0, Value::Null)) };
    let checksum = body.md5().map_err(|error| ApiError::unknown_exception(error.to_string()))?;
    Ok((body.length(), Value::Text(checksum)))
}

fn given_or(given: Value, otherwise: Value) -> Value {
    if given.is_null() { otherwise } else { given }
}

/// `report` of `C:\docs\report.pdf`.
fn file_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The platform's name for the kind of file with this extension.
fn file_type(extension: &str) -> String {
    match extension {
        "pdf" => "PDF",
        "txt" => "TEXT",
        "png" => "PNG",
        "jpg" | "jpeg" => "JPEG",
        "gif" => "GIF",
        "svg" => "SVG",
        "bmp" => "BMP",
        "tif" | "tiff" => "TIFF",
        "csv" => "CSV",
        "json" => "JSON",
        "xml" => "XML",
        "html" | "htm" => "HTML",
        "rtf" => "RTF",
        "doc" => "WORD",
        "docx" => "WORD_X",
        "xls" => "EXCEL",
        "xlsx" => "EXCEL_X",
        "ppt" => "POWER_POINT",
        "pptx" => "POWER_POINT_X",
        "zip" => "ZIP",
        "mp3" => "MP3",
        "mp4" => "MP4",
        "mov" => "MOV",
        "eml" => "EML",
        "msg" => "MSG",
        "snote" => "SNOTE",
        _ => "UNKNOWN",
    }
    .to_owned()
}
