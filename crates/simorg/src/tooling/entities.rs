//! Objects, fields and relationships as definitions.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;

use crate::components::Component;
use crate::metadata::code::{durable_id, object_id};
use crate::metadata::schema::write;
use crate::model::{FieldType, ObjectDef, ObjectKind, OnDelete, Value};

use super::catalog::Builder;
use super::fields;
use super::setup::namespace_and_name;

/// One object as the rows that hang on it need it.
pub(super) struct Entity {
    pub(super) def: Arc<ObjectDef>,
    pub(super) durable: String,
    /// The id of its row in the catalog.
    pub(super) row: String,
    /// By field name: durable id and row of each field.
    pub(super) fields: HashMap<String, (String, String)>,
}

/// All objects by name.
pub(super) type Entities = HashMap<String, Entity>;

pub(super) fn text(text: &str) -> Value {
    Value::text(text)
}

pub(super) fn optional(text: Option<&str>) -> Value {
    Value::text(text.unwrap_or_default())
}

pub(super) fn add(builder: &mut Builder) -> Entities {
    let mut entities = Entities::new();
    let tables: Vec<_> = builder.source.tables().map(|table| (table.def.clone(), table.changed_ms)).collect();
    for (def, changed_ms) in &tables {
        let component = builder.source.components.get("CustomObject", &def.name).cloned();
        let durable = durable_id(def, component.as_deref());
        let row = entity(builder, def, &durable, *changed_ms);
        if def.flags.custom {
            custom_object(builder, def, component.as_deref());
        }
        entities.insert(def.name.clone(), Entity { def: def.clone(), durable, row, fields: HashMap::new() });
    }
    for (def, changed_ms) in &tables {
        let entity = entities.get_mut(&def.name).expect("just added");
        fields::add(builder, entity, *changed_ms);
    }
    relationships(builder, &entities);
    entities
}

/// The name of a checkbox, and what it says of a definition.
pub(super) type Flag<T> = (&'static str, fn(&T) -> bool);

/// What an object can do, by the name of the field that tells it.
const FLAGS: [Flag<ObjectDef>; 19] = [
    ("IsCustomizable", |def| is_main(def) && def.flags.layoutable || def.flags.custom),
    ("IsApexTriggerable", |def| def.flags.triggerable),
    ("IsWorkflowEnabled", |def| is_main(def) && def.flags.layoutable),
    ("IsProcessEnabled", |def| is_main(def) && def.flags.layoutable),
    ("IsCompactLayoutable", |def| def.flags.layoutable),
    ("IsCustomSetting", |def| def.flags.custom_setting),
    ("IsReplicateable", |def| def.flags.replicateable),
    ("IsRetrieveable", |def| def.flags.retrieveable),
    ("IsSearchLayoutable", |def| def.flags.searchable),
    ("IsSearchable", |def| def.flags.searchable),
    ("IsTriggerable", |def| def.flags.triggerable),
    ("IsIdEnabled", |def| def.flags.retrieveable),
    ("IsEverCreatable", |def| def.flags.createable),
    ("IsEverUpdatable", |def| def.flags.updateable),
    ("IsEverDeletable", |def| def.flags.deletable),
    ("IsFeedEnabled", |def| def.flags.feed_enabled),
    ("IsQueryable", |def| def.flags.queryable),
    ("IsMruEnabled", |def| def.flags.mru_enabled),
    ("IsLayoutable", |def| def.flags.layoutable),
];

fn is_main(def: &ObjectDef) -> bool {
    matches!(def.kind, ObjectKind::Standard | ObjectKind::Custom)
}

fn entity(builder: &mut Builder, def: &ObjectDef, durable: &str, changed_ms: i64) -> String {
    let flags = &def.flags;
    let (namespace, developer_name) = namespace_and_name(&def.name);
    let sharing = sharing_model(def);
    let prefix = def.key_prefix.as_deref().unwrap_or_default();
    let link =
        |path: &str| Value::text(if flags.layoutable { format!("/{prefix}{path}") } else { String::new() });
    let mut cells = vec![
        ("DurableId", text(durable)),
        ("QualifiedApiName", text(&def.name)),
        ("NamespacePrefix", text(namespace)),
        ("DeveloperName", text(developer_name)),
        ("MasterLabel", text(&def.label)),
        ("Label", text(&def.label)),
        ("PluralLabel", text(&def.label_plural)),
        ("KeyPrefix", text(prefix)),
        ("DeploymentStatus", optional(if flags.custom { Some("Deployed") } else { None })),
        (
            "DefaultCompactLayoutId",
            Value::text(if flags.layoutable { format!("{}.SYSTEM", def.name) } else { String::new() }),
        ),
        ("DetailUrl", link("{ID}")),
        ("EditUrl", link("{ID}/e")),
        ("NewUrl", link("/e")),
        ("PublisherId", text(publisher(namespace, flags.custom))),
        ("InternalSharingModel", optional(sharing)),
        ("ExternalSharingModel", optional(def.metadata.external_sharing_model.as_deref().or(sharing))),
        ("Description", optional(def.metadata.description.as_deref())),
        ("LastModifiedDate", if flags.custom { Value::DateTime(changed_ms) } else { Value::Null }),
        ("LastModifiedById", if flags.custom { Value::Id(builder.admin.clone()) } else { Value::Null }),
        ("RecordTypesSupported", Value::Text(json!({"recordTypeInfos": []}).to_string())),
    ];
    cells.extend(FLAGS.map(|(name, is)| (name, Value::Bool(is(def)))));
    builder.put("EntityDefinition", None, cells)
}

pub(super) fn publisher(namespace: &str, is_custom: bool) -> &str {
    match (namespace.is_empty(), is_custom) {
        (false, _) => namespace,
        (true, true) => "<local>",
        (true, false) => "System",
    }
}

/// `None` for objects that have no setting of their own.
fn sharing_model(def: &ObjectDef) -> Option<&str> {
    let own = def.metadata.sharing_model.as_deref();
    match def.kind {
        ObjectKind::Custom => Some(own.unwrap_or_else(|| write::default_sharing(def))),
        // As the Organization row of every simulated org has them.
        ObjectKind::Standard => own.or(match def.name.as_str() {
            "Account" | "Opportunity" => Some("ReadWrite"),
            "Contact" => Some("ControlledByParent"),
            "Lead" | "Case" => Some("ReadWriteTransfer"),
            "Campaign" => Some("FullAccess"),
            _ => None,
        }),
        _ => None,
    }
}

fn custom_object(builder: &mut Builder, def: &ObjectDef, component: Option<&Component>) {
    let id = object_id(def, component);
    let (namespace, developer_name) = namespace_and_name(&def.name);
    let sharing = sharing_model(def);
    let (created, modified) = component.map(|c| (c.created.clone(), c.modified.clone())).unwrap_or_default();
    let mut cells = builder.audit(&created, &modified);
    cells.extend([
        ("DeveloperName", text(developer_name)),
        ("NamespacePrefix", text(namespace)),
        ("ManageableState", text(state_of(namespace))),
        ("Language", text("en_US")),
        ("Description", optional(def.metadata.description.as_deref())),
        ("SharingModel", optional(sharing)),
        ("InternalSharingModel", optional(sharing)),
        ("ExternalSharingModel", optional(def.metadata.external_sharing_model.as_deref().or(sharing))),
    ]);
    builder.put("CustomObject", Some(&id), cells);
}

pub(super) fn state_of(namespace: &str) -> &'static str {
    if namespace.is_empty() { "unmanaged" } else { "installed" }
}

