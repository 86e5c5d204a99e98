//! Reads objects from a compact notation, so that the schema is data.
//!
//! `= Name prefix Plural label | FLAGS kind` begins an object. Flags: C createable, U updateable, D deletable, Q queryable,
//! R replicateable, T retrieveable, Z undeletable, S searchable, F feeds, L layouts; kinds: `setting`, `metadata`, `big`.
//! A prefix `-/xyz` means that the describe says null and ids begin with `xyz`. Then fields, separated by `;` or lines:
//!
//! `Name:type(length)` or `Name > Target|Target`, then `*` required, `r` read only, `i` insert only, `u` update only,
//! `L` long text, `N` name field, `k` usable for lookup, `d` defaulted on create, `!` not nillable, `ext`, `unique`, `cs` case
//! sensitive, `html`, `restricted`, `by=Controller`, `auto=FORMAT`, `md0`/`md1` master-detail (then `reparent` to let it change), `sum=`/`count=`/`min=`/`max=Child.Via.Of`
//! with `where={Field operator value}`, `default={formula}`,
//! `{a,^default,~inactive}` picklist values, `[Children C]` list name on the target with C cascade or R restrict,
//! and last ` =formula`. `S`, `S-`, `V`, `Addr(P)`, `Owner(U)`, `Owner(GU)` stand for the usual groups of fields.
//! `? Rule_Name [Field] "message" : formula` is a validation rule. `@share`, `@history`, `@feed` and `@event` make the companions of an object.

mod companions;
mod flags;

use crate::model::{FieldDef, FieldSource, FieldType, ObjectDef, ObjectFlags, ObjectKind, ValidationRule};

const AUDIT: &str = "CreatedDate:datetime r; CreatedById > User r; LastModifiedDate:datetime r; LastModifiedById > User r; SystemModstamp:datetime r";

/// A part of a text that is not in the notation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not in the notation of objects and fields")]
pub struct NotationError(pub String);

fn wanted<T>(part: Option<T>, text: &str) -> Result<T, NotationError> {
    part.ok_or_else(|| NotationError(text.to_owned()))
}

/// The objects that a text describes.
pub fn objects(text: &str) -> Result<Vec<ObjectDef>, NotationError> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut rules: Vec<(usize, ValidationRule)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(companion) = line.strip_prefix('@') {
            blocks.push(companions::text(companion)?);
        } else if let Some(head) = line.strip_prefix("= ") {
            blocks.push((head.to_owned(), String::new()));
        } else if let Some(text) = line.strip_prefix("? ") {
            let at = wanted(blocks.len().checked_sub(1), line)?;
            rules.push((at, wanted(rule(text), line)?));
        } else {
            let body = &mut wanted(blocks.last_mut(), line)?.1;
            body.push_str(line);
            body.push(';');
        }
    }
    let mut objects: Vec<ObjectDef> =
        blocks.iter().map(|(head, body)| object(head, body)).collect::<Result<_, _>>()?;
    for (at, rule) in rules {
        objects[at].validation_rules.push(rule);
    }
    Ok(objects)
}

/// A validation rule after its question mark.
fn rule(text: &str) -> Option<ValidationRule> {
    let (names, rest) = text.split_once('"')?;
    let (message, formula) = rest.split_once("\" : ")?;
    let (name, error_field) = names.trim().split_once(' ').unwrap_or((names.trim(), ""));
    Some(ValidationRule {
        name: name.to_owned(),
        formula: formula.to_owned(),
        message: message.to_owned(),
        error_field: (!error_field.is_empty()).then(|| error_field.trim().to_owned()),
        active: true,
    })
}

fn object(head: &str, body: &str) -> Result<ObjectDef, NotationError> {
    let (names, flags) = wanted(head.split_once(" | "), head)?;
    let mut names = names.splitn(3, ' ');
    let mut next = || wanted(names.next(), head);
    let (name, prefix, plural) = (next()?, next()?, next()?);
    let mut words = flags.split_whitespace();
    let letters = wanted(words.next(), head)?;
    let kind_word = words.next();
    let parent = words.next();
    let kind = object_kind(name, kind_word);
    let mut fields = self::fields(body)?;
    for (slot, field) in fields.iter_mut().enumerate() {
        field.slot = slot;
    }
    let (key_prefix, id_prefix) =
        prefix.strip_prefix("-/").map_or((Some(prefix.to_owned()), prefix), |hidden| (None, hidden));
    let label = plural
        .strip_suffix("ies")
        .map_or_else(|| plural.strip_suffix('s').unwrap_or(plural).to_owned(), |stem| format!("{stem}y"));
    let labels = (label, plural.to_owned());
    let mut def = ObjectDef::new(
        name,
        labels,
        key_prefix,
        id_prefix.to_owned(),
        1,
        kind,
        object_flags(name, letters, kind),
        fields,
    );
    def.associate = parent.map(|parent| {
        let role = match kind {
            ObjectKind::Share => "Share",
            ObjectKind::History => "History",
            ObjectKind::Feed => "Feed",
            _ => "ChangeEvent",
        };
        (role.to_owned(), parent.to_owned())
    });
    Ok(def)
}

