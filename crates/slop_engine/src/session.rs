//! What outlives the app: its state on disk, and what there is to tell about it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use bevy::prelude::Resource;
use serde::{de::DeserializeOwned, Serialize};
use slop_assistant::{ApiKey, Recipient};
use slop_hands::OffLimits;
use slop_store::{Format, SecretFile, Store, StoreError};

/// Saving is asked for seldom enough, so the store need not wait long.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// What the files of keys are named after, and the file of the only key that there once was.
const KEY: &str = "api_key";

/// What is told when the window was to be closed and something would be lost.
const HELD_BACK: &str =
    ". So the window stays open; mend that, or close it once more to lose what was not saved";

/// How long that is to be read, so that a second click of the same hand closes nothing.
const READ: Duration = Duration::from_secs(1);

/// The state of the app on disk, and the keys beside it.
#[derive(Resource, Debug)]
pub struct Session {
    folder: PathBuf,
    store: Option<Store>,
    /// What was read or set; an empty one if there is none. They are no state: they are in neither a
    /// snapshot nor what is saved.
    keys: BTreeMap<Recipient, ApiKey>,
    /// What a person should know, the oldest first: a damaged file, a folder that is in use.
    pub notices: Vec<String>,
    /// Why the state is not being saved, if it is not.
    pub failure: Option<String>,
    /// Since when the window stays open as that would be lost, if it was to be closed.
    held_back: Option<Instant>,
}

impl Session {
    /// In a data folder. Nothing is read yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            store: None,
            keys: BTreeMap::new(),
            notices: Vec::new(),
            failure: None,
            held_back: None,
        }
    }

    /// Where the files are.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// The same as what nothing is read of for the assistant, though it may lie in a project.
    #[must_use]
    pub fn off_limits(&self) -> OffLimits {
        OffLimits::new(&self.folder)
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
                self.failure = Some(format!(
                    "what was saved before is left as it is and not shown, and nothing is saved: {error}"
                ));
                None
            }
        }
    }

    /// Has the state written soon, without waiting for it: a thread serialises it, with the code that it
    /// comes from, which stays mapped if it is replaced.
    pub fn save<T: Serialize + Send + 'static>(&mut self, state: T) {
        let Some(store) = &self.store else {
            return;
        };
        if let Err(error) = store.save(state) {
            let told = error.to_string();
            // It is saved again and again, and told once.
            if !self.notices.contains(&told) {
                self.notices.push(told);
            }
        }
    }

    /// Looks how the last write went, for [`failure`](Self::failure).
    pub fn look(&mut self) {
        if let Some(store) = &self.store {
            let failed = store.last_error();
            let is_lost = failed.as_deref().is_some_and(is_lost);
            self.held_back = self.held_back.filter(|_| is_lost);
            let hint = self.held_back.map_or("", |_| HELD_BACK);
            self.failure = failed.map(|error| {
                if is_lost {
                    format!("the state was not saved: {error}{hint}")
                } else {
                    error.to_string()
                }
            });
        }
    }

    /// Whether the window may be closed: all that was handed over is written now, or a person was told
    /// that it cannot be, by [`failure`](Self::failure), and wants it all the same.
    pub fn may_close(&mut self) -> bool {
        self.may_close_at(Instant::now())
    }

    fn may_close_at(&mut self, now: Instant) -> bool {
        let written = self.store.as_ref().map(Store::flush);
        let is_lost = matches!(written, Some(Err(_)));
        let told = self.held_back.filter(|_| is_lost);
        self.held_back = is_lost.then(|| told.unwrap_or(now));
        self.look();
        !is_lost || told.is_some_and(|told| now.duration_since(told) >= READ)
    }

    /// Waits until all is written.
    pub fn flush(&self) {
        if let Some(Err(error)) = self.store.as_ref().map(Store::flush) {
            bevy::log::error!("the state was not saved: {error}");
        }
    }

    /// The API key for a server, if there is one and it was read.
    #[must_use]
    pub fn key(&self, server: &Recipient) -> Option<&ApiKey> {
        self.keys.get(server).filter(|key| !key.is_empty())
    }

    /// Reads the API key for a server, the first time that it is called for it. Why there is none that
    /// can be used is added to the notices.
    ///
    /// A key from the time when there was only one is for the first server that is asked for and has
    /// none. So it is to be called as soon as a server is set.
    pub fn read_key(&mut self, server: &Recipient) {
        if self.keys.contains_key(server) {
            return;
        }
        let read = self.key_file(server).and_then(|file| file.read());
        let text = match read {
            Ok(loaded) => {
                let notices = loaded.notices.iter().map(ToString::to_string);
                self.notices.extend(notices);
                loaded.value.unwrap_or_default()
            }
            Err(error) => {
                self.notices.push(error.to_string());
                String::new()
            }
        };
        let key = ApiKey::new(&text).unwrap_or_else(|error| {
            self.notices.push(format!("{server}: {error}"));
            ApiKey::default()
        });
        self.keys.insert(server.clone(), key);
    }

    /// Keeps the API key for a server, or forgets it if it is empty. One that is known already is written again: the
    /// time before, that may have failed.
    pub fn set_key(&mut self, server: &Recipient, key: ApiKey) {
        let kept = self.key_file(server).and_then(|file| {
            if key.is_empty() {
                file.remove()
            } else {
                file.write(key.expose())
            }
        });
        let told = kept.err().map(|error| error.to_string());
        if let Some(told) = told.filter(|told| !self.notices.contains(told)) {
            self.notices.push(told);
        }
        self.keys.insert(server.clone(), key);
    }

    fn key_file(&self, server: &Recipient) -> Result<SecretFile, StoreError> {
        SecretFile::new(&self.folder, KEY, &server.name())
    }
}

