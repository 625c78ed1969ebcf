//! One call of the compiler, as cargo makes it and says it with `-vv`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The command that compiles a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitCommand {
    /// What cargo sets besides its own environment.
    pub variables: Vec<(String, String)>,
    /// The compiler, or a wrapper around it.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl UnitCommand {
    /// Reads a line of cargo's, which may go on in further ones if a description does.
    ///
    /// # Errors
    ///
    /// [`Unread`]: what it takes to go on.
    pub fn parse(text: &str) -> Result<Self, Unread> {
        let command = text.trim_start().strip_prefix("Running `");
        let (variables, rest) = variables(command.ok_or(Unread::Other)?)?;
        let begin = rest.find(" --crate-name ").ok_or(Unread::Other)?;
        let (front, rest) = rest.split_at(begin);
        let rest = rest.strip_suffix('`').ok_or(Unread::Unfinished)?;
        let further = shell_words::split(rest).map_err(|_| Unread::Unfinished)?;
        let (program, mut arguments) = program(front).ok_or(Unread::Other)?;
        arguments.extend(further);
        let command = Self {
            variables,
            program,
            arguments,
        };
        // What is no text cannot be read back.
        let is_whole = !text.contains(char::REPLACEMENT_CHARACTER);
        let is_library = command.value("--crate-name").is_some()
            && !command
                .arguments
                .iter()
                .any(|argument| argument == "--test");
        (is_whole && is_library)
            .then_some(command)
            .ok_or(Unread::Other)
    }

    /// The value after an argument.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut arguments = self.arguments.iter();
        arguments.find(|argument| *argument == name)?;
        arguments.next().map(String::as_str)
    }

    /// The values after each use of an argument.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.arguments.windows(2);
        let pairs = pairs.filter(move |pair| pair[0] == name);
        pairs.map(|pair| pair[1].as_str())
    }

    /// The value of an option to `-C`.
    #[must_use]
    pub fn codegen<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut options = self.values("-C");
        options.find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    }

    /// The crate's name.
    #[must_use]
    pub fn crate_name(&self) -> &str {
        self.value("--crate-name").unwrap_or_default()
    }

    /// The folder of its package.
    #[must_use]
    pub fn package_folder(&self) -> Option<&Path> {
        let mut variables = self.variables.iter();
        let found = variables.find(|(name, _)| name == "CARGO_MANIFEST_DIR");
        found.map(|(_, value)| Path::new(value))
    }

    /// Where what it makes goes.
    #[must_use]
    pub fn out_dir(&self) -> Option<&Path> {
        self.value("--out-dir").map(Path::new)
    }

    /// The name of what it makes, without `lib` and extension.
    #[must_use]
    pub fn stem(&self) -> String {
        let extra = self.codegen("extra-filename").unwrap_or_default();
        format!("{}{extra}", self.crate_name())
    }

    /// The folder to run it in. Cargo names the source by a path that counts from the workspace if it lies
    /// there; otherwise it names it in full, and runs the compiler in the folder of the package.
    #[must_use]
    pub fn folder<'a>(&'a self, workspace: &'a Path) -> &'a Path {
        let mut arguments = self.arguments.iter();
        let source = arguments.find(|a| a.ends_with(".rs") && !a.starts_with('-'));
        if source.is_some_and(|source| Path::new(source).is_absolute()) {
            self.package_folder().unwrap_or(workspace)
        } else {
            workspace
        }
    }

    /// The libraries that it is given, by name, with the index of the argument.
    pub fn externs(&self) -> impl Iterator<Item = (usize, &Path)> {
        let pairs = self.arguments.windows(2).enumerate();
        pairs.filter_map(|(index, pair)| {
            let path = pair[1].split_once('=').filter(|_| pair[0] == "--extern");
            path.map(|(_, path)| (index + 1, Path::new(path)))
        })
    }

    /// Puts `change` of its value in the place of the value after an argument, wherever it is used.
    pub fn replace(&mut self, name: &str, change: impl Fn(&str) -> Option<String>) {
        for index in 1..self.arguments.len() {
            if self.arguments[index - 1] == name {
                if let Some(changed) = change(&self.arguments[index]) {
                    self.arguments[index] = changed;
                }
            }
        }
    }
}

/// The variables that a command begins with, and the rest of it.
fn variables(mut command: &str) -> Result<(Vec<(String, String)>, &str), Unread> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut variables = Vec::new();
    while let Some((name, rest)) = command.split_once('=') {
        if !name.chars().all(is_of_name) {
            break;
        }
        let (value, rest) = rest.split_at(first_word(rest).ok_or(Unread::Unfinished)?);
        let value = shell_words::split(value).map_err(|_| Unread::Unfinished)?;
        variables.push((name.to_owned(), value.concat()));
        command = rest.trim_start();
    }
    Ok((variables, command))
}

/// How long the first word is, as a shell reads it; `None` if it goes on in the next line.
fn first_word(text: &str) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if !is_quoted => is_escaped = true,
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    (!is_quoted).then_some(text.len())
}

/// The program in the front of a command, and what a wrapper is given. Cargo quotes all but the program, so one
/// whose path has spaces comes in several words, and an apostrophe in it begins no quotation.
fn program(front: &str) -> Option<(PathBuf, Vec<String>)> {
    let spaces = front.match_indices(' ').map(|(at, _)| at);
    let mut ends = spaces.chain([front.len()]);
    let is_file = |end: &usize| Path::new(&front[..*end]).is_file();
    let end = ends.clone().find(is_file).or_else(|| ends.next())?;
    let arguments = shell_words::split(&front[end..]).ok()?;
    Some((PathBuf::from(&front[..end]), arguments))
}

