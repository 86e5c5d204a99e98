//! Runs: what they bring, what they cost, and what they survive.

mod first_run;
