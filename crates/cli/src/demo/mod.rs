//! The parts of `holdfast demo`: the simulated org with its story so far, and the people who work in it.

pub(crate) mod arrivals;
pub(crate) mod simulated_user;
pub(crate) mod stage;
