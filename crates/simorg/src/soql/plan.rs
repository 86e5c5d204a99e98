//! A checked statement: every name is a field of a known object, every literal fits its field.

use std::sync::Arc;

use crate::model::{FieldDef, ObjectDef, Value};
use crate::state::{Row, View};

use super::filter::Filter;
use super::function::{Form, Function};

/// What a statement asks for, ready to be run on any view of the same user.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) object: Arc<ObjectDef>,
    pub(crate) filter: Filter<Scalar>,
    /// `USING SCOPE mine`: rows of this owner only.
    pub(crate) owner: Option<String>,
    pub(crate) order: Vec<OrderKey<Scalar>>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
    pub(crate) shape: Shape,
    /// The SELECT list holds `FIELDS(ALL)` or `FIELDS(CUSTOM)`, which Bulk refuses and REST bounds.
    pub(crate) lists_fields: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// `COUNT()`: a number, no rows.
    Count,
    Rows(Vec<Column>),
    Groups(Grouping),
}

impl Plan {
    /// The object of FROM.
    pub fn object(&self) -> &Arc<ObjectDef> {
        &self.object
    }

    /// The columns of a plan that answers rows; none for counts and groups.
    pub(crate) fn columns(&self) -> &[Column] {
        match &self.shape {
            Shape::Rows(columns) => columns,
            Shape::Count | Shape::Groups(_) => &[],
        }
    }

    pub(crate) fn lists_fields(&self) -> bool {
        self.lists_fields
    }

    pub(crate) fn limit(&self) -> Option<u64> {
        self.limit
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn is_ordered(&self) -> bool {
        !self.order.is_empty()
    }

    /// The same plan for all rows that match.
    pub(crate) fn without_limit(&self) -> Plan {
        Plan { limit: None, offset: 0, ..self.clone() }
    }

    pub(crate) fn has_offset(&self) -> bool {
        self.offset > 0
    }

    /// True if and only if Bulk may cut the query by ids: ORDER BY and LIMIT forbid it.
    pub(crate) fn is_chunkable(&self) -> bool {
        self.order.is_empty() && self.limit.is_none() && !self.has_offset()
    }

    /// True if and only if a row is needed to answer: false for `COUNT()` and groups.
    pub fn answers_rows(&self) -> bool {
        matches!(self.shape, Shape::Rows(_))
    }
}

/// One item of the SELECT list of a row.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Field(Path),
    /// `toLabel(…)` and `FORMAT(…)`: the value in another form, under the field's name or an alias.
    Shown {
        path: Path,
        key: String,
        /// The key is an alias, not the field's own name below its parents.
        is_alias: bool,
        form: Form,
    },
    /// `DISTANCE(…)`, under an alias or `expr0`.
    Computed {
        scalar: Scalar,
        key: String,
    },
    Child(Child),
    TypeOf(Branches),
}

/// `(SELECT … FROM Contacts)`.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    pub relationship: String,
    /// Index of the reference in the child object's fields.
    pub reference: usize,
    pub plan: Box<Plan>,
}

/// `TYPEOF … END`.
#[derive(Debug, Clone)]
pub(crate) struct Branches {
    pub hop: Hop,
    pub relationship: String,
    pub cases: Vec<(Arc<ObjectDef>, Vec<Path>)>,
    pub otherwise: Vec<Path>,
}

/// One step from a row to the row that a reference of it points to.
#[derive(Debug, Clone)]
pub(crate) struct Hop {
    pub from: Arc<ObjectDef>,
    /// Index of the reference in the fields of `from`.
    pub field: usize,
    /// `None` for references to more than one object, which show the fields of `Name`.
    pub target: Option<Arc<ObjectDef>>,
}

impl Hop {
    pub(crate) fn def(&self) -> &FieldDef {
        &self.from.fields[self.field]
    }

    pub(crate) fn relationship(&self) -> &str {
        self.def().relationship_name.as_deref().unwrap_or(&self.def().name)
    }

    pub(crate) fn follow(&self, view: &View, row: &Row) -> Option<Row> {
        // The fields of `Name` are read by name, from whichever object the row is of.
        let held =
            if self.from.name == "Name" { row.value_of(&self.def().name) } else { row.value(self.def()) };
        let Value::Id(id) = held else { return None };
        match &self.target {
            Some(target) => view.row(target, &id),
            None => view.row(&*view.object_of_id(&id)?, &id),
        }
    }
}

