//! `POST /composite/graph`: up to 75 graphs of requests, each of them all or none.

use std::collections::HashSet;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::errors::{ApiError, JSON};
use crate::model::json::exact_numbers;
use crate::server::{AppState, Session};

use super::{
    Answers, SubAnswer, SubRequest, answer_all, check_references, halted, resources, split, unexpected,
};

/// REST API Developer Guide, "Composite Graph Limits".
const MOST_GRAPHS: usize = 75;
const MOST_NODES: usize = 500;
/// After so many failed graphs the others are not tried.
const MOST_FAILURES: usize = 14;

#[derive(Debug, Deserialize)]
struct Graphs {
    graphs: Vec<Graph>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Graph {
    graph_id: String,
    composite_request: Vec<SubRequest>,
}

#[derive(Debug, Serialize)]
struct GraphAnswers {
    graphs: Vec<GraphAnswer>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphAnswer {
    graph_id: String,
    graph_response: Answers,
    is_successful: bool,
}

pub(super) async fn graph(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let graphs: Graphs = serde_json::from_slice(&exact_numbers(&body))
        .map_err(|error| ApiError::json_parser(error.to_string()))?;
    check(&graphs)?;
    let mut answers = GraphAnswers { graphs: Vec::with_capacity(graphs.graphs.len()) };
    let mut failures = 0;
    for graph in graphs.graphs {
        let parts = &graph.composite_request;
        let composite_response: Vec<SubAnswer> = if failures >= MOST_FAILURES {
            parts.iter().map(|part| halted(&part.reference_id)).collect::<Result<_, _>>()?
        } else {
            answer_all(&state, &session, parts, true).await?
        };
        let is_successful = composite_response.iter().all(SubAnswer::is_successful);
        failures += usize::from(!is_successful);
        answers.graphs.push(GraphAnswer {
            graph_id: graph.graph_id,
            graph_response: Answers { composite_response },
            is_successful,
        });
    }
    let text = serde_json::to_string(&answers).map_err(|_| unexpected())?;
    Ok(([(header::CONTENT_TYPE, JSON)], text).into_response())
}

fn check(graphs: &Graphs) -> Result<(), ApiError> {
    let limit = |text: String| Err(ApiError::bad_request("LIMIT_EXCEEDED", text));
    if graphs.graphs.len() > MOST_GRAPHS {
        return limit(format!("Limit exceeded. Maximum number of graphs allowed is {MOST_GRAPHS}."));
    }
    if graphs.graphs.iter().map(|graph| graph.composite_request.len()).sum::<usize>() > MOST_NODES {
        return limit(format!("Limit exceeded. Maximum number of nodes allowed is {MOST_NODES}."));
    }
    let mut seen = HashSet::new();
    for graph in &graphs.graphs {
        let id = &graph.graph_id;
        let is_word = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if id.is_empty() || id.len() >= 40 || !is_word || !seen.insert(id) {
            let message = format!("Provide a unique graphId of fewer than 40 characters: {id}");
            return Err(ApiError::bad_request("INVALID_INPUT", message));
        }
        check_references(&graph.composite_request)?;
        if let Some(part) = graph.composite_request.iter().find(|part| !is_taken(part)) {
            let message = format!("A graph does not take {} {}.", part.method, part.url);
            return Err(ApiError::bad_request("INVALID_INPUT", message));
        }
    }
    Ok(())
}

fn is_taken(part: &SubRequest) -> bool {
    split(&part.url).is_some_and(|(_, path)| resources::is_of_graph(&part.method, path))
}
