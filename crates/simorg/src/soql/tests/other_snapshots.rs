//! Statements over a snapshot that is no org's: what computes its rows, such as the Tooling API, queries them the same way.

use std::sync::Arc;

use crate::model::{Value, ids};
use crate::schema::notation;
use crate::state::View;
use crate::state::table::{StoredRow, Table};
use crate::state::view::Snapshot;

use super::fixture::Fixture;
use super::{Context, Outcome, plan, row, run};

const OBJECTS: &str = "
= EntityDefinition 4ie Entity Definitions | Q
Id:id r; DurableId:string(40) r; QualifiedApiName:string(70) r N
= FieldDefinition 4fe Field Definitions | Q
Id:id r; DurableId:string(40) r; QualifiedApiName:string(70) r N; EntityDefinitionId > EntityDefinition r [Fields]
";

fn insert(table: &mut Table, values: &[(&str, Value)]) {
    let cells = values.iter().map(|(name, value)| (table.def.field(name).unwrap().slot, value.clone()));
    let row = StoredRow::of(cells);
    let counter = table.reserve();
    table.put(counter, row);
}

fn tooling() -> Snapshot {
    let mut objects = notation::objects(OBJECTS).unwrap();
    let children = crate::model::ChildRelationship {
        child: "FieldDefinition".to_owned(),
        field: "EntityDefinitionId".to_owned(),
        name: Some("Fields".to_owned()),
        on_delete: crate::model::OnDelete::Cascade,
    };
    objects[0].children.push(children);
    let mut tables: Vec<Table> = objects.into_iter().map(|def| Table::new(Arc::new(def), 0)).collect();
    for name in ["Account", "Contact"] {
        insert(&mut tables[0], &[("QualifiedApiName", Value::text(name)), ("DurableId", Value::text(name))]);
    }
    for (entity, name) in [(1, "Id"), (1, "Name"), (2, "LastName")] {
        let entity = Value::Id(ids::record_id("4ie", entity));
        insert(&mut tables[1], &[("QualifiedApiName", Value::text(name)), ("EntityDefinitionId", entity)]);
    }
    let mut snapshot = Snapshot::default();
    for table in tables {
        snapshot.insert_table(table);
    }
    snapshot
}

#[test]
fn a_snapshot_of_any_objects_is_queried_like_an_org() {
    let fixture = Fixture::new();
    let view = View::new(Arc::new(tooling()), fixture.org.admin());
    let answered = |statement: &str| {
        let context = Context { view: &view, version: 67, today: fixture.today() };
        let plan = match plan(statement, context) {
            Ok(plan) => plan,
            Err(error) => return format!("{} {}", error.code, error.message),
        };
        let Outcome::Rows(counters) = run(&plan, &view, false) else { return "no rows".to_owned() };
        let rows = counters.iter().map(|counter| row(&view, &plan, *counter, false, "|"));
        rows.collect::<Vec<_>>().join(" / ")
    };
    for (statement, expected) in [
        (
            "SELECT QualifiedApiName, (SELECT QualifiedApiName FROM Fields) FROM EntityDefinition",
            "Account|[Id; Name] / Contact|[LastName]",
        ),
        (
            "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'account'",
            "Id / Name",
        ),
        (
            "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName IN ('Account', 'Contact') ORDER BY QualifiedApiName DESC",
            "Name / LastName / Id",
        ),
        (
            "SELECT QualifiedApiName FROM FieldDefinition",
            "MALFORMED_QUERY FieldDefinition: a filter on a reified column is required [EntityDefinitionId,DurableId]",
        ),
        (
            "SELECT QualifiedApiName FROM FieldDefinition WHERE QualifiedApiName = 'Id'",
            "MALFORMED_QUERY FieldDefinition: a filter on a reified column is required [EntityDefinitionId,DurableId]",
        ),
    ] {
        assert_eq!(answered(statement), expected, "{statement}");
    }
}
