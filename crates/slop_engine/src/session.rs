//! What outlives the app: its state on disk, and what there is to tell about it.

use std::{path::PathBuf, time::Duration};

use bevy::prelude::Resource;
use serde::{de::DeserializeOwned, Serialize};
use slop_assistant::ApiKey;
use slop_store::{Format, SecretFile, Store};

/// Saving is asked for seldom enough, so the store need not wait long.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// The state of the app on disk.
#[derive(Resource, Debug)]
pub struct Session {
    folder: PathBuf,
    store: Option<Store>,
    key: SecretFile,
    /// What a person should know, the oldest first: a damaged file, a folder that is in use.
    pub notices: Vec<String>,
    /// Why the state is not being saved, if it is not.
    pub failure: Option<String>,
}

impl Session {
    /// In a data folder. Nothing is read yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            key: SecretFile::new(&folder, "api_key"),
            folder,
            store: None,
            notices: Vec::new(),
            failure: None,
        }
    }

    /// Where the files are.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Reads what was saved; `None` if there is nothing, or nothing that can be used. What a person
    /// should know of it is added to the notices. If the folder cannot be used, the app works
    /// without, and [`failure`](Self::failure) says why.
    pub fn load<T: DeserializeOwned>(&mut self, format: Format) -> Option<T> {
        // One that is open still has the folder locked.
        self.store = None;
        let opened = Store::open_with_debounce(&self.folder, "state.ron", format, DEBOUNCE);
        let loaded = opened.and_then(|mut store| Ok((store.load()?, store)));
        match loaded {
            Ok((loaded, store)) => {
                self.store = Some(store);
                let notices = loaded.notices.iter().map(ToString::to_string);
                self.notices.extend(notices);
                loaded.value
            }
            Err(error) => {
                self.failure = Some(format!("nothing is saved: {error}"));
                None
            }
        }
    }

    /// Has the state written soon, without waiting for it.
    pub fn save(&mut self, state: &impl Serialize) {
        let Some(store) = &self.store else {
            return;
        };
        if let Err(error) = store.save(state) {
            self.notices.push(error.to_string());
        }
    }

    /// Looks how the last write went, for [`failure`](Self::failure).
    pub fn look(&mut self) {
        if let Some(store) = &self.store {
            let failed = store.last_error();
            self.failure = failed.map(|error| format!("the state was not saved: {error}"));
        }
    }

    /// Waits until all is written.
    pub fn flush(&self) {
        if let Some(Err(error)) = self.store.as_ref().map(Store::flush) {
            bevy::log::error!("the state was not saved: {error}");
        }
    }

    /// The API key; an empty one if none is kept, or none that can be used.
    pub fn read_key(&mut self) -> ApiKey {
        let loaded = match self.key.read() {
            Ok(loaded) => loaded,
            Err(error) => {
                self.notices.push(error.to_string());
                return ApiKey::default();
            }
        };
        let notices = loaded.notices.iter().map(ToString::to_string);
        self.notices.extend(notices);
        let key = ApiKey::new(loaded.value.as_deref().unwrap_or_default());
        key.unwrap_or_else(|error| {
            self.notices.push(error.to_string());
            ApiKey::default()
        })
    }

    /// Keeps the API key, or forgets it if it is empty.
    pub fn write_key(&mut self, key: &ApiKey) {
        let done = if key.is_empty() {
            self.key.remove()
        } else {
            self.key.write(key.expose())
        };
        if let Err(error) = done {
            self.notices.push(error.to_string());
        }
    }
}
