//! The values of picklists: `valueSet` and the older `picklist`, global and standard value sets, and which value depends on
//! which.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::{FieldDef, FieldType, Picklist};
use crate::xml::Element;

/// Gives the values of a global value set by its name.
pub(super) type FindSet<'a> = dyn Fn(&str) -> Option<Vec<Picklist>> + 'a;

/// Reads the values of a picklist field into it.
pub(super) fn read(field: &mut FieldDef, xml: &Element, find_set: &FindSet<'_>) -> Result<(), String> {
    if let Some(set) = xml.child("valueSet") {
        return value_set(field, set, find_set);
    }
    let Some(old) = xml.child("picklist") else {
        return Err(format!(
            "Must specify a valueSet for a CustomField of type {}",
            xml.text_of("type").unwrap_or("Picklist")
        ));
    };
    field.restricted_picklist = old.is_true("restrictedPicklist");
    let entries: Vec<&Element> = old.all("picklistValues").collect();
    field.picklist_values = entries.iter().map(|entry| value(entry)).collect();
    sort_if_asked(field, old);
    let controller = xml.text_of("controllingField").or_else(|| old.text_of("controllingField"));
    depend(field, controller);
    Ok(())
}

fn value_set(field: &mut FieldDef, set: &Element, find_set: &FindSet<'_>) -> Result<(), String> {
    field.restricted_picklist = set.is_true("restricted");
    if let Some(name) = set.text_of("valueSetName").map(str::trim).filter(|name| !name.is_empty()) {
        let values = find_set(name)
            .ok_or_else(|| format!("In field: valueSetName - no GlobalValueSet named {name} found"))?;
        (field.picklist_values, field.restricted_picklist) = (values, true);
        field.metadata.value_set = Some(name.to_owned());
    } else if let Some(definition) = set.child("valueSetDefinition") {
        field.picklist_values = values_of(definition);
        sort_if_asked(field, definition);
    }
    depend(field, set.text_of("controllingField"));
    Ok(())
}

/// The values of a `valueSetDefinition`, a `StandardValueSet` or a `GlobalValueSet`, whichever its elements are called.
pub(super) fn values_of(set: &Element) -> Vec<Picklist> {
    let named = |child: &&Element| matches!(child.name.as_str(), "value" | "standardValue" | "customValue");
    set.children.iter().filter(named).map(value).collect()
}

fn value(entry: &Element) -> Picklist {
    // Files of a zip escape `/` and the like in names, as in `%2F`.
    let given = entry.text_of("fullName").or_else(|| entry.text_of("valueName")).unwrap_or_default();
    let name = percent_encoding::percent_decode_str(given).decode_utf8().map_or(given.to_owned(), Into::into);
    Picklist {
        active: entry.text_of("isActive").is_none_or(|text| text.trim() != "false"),
        default_value: entry.is_true("default"),
        label: entry.text_of("label").map_or_else(|| name.clone(), str::to_owned),
        valid_for: None,
        value: name,
    }
}

fn sort_if_asked(field: &mut FieldDef, definition: &Element) {
    if definition.is_true("sorted") {
        field.picklist_values.sort_by_key(|entry| entry.label.to_lowercase());
    }
}

fn depend(field: &mut FieldDef, controller: Option<&str>) {
    field.controller_name = controller.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    field.dependent_picklist = field.controller_name.is_some();
    if field.picklist_values.iter().any(|entry| entry.default_value) {
        field.defaulted_on_create = true;
    }
}

/// The controlling values of each value of a dependent picklist, as its element gives them.
pub(super) fn settings(xml: &Element) -> Vec<(String, Vec<String>)> {
    let texts = |entry: &Element, name: &str| entry.all(name).map(|leaf| leaf.text.clone()).collect();
    if let Some(set) = xml.child("valueSet") {
        let of = |entry: &Element| {
            (entry.text_of("valueName").unwrap_or_default().to_owned(), texts(entry, "controllingFieldValue"))
        };
        return set.all("valueSettings").map(of).collect();
    }
    let old = xml.child("picklist").map_or(&[][..], |old| &old.children);
    old.iter()
        .filter(|entry| entry.name == "picklistValues")
        .map(|entry| {
            let name = entry.text_of("fullName").unwrap_or_default().to_owned();
            (name, texts(entry, "controllingFieldValues"))
        })
        .collect()
}

/// Writes `validFor` of each value: a bitmap over the values of the controlling field, whose first bit is the highest.
pub(super) fn set_valid_for(field: &mut FieldDef, settings: &[(String, Vec<String>)], controller: &FieldDef) {
    let controllers: Vec<String> = if controller.kind == FieldType::Boolean {
        vec!["false".to_owned(), "true".to_owned()]
    } else {
        controller.picklist_values.iter().map(|entry| entry.value.clone()).collect()
    };
    let groups_of_three = controllers.len().div_ceil(24).max(1);
    for entry in &mut field.picklist_values {
        let mut bits = vec![0_u8; groups_of_three * 3];
        for (value, allowed) in settings {
            if *value != entry.value {
                continue;
            }
            for (at, controller) in controllers.iter().enumerate() {
                let is_checkbox_word = |word: &String| {
                    controller == "true" && word == "checked" || controller == "false" && word == "unchecked"
                };
                if allowed.iter().any(|word| word == controller || is_checkbox_word(word)) {
                    bits[at / 8] |= 0x80 >> (at % 8);
                }
            }
        }
        entry.valid_for = Some(STANDARD.encode(bits));
    }
}

/// The controlling values that a bitmap allows.
pub(super) fn allowed_by(valid_for: &str, controller: &FieldDef) -> Vec<String> {
    let bits = STANDARD.decode(valid_for).unwrap_or_default();
    let names: Vec<&str> = if controller.kind == FieldType::Boolean {
        vec!["unchecked", "checked"]
    } else {
        controller.picklist_values.iter().map(|entry| entry.value.as_str()).collect()
    };
    let is_set = |at: usize| bits.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0);
    names.into_iter().enumerate().filter(|(at, _)| is_set(*at)).map(|(_, name)| name.to_owned()).collect()
}