/// Whether the state is not on disk. Without its backup it is there all the same.
fn is_lost(error: &StoreError) -> bool {
    !matches!(error, StoreError::Backup { .. })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use slop_assistant::Provider;

    use super::*;

    fn server(base_url: &str) -> Recipient {
        let provider = Provider::OpenAi {
            base_url: base_url.to_owned(),
            model: "m".to_owned(),
        };
        Recipient::of(&provider).unwrap().unwrap()
    }

    /// The app at a start, when a server is set.
    fn start(folder: &Path, server: &Recipient) -> Session {
        let mut session = Session::new(folder.to_owned());
        session.read_key(server);
        session
    }

    fn key<'a>(session: &'a Session, server: &Recipient) -> Option<&'a str> {
        session.key(server).map(ApiKey::expose)
    }

    #[test]
    fn each_server_has_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["https://a.example", "https://b.example"].map(server);
        let mut session = start(folder.path(), &one);
        session.set_key(&one, ApiKey::new("sk-one").unwrap());
        session.read_key(&other);
        assert_eq!(key(&session, &other), None);
        session.set_key(&other, ApiKey::new("sk-other").unwrap());
        let told = format!("{session:?}");
        assert!(!told.contains("sk-o"), "{told}");

        let mut session = start(folder.path(), &one);
        assert_eq!(key(&session, &one), Some("sk-one"));
        assert_eq!(key(&session, &other), None, "it was not read yet");
        session.set_key(&one, ApiKey::default());
        assert_eq!(key(&session, &one), None);
        session.read_key(&other);
        assert_eq!(key(&session, &other), Some("sk-other"));
        assert_eq!(key(&start(folder.path(), &one), &one), None);
        assert_eq!(session.notices, Vec::<String>::new());
    }

    #[test]
    fn the_only_key_that_there_was_is_for_the_first_server() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("api_key");
        fs::write(&file, "sk-old").unwrap();
        let [one, other] = ["https://a.example", "https://b.example"].map(server);
        let mut session = start(folder.path(), &one);
        assert_eq!(key(&session, &one), Some("sk-old"));
        let told = session.notices.last().unwrap();
        assert!(told.contains("api_key-openai-a.example-443"), "{told}");
        assert!(!session.notices.concat().contains("sk-old"));
        session.read_key(&other);
        assert_eq!(key(&session, &other), None);

        let session = start(folder.path(), &other);
        assert_eq!(key(&session, &other), None);
        let session = start(folder.path(), &one);
        assert_eq!(key(&session, &one), Some("sk-old"));
    }

    #[test]
    fn what_is_lost_is_told_for_long_enough_to_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let format = Format {
            version: 1,
            migrations: &[],
        };
        let mut session = Session::new(folder.path().to_owned());
        assert_eq!(session.load::<String>(format), None);
        let state = folder.path().join("state.ron");
        fs::create_dir(&state).unwrap();
        session.save("new".to_owned());
        let now = Instant::now();
        assert!(!session.may_close_at(now));
        assert!(!session.may_close_at(now + READ / 2));
        assert!(session.may_close_at(now + READ));
        // It was written meanwhile, so this is another time.
        fs::remove_dir(&state).unwrap();
        assert!(session.may_close_at(now + READ));
        fs::remove_file(&state).unwrap();
        fs::create_dir(&state).unwrap();
        session.save("newer".to_owned());
        assert!(!session.may_close_at(now + 3 * READ));
    }

    #[test]
    fn a_state_that_only_lacks_its_backup_is_not_called_lost() {
        let folder = tempfile::tempdir().unwrap();
        let format = Format {
            version: 1,
            migrations: &[],
        };
        let save = |text: &str| {
            let mut session = Session::new(folder.path().to_owned());
            let found = session.load::<String>(format);
            session.save(text.to_owned());
            assert!(session.may_close());
            (found, session.failure)
        };
        assert_eq!(save("one"), (None, None));
        fs::write(folder.path().join("backups"), "in the way").unwrap();
        let (found, failure) = save("two");
        assert_eq!(found.as_deref(), Some("one"));
        let failure = failure.unwrap();
        assert!(failure.starts_with("cannot keep a backup"), "{failure}");
        assert_eq!(save("three").0.as_deref(), Some("two"));
    }

    #[test]
    fn a_key_that_could_not_be_written_is_written_once_it_is_stored_again() {
        let folder = tempfile::tempdir().unwrap();
        let server = server("https://a.example");
        let mut session = start(folder.path(), &server);
        // As permissions do not hold for root, a folder stands in the way.
        let file = folder.path().join("api_key-openai-a.example-443");
        fs::create_dir(&file).unwrap();
        for _ in 0..2 {
            session.set_key(&server, ApiKey::new("sk-1").unwrap());
            assert_eq!(session.notices.len(), 1);
        }
        fs::remove_dir(&file).unwrap();
        session.set_key(&server, ApiKey::new("sk-1").unwrap());
        assert_eq!(key(&start(folder.path(), &server), &server), Some("sk-1"));
    }

    #[test]
    fn a_key_that_cannot_be_used_or_kept_is_told_of_but_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("api_key"), "sk secret").unwrap();
        let short = server("https://a.example");
        let mut session = start(folder.path(), &short);
        assert_eq!(key(&session, &short), None);
        let told = session.notices.last().unwrap();
        assert!(told.starts_with("a.example: the API key"), "{told}");
        // No file can have the name, so it is kept until the end only.
        let long = server(&format!("https://{}", "a".repeat(300)));
        session.notices.clear();
        session.set_key(&long, ApiKey::new("sk-secret").unwrap());
        assert_eq!(key(&session, &long), Some("sk-secret"));
        assert_eq!(session.notices.len(), 1);
        assert!(!session.notices.concat().contains("secret"));
    }
}
