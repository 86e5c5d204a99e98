//! Runs one SQL statement over the lake at one moment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use holdfast_domain::ObjectName;
use holdfast_lake::OrgLake;
use holdfast_lake::data::BOOKKEEPING;
use tokio::sync::Mutex;

use crate::moment::{AsOf, Moment};
use crate::names::{Spellings, Words, nearest};
use crate::provider::QueryCatalog;
use crate::view::{ObjectView, SCHEMAS};
use crate::{Answer, Error, Result, statement};

const CATALOG: &str = "holdfast";
const INFORMATION_SCHEMA: &str = "information_schema";

/// The part of the memory that each sort keeps back for merging what it spilled.
const SORT_RESERVE: usize = 16;

/// Names of the information schema that people write in any case.
const INFORMATION_NAMES: [&str; 10] = [
    INFORMATION_SCHEMA,
    "tables",
    "columns",
    "schemata",
    "table_catalog",
    "table_schema",
    "table_name",
    "table_type",
    "column_name",
    "data_type",
];

/// What queries may use.
#[derive(Debug, Clone)]
pub struct QueryOptions {
    /// For what a query must hold, such as a sort or a join; over it, it goes to temporary files or fails.
    pub memory_bytes: usize,
    /// Where those files lie while the query runs; the system's folder for temporary files if none.
    pub spill_dir: Option<PathBuf>,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self { memory_bytes: 512 * 1024 * 1024, spill_dir: None }
    }
}

/// The lake of one Org at one moment. What a table is, is settled when it is first used, so that
/// several queries on one engine see the same.
#[derive(Debug)]
pub struct QueryEngine {
    views: Arc<Views>,
    runtime: Arc<RuntimeEnv>,
    memory_bytes: usize,
}

impl QueryEngine {
    pub async fn open(lake: OrgLake, as_of: AsOf) -> Result<Self> {
        Self::open_with(lake, as_of, QueryOptions::default()).await
    }

    pub async fn open_with(lake: OrgLake, as_of: AsOf, options: QueryOptions) -> Result<Self> {
        let moment = Moment::open(lake, as_of).await?;
        let pool = Arc::new(FairSpillPool::new(options.memory_bytes));
        let mut runtime = RuntimeEnvBuilder::new().with_memory_pool(pool);
        if let Some(folder) = options.spill_dir {
            runtime = runtime.with_temp_file_path(folder);
        }
        let runtime = runtime.build_arc().map_err(|error| Error::Engine { source: Box::new(error) })?;
        let views = Arc::new(Views { moment, loaded: Mutex::default() });
        Ok(Self { views, runtime, memory_bytes: options.memory_bytes })
    }

    /// The Objects that can be read, in order of names.
    pub async fn tables(&self) -> Result<&[ObjectName]> {
        self.views.moment.objects().await
    }

    /// Runs one statement that only reads.
    pub async fn query(&self, sql: &str) -> Result<Answer> {
        let words = Words::of(sql)?;
        statement::check_first_word(&words)?;
        let objects = self.tables().await?;
        let objects: BTreeMap<_, _> =
            objects.iter().map(|object| (object.as_str().to_ascii_lowercase(), object.clone())).collect();
        let mut spellings = self.spellings(&words, &objects).await?;
        let is_object = |word: &str| objects.contains_key(&word.to_ascii_lowercase());
        let statement = statement::parse(&words.spelled(&mut spellings, is_object))?;
        let statement = Statement::Statement(Box::new(statement));

        let catalog = QueryCatalog {
            views: Arc::clone(&self.views),
            objects: Arc::new(objects),
            spellings: Arc::new(spellings),
        };
        check_tables(&statement, &catalog)?;
        let state = self.session(catalog).state();
        self.run(state, statement).await
    }

