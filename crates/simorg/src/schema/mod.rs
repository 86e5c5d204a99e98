//! The built-in objects: six as recorded from a real org, the others from a compact notation, and who refers to whom.

pub mod notation;
mod recorded;
mod regional;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use crate::model::{ChildRelationship, FieldDef, FieldType, ObjectDef, OnDelete, permissions};

pub use recorded::{RECORDED, recorded_global, recorded_json};

/// 62 to the seventh: how far apart the counters of objects with the same id prefix start.
const APART: u64 = 3_521_614_606_208;

/// All built-in objects, read once per process.
pub fn built_in() -> &'static [Arc<ObjectDef>] {
    static OBJECTS: OnceLock<Vec<Arc<ObjectDef>>> = OnceLock::new();
    OBJECTS.get_or_init(load)
}

fn load() -> Vec<Arc<ObjectDef>> {
    let mut objects = recorded::objects();
    for text in [include_str!("standard.txt"), include_str!("security.txt"), include_str!("custom.txt")] {
        objects.extend(notation::objects(text).expect("a test reads these texts"));
    }
    objects.iter_mut().for_each(add_permission_columns);
    regional::add(&mut objects);
    let known: Vec<String> = objects.iter().map(|object| object.name.clone()).collect();
    let relations = recorded::relations();
    let mut starts: HashMap<String, u64> = HashMap::new();
    for object in &mut objects {
        let start = starts.entry(object.id_prefix.clone()).or_insert(0);
        object.first_counter = *start * APART + 1;
        *start += 1;
        for field in &mut object.fields {
            if field.reference_to.len() > 1 {
                field.reference_to.retain(|target| known.contains(target));
            }
            name_children(&object.name, field, &relations);
        }
    }
    let mut objects: Vec<Arc<ObjectDef>> = objects.into_iter().map(Arc::new).collect();
    let children = children_of(&objects);
    for object in &mut objects {
        let own = children.get(&object.name).cloned().unwrap_or_default();
        Arc::make_mut(object).children = own;
    }
    objects
}

/// Adds a `Permissions…` column for each system permission that the object does not tell yet.
fn add_permission_columns(object: &mut ObjectDef) {
    let writable = match object.name.as_str() {
        "Profile" | "PermissionSet" => true,
        "UserPermissionAccess" => false,
        _ => return,
    };
    for (name, label, _) in permissions::SYSTEM_PERMISSIONS {
        if object.field(&permissions::column(name)).is_some() {
            continue;
        }
        let mut field = FieldDef::plain(&permissions::column(name), FieldType::Boolean);
        label.clone_into(&mut field.label);
        (field.slot, field.permissionable) = (object.next_slot(), false);
        if !writable {
            field.read_only();
        }
        object.fields.push(field);
    }
    object.reindex();
}

/// The built-in objects without the custom part of the demo org, for orgs that bring their own.
pub fn standard() -> Vec<Arc<ObjectDef>> {
    let is_standard = |name: &str| !name.contains("__");
    let mut objects: Vec<Arc<ObjectDef>> =
        built_in().iter().filter(|object| is_standard(&object.name)).cloned().collect();
    for object in &mut objects {
        let has_custom =
            object.fields.iter().any(|field| !field.reference_to.iter().all(|target| is_standard(target)));
        if has_custom {
            let object = Arc::make_mut(object);
            for field in &mut object.fields {
                field.reference_to.retain(|target| is_standard(target));
                field.targets.retain(|(target, _, _)| is_standard(target));
            }
        }
    }
    let children = children_of(&objects);
    for object in &mut objects {
        let own = children.get(&object.name).cloned().unwrap_or_default();
        if own != object.children {
            Arc::make_mut(object).children = own;
        }
    }
    objects
}

/// What a real org says about a list of children goes before what the notation says.
fn name_children(child: &str, field: &mut FieldDef, relations: &recorded::Relations) {
    if field.kind != FieldType::Reference {
        return;
    }
    let said = std::mem::take(&mut field.targets);
    field.targets = field
        .reference_to
        .iter()
        .map(|target| {
            let key = (target.clone(), child.to_owned(), field.name.clone());
            let (name, on_delete) = relations
                .get(&key)
                .cloned()
                .or_else(|| {
                    said.iter()
                        .find(|(t, _, _)| t == target || t == "*")
                        .map(|(_, name, on)| (name.clone(), *on))
                })
                .unwrap_or((None, OnDelete::Clear));
            (target.clone(), name, on_delete)
        })
        .collect();
}

/// Completes an object that was made from notation for an org that has these objects already.
pub fn settle(def: &mut ObjectDef, others: &[Arc<ObjectDef>]) {
    let last =
        others.iter().filter(|other| other.id_prefix == def.id_prefix).map(|other| other.first_counter);
    def.first_counter = last.max().map_or(1, |start| start + APART);
    for field in &mut def.fields {
        settle_field(&def.name, field);
    }
}

/// Completes a field that was made from notation.
pub fn settle_field(object: &str, field: &mut FieldDef) {
    name_children(object, field, &recorded::Relations::new());
}

/// The children's lists by the object they hang on.
pub fn children_of(objects: &[Arc<ObjectDef>]) -> BTreeMap<String, Vec<ChildRelationship>> {
    let mut children: BTreeMap<String, Vec<ChildRelationship>> = BTreeMap::new();
    for object in objects {
        for field in object.fields.iter().filter(|field| field.kind == FieldType::Reference) {
            for (target, name, on_delete) in &field.targets {
                children.entry(target.clone()).or_default().push(ChildRelationship {
                    child: object.name.clone(),
                    field: field.name.clone(),
                    name: name.clone(),
                    on_delete: *on_delete,
                });
            }
        }
    }
    for list in children.values_mut() {
        list.sort_by(|a, b| (&a.child, &a.field).cmp(&(&b.child, &b.field)));
    }
    children
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_of_a_built_in_object_leads_to_an_object() {
        let names: Vec<&str> = built_in().iter().map(|object| object.name.as_str()).collect();
        for object in built_in() {
            for field in &object.fields {
                for target in &field.reference_to {
                    assert!(
                        names.contains(&target.as_str()),
                        "{}.{} refers to {target}",
                        object.name,
                        field.name
                    );
                }
            }
        }
    }

    #[test]
    fn names_and_key_prefixes_are_unique() {
        let mut names: Vec<String> = built_in().iter().map(|o| o.name.to_lowercase()).collect();
        let mut prefixes: Vec<&str> = built_in().iter().filter_map(|o| o.key_prefix.as_deref()).collect();
        for list in [&mut names.iter().map(String::as_str).collect::<Vec<_>>(), &mut prefixes] {
            list.sort_unstable();
            assert!(list.windows(2).all(|w| w[0] != w[1]), "{list:?}");
        }
        names.sort();
        assert!(names.len() > 90, "{}", names.len());
    }

    #[test]
    fn deleting_an_account_takes_contacts_and_is_stopped_by_cases() {
        let account = built_in().iter().find(|o| o.name == "Account").expect("Account");
        let on = |child: &str, field: &str| {
            account.children.iter().find(|c| c.child == child && c.field == field).map(|c| c.on_delete)
        };
        assert_eq!(on("Contact", "AccountId"), Some(OnDelete::Cascade));
        assert_eq!(on("Case", "AccountId"), Some(OnDelete::Restrict));
        assert_eq!(on("Account", "ParentId"), Some(OnDelete::Clear));
        assert_eq!(account.child("contacts").map(|c| c.child.as_str()), Some("Contact"));
    }
}
