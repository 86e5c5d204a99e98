//! The SOAP APIs: what they share (`envelope`, `service`, `fault`), and the calls of the partner and enterprise API.
//!
//! The Metadata API lives in a room of its own and is served by `serve(state, &METADATA, …)`.

mod envelope;
mod fault;
mod service;

pub use envelope::{Api, ENTERPRISE, Envelope, METADATA, PARTNER, leaf_or_nil, nil};
pub use fault::SoapFault;
pub use service::{Call, Contents, serve};
