//! Bodies of files: download by path, upload by multipart or base64 in JSON.

mod download;
mod upload;

pub(crate) use download::body;
pub(crate) use upload::{is_multipart, row};
