//! All operations together, and the OpenAPI document that is made from them.

use std::sync::LazyLock;

use axum::Json;
use axum::response::Html;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::docs;
use crate::routes as noun;
use crate::state::AppState;
use crate::types::auto_backup::{ObjectSort, SortOrder};
use crate::types::problem::Problem;
use crate::types::records::DeletedRecords;

#[derive(OpenApi)]
#[openapi(
    info(title = "Holdfast", description = include_str!("api.md"), license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(Problem, ObjectSort, SortOrder, DeletedRecords))
)]
struct Document;

/// Every operation is in here once; what is not described has no route.
pub(crate) fn operations() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(noun::session::routes())
        .merge(noun::me::routes())
        .merge(noun::tokens::routes())
        .merge(noun::single_sign_on::routes())
        .merge(noun::members::routes())
        .merge(noun::invitations::routes())
        .merge(noun::rights::routes())
        .merge(noun::audit_entries::routes())
        .merge(noun::orgs::routes())
        .merge(noun::org_sign_ins::routes())
        .merge(noun::coverage::routes())
        .merge(noun::auto_backup::routes())
        .merge(noun::objects::routes())
        .merge(noun::volume::routes())
        .merge(noun::runs::routes())
        .merge(noun::work_items::routes())
        .merge(noun::changes::routes())
        .merge(noun::records::routes())
        .merge(noun::queries::routes())
        .merge(noun::events::routes())
        .merge(noun::system::routes())
        .merge(noun::health::routes())
        .routes(routes!(get_openapi))
        .routes(routes!(get_docs))
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| finished(operations().into_openapi()));

/// The OpenAPI document, as `crates/server/openapi.json` holds it.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "live", responses((status = 200, body = Value)),
    extensions(("x-permission" = json!("public"))))]
async fn get_openapi() -> Json<&'static Value> {
    Json(document())
}

/// This document as a page.
#[utoipa::path(get, path = "/api/docs", tag = "live", extensions(("x-permission" = json!("public"))),
    responses((status = 200, body = String, content_type = "text/html")))]
async fn get_docs() -> Html<&'static str> {
    Html(docs::page())
}

/// What holds for every operation is written once, here: how one fails, and who may call it. An absent value is absent,
/// which the types say as `null`.
fn finished(document: utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("the document is JSON");
    document["components"]["securitySchemes"] = json!({
        "session": { "type": "apiKey", "in": "cookie", "name": crate::cookie::SESSION },
        "token": { "type": "http", "scheme": "bearer" }
    });
    document["security"] = json!([{ "session": [] }, { "token": [] }]);
    let paths = document["paths"].as_object_mut().expect("there are paths");
    for operation in paths.values_mut().flat_map(|path| path.as_object_mut().into_iter().flatten()) {
        let (_, operation) = operation;
        if operation["x-permission"] == "public" {
            operation["security"] = json!([]);
        }
        operation["responses"]["default"] = json!({
            "description": "What went wrong",
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
        });
    }
    without_null(&mut document);
    document
}

fn without_null(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = members.get_mut("oneOf") {
                choices.retain(|choice| *choice != json!({ "type": "null" }));
                if let [only] = choices.as_slice() {
                    let only = only.clone();
                    members.remove("oneOf");
                    if members.is_empty() {
                        *value = only;
                    } else {
                        // A reference keeps its description beside it.
                        members.insert("allOf".to_owned(), json!([only]));
                    }
                    return without_null(value);
                }
            }
            members.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}
