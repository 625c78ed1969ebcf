//! Documents: texts that a person takes out of the app or brings in, as files in a folder.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// How the names of documents end.
const END: &str = ".md";
/// How long a name may be, in characters, so that no file system finds it too long.
const LONG: usize = 50;

/// A document was neither written nor read.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The folder is not there and could not be made.
    #[error("cannot use the folder {}: {source}; check who may write there", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file was not written, not even in part.
    #[error("cannot write {}: {source}; free disk space or check who may write there", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file could not be read.
    #[error("cannot read {}: {source}; it has to be text in UTF-8 that you may read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes a document that is named after `name`, whole or not at all, and returns its path. It is
/// another file each time, for a person may have edited the one before.
///
/// # Errors
///
/// If it was not written.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, DocumentError> {
    let of_folder = |source| DocumentError::Folder {
        folder: folder.to_owned(),
        source,
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(of_folder)?;
    let stem = stem(name);
    let mut file = folder.join(format!("{stem}{END}"));
    // Under another name, which is hidden, until it is complete on disk.
    let mut new = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder)
        .map_err(of_folder)?;
    let mut written = new.write_all(text.as_bytes());
    written = written.and_then(|()| new.as_file().sync_all());
    if let Err(source) = written {
        return Err(DocumentError::Write { file, source });
    }
    let mut count = 1_u32;
    while let Err(error) = new.persist_noclobber(&file) {
        if error.error.kind() != io::ErrorKind::AlreadyExists {
            let source = error.error;
            return Err(DocumentError::Write { file, source });
        }
        new = error.file;
        count += 1;
        file = folder.join(format!("{stem} {count}{END}"));
    }
    // Makes the name last through a power cut, where the system knows of such a thing.
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(file)
}

/// The text of a document.
///
/// # Errors
///
/// If it cannot be read, or is no text.
pub fn read(file: &Path) -> Result<String, DocumentError> {
    fs::read_to_string(file).map_err(|source| DocumentError::Read {
        file: file.to_owned(),
        source,
    })
}

/// The names of the documents in a folder, sorted; none if there is no such folder.
#[must_use]
pub fn list(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = files.filter_map(|file| file.file_name().into_string().ok());
    let is_document = |name: &String| name.ends_with(END) && !name.starts_with('.');
    let mut names: Vec<String> = names.filter(is_document).collect();
    names.sort_unstable();
    names
}

/// What is left of a name that every file system takes.
fn stem(name: &str) -> String {
    let known = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let stem = name.chars().map(|c| if known(c) { c } else { '_' });
    let stem: String = stem.take(LONG).collect();
    match stem.trim() {
        "" => "Discussion".to_owned(),
        stem => stem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_is_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new");
        assert_eq!(list(&folder), [""; 0]);
        let first = write(&folder, "a/b: ü", "one").unwrap();
        let second = write(&folder, "a/b: ü", "two").unwrap();
        write(&folder, " ", "three").unwrap();
        assert_eq!(read(&first).unwrap(), "one");
        assert_eq!(read(&second).unwrap(), "two");
        fs::write(folder.join("notes.txt"), "").unwrap();
        let names = ["Discussion.md", "a_b_ ü 2.md", "a_b_ ü.md"];
        assert_eq!(list(&folder), names);
        // Nothing else was left.
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
    }

    #[test]
    fn names_are_not_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let file = write(folder.path(), &"語".repeat(1000), "").unwrap();
        assert_eq!(read(&file).unwrap(), "");
    }

    #[test]
    fn what_goes_wrong_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.md");
        let error = read(&file).unwrap_err().to_string();
        assert!(error.contains("a.md"), "{error}");
        fs::write(&file, b"\xff").unwrap();
        let error = read(&file).unwrap_err().to_string();
        assert!(error.contains("UTF-8"), "{error}");
        let error = write(&file, "b", "").unwrap_err().to_string();
        assert!(error.contains("a.md"), "{error}");
    }
}
