//! Which body belongs to which record: the table `HoldfastFile`, written like any Object's.
//!
//! A record's row names the blob, or says why there is none; its versions are the body's history.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use futures::{StreamExt, TryStreamExt, stream};
use holdfast_domain::change::Occasion;
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{BlobHash, ObjectName, SchemaHash};
use holdfast_lake::blobs::{BLOB_HASH, BLOB_INDEX};
use holdfast_lake::delta::Marks;
use holdfast_lake::{BlockContext, IdRange, StateQuery, TableWriter};

use super::candidates::{Candidate, Source};
use crate::capture::context::RunContext;
use crate::error::{Doing, Result};
use crate::lease;

/// A describe as Salesforce would give it, so that queries, downloads and other readers need no special case.
const DESCRIBE: &str = r#"{"name":"HoldfastFile","label":"File Body","queryable":true,"fields":[
{"name":"Id","label":"Record ID","type":"id","length":18,"nillable":false},
{"name":"SObject","label":"Object","type":"string","length":255},
{"name":"BodyField","label":"Body Field","type":"string","length":255},
{"name":"BlobHash","label":"BLAKE3 of the Body","type":"string","length":64},
{"name":"SizeBytes","label":"Size in Bytes","type":"long"},
{"name":"RecordStamp","label":"Stamp of the Record","type":"datetime"},
{"name":"Failure","label":"Why There Is No Body","type":"string","length":4000}]}"#;

/// The column that tells which state of the record the body belongs to.
const STAMP: &str = "RecordStamp";

/// Bodies looked for at once.
const LOOKS: usize = 16;

/// What became of one record's body.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) candidate: Candidate,
    pub(crate) source: Source,
    pub(crate) blob: Option<BlobHash>,
    pub(crate) size: u64,
    pub(crate) failure: Option<String>,
}

/// What counts as missing beside what was never there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Missing {
    /// What the org refused: a person may have granted access meanwhile.
    pub(crate) again: bool,
    /// What was stored, and is in the lake no more.
    pub(crate) looks_for_lost: bool,
}

pub(crate) struct Bodies {
    writer: TableWriter,
    schema: Arc<ObjectSchema>,
    hash: SchemaHash,
}

/// Where it is kept.
pub(crate) fn table_name() -> ObjectName {
    ObjectName::parse(BLOB_INDEX).expect("it is a well-formed name")
}

impl Bodies {
    pub(crate) async fn open(ctx: &RunContext) -> Result<Self> {
        let table = table_name();
        let schema = ObjectSchema::from_describe(DESCRIBE.as_bytes()).expect("it is a well-formed describe");
        let doing = || "open the table of file bodies".to_owned();
        let hash = ctx.lake.put_schema(&table, DESCRIBE.as_bytes()).await.doing(doing)?;
        let writer = ctx.lake.writer(&table).await.doing(doing)?;
        Ok(Self { writer, schema: Arc::new(schema), hash })
    }

    pub(crate) fn mark(&self, name: &str) -> Option<i64> {
        self.writer.table()?.marks().0.get(name).copied()
    }

    /// Those of `candidates` whose body is not there, or was replaced since it was fetched.
    ///
    /// The candidates come in Id order, so one short reading of this table answers for all of them.
    pub(crate) async fn missing(
        &self,
        ctx: &RunContext,
        source: &Source,
        candidates: Vec<Candidate>,
        asked: Missing,
    ) -> Result<Vec<Candidate>> {
        let (Some(table), Some(first), Some(last)) =
            (self.writer.table(), candidates.first(), candidates.last())
        else {
            return Ok(candidates);
        };
        let ids = IdRange { from: first.id.to_string(), until: last.id.to_string() };
        let columns = [BLOB_HASH, STAMP].map(str::to_owned).to_vec();
        let doing = || "read which file bodies are there".to_owned();
        let query = StateQuery { ids: Some(ids), columns: Some(columns), ..StateQuery::default() };
        let mut rows = table.state(query).doing(doing)?;
        let mut held = HashMap::new();
        while let Some(batch) = rows.next().await.doing(doing)? {
            held.extend(Held::read(&batch));
        }
        let (mut missing, mut current) = (Vec::new(), Vec::new());
        for candidate in candidates {
            match held.remove(candidate.id.as_str()) {
                Some(held) if held.is_current(source, &candidate, asked.again) => {
                    current.extend(held.blob.map(|blob| (candidate, blob)));
                }
                _ => missing.push(candidate),
            }
        }
        if asked.looks_for_lost {
            let looks = current.into_iter().map(|(candidate, blob)| look_for(ctx, source, candidate, blob));
            let mut looks = stream::iter(looks).buffer_unordered(LOOKS);
            while let Some(lost) = looks.try_next().await? {
                missing.extend(lost);
            }
        }
        Ok(missing)
    }