    async fn run(&self, state: SessionState, statement: Statement) -> Result<Answer> {
        let plan = state.statement_to_plan(statement).await.map_err(Error::planning)?;
        let only_reads =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        only_reads.verify_plan(&plan).map_err(Error::planning)?;
        let limit = self.memory_bytes;
        let rows = DataFrame::new(state, plan).execute_stream().await.map_err(Error::planning)?;
        let schema = rows.schema();
        let batches = rows.map(move |batch| batch.map_err(|error| Error::evaluating(error, limit)));
        Ok(Answer::new(schema, batches.boxed()))
    }

    /// The spelling of every name that the words of this query can mean.
    async fn spellings(
        &self,
        words: &Words<'_>,
        objects: &BTreeMap<String, ObjectName>,
    ) -> Result<Spellings> {
        let mut spellings = Spellings::default();
        let mentioned: Vec<_> =
            words.iter().filter_map(|word| objects.get(&word.value.to_ascii_lowercase())).collect();
        for object in &mentioned {
            spellings.add(object.as_str());
        }
        for (name, _) in BOOKKEEPING {
            spellings.add(name);
        }
        for object in mentioned {
            for column in self.views.get(object).await?.iter().flat_map(|view| view.columns(SCHEMAS[0].1)) {
                spellings.add(&column.name);
            }
        }
        for name in INFORMATION_NAMES {
            spellings.add(name);
        }
        Ok(spellings)
    }

    fn session(&self, catalog: QueryCatalog) -> SessionContext {
        let (default_schema, _) = SCHEMAS[0];
        let mut config = SessionConfig::new()
            .with_information_schema(true)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(CATALOG, default_schema);
        let options = config.options_mut();
        options.sql_parser.enable_ident_normalization = false;
        // `0.1` is exact, as the numbers that it is compared with are.
        options.sql_parser.parse_float_as_decimal = true;
        options.sql_parser.map_string_types_to_utf8view = false;
        options.execution.sort_spill_reservation_bytes = self.memory_bytes / SORT_RESERVE;
        let context = SessionContext::new_with_config_rt(config, Arc::clone(&self.runtime));
        context.register_catalog(CATALOG, Arc::new(catalog));
        context
    }
}

/// The Objects at the moment, each loaded once.
#[derive(Debug)]
pub(crate) struct Views {
    moment: Moment,
    loaded: Mutex<BTreeMap<ObjectName, Option<Arc<ObjectView>>>>,
}

impl Views {
    pub(crate) async fn get(&self, object: &ObjectName) -> Result<Option<Arc<ObjectView>>> {
        let mut loaded = self.loaded.lock().await;
        if let Some(view) = loaded.get(object) {
            return Ok(view.clone());
        }
        let view = ObjectView::load(&self.moment, object).await?.map(Arc::new);
        loaded.insert(object.clone(), view.clone());
        Ok(view)
    }
}

/// Names a table that is not there before the planner does, in the user's words.
fn check_tables(statement: &Statement, catalog: &QueryCatalog) -> Result<()> {
    let (tables, _) =
        datafusion::sql::resolve::resolve_table_references(statement, false).map_err(Error::planning)?;
    for table in tables {
        let is_ours = table.schema().is_none_or(|schema| !schema.eq_ignore_ascii_case(INFORMATION_SCHEMA));
        if is_ours && !is_there(&table, catalog) {
            let nearest = nearest(table.table(), catalog.objects.values().map(ObjectName::as_str));
            return Err(Error::NoSuchTable { table: table.to_string(), nearest });
        }
    }
    Ok(())
}

fn is_there(table: &TableReference, catalog: &QueryCatalog) -> bool {
    let has_schema =
        table.schema().is_none_or(|name| SCHEMAS.iter().any(|(schema, _)| schema.eq_ignore_ascii_case(name)));
    let has_catalog = table.catalog().is_none_or(|name| name == CATALOG);
    has_catalog && has_schema && catalog.objects.contains_key(&table.table().to_ascii_lowercase())
}
