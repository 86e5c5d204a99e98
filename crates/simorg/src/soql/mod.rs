//! SOQL: from the text of a statement to the rows that it means.
//!
//! `parser` reads the text into an `ast`, `check` looks every name up in the objects that the user sees and gives a
//! [`Plan`], `run` finds the rows. Nothing here knows HTTP or a wire format: `query` and `bulk2` write the values.

mod ast;
mod check;
mod dates;
mod decimal;
mod fault;
mod filter;
mod format;
mod function;
mod lexer;
mod parser;
mod plan;
mod run;

#[cfg(test)]
mod tests;

pub(crate) use check::WITH_DURABLE_IDS;
pub use check::{Context, plan};
pub use fault::SoqlError;
pub use plan::Plan;
pub use run::{Outcome, row_at, run};

pub(crate) use function::Form;
pub(crate) use lexer::{Spanned, Token, tokens};
pub(crate) use plan::{Branches, Child, Column, Hop, Path, Scalar, Shape};
pub(crate) use run::{Way, children, each_candidate, each_match, is_shown, reaches_bin, visit_rows, way_to};
