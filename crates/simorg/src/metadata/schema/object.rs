//! `CustomObject` elements: the object itself, without its fields.

use crate::model::{FieldSource, ObjectDef, ObjectKind};
use crate::schema::notation;
use crate::state::view::Snapshot;
use crate::xml::Element;

/// The part of a name that a managed package puts before it, with its underscores: `acme__` of `acme__Thing__c`.
pub(super) fn namespace(name: &str) -> &str {
    let stem_end = name.rfind("__").unwrap_or(0);
    name[..stem_end].find("__").map_or("", |at| &name[..at + 2])
}

/// A new object as its element describes it, with the fields that the platform gives to its kind.
pub(super) fn create(snapshot: &Snapshot, name: &str, xml: &Element) -> Result<ObjectDef, String> {
    let kind = kind_of(name, xml)?;
    let label = xml.text_of("label").map(str::trim).filter(|label| !label.is_empty());
    let Some(label) = label else {
        return Err("Must specify a non-empty label for the CustomObject".to_owned());
    };
    let plural = xml.text_of("pluralLabel").map_or(label, str::trim);
    let prefix = free_prefix(snapshot, kind);
    let text = format!("= {name} {prefix} {}", skeleton(kind));
    let mut objects = notation::objects(&text).map_err(|error| error.to_string())?;
    let mut def = objects.pop().ok_or("the object could not be made")?;
    (def.label, def.label_plural) = (label.to_owned(), plural.to_owned());
    name_field(&mut def, xml)?;
    change(&mut def, xml);
    Ok(def)
}

fn kind_of(name: &str, xml: &Element) -> Result<ObjectKind, String> {
    Ok(match name.rsplit_once("__").map(|(_, suffix)| suffix) {
        Some("c") if xml.child("customSettingsType").is_some() => ObjectKind::CustomSetting,
        Some("c") => ObjectKind::Custom,
        Some("mdt") => ObjectKind::CustomMetadata,
        Some("b") => ObjectKind::Big,
        Some("e") => ObjectKind::PlatformEvent,
        Some("x") => ObjectKind::External,
        _ => return Err(format!("the org has no standard object {name}")),
    })
}

/// Flags and system fields in the notation of `schema/notation.rs`.
fn skeleton(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::CustomSetting => {
            "X | CUDQRT setting\nS; Name:string(80) N; SetupOwnerId > Organization|Profile|User i d"
        }
        ObjectKind::CustomMetadata => {
            "X | QT metadata\nId:id r; DeveloperName:string(40) *; MasterLabel:string(40) * N; Language:picklist(40); \
             NamespacePrefix:string(15) r; Label:string(40) r; QualifiedApiName:string(70) r; SystemModstamp:datetime r"
        }
        ObjectKind::Big => "X | CQT big\nId:id r; CreatedById > User r; CreatedDate:datetime r",
        ObjectKind::PlatformEvent => {
            "X | C\nReplayId:string(255) r; CreatedDate:datetime r; CreatedById > User r; EventUuid:string(36) r"
        }
        ObjectKind::External => "X | QT\nId:id r; ExternalId:string(255) r N; DisplayUrl:url(1000) r",
        _ => "X | CUDQRTZSL\nS; Owner(GU); Name:string(80) N",
    }
}

/// The first three characters that no object has yet; custom ones count up from a letter of their kind.
pub(super) fn free_prefix(snapshot: &Snapshot, kind: ObjectKind) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let letters: &[u8] = match kind {
        ObjectKind::CustomMetadata => b"m",
        ObjectKind::Big => b"I",
        ObjectKind::PlatformEvent => b"e",
        ObjectKind::External => b"x",
        _ => b"a",
    };
    let all = letters.iter().flat_map(|first| {
        DIGITS.iter().flat_map(move |second| DIGITS.iter().map(move |third| [*first, *second, *third]))
    });
    all.map(|bytes| bytes.map(char::from).iter().collect::<String>())
        .find(|prefix| !snapshot.has_prefix(prefix))
        .unwrap_or_else(|| "zzz".to_owned())
}

fn name_field(def: &mut ObjectDef, xml: &Element) -> Result<(), String> {
    if def.kind != ObjectKind::Custom {
        return Ok(());
    }
    let Some(given) = xml.child("nameField") else {
        return Err("Must specify a nameField of type Text or AutoNumber".to_owned());
    };
    set_name_field(def, given)
}

