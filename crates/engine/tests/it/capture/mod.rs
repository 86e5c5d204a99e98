//! Runs: what they bring, what they cost, and what they survive.

mod changes;
mod computed;
mod crash;
mod every_fault;
mod faults;
mod first_run;
mod large_orgs;
mod manifests;
mod own_ways;
mod schema;
mod storage_faults;
mod two_processes;