/// A line that is no command of the kind that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is something else.
    Other,
    /// It is one, but goes on in the next line.
    Unfinished,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As cargo 1.95 prints it, shortened.
    const LINE: &str = r"     Running `CARGO=/t/bin/cargo CARGO_MANIFEST_DIR='/w/my game' CARGO_PKG_DESCRIPTION='It'\''s a = game' LD_LIBRARY_PATH=/t/lib /t/bin/rustc --crate-name game --edition=2021 'my game/src/lib.rs' --error-format=json --json=diagnostic-rendered-ansi,artifacts --crate-type cdylib --cfg 'feature=\x22hot\x22' -C metadata=12 -C extra-filename=-34 --out-dir /w/target/debug/deps -C incremental=/w/target/debug/incremental --extern serde=/w/target/debug/deps/libserde-5.rlib --extern proc_macro`";

    fn line() -> String {
        LINE.replace("\\x22", "\"")
    }

    #[test]
    fn a_command_is_read_with_its_variables() {
        let command = UnitCommand::parse(&line()).unwrap();
        assert_eq!(command.crate_name(), "game");
        assert_eq!(command.package_folder(), Some(Path::new("/w/my game")));
        assert_eq!(command.variables[2].1, "It's a = game");
        assert_eq!(command.program, Path::new("/t/bin/rustc"));
        assert_eq!(command.value("--cfg"), Some("feature=\"hot\""));
        assert_eq!(command.codegen("metadata"), Some("12"));
        assert_eq!(command.stem(), "game-34");
        assert_eq!(command.folder(Path::new("/w")), Path::new("/w"));
        let externs: Vec<_> = command.externs().map(|(_, path)| path).collect();
        assert_eq!(externs, [Path::new("/w/target/debug/deps/libserde-5.rlib")]);
        let outside = line().replace("'my game/src/lib.rs'", "'/w/my game/src/lib.rs'");
        let outside = UnitCommand::parse(&outside).unwrap();
        assert_eq!(outside.folder(Path::new("/v")), Path::new("/w/my game"));
    }

    #[test]
    fn a_compiler_may_have_spaces_in_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let compiler = folder.path().join("my own/a rustc");
        std::fs::create_dir(folder.path().join("my own")).unwrap();
        std::fs::write(&compiler, "").unwrap();
        let line = line().replace("/t/bin/rustc", compiler.to_str().unwrap());
        let command = UnitCommand::parse(&line).unwrap();
        assert_eq!(command.program, compiler);
        assert_eq!(command.arguments[..2], ["--crate-name", "game"]);
        // A wrapper is given the compiler as an argument.
        let wrapped = line.replace(" --crate-name", " /t/rustc --crate-name");
        let command = UnitCommand::parse(&wrapped).unwrap();
        assert_eq!(command.program, compiler);
        assert_eq!(command.arguments[0], "/t/rustc");
    }

    /// Cargo does not quote the program, and quotes an apostrophe as `'\''` and `!` as `'\!'` elsewhere.
    #[test]
    fn a_path_may_have_an_apostrophe() {
        let folder = tempfile::tempdir().unwrap();
        let compiler = folder.path().join("it's mine/rustc");
        std::fs::create_dir(folder.path().join("it's mine")).unwrap();
        std::fs::write(&compiler, "").unwrap();
        let path = compiler.to_str().unwrap();
        let line = line().replace("/t/bin/rustc", path);
        let line = line.replace("'/w/my game'", r"'/w/my friend'\''s game'\!''");
        let command = UnitCommand::parse(&line).unwrap();
        assert_eq!(command.program, compiler);
        let folder = Path::new("/w/my friend's game!");
        assert_eq!(command.package_folder(), Some(folder));
        assert_eq!(command.arguments[..2], ["--crate-name", "game"]);
        let quoted = format!("'{}'", path.replace('\'', r"'\''"));
        let wrapped = line.replace(
            &format!("{path} --crate-name"),
            &format!("/t/wrap {quoted} --crate-name"),
        );
        let command = UnitCommand::parse(&wrapped).unwrap();
        assert_eq!(command.program, Path::new("/t/wrap"));
        assert_eq!(command.arguments[..2], [path, "--crate-name"]);
        // One that is not there goes on in no further line either.
        let nowhere = line.replace(path, "/t/my friend's/rustc");
        assert_eq!(UnitCommand::parse(&nowhere), Err(Unread::Other));
    }

    #[test]
    fn a_description_may_have_several_lines() {
        let whole = line().replace("It'", "It\n'");
        let (first, second) = whole.split_once('\n').unwrap();
        assert_eq!(UnitCommand::parse(first), Err(Unread::Unfinished));
        let command = UnitCommand::parse(&format!("{first}\n{second}")).unwrap();
        assert_eq!(command.variables[2].1, "It\n's a = game");
    }

    #[test]
    fn other_lines_are_told_apart() {
        for other in [
            "   Compiling game v0.1.0",
            "     Running `OUT_DIR=/w /w/build-script-build`",
            "     Running `OUT_DIR=/w /w/it's mine/build-script-build`",
            "     Running `/t/bin/rustc --crate-name game --test src/lib.rs`",
            "     Running `/t/bin/rustc --crate-name g\u{fffd}me src/lib.rs`",
        ] {
            assert_eq!(UnitCommand::parse(other), Err(Unread::Other), "{other}");
        }
    }
}