    /// One commit. The bodies themselves are durable already.
    pub(crate) async fn store(&mut self, ctx: &RunContext, bodies: Vec<Body>, marks: Marks) -> Result<()> {
        let doing = || "store which file bodies are there".to_owned();
        let begun = self.writer.begin_block(BlockContext {
            run: ctx.run.clone(),
            captured_at: ctx.now(),
            schema: self.hash.clone(),
            object_schema: self.schema.clone(),
            stamp_field: Some(STAMP.to_owned()),
            occasion: Occasion::Changes,
        });
        let mut block = begun.await.doing(doing)?;
        if !bodies.is_empty() {
            block.push_page(vec![batch(&bodies)]).await.doing(doing)?;
        }
        block.flush().await.doing(doing)?;
        ctx.engine.confirm(&lease::of_table(&ctx.org, &table_name())).await?;
        block.finish(marks).await.map(|_| ()).doing(doing)
    }
}

/// What is known of one record's body.
struct Held {
    blob: Option<BlobHash>,
    stamp: Option<String>,
}

impl Held {
    fn read(batch: &RecordBatch) -> Vec<(String, Self)> {
        let text = |name: &str| batch.column_by_name(name).map(|column| column.as_string::<i32>().clone());
        let (Some(ids), Some(blobs), Some(stamps)) = (text("Id"), text(BLOB_HASH), text(STAMP)) else {
            return Vec::new();
        };
        let held = |row: usize| Self {
            blob: BlobHash::parse(blobs.value(row)).ok().filter(|_| blobs.is_valid(row)),
            stamp: stamps.is_valid(row).then(|| stamps.value(row).to_owned()),
        };
        (0..batch.num_rows()).map(|row| (ids.value(row).to_owned(), held(row))).collect()
    }

    fn is_current(&self, source: &Source, candidate: &Candidate, again: bool) -> bool {
        let is_same_record = self.stamp == candidate.stamp;
        if self.blob.is_some() { source.is_immutable() || is_same_record } else { is_same_record && !again }
    }
}

/// The candidate, if its body is in the lake no more.
async fn look_for(
    ctx: &RunContext,
    source: &Source,
    candidate: Candidate,
    blob: BlobHash,
) -> Result<Option<Candidate>> {
    let look = || async {
        let is_there = ctx.lake.blobs().contains(&blob).await;
        is_there.doing(|| format!("look for the file body `{blob}`"))
    };
    let is_there = ctx.attempt(Some(&source.object), look).await?;
    Ok((!is_there).then_some(Candidate { is_lost: true, ..candidate }))
}

fn batch(bodies: &[Body]) -> RecordBatch {
    let column = |value: &dyn Fn(&Body) -> Option<String>| -> ArrayRef {
        Arc::new(bodies.iter().map(value).collect::<StringArray>())
    };
    RecordBatch::try_from_iter_with_nullable([
        ("Id", column(&|body| Some(body.candidate.id.to_string())), true),
        ("SObject", column(&|body| Some(body.source.object.to_string())), true),
        ("BodyField", column(&|body| Some(body.source.field.clone())), true),
        (BLOB_HASH, column(&|body| body.blob.as_ref().map(BlobHash::to_string)), true),
        ("SizeBytes", column(&|body| body.blob.as_ref().map(|_| body.size.to_string())), true),
        (STAMP, column(&|body| body.candidate.stamp.clone()), true),
        ("Failure", column(&|body| body.failure.clone()), true),
    ])
    .expect("all columns have one value a body")
}
