//! Prints the OpenAPI document: `cargo run -p holdfast-server --example openapi > crates/server/openapi.json`.

use std::io::{Write as _, stdout};

fn main() -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(holdfast_server::document())?;
    writeln!(stdout(), "{text}")
}
