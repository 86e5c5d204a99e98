//! Formulas with the values that the platform gives, and texts that it refuses.

mod fixture;
mod refusals;
mod rules;
mod values;
