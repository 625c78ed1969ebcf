//! Opens a file in the user's editor.

use std::{
    io,
    process::{Command, Stdio},
    thread,
};

use thiserror::Error;

/// Why the editor was not started.
#[derive(Debug, Error)]
pub enum EditorError {
    /// The command cannot be split into words.
    #[error("the editor command `{command}` has a quote that is not closed; mend it in Project Settings")]
    Quote {
        /// As it was set.
        command: String,
    },
    /// There is no command.
    #[error("no editor command is set; set one in Project Settings")]
    Empty,
    /// The program does not start.
    #[error("cannot start `{program}`: {source}; set another editor command in Project Settings")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Starts `command`, in which `{file}`, `{line}` and `{column}` stand for what is to be shown.
///
/// # Errors
///
/// If it cannot be started. What becomes of it then is its own affair.
pub fn open(command: &str, file: &str, line: u32, column: u32) -> Result<(), EditorError> {
    let words = shell_words::split(command).map_err(|_| EditorError::Quote {
        command: command.to_owned(),
    })?;
    let words = words.into_iter().map(|word| {
        word.replace("{file}", file)
            .replace("{line}", &line.to_string())
            .replace("{column}", &column.to_string())
    });
    let words: Vec<String> = words.collect();
    let (program, arguments) = words.split_first().ok_or(EditorError::Empty)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|source| EditorError::Start {
            program: program.clone(),
            source,
        })?;
    // So that it does not stay behind as a zombie. Without a thread it does.
    let _ = thread::Builder::new()
        .name("editor".to_owned())
        .spawn(move || child.wait());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_started_is_named() {
        let check = |command: &str, says: &str| {
            let error = open(command, "/a b.rs", 1, 2).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        check("", "no editor command");
        check("\"code {file}", "a quote that is not closed");
        check("/no/such/editor {file}", "cannot start `/no/such/editor`");
    }

    #[cfg(unix)]
    #[test]
    fn the_place_is_filled_in() {
        let folder = tempfile::tempdir().unwrap();
        let said = folder.path().join("said");
        let command = format!("sh -c 'printf \"%s|\" \"$@\" > {}.part && mv {0}.part {0}' sh {{file}} +{{line}}:{{column}}", said.display());
        open(&command, "/a b.rs", 3, 7).unwrap();
        let start = std::time::Instant::now();
        while !said.exists() {
            assert!(start.elapsed().as_secs() < 30, "it never ran");
            thread::yield_now();
        }
        assert_eq!(std::fs::read_to_string(&said).unwrap(), "/a b.rs|+3:7|");
    }
}