/// A field, reached over parents or directly.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub hops: Vec<Hop>,
    pub object: Arc<ObjectDef>,
    /// Index in the fields of `object`.
    pub field: usize,
}

impl Path {
    pub(crate) fn def(&self) -> &FieldDef {
        &self.object.fields[self.field]
    }

    /// The dotted name in the describe's own case.
    pub(crate) fn label(&self) -> String {
        let mut label = String::new();
        for hop in &self.hops {
            label.push_str(hop.relationship());
            label.push('.');
        }
        label.push_str(&self.def().name);
        label
    }

    pub(crate) fn read(&self, view: &View, row: &Row) -> Value {
        let Some((first, rest)) = self.hops.split_first() else { return row.value(self.def()) };
        let mut parent = first.follow(view, row);
        for hop in rest {
            parent = parent.and_then(|parent| hop.follow(view, &parent));
        }
        let Some(parent) = parent else { return Value::Null };
        self.read_end(view, &parent, self.hops.last().is_some_and(|hop| hop.target.is_none()))
    }

    /// Reads the last field from the row it lies in. A polymorphic row is read by the fields of `Name`.
    pub(crate) fn read_end(&self, view: &View, row: &Row, polymorphic: bool) -> Value {
        if !polymorphic {
            return row.value(self.def());
        }
        match self.def().name.as_str() {
            "Type" => Value::text(row.object_name()),
            name => {
                let Some(object) = view.object(row.object_name()) else { return Value::Null };
                let is_name = matches!(name, "Name" | "NameOrAlias");
                let field = if is_name { object.name_field() } else { object.field(name) };
                field.map_or(Value::Null, |field| row.value(field))
            }
        }
    }
}

/// A field or a function of it.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub path: Path,
    pub function: Option<Function>,
}

impl Scalar {
    pub(crate) fn read(&self, view: &View, row: &Row) -> Value {
        let value = self.path.read(view, row);
        match self.function {
            Some(function) => function.apply(&value, self.path.def()),
            None => value,
        }
    }

    pub(crate) fn is_same(&self, other: &Scalar) -> bool {
        self.function == other.function && self.path.label() == other.path.label()
    }

    /// The field, if it is one of the row itself.
    pub(crate) fn own_field(&self) -> Option<&FieldDef> {
        (self.function.is_none() && self.path.hops.is_empty()).then(|| self.path.def())
    }

    /// True if and only if this is the named field of the row itself.
    pub(crate) fn is_own_field(&self, name: &str) -> bool {
        self.function.is_none() && self.path.hops.is_empty() && self.path.def().name == name
    }
}

#[derive(Debug, Clone)]
pub(crate) struct OrderKey<S> {
    pub by: S,
    pub descending: bool,
    pub nulls_last: bool,
}

/// An aggregate query.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    pub keys: Vec<Scalar>,
    /// Which keys each row is grouped by: all of them at once, and for ROLLUP and CUBE by some of them as well.
    pub sets: Vec<Vec<bool>>,
    pub aggregates: Vec<Aggregate>,
    pub items: Vec<GroupItem>,
    pub having: Filter<GroupSource>,
    pub order: Vec<OrderKey<GroupSource>>,
}

/// One item of the SELECT list of an aggregate query.
#[derive(Debug, Clone)]
pub(crate) struct GroupItem {
    pub name: String,
    pub source: GroupSource,
    pub form: Form,
}

/// What a group offers to SELECT, HAVING and ORDER BY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupSource {
    Key(usize),
    Aggregate(usize),
    /// `GROUPING(…)`: 1 in a subtotal over this key, else 0.
    IsSubtotal(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct Aggregate {
    pub function: AggregateFunction,
    pub of: Scalar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AggregateFunction {
    Count,
    CountDistinct,
    Min,
    Max,
    Sum,
    Avg,
}

impl AggregateFunction {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "COUNT" => Self::Count,
            "COUNT_DISTINCT" => Self::CountDistinct,
            "MIN" => Self::Min,
            "MAX" => Self::Max,
            "SUM" => Self::Sum,
            "AVG" => Self::Avg,
            _ => return None,
        })
    }
}