/// The fields that a text describes, groups of fields spelled out.
pub fn fields(text: &str) -> Result<Vec<FieldDef>, NotationError> {
    let mut fields = Vec::new();
    for item in text.split(';').map(str::trim).filter(|item| !item.is_empty()) {
        expand(item, &mut fields)?;
    }
    Ok(fields)
}

fn object_kind(name: &str, word: Option<&str>) -> ObjectKind {
    match word {
        Some("setting") => ObjectKind::CustomSetting,
        Some("metadata") => ObjectKind::CustomMetadata,
        Some("big") => ObjectKind::Big,
        Some("share") => ObjectKind::Share,
        Some("history") => ObjectKind::History,
        Some("feed") => ObjectKind::Feed,
        Some("event") => ObjectKind::ChangeEvent,
        _ if name.ends_with("__c") => ObjectKind::Custom,
        _ if name.ends_with("__e") => ObjectKind::PlatformEvent,
        _ if name.ends_with("__x") => ObjectKind::External,
        _ => ObjectKind::Standard,
    }
}

fn object_flags(name: &str, letters: &str, kind: ObjectKind) -> ObjectFlags {
    let has = |letter: char| letters.contains(letter);
    ObjectFlags {
        activateable: false,
        createable: has('C'),
        custom: name.contains("__")
            && matches!(
                kind,
                ObjectKind::Custom
                    | ObjectKind::CustomSetting
                    | ObjectKind::CustomMetadata
                    | ObjectKind::Big
                    | ObjectKind::PlatformEvent
                    | ObjectKind::External
            ),
        custom_setting: kind == ObjectKind::CustomSetting,
        deep_cloneable: false,
        deletable: has('D'),
        deprecated_and_hidden: false,
        feed_enabled: has('F'),
        has_subtypes: false,
        is_interface: false,
        is_subtype: false,
        layoutable: has('L'),
        mergeable: false,
        mru_enabled: has('L'),
        queryable: has('Q'),
        replicateable: has('R'),
        retrieveable: has('T'),
        searchable: has('S'),
        triggerable: has('Z') || kind == ObjectKind::PlatformEvent,
        undeletable: has('Z'),
        updateable: has('U'),
    }
}

fn expand(item: &str, fields: &mut Vec<FieldDef>) -> Result<(), NotationError> {
    let mut all = |text: &str| -> Result<(), NotationError> {
        for item in text.split(';') {
            fields.push(field(item.trim())?);
        }
        Ok(())
    };
    match item {
        "S" => all(&format!("Id:id r; IsDeleted:boolean r; {AUDIT}")),
        "S-" => all(&format!("Id:id r; {AUDIT}")),
        "V" => all("LastViewedDate:datetime r; LastReferencedDate:datetime r"),
        "Owner(U)" => all("OwnerId > User d !"),
        "Owner(GU)" => all("OwnerId > Group|User d !"),
        _ => match item.strip_prefix("Addr(").and_then(|rest| rest.strip_suffix(')')) {
            Some(prefix) => address(prefix, fields),
            None if item.ends_with(":location") => {
                location(item.trim_end_matches(":location"), fields);
                Ok(())
            }
            None => all(item),
        },
    }
}

fn address(prefix: &str, fields: &mut Vec<FieldDef>) -> Result<(), NotationError> {
    const PARTS: [&str; 8] = [
        "Street:textarea(255)",
        "City:string(40)",
        "State:string(80)",
        "PostalCode:string(20)",
        "Country:string(80)",
        "Latitude:double(18,15)",
        "Longitude:double(18,15)",
        "GeocodeAccuracy:picklist(40) {Address,NearAddress,Block,Street,Zip,City}",
    ];
    for part in PARTS {
        let mut part = field(&format!("{prefix}{part}"))?;
        part.compound_field_name = Some(format!("{prefix}Address"));
        if part.kind == FieldType::Picklist {
            part.restricted_picklist = true;
        }
        fields.push(part);
    }
    let mut whole = FieldDef::plain(&format!("{prefix}Address"), FieldType::Address);
    whole.source = FieldSource::Address(prefix.to_owned());
    fields.push(whole);
    Ok(())
}

/// A geolocation with its two parts.
pub fn location(name: &str, fields: &mut Vec<FieldDef>) {
    let stem = name.trim_end_matches("__c");
    for (part, digits) in [("Latitude", 10), ("Longitude", 11)] {
        let mut part = FieldDef::plain(&format!("{stem}__{part}__s"), FieldType::Double);
        (part.precision, part.scale) = (digits + 5, 8);
        part.compound_field_name = Some(name.to_owned());
        fields.push(part);
    }
    let mut whole = FieldDef::plain(name, FieldType::Location);
    whole.source = FieldSource::Location(stem.to_owned());
    fields.push(whole);
}

