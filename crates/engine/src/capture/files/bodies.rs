//! Which body belongs to which record: the table `HoldfastFile`, written like any Object's.
//!
//! A record's row names the blob, or says why there is none; its versions are the body's history.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{BlobHash, ObjectName, SchemaHash};
use holdfast_lake::blobs::{BLOB_HASH, BLOB_INDEX};
use holdfast_lake::delta::Marks;
use holdfast_lake::{BlockContext, TableWriter};

use super::candidates::{Candidate, Source};
use crate::capture::context::RunContext;
use crate::error::{Doing, Result};

/// A describe as Salesforce would give it, so that queries, downloads and other readers need no special case.
const DESCRIBE: &str = r#"{"name":"HoldfastFile","label":"File Body","queryable":true,"fields":[
{"name":"Id","label":"Record ID","type":"id","length":18,"nillable":false},
{"name":"SObject","label":"Object","type":"string","length":255},
{"name":"BodyField","label":"Body Field","type":"string","length":255},
{"name":"BlobHash","label":"BLAKE3 of the Body","type":"string","length":64},
{"name":"SizeBytes","label":"Size in Bytes","type":"long"},
{"name":"RecordStamp","label":"Stamp of the Record","type":"datetime"},
{"name":"Failure","label":"Why There Is No Body","type":"string","length":4000}]}"#;

/// What became of one record's body.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) candidate: Candidate,
    pub(crate) source: Source,
    pub(crate) blob: Option<BlobHash>,
    pub(crate) size: u64,
    pub(crate) failure: Option<String>,
}

pub(crate) struct Bodies {
    writer: TableWriter,
    schema: Arc<ObjectSchema>,
    hash: SchemaHash,
}

impl Bodies {
    pub(crate) async fn open(ctx: &RunContext) -> Result<Self> {
        let table = ObjectName::parse(BLOB_INDEX).expect("it is a well-formed name");
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
    pub(crate) async fn missing(&self, source: &Source, candidates: Vec<Candidate>) -> Result<Vec<Candidate>> {
        let Some(table) = self.writer.table() else { return Ok(candidates) };
        let mut missing = Vec::new();
        for candidate in candidates {
            let versions = table.history(&candidate.id).await.doing(|| "read what bodies are there".to_owned())?;
            if !is_there(source, &candidate, versions.last()) {
                missing.push(candidate);
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
            stamp_field: Some("RecordStamp".to_owned()),
            backfill: false,
        });
        let mut block = begun.await.doing(doing)?;
        if !bodies.is_empty() {
            block.push_page(vec![batch(&bodies)]).await.doing(doing)?;
        }
        block.finish(marks).await.map(|_| ()).doing(doing)
    }
}

fn is_there(source: &Source, candidate: &Candidate, held: Option<&RecordBatch>) -> bool {
    let Some(held) = held.filter(|batch| batch.num_rows() > 0) else { return false };
    let newest = held.num_rows() - 1;
    let text = |column: &str| {
        let column = held.column_by_name(column)?.as_string::<i32>();
        column.is_valid(newest).then(|| column.value(newest).to_owned())
    };
    source.is_immutable() && text(BLOB_HASH).is_some() || text("RecordStamp") == candidate.stamp
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
        ("RecordStamp", column(&|body| body.candidate.stamp.clone()), true),
        ("Failure", column(&|body| body.failure.clone()), true),
    ])
    .expect("all columns have one value a body")
}
