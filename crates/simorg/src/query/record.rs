//! Writes one record as JSON: fields in the order of the SELECT list, parents as objects, children as lists.

use std::collections::HashMap;
use std::fmt::Write;

use crate::errors::ApiError;
use crate::model::json::{Place, write_attributes, write_text, write_value};
use crate::model::{FieldDef, Value};
use crate::soql::{Branches, Child, Column, Form, Hop, Path, Scalar};
use crate::state::{Row, View};

/// The children of a page: by relationship, then by parent id.
pub(super) type Kids = HashMap<String, HashMap<String, Vec<u64>>>;

/// The SELECT list as the answer nests it: all fields of one parent in one object, where the first of them stood.
pub(super) struct Shape<'a>(Vec<Node<'a>>);

enum Node<'a> {
    Field { path: &'a Path, form: Form },
    Aliased { path: &'a Path, key: &'a str, form: Form },
    Computed { scalar: &'a Scalar, key: &'a str },
    Parent { hop: &'a Hop, fields: Shape<'a> },
    Child(&'a Child),
    TypeOf(&'a Branches),
}

impl<'a> Shape<'a> {
    pub(super) fn of(columns: &'a [Column]) -> Self {
        let mut shape = Shape(Vec::with_capacity(columns.len()));
        for column in columns {
            match column {
                Column::Field(path) => shape.add(path, Form::Plain, 0),
                Column::Shown { path, is_alias: false, form, .. } => shape.add(path, *form, 0),
                Column::Shown { path, key, form, .. } => {
                    shape.0.push(Node::Aliased { path, key, form: *form });
                }
                Column::Computed { scalar, key } => shape.0.push(Node::Computed { scalar, key }),
                Column::Child(child) => shape.0.push(Node::Child(child)),
                Column::TypeOf(branches) => shape.0.push(Node::TypeOf(branches)),
            }
        }
        shape
    }

    fn of_paths(paths: &'a [Path]) -> Self {
        let mut shape = Shape(Vec::with_capacity(paths.len()));
        for path in paths {
            shape.add(path, Form::Plain, 0);
        }
        shape
    }

    fn add(&mut self, path: &'a Path, form: Form, depth: usize) {
        let Some(hop) = path.hops.get(depth) else {
            self.0.push(Node::Field { path, form });
            return;
        };
        let existing = self.0.iter_mut().find_map(|node| match node {
            Node::Parent { hop: other, fields } if other.relationship() == hop.relationship() => Some(fields),
            _ => None,
        });
        if let Some(fields) = existing {
            fields.add(path, form, depth + 1);
            return;
        }
        let mut fields = Shape(Vec::new());
        fields.add(path, form, depth + 1);
        self.0.push(Node::Parent { hop, fields });
    }
}

pub(super) struct Writer<'a> {
    pub view: &'a View,
    pub version: &'a str,
}

type WriteChildren<'a> = dyn FnMut(&mut String, &Child) -> Result<(), ApiError> + 'a;

impl Writer<'_> {
    /// Writes `row` under the object name `shown_as`, which is `Name` for a parent of several possible objects.
    pub(super) fn record(
        &self,
        out: &mut String,
        row: &Row,
        shown_as: &str,
        shape: &Shape<'_>,
        children: &mut WriteChildren<'_>,
    ) -> Result<(), ApiError> {
        out.push('{');
        self.attributes(out, row, shown_as);
        let polymorphic = shown_as == "Name";
        for node in &shape.0 {
            out.push(',');
            match node {
                Node::Field { path, form } => {
                    let value = form.of(path.read_end(self.view, row, polymorphic), path.def());
                    self.pair(out, &path.def().name, &value, path.def(), row);
                }
                Node::Aliased { path, key, form } => {
                    let value = form.of(path.read(self.view, row), path.def());
                    self.pair(out, key, &value, path.def(), row);
                }
                Node::Computed { scalar, key } => {
                    self.pair(out, key, &scalar.read(self.view, row), scalar.path.def(), row);
                }
                Node::Parent { hop, fields } => {
                    write_text(out, hop.relationship());
                    out.push(':');
                    self.parent(out, hop.follow(self.view, row), hop, fields, children)?;
                }
                Node::Child(child) => {
                    write_text(out, &child.relationship);
                    out.push(':');
                    children(out, child)?;
                }
                Node::TypeOf(branches) => {
                    write_text(out, &branches.relationship);
                    out.push(':');
                    self.branch(out, branches, row, children)?;
                }
            }
        }
        out.push('}');
        Ok(())
    }

    fn attributes(&self, out: &mut String, row: &Row, shown_as: &str) {
        if shown_as == row.object_name() {
            write_attributes(out, self.version, shown_as, row.id());
            return;
        }
        let (object, id) = (row.object_name(), row.id());
        write!(
            out,
            "\"attributes\":{{\"type\":\"{shown_as}\",\"url\":\"/services/data/v{}/sobjects/{object}/{id}\"}}",
            self.version
        )
        .expect("writing to a string");
    }

    fn pair(&self, out: &mut String, key: &str, value: &Value, field: &FieldDef, row: &Row) {
        write_text(out, key);
        out.push(':');
        let place =
            Place { version: self.version, object: row.object_name(), id: row.id(), field: &field.name };
        write_value(out, value, place);
    }

    fn parent(
        &self,
        out: &mut String,
        parent: Option<Row>,
        hop: &Hop,
        fields: &Shape<'_>,
        children: &mut WriteChildren<'_>,
    ) -> Result<(), ApiError> {
        let Some(parent) = parent else {
            out.push_str("null");
            return Ok(());
        };
        let shown_as = hop.target.as_ref().map_or("Name", |target| target.name.as_str());
        self.record(out, &parent, shown_as, fields, children)
    }

    fn branch(
        &self,
        out: &mut String,
        branches: &Branches,
        row: &Row,
        children: &mut WriteChildren<'_>,
    ) -> Result<(), ApiError> {
        let Some(target) = branches.hop.follow(self.view, row) else {
            out.push_str("null");
            return Ok(());
        };
        match branches.cases.iter().find(|(object, _)| object.name == target.object_name()) {
            Some((object, fields)) => {
                self.record(out, &target, &object.name, &Shape::of_paths(fields), children)
            }
            None => self.record(out, &target, "Name", &Shape::of_paths(&branches.otherwise), children),
        }
    }
}
