//! What is in files, to see whether it is still that.

use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

/// Some files, with what was in them at one moment: by content, for a file that comes back from
/// `rsync -t`, a backup or another machine has an older time and is an edit all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Contents(BTreeMap<PathBuf, Option<u64>>);

impl Contents {
    /// Reads them as they are now. One that is missing counts as such.
    #[must_use]
    pub fn read(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let read = |path: PathBuf| {
            let digest = digest(&path);
            (path, digest)
        };
        Self(paths.into_iter().map(read).collect())
    }

    /// Reads what the compiler read between `start` and now. What `before` knows, read at `start`, is
    /// taken from there: it may have been edited since, and nobody knows which text was compiled. A file
    /// that is not known and was changed since then counts as another one. What lies in cargo's own folders,
    /// those of the `profiles`, is neither: cargo had it written before it was compiled.
    #[must_use]
    pub fn compiled(
        paths: impl IntoIterator<Item = PathBuf>,
        before: &Self,
        start: SystemTime,
        profiles: &[PathBuf],
    ) -> Self {
        // A time that comes along with a file says nothing, be it of the past or of the future.
        let is_older = |path: &Path| touched(path).is_some_and(|time| time < start);
        let read = |path: PathBuf| {
            let digest = match before.0.get(&path) {
                _ if is_cargos(&path, profiles) => digest(&path),
                Some(digest) => *digest,
                None if is_older(&path) => digest(&path),
                None => None,
            };
            (path, digest)
        };
        Self(paths.into_iter().map(read).collect())
    }

    /// Whether one of them was touched since `start`, by others than cargo: then it may have been another one for a
    /// moment.
    pub(crate) fn are_touched_since(&self, start: SystemTime, profiles: &[PathBuf]) -> bool {
        let mut others = self.paths().filter(|path| !is_cargos(path, profiles));
        others.any(|path| touched(path).is_some_and(|time| time >= start))
    }

    /// The same files as they are now.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::read(self.paths().map(Path::to_owned))
    }

    /// The first file that is not what it was.
    #[must_use]
    pub fn first_change(&self) -> Option<&Path> {
        let mut files = self.0.iter();
        let changed = files.find(|(path, was)| digest(path) != **was);
        changed.map(|(path, _)| &**path)
    }

    /// The same files, of whatever was in them.
    pub(crate) fn unknown(&self) -> Self {
        Self(self.0.keys().map(|path| (path.clone(), None)).collect())
    }

    /// When each was touched last, as it is now.
    pub(crate) fn touches(&self) -> Touches {
        Touches(self.paths().map(Touch::of).collect())
    }

    /// When one of them was touched last.
    pub(crate) fn last_touched(&self) -> Option<SystemTime> {
        self.paths().filter_map(touched).max()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all files of `others` are among them and were the same then.
    pub(crate) fn has_all(&self, others: &Self) -> bool {
        let mut others = others.0.iter();
        others.all(|(path, digest)| self.0.get(path) == Some(digest))
    }

    /// The digest of a file; `None` if it is missing, or not among them.
    pub(crate) fn digest(&self, path: &Path) -> Option<u64> {
        *self.0.get(path)?
    }

    /// The digest of what is in a file.
    pub(crate) fn digest_of(text: &[u8]) -> u64 {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether a file is among them.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    /// The files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(|path| &**path)
    }

    /// The first file that was there and is missing in `now`, which has the same files. One that was missing
    /// already is none: nobody needed it.
    #[must_use]
    pub fn first_lost<'a>(&'a self, now: &Self) -> Option<&'a Path> {
        let mut there = self.0.iter().filter(|(_, digest)| digest.is_some());
        let lost = there.find(|(path, _)| now.0.get(*path).is_none_or(Option::is_none));
        lost.map(|(path, _)| &**path)
    }
}

/// Whether a file lies in cargo's own folders.
fn is_cargos(path: &Path, profiles: &[PathBuf]) -> bool {
    profiles.iter().any(|profile| path.starts_with(profile))
}

