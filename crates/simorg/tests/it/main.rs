//! The org over real HTTP, one module per API, and its state and generator by themselves.

mod admin;
mod bulk2;
mod caller;
mod client;
mod collections;
mod composite;
mod data_dir;
mod describe;
mod faults;
mod files;
mod formulas;
mod generator;
mod metadata;
mod oauth;
mod permissions;
mod project;
mod query;
mod replication;
mod rows;
mod scale;
mod search;
mod tooling;
mod transactions;
