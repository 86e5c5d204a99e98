//! The columns of a query as JSON and XML nest them: all fields of one parent in one place.

use crate::soql::{Column, Form, Hop, Path};

/// One thing in a record.
pub(super) enum Node<'a> {
    /// A field of the row that the nodes around it belong to.
    Field {
        path: &'a Path,
        form: Form,
    },
    /// The value at the end of a path under a name of its own.
    Aliased {
        path: &'a Path,
        key: &'a str,
        form: Form,
    },
    Parent {
        hop: &'a Hop,
        nodes: Vec<Node<'a>>,
    },
}

/// The nodes of a record; other columns than fields are refused by Bulk.
pub(super) fn nodes(columns: &[Column]) -> Vec<Node<'_>> {
    let mut nodes = Vec::with_capacity(columns.len());
    for column in columns {
        match column {
            Column::Field(path) => add(&mut nodes, path, Form::Plain, 0),
            Column::Shown { path, is_alias: false, form, .. } => add(&mut nodes, path, *form, 0),
            Column::Shown { path, key, form, .. } => nodes.push(Node::Aliased { path, key, form: *form }),
            Column::Computed { .. } | Column::Child(_) | Column::TypeOf(_) => {}
        }
    }
    nodes
}

fn add<'a>(nodes: &mut Vec<Node<'a>>, path: &'a Path, form: Form, depth: usize) {
    let Some(hop) = path.hops.get(depth) else {
        nodes.push(Node::Field { path, form });
        return;
    };
    let existing = nodes.iter_mut().find_map(|node| match node {
        Node::Parent { hop: other, nodes } if other.relationship() == hop.relationship() => Some(nodes),
        _ => None,
    });
    if let Some(nodes) = existing {
        add(nodes, path, form, depth + 1);
        return;
    }
    let mut inner = Vec::new();
    add(&mut inner, path, form, depth + 1);
    nodes.push(Node::Parent { hop, nodes: inner });
}
