//! The engine against the simulated org, over HTTP.

mod capture;
