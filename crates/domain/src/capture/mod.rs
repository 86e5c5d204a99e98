//! The decisions of capture: how an Object is read, which time window comes next, which Object is served next.

pub mod absence;
pub mod computed;
pub mod drift;
pub mod method;
pub mod turn;
pub mod window;