/// One field from its notation.
pub fn field(item: &str) -> Result<FieldDef, NotationError> {
    let (item, formula) =
        item.split_once(" =").map_or((item, None), |(before, formula)| (before, Some(formula)));
    let mut words = split(item).into_iter().peekable();
    let first = wanted(words.next(), item)?;
    let (name, kind_text) = first.split_once(':').unwrap_or((&first, "reference"));
    let (kind_name, size) =
        kind_text.split_once('(').map_or((kind_text, ""), |(kind, size)| (kind, size.trim_end_matches(')')));
    let mut field = FieldDef::plain(name, field_type(kind_name)?);
    sizes(&mut field, size);
    if words.peek().is_some_and(|word| word == ">") {
        words.next();
        let targets = wanted(words.next(), item)?;
        references(&mut field, &targets);
    }
    for word in words {
        flags::apply(&mut field, &word)?;
    }
    match field.name.as_str() {
        "Id" => {
            (field.id_lookup, field.source) = (true, FieldSource::Id);
            "Record ID".clone_into(&mut field.label);
            system(&mut field);
        }
        "IsDeleted" => {
            field.source = FieldSource::IsDeleted;
            "Deleted".clone_into(&mut field.label);
            system(&mut field);
        }
        "CreatedDate" | "CreatedById" | "LastModifiedDate" | "LastModifiedById" | "SystemModstamp" => {
            system(&mut field);
        }
        "Name" if !field.createable && matches!(field.length, 121) => field.source = FieldSource::PersonName,
        _ => {}
    }
    if field.kind == FieldType::Base64 {
        field.source = FieldSource::Blob;
    }
    if let Some(formula) = formula {
        field.calculated();
        field.calculated_formula = Some(formula.to_owned());
        field.formula_treat_null_number_as_zero = true;
        field.source = FieldSource::Formula(formula.to_owned());
    }
    Ok(field)
}

fn system(field: &mut FieldDef) {
    (field.nillable, field.permissionable, field.defaulted_on_create) = (false, false, true);
    field.read_only();
}

/// Words, with what is in braces or brackets kept together.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut depth = 0;
    for letter in text.chars() {
        match letter {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        if letter.is_whitespace() && depth == 0 {
            words.push(String::new());
        } else {
            words.last_mut().expect("never empty").push(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn field_type(name: &str) -> Result<FieldType, NotationError> {
    use FieldType as T;
    Ok(match name {
        "id" => T::Id,
        "string" => T::String,
        "textarea" => T::TextArea,
        "picklist" => T::Picklist,
        "multipicklist" => T::MultiPicklist,
        "combobox" => T::ComboBox,
        "boolean" => T::Boolean,
        "int" => T::Int,
        "long" => T::Long,
        "double" => T::Double,
        "currency" => T::Currency,
        "percent" => T::Percent,
        "date" => T::Date,
        "datetime" => T::DateTime,
        "time" => T::Time,
        "email" => T::Email,
        "phone" => T::Phone,
        "url" => T::Url,
        "reference" => T::Reference,
        "base64" => T::Base64,
        "encryptedstring" => T::EncryptedString,
        "anytype" => T::AnyType,
        other => return Err(NotationError(other.to_owned())),
    })
}

fn sizes(field: &mut FieldDef, size: &str) {
    use FieldType as T;
    let (first, second) = size.split_once(',').unwrap_or((size, ""));
    let (first, second) = (first.parse().unwrap_or(0), second.parse().unwrap_or(0));
    match field.kind {
        T::Double | T::Currency | T::Percent => (field.precision, field.scale) = (first, second),
        T::Int => field.digits = if first > 0 { first } else { 9 },
        T::Long => field.digits = 18,
        T::MultiPicklist => {}
        T::TextArea => {
            field.set_length(first);
            field.extra_type_info = Some("plaintextarea".to_owned());
        }
        T::EncryptedString => {
            field.set_length(first);
            field.encrypted = true;
            (field.mask, field.mask_type) = (Some("*".to_owned()), Some("all".to_owned()));
        }
        _ if first > 0 => field.set_length(first),
        _ => {}
    }
}

fn references(field: &mut FieldDef, targets: &str) {
    field.reference_to = targets.split('|').map(str::to_owned).collect();
    field.reference_to.sort();
    field.relationship_name = Some(match field.name.strip_suffix("__c") {
        Some(stem) => format!("{stem}__r"),
        None => field.name.strip_suffix("Id").unwrap_or(&field.name).to_owned(),
    });
    field.search_prefilterable = field.custom;
    let many = field.reference_to.len() > 1;
    (field.polymorphic_foreign_key, field.name_pointing) = (many, many);
}
