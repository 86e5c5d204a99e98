//! Bodies of files: download by path, upload by multipart or base64 in JSON.

mod routes;
mod upload;

pub use routes::router;
pub(crate) use upload::record;
