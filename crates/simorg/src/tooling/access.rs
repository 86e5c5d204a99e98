//! What each user may do with each object and field.

use std::sync::Arc;

use crate::model::{ObjectDef, Value};
use crate::state::User;

use super::catalog::Builder;
use super::entities::{Entities, text};

pub(super) fn add(builder: &mut Builder, entities: &Entities, users: &[Arc<User>]) {
    let mut names: Vec<&String> = entities.keys().collect();
    names.sort();
    for user in users {
        for name in &names {
            let entity = &entities[*name];
            let sees = user.permissions.sees_object(name);
            object(builder, user, &entity.def, (&entity.durable, &entity.row), sees);
            for field in &entity.def.fields {
                let Some((durable, row)) = entity.fields.get(&field.name) else { continue };
                let sees = sees && user.permissions.sees_field(name, &field.name);
                let cells = vec![
                    ("DurableId", Value::text(format!("{}.{durable}", &user.id[..15]))),
                    ("UserId", Value::Id(user.id.clone())),
                    ("EntityDefinitionId", text(&entity.durable)),
                    ("EntityDefinitionRef", Value::Id(entity.row.clone())),
                    ("FieldDefinitionId", text(durable)),
                    ("FieldDefinitionRef", Value::Id(row.clone())),
                    ("IsAccessible", Value::Bool(sees)),
                    ("IsCreatable", Value::Bool(sees && field.createable)),
                    ("IsUpdatable", Value::Bool(sees && field.updateable)),
                ];
                builder.put("UserFieldAccess", None, cells);
            }
        }
    }
}

fn object(builder: &mut Builder, user: &User, def: &ObjectDef, (durable, row): (&str, &str), sees: bool) {
    let flags = &def.flags;
    let cells = vec![
        ("DurableId", Value::text(format!("{}.{durable}", &user.id[..15]))),
        ("UserId", Value::Id(user.id.clone())),
        ("EntityDefinitionId", text(durable)),
        ("EntityDefinitionRef", Value::Id(row.to_owned())),
        ("IsReadable", Value::Bool(sees)),
        ("IsCreatable", Value::Bool(sees && flags.createable)),
        ("IsUpdatable", Value::Bool(sees && flags.updateable)),
        ("IsEditable", Value::Bool(sees && flags.updateable)),
        ("IsDeletable", Value::Bool(sees && flags.deletable)),
        ("IsUndeletable", Value::Bool(sees && flags.undeletable)),
        ("IsMergeable", Value::Bool(sees && flags.mergeable)),
        ("IsFlsUpdatable", Value::Bool(sees && flags.updateable)),
    ];
    builder.put("UserEntityAccess", None, cells);
}