fn set_name_field(def: &mut ObjectDef, given: &Element) -> Result<(), String> {
    let Some(at) = def.fields.iter().position(|field| field.name_field) else { return Ok(()) };
    let slot = def.fields[at].slot;
    let notation = match given.text_of("type").map(str::trim) {
        Some("AutoNumber") => "Name:string(80) r N auto={0}",
        Some("Text") | None => "Name:string(80) N",
        Some(other) => return Err(format!("Invalid type for nameField: {other}")),
    };
    let mut field = notation::field(notation).map_err(|error| error.to_string())?;
    if let FieldSource::AutoNumber(format) = &mut field.source {
        let given = given.text_of("displayFormat").map(str::trim).filter(|text| !text.is_empty());
        given.unwrap_or("{0}").clone_into(format);
    }
    field.slot = slot;
    if let Some(label) = given.text_of("label") {
        label.trim().clone_into(&mut field.label);
    }
    field.metadata.tracks_history = given.is_true("trackHistory");
    def.fields[at] = field;
    Ok(())
}

/// Applies what the element says of an object that exists; what it leaves out stays.
pub(super) fn change(def: &mut ObjectDef, xml: &Element) {
    let text =
        |name: &str| xml.text_of(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if def.flags.custom {
        if let Some(label) = text("label") {
            def.label = label;
        }
        if let Some(label) = text("pluralLabel") {
            def.label_plural = label;
        }
        if let Some(given) = xml.child("nameField").filter(|_| def.kind == ObjectKind::Custom) {
            // A wrong type was refused when the object was made; a later one is passed over.
            let _ = set_name_field(def, given);
        }
    }
    let metadata = &mut def.metadata;
    for (name, place) in [
        ("description", &mut metadata.description),
        ("sharingModel", &mut metadata.sharing_model),
        ("externalSharingModel", &mut metadata.external_sharing_model),
        ("deploymentStatus", &mut metadata.deployment_status),
        ("customSettingsType", &mut metadata.settings_type),
        ("visibility", &mut metadata.visibility),
    ] {
        if let Some(given) = text(name) {
            *place = Some(given);
        }
    }
    if xml.child("enableActivities").is_some() {
        metadata.has_activities = xml.is_true("enableActivities");
    }
    if xml.child("enableSearch").is_some() {
        def.flags.searchable = xml.is_true("enableSearch");
    }
    if xml.child("enableFeeds").is_some() && def.kind == ObjectKind::Custom {
        def.flags.feed_enabled = xml.is_true("enableFeeds");
    }
    if def.kind == ObjectKind::CustomSetting && metadata.settings_type.is_none() {
        metadata.settings_type = Some("Hierarchy".to_owned());
    }
}

/// The companions that the element asks for, in the notation of `schema/notation/companions.rs` without their prefix.
pub(super) fn companions(def: &ObjectDef, xml: Option<&Element>) -> Vec<(&'static str, String)> {
    let name = &def.name;
    let asks = |what: &str| xml.is_some_and(|xml| xml.is_true(what));
    let mut companions = Vec::new();
    if def.kind == ObjectKind::Custom && is_private(def) {
        companions.push(("share", share_name(name)));
    }
    if !matches!(def.kind, ObjectKind::Custom | ObjectKind::Standard) {
        return companions;
    }
    if asks("enableHistory") {
        let own = if name == "Opportunity" {
            "OpportunityFieldHistory".to_owned()
        } else {
            companion(name, "History")
        };
        companions.push(("history", own));
    }
    if asks("enableFeeds") {
        companions.push(("feed", companion(name, "Feed")));
    }
    if def.kind == ObjectKind::Custom {
        companions.push(("event", companion(name, "ChangeEvent")));
    }
    companions
}

/// Rows can be shared one by one if and only if not everyone may write them and they have an owner of their own.
fn is_private(def: &ObjectDef) -> bool {
    matches!(def.metadata.sharing_model.as_deref(), Some("Private" | "Read"))
        && def.field("OwnerId").is_some()
}

pub(super) fn share_name(object: &str) -> String {
    companion(object, "Share")
}

fn companion(object: &str, role: &str) -> String {
    object.strip_suffix("__c").map_or_else(|| format!("{object}{role}"), |stem| format!("{stem}__{role}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_what_stands_before_two_underscores_in_front_of_the_name() {
        for (name, expected) in [
            ("acme__Thing__c", "acme__"),
            ("Thing__c", ""),
            ("Two_Words__c", ""),
            ("Account", ""),
            ("acme__Type__mdt", "acme__"),
        ] {
            assert_eq!(namespace(name), expected, "{name}");
        }
    }
}
