//! One suite, run on SQLite and on PostgreSQL: every case gets an empty catalog of its own.

#![cfg(test)]

mod cases;
mod opening;
mod postgres;
mod stand;
