//! Discussions as documents.

use std::path::PathBuf;

use slop_engine::session::Session;

/// Where the documents are.
pub fn folder(session: &Session) -> PathBuf {
    session.folder().join("discussions")
}
