//! SQL over an Org's lake at any moment.
//!
//! Every Object is a view in four schemas, all as of one moment ([`AsOf`]):
//!
//! | schema | rows | columns |
//! |---|---|---|
//! | `state` (the default) | the records that existed | typed by the describe in force ([`typing`]) |
//! | `raw` | the same | the text as it was captured |
//! | `history` | every RecordVersion up to the moment | typed, and the bookkeeping columns |
//! | `raw_history` | the same | text, and the bookkeeping columns |
//!
//! Names are Salesforce's, in any case. Queries only read; rows are streamed from the lake, and what
//! a query must hold (a sort, a join) is bounded and goes to temporary files where it can.
//!
//! - [`QueryEngine`], [`Answer`]: a query in, a stream of batches out
//! - [`AsOf`]: which moment
//! - [`render()`]: an answer as a table, CSV or JSON lines
//!
//! This is the only crate with DataFusion in it, because that is heavy to build.

mod answer;
mod engine;
mod error;
mod moment;
mod names;
mod provider;
pub mod render;
mod rows;
mod statement;
pub mod typing;
mod view;

pub use answer::Answer;
pub use engine::{QueryEngine, QueryOptions};
pub use error::{Error, Result};
pub use moment::AsOf;
pub use render::{Format, render};
