//! Systems that cannot look a path up within a folder. Nothing is opened there.

use std::path::Path;

use crate::{search::Kind, Ending, HandsError, Left, OffLimits, Output, Patience};

/// There is none here.
#[derive(Debug)]
pub enum Root {}

impl Root {
    /// # Errors
    ///
    /// Always.
    pub fn open(_: &Path) -> Result<Self, HandsError> {
        Err(HandsError::Unsupported)
    }

    /// The same without a folder.
    ///
    /// # Errors
    ///
    /// Never, since there is no folder.
    pub fn without(self, _: OffLimits) -> Result<Self, HandsError> {
        match self {}
    }

    /// The path that it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        match *self {}
    }

    /// The text of a file.
    ///
    /// # Errors
    ///
    /// Never, since there is no folder.
    pub fn read(&self, _: &str) -> Result<String, HandsError> {
        match *self {}
    }

    pub(crate) fn read_up_to(&self, _: &str, _: u64) -> Result<String, HandsError> {
        match *self {}
    }

    pub(crate) fn entries(
        &self,
        _: &str,
        _: usize,
    ) -> Result<(Vec<(String, Kind)>, bool), HandsError> {
        match *self {}
    }

    pub(crate) fn current(&self, _: &str) -> Result<Option<String>, HandsError> {
        match *self {}
    }

    pub(crate) fn replace(
        &self,
        _: &str,
        _: Option<&str>,
        _: Option<&str>,
    ) -> Result<(), HandsError> {
        match *self {}
    }
}

/// There is none here.
#[derive(Debug)]
pub enum Running {}

impl Running {
    /// # Errors
    ///
    /// Never, since there is no folder.
    pub fn start(
        root: &Root,
        _: &str,
        _: &str,
        _: Patience,
        _: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, HandsError> {
        match *root {}
    }

    /// Nothing was ever started.
    #[must_use]
    pub fn end_left(_: &str) -> Left {
        Left::default()
    }

    /// Nothing was ever started.
    #[must_use]
    pub fn is_left(_: &str) -> bool {
        false
    }

    /// # Errors
    ///
    /// Always.
    pub fn check(_: &str) -> Result<(), HandsError> {
        Err(HandsError::Unsupported)
    }

    /// What it has said so far.
    #[must_use]
    pub fn output(&self) -> Output {
        match *self {}
    }

    /// How it ended.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        match *self {}
    }

    /// Ends it.
    pub fn cancel(&self) {
        match *self {}
    }
}
