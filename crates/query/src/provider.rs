//! The lake's views as DataFusion sees them: a catalog with four schemas, whose tables are loaded when asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{Field, Schema, SchemaRef, SortOptions};
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, SchemaProvider, Session, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::streaming::StreamingTableExec;
use holdfast_domain::ObjectName;
use holdfast_lake::data::ID;

use crate::engine::Views;
use crate::names::Spellings;
use crate::rows::ViewRows;
use crate::view::{self, ObjectView, SCHEMAS, ViewKind};

/// The catalog of one query: names have that query's spelling.
#[derive(Debug)]
pub(crate) struct QueryCatalog {
    pub(crate) views: Arc<Views>,
    /// By name in lower case.
    pub(crate) objects: Arc<BTreeMap<String, ObjectName>>,
    pub(crate) spellings: Arc<Spellings>,
}

impl CatalogProvider for QueryCatalog {
    fn schema_names(&self) -> Vec<String> {
        SCHEMAS.iter().map(|(name, _)| (*name).to_owned()).collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let (_, kind) = SCHEMAS.iter().find(|(schema, _)| schema.eq_ignore_ascii_case(name))?;
        Some(Arc::new(QuerySchema {
            kind: *kind,
            views: Arc::clone(&self.views),
            objects: Arc::clone(&self.objects),
            spellings: Arc::clone(&self.spellings),
        }))
    }
}

#[derive(Debug)]
struct QuerySchema {
    kind: ViewKind,
    views: Arc<Views>,
    objects: Arc<BTreeMap<String, ObjectName>>,
    spellings: Arc<Spellings>,
}

#[async_trait]
impl SchemaProvider for QuerySchema {
    fn table_names(&self) -> Vec<String> {
        self.objects.values().map(ToString::to_string).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let Some(object) = self.objects.get(&name.to_ascii_lowercase()) else {
            return Ok(None);
        };
        let Some(view) = self.views.get(object).await? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(ViewTable::new(&view, self.kind, &self.spellings))))
    }

    /// Answered without loading the view: listing tables must not read every describe.
    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::View))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.objects.contains_key(&name.to_ascii_lowercase())
    }
}

/// One view of one Object.
#[derive(Debug)]
struct ViewTable {
    view: Arc<ObjectView>,
    kind: ViewKind,
    columns: Vec<view::Column>,
    schema: SchemaRef,
}

impl ViewTable {
    fn new(view: &Arc<ObjectView>, kind: ViewKind, spellings: &Spellings) -> Self {
        let columns = view.columns(kind);
        let fields: Vec<_> = columns
            .iter()
            .map(|column| Field::new(spellings.of(&column.name), column.data_type(), column.name != ID))
            .collect();
        Self { view: Arc::clone(view), kind, columns, schema: Arc::new(Schema::new(fields)) }
    }
}

#[async_trait]
impl TableProvider for ViewTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    /// The lake only narrows down to the records; the engine still compares.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match named_ids(filter) {
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (schema, columns) = match projection {
            None => (Arc::clone(&self.schema), self.columns.clone()),
            Some(indices) => (
                Arc::new(self.schema.project(indices)?),
                indices.iter().map(|index| self.columns[*index].clone()).collect(),
            ),
        };
        let rows = ViewRows {
            source: self.view.source.clone(),
            is_history: self.kind.is_history,
            columns,
            schema: Arc::clone(&schema),
            ids: filters.iter().filter_map(named_ids).reduce(|left, right| intersection(left, &right)),
        };
        let order = id_order(&schema);
        let plan = StreamingTableExec::try_new(schema, vec![Arc::new(rows)], None, order, false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// The lake gives rows in the order of Ids, so that sorting by Id costs nothing.
fn id_order(schema: &SchemaRef) -> Option<LexOrdering> {
    let index = schema.fields().iter().position(|field| field.name().eq_ignore_ascii_case(ID))?;
    let ascending = SortOptions { descending: false, nulls_first: false };
    LexOrdering::new([PhysicalSortExpr::new(Arc::new(Column::new(ID, index)), ascending)])
}

/// The record Ids outside which `filter` cannot be true; none if it does not say.
fn named_ids(filter: &Expr) -> Option<Vec<String>> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            let literal = if is_id(left) { right } else { left };
            (is_id(left) || is_id(right)).then_some(())?;
            Some(vec![text(literal)?])
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let mut ids = named_ids(left)?;
            ids.extend(named_ids(right)?);
            Some(ids)
        }
        Expr::InList(InList { expr, list, negated: false }) if is_id(expr) => list.iter().map(text).collect(),
        _ => None,
    }
}

fn intersection(left: Vec<String>, right: &[String]) -> Vec<String> {
    left.into_iter().filter(|id| right.contains(id)).collect()
}

fn is_id(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name.eq_ignore_ascii_case(ID))
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
        _ => None,
    }
}
