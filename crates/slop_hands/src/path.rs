//! What a path says, before anybody looks where it leads.

use crate::HandsError;

/// The longest path, in bytes. The system takes no longer one.
const LONGEST: usize = 4095;

/// The names that a path goes through, from the project's folder. None for that folder itself.
///
/// # Errors
///
/// If it could lead out of the folder, or cannot be shown to whoever is to allow it.
pub(crate) fn names(path: &str) -> Result<Vec<&str>, HandsError> {
    let owned = || path.to_owned();
    seen("path", path, &[])?;
    if path.len() > LONGEST {
        let what = "path";
        let most = LONGEST;
        return Err(HandsError::TooLong { what, most });
    }
    if path.trim().is_empty() {
        return Err(HandsError::Blank { what: "path" });
    }
    if path.starts_with('/') {
        return Err(HandsError::Absolute { path: owned() });
    }
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => return Err(HandsError::Parent { path: owned() }),
            // Some file systems take upper and lower case for the same.
            name if name.eq_ignore_ascii_case(".git") => {
                return Err(HandsError::Git { path: owned() });
            }
            name => names.push(name),
        }
    }
    Ok(names)
}

/// Refuses what cannot be seen: control characters but these, and those that turn the direction of
/// what follows.
pub(crate) fn seen(what: &'static str, text: &str, but: &[char]) -> Result<(), HandsError> {
    match text.chars().find(|c| is_hidden(*c) && !but.contains(c)) {
        Some(hidden) => Err(HandsError::Hidden { what, hidden }),
        None => Ok(()),
    }
}

/// Whether a character changes how others look, or has no look of its own.
pub(crate) fn is_hidden(c: char) -> bool {
    let turns = ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{61c}';
    // Those that join, part and shape others, and tags; in the midst of them are some that turn.
    let is_empty = ('\u{200b}'..='\u{200f}').contains(&c)
        || ('\u{2060}'..='\u{206f}').contains(&c)
        || ('\u{e0000}'..='\u{e007f}').contains(&c)
        || matches!(c, '\u{ad}' | '\u{180e}' | '\u{feff}');
    c.is_control() || turns || is_empty
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(path: &str, says: &str) {
        let error = names(path).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn only_what_stays_within_the_folder_is_a_path() {
        assert_eq!(names("src/main.rs").unwrap(), ["src", "main.rs"]);
        assert_eq!(names("./src//a/").unwrap(), ["src", "a"]);
        assert_eq!(names("a..b/...").unwrap(), ["a..b", "..."]);
        assert!(names(".").unwrap().is_empty());
        refused("", "blank");
        refused(" ", "blank");
        refused("/etc/passwd", "begins outside");
        refused("..", "has ..");
        refused("a/../../b", "has ..");
        refused(&"a/".repeat(3000), "more than 4095 bytes");
    }

    #[test]
    fn what_git_keeps_is_refused_in_any_case() {
        for path in [".git", "a/.git/hooks/x", ".GIT/config", "./.Git/config"] {
            refused(path, "belongs to git");
        }
        assert_eq!(names(".gitignore").unwrap(), [".gitignore"]);
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        refused("a\nb", "{a}");
        refused("a\0b", "{0}");
        refused("a\u{202e}sr.b", "{202e}");
        refused("a\u{200b}", "{200b}");
        // What egui draws nothing for, and tags.
        for c in ['\u{ad}', '\u{61c}', '\u{2063}', '\u{206a}', '\u{e0041}'] {
            refused(&format!("a{c}b"), &format!("{{{:x}}}", u32::from(c)));
        }
    }
}