fn relationships(builder: &mut Builder, entities: &Entities) {
    let mut names: Vec<&String> = entities.keys().collect();
    names.sort();
    for name in names {
        let child = &entities[name];
        for field in child.def.fields.iter().filter(|field| field.kind == FieldType::Reference) {
            let Some((durable, row)) = child.fields.get(&field.name) else { continue };
            let on = field.targets.iter().map(|(_, _, on_delete)| *on_delete).collect::<Vec<_>>();
            let cells = vec![
                ("DurableId", text(durable)),
                ("ChildSobjectId", text(&child.durable)),
                ("ChildSobjectRef", Value::Id(child.row.clone())),
                ("FieldId", text(durable)),
                ("FieldRef", Value::Id(row.clone())),
                ("IsCascadeDelete", Value::Bool(on.contains(&OnDelete::Cascade))),
                ("IsRestrictedDelete", Value::Bool(on.contains(&OnDelete::Restrict))),
            ];
            builder.put("RelationshipInfo", None, cells);
            for (target, list, on_delete) in &field.targets {
                let Some(parent) = entities.get(target) else { continue };
                let cells = vec![
                    ("DurableId", Value::text(format!("{durable}.{}", parent.durable))),
                    ("ParentSobjectId", text(&parent.durable)),
                    ("ParentSobjectRef", Value::Id(parent.row.clone())),
                    ("ChildSobjectId", text(&child.durable)),
                    ("ChildSobjectRef", Value::Id(child.row.clone())),
                    ("FieldId", text(durable)),
                    ("FieldRef", Value::Id(row.clone())),
                    ("RelationshipInfoId", text(durable)),
                    ("RelationshipName", optional(list.as_deref())),
                    ("IsCascadeDelete", Value::Bool(*on_delete == OnDelete::Cascade)),
                    ("IsRestrictedDelete", Value::Bool(*on_delete == OnDelete::Restrict)),
                ];
                builder.put("RelationshipDomain", None, cells);
            }
        }
    }
}