/// What is in a file that nobody has touched since it was read is not read again.
fn digest(file: &Path) -> Option<u64> {
    static READ: Mutex<BTreeMap<PathBuf, (Touch, u64)>> = Mutex::new(BTreeMap::new());
    let read = || READ.lock().unwrap_or_else(PoisonError::into_inner);
    let touch = Touch::of(file);
    if let (Some(touch), Some((known, digest))) = (touch, read().get(file)) {
        if touch == *known {
            return Some(*digest);
        }
    }
    let text = fs::read(file).ok()?;
    let digest = Contents::digest_of(&text);
    match touch {
        Some(touch) if touch.is_settled() => read().insert(file.to_owned(), (touch, digest)),
        _ => read().remove(file),
    };
    Some(digest)
}

/// When a file was written or replaced last, as far as the system tells.
fn touched(file: &Path) -> Option<SystemTime> {
    if cfg!(unix) {
        return Touch::of(file)?.time();
    }
    fs::metadata(file).ok()?.modified().ok()
}

/// When files were touched last, as far as the system tells: another than before also if they are what they were
/// again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Touches(Vec<Option<Touch>>);

/// What the system changes whenever somebody writes a file, replaces it or sets its times. The time of that
/// change is its own, and no program can set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Touch {
    file: (u64, u64),
    len: u64,
    changed: (i64, i64),
}

/// A second write may come within the tick of a clock.
const TICK: Duration = Duration::from_secs(1);

impl Touch {
    #[cfg(unix)]
    fn of(file: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let data = fs::metadata(file).ok()?;
        Some(Self {
            file: (data.dev(), data.ino()),
            len: data.len(),
            changed: (data.ctime(), data.ctime_nsec()),
        })
    }

    /// Nothing here tells as much.
    #[cfg(not(unix))]
    fn of(_file: &Path) -> Option<Self> {
        None
    }

    /// Whether it was changed so long ago that a further change would show.
    fn is_settled(self) -> bool {
        let age = self
            .time()
            .and_then(|time| SystemTime::now().duration_since(time).ok());
        age.is_some_and(|age| age > 2 * TICK)
    }

    /// When it was changed.
    fn time(self) -> Option<SystemTime> {
        let (seconds, nanoseconds) = self.changed;
        let seconds = u64::try_from(seconds).ok()?;
        let since = Duration::new(seconds, u32::try_from(nanoseconds).ok()?);
        SystemTime::UNIX_EPOCH.checked_add(since)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn times_say_nothing_and_content_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lib.rs");
        let missing = folder.path().join("menu.rs");
        fs::write(&file, "one").unwrap();
        let contents = Contents::read([file.clone(), missing.clone()]);
        fs::write(&file, "one").unwrap();
        assert_eq!(contents.first_change(), None);
        fs::write(&file, "two").unwrap();
        date(&file, SystemTime::UNIX_EPOCH);
        assert_eq!(contents.first_change(), Some(&*file));
        fs::write(&file, "one").unwrap();
        fs::write(&missing, "").unwrap();
        assert_eq!(contents.first_change(), Some(&*missing));
        // What was missing when it was read is not lost; what was there is.
        assert_eq!(contents.first_lost(&contents.again()), None);
        fs::remove_file(&file).unwrap();
        assert_eq!(contents.first_lost(&contents.again()), Some(&*file));
    }

