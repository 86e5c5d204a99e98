//! Our describes against those recorded from a real org, attribute by attribute.

use serde_json::{Map, Value as Json};

use crate::SimOrg;
use crate::schema::{RECORDED, recorded_global, recorded_json};

use super::{describe, global_entry};

/// The type of a JSON value, by name.
fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "text",
        Json::Array(_) => "list",
        Json::Object(_) => "object",
    }
}

fn same_shape(ours: &Map<String, Json>, real: &Map<String, Json>, at: &str) {
    for (key, real) in real {
        let ours = ours.get(key).unwrap_or_else(|| panic!("{at} lacks `{key}`"));
        let loose =
            matches!(key.as_str(), "associateEntityType" | "associateParentEntity" | "relationshipName");
        assert!(loose || type_of(ours) == type_of(real), "{at}.{key}: {ours} against {real}");
    }
}

fn list<'a>(describe: &'a Map<String, Json>, key: &str) -> &'a [Json] {
    describe[key].as_array().map_or(&[], Vec::as_slice)
}

fn real(object: &str) -> Map<String, Json> {
    match recorded_json(object) {
        Some(Json::Object(real)) => real,
        _ => panic!("{object} was recorded"),
    }
}

#[test]
fn describes_carry_every_attribute_with_the_type_of_a_real_one() {
    let org = SimOrg::new().build().expect("the default org");
    let view = org.admin_view();
    for (name, _) in RECORDED {
        let real = real(name);
        let def = view.object(name).expect("a built-in object");
        let ours = describe(&view, &def, "67.0", "http://localhost");
        same_shape(&ours, &real, name);
        let keys: Vec<&String> = ours.keys().collect();
        assert!(keys.is_sorted(), "{keys:?}");
        for key in ["childRelationships", "recordTypeInfos", "supportedScopes"] {
            let (Some(Json::Object(ours)), Some(Json::Object(real))) =
                (list(&ours, key).first(), list(&real, key).first())
            else {
                panic!("{name}.{key} has entries")
            };
            same_shape(ours, real, key);
            assert_eq!(ours.len(), real.len(), "{name}.{key}");
        }
    }
}

#[test]
fn recorded_objects_keep_their_flags_and_fields() {
    const OF_THAT_ORG: [&str; 14] = [
        "urls",
        "fields",
        "childRelationships",
        "recordTypeInfos",
        "supportedScopes",
        "actionOverrides",
        "namedLayoutInfos",
        "associateEntityType",
        "associateParentEntity",
        "sobjectDescribeOption",
        "compactLayoutable",
        "searchLayoutable",
        "listviewable",
        "lookupLayoutable",
    ];
    let org = SimOrg::new().build().expect("the default org");
    let view = org.admin_view();
    for (name, _) in RECORDED {
        let real = real(name);
        let def = view.object(name).expect("a built-in object");
        let ours = describe(&view, &def, "67.0", "http://localhost");
        for (key, value) in &real {
            if !OF_THAT_ORG.contains(&key.as_str()) {
                assert_eq!(&ours[key], value, "{name}.{key}");
            }
        }
        let (fields, real_fields) = (list(&ours, "fields"), list(&real, "fields"));
        assert_eq!(fields.len(), real_fields.len(), "{name}");
        for (ours, real) in fields.iter().zip(real_fields) {
            let (Json::Object(ours), Json::Object(real)) = (ours, real) else { panic!("fields are objects") };
            assert_eq!(ours.len(), real.len(), "{name}.{}", real["name"]);
            for (key, value) in real {
                let shortened =
                    key == "referenceTo" && value.as_array().is_some_and(|targets| targets.len() > 1);
                if !shortened {
                    assert_eq!(&ours[key], value, "{name}.{}.{key}", real["name"]);
                }
            }
        }
    }
}

#[test]
fn the_list_of_objects_has_the_shape_of_a_real_one() {
    let org = SimOrg::new().build().expect("the default org");
    let view = org.admin_view();
    let real = recorded_global();
    let mut compared = 0;
    for entry in real["sobjects"].as_array().expect("a list") {
        let Json::Object(real) = entry else { panic!("entries are objects") };
        let Some(def) = view.object(real["name"].as_str().expect("a name")) else { continue };
        let ours = global_entry(&def, "67.0");
        same_shape_but_prefix(&ours, real);
        assert_eq!(ours.len(), real.len(), "{}", def.name);
        for flag in [
            "createable",
            "updateable",
            "deletable",
            "queryable",
            "replicateable",
            "retrieveable",
            "undeletable",
            "custom",
            "customSetting",
        ] {
            assert_eq!(ours[flag], real[flag], "{}.{flag}", def.name);
        }
        assert_eq!(ours["associateEntityType"], real["associateEntityType"], "{}", def.name);
        compared += 1;
    }
    assert!(compared >= 14, "{compared}");
}

/// Companions have a key prefix in some orgs and none in others.
fn same_shape_but_prefix(ours: &Map<String, Json>, real: &Map<String, Json>) {
    let mut real = real.clone();
    real.insert("keyPrefix".to_owned(), ours["keyPrefix"].clone());
    same_shape(ours, &real, "describeGlobal");
}
