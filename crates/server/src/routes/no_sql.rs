//! Answers for a build without SQL.

use axum::response::Response;
use holdfast_domain::{ErrorCode, OrgId};
use holdfast_engine::Engine;
use holdfast_engine::access::Caller;

use crate::page::Paging;
use crate::problem::{Refusal, Result};
use crate::types::records::{Query, QueryAnswer, QueryTablePage};

#[expect(clippy::unused_async, reason = "the other build of this function waits")]
pub(super) async fn rows(_: &Engine, _: &OrgId, _: Query) -> Result<QueryAnswer> {
    Err(not_built())
}

#[expect(clippy::unused_async, reason = "the other build of this function waits")]
pub(super) async fn csv(_: &Engine, _: &Caller, _: &OrgId, _: Query) -> Result<Response> {
    Err(not_built())
}

#[expect(clippy::unused_async, reason = "the other build of this function waits")]
pub(super) async fn tables(
    _: &Engine,
    _: &OrgId,
    _: Option<&str>,
    _: Option<&str>,
    _: &Paging,
) -> Result<QueryTablePage> {
    Err(not_built())
}

fn not_built() -> Refusal {
    Refusal::new(ErrorCode::NotBuilt, "this Holdfast was built without SQL")
}