    /// Another text of the same length, under the time and name of one that was read long ago.
    #[test]
    fn what_was_read_once_is_read_again_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lib.rs");
        let write = |file: &Path, text: &str| {
            fs::write(file, text).unwrap();
            date(file, SystemTime::UNIX_EPOCH);
        };
        write(&file, "one");
        let start = SystemTime::now();
        while Touch::of(&file).is_some_and(|touch| !touch.is_settled()) {
            assert!(start.elapsed().unwrap() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(100));
        }
        let contents = Contents::read([file.clone()]);
        assert_eq!(contents.first_change(), None);
        write(&file, "two");
        assert_eq!(contents.first_change(), Some(&*file));
        write(&file, "one");
        assert_eq!(contents.first_change(), None);
        let other = folder.path().join("other.rs");
        write(&other, "two");
        fs::rename(&other, &file).unwrap();
        assert_eq!(contents.first_change(), Some(&*file));
    }

    /// It has the time at which it was written elsewhere.
    #[test]
    #[cfg(unix)]
    fn a_file_that_is_moved_in_during_a_build_is_an_edit_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let [elsewhere, file] = ["b.rs", "a.rs"].map(|name| folder.path().join(name));
        fs::write(&elsewhere, "two").unwrap();
        date(&elsewhere, SystemTime::UNIX_EPOCH);
        let start = next_tick(folder.path());
        fs::rename(&elsewhere, &file).unwrap();

        let contents = Contents::compiled([file.clone()], &Contents::default(), start, &[]);
        assert_eq!(contents.first_change(), Some(&*file));
    }

    /// As when it was unpacked, or comes from a machine whose clock is ahead.
    #[test]
    #[cfg(unix)]
    fn a_time_in_the_future_is_no_edit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.rs");
        fs::write(&file, "one").unwrap();
        date(&file, SystemTime::now() + Duration::from_secs(86_400));
        let start = next_tick(folder.path());

        let contents = Contents::compiled([file.clone()], &Contents::default(), start, &[]);
        assert_eq!(contents.first_change(), None);
        fs::write(&file, "two").unwrap();
        assert_eq!(contents.first_change(), Some(&*file));
    }

    /// What was edited while the compiler ran is an edit the next time, whether it was seen or not.
    #[test]
    fn an_edit_during_a_build_is_an_edit_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let [known, unknown, old] = ["a.rs", "b.rs", "c.rs"].map(|name| folder.path().join(name));
        for file in [&known, &old] {
            fs::write(file, "one").unwrap();
        }
        let before = Contents::read([known.clone()]);
        let start = next_tick(folder.path());
        fs::write(&known, "two").unwrap();
        fs::write(&unknown, "two").unwrap();

        let files = [known.clone(), unknown.clone(), old];
        let contents = Contents::compiled(files, &before, start, &[]);
        assert_eq!(contents.first_change(), Some(&*known));
        fs::write(&known, "one").unwrap();
        assert_eq!(contents.first_change(), Some(&*unknown));
        fs::remove_file(&unknown).unwrap();
        assert_eq!(contents.first_change(), None);
    }

    /// By a build script, whether it is known from an earlier build or not.
    #[test]
    fn what_cargo_wrote_during_a_build_is_what_it_compiled() {
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("debug");
        fs::create_dir(&profile).unwrap();
        let [known, unknown] = ["a.rs", "b.rs"].map(|name| profile.join(name));
        fs::write(&known, "one").unwrap();
        let before = Contents::read([known.clone()]);
        let start = next_tick(folder.path());
        fs::write(&known, "two").unwrap();
        fs::write(&unknown, "two").unwrap();

        let contents = Contents::compiled([known, unknown], &before, start, &[profile]);
        assert_eq!(contents.first_change(), None);
    }

    /// A moment after all that was written so far, and not after what is written from now on.
    fn next_tick(folder: &Path) -> SystemTime {
        let mark = folder.join("mark");
        let written = || {
            fs::write(&mark, "x").unwrap();
            touched(&mark).unwrap()
        };
        let (first, start) = (written(), Instant::now());
        loop {
            let now = written();
            if now > first {
                return now;
            }
            assert!(start.elapsed() < Duration::from_secs(60));
        }
    }

    /// Sets the time that programs can set.
    fn date(file: &Path, time: SystemTime) {
        let opened = fs::File::options().append(true).open(file).unwrap();
        opened.set_modified(time).unwrap();
    }
}
