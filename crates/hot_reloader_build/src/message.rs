//! What cargo prints, as far as a reload wants to know it.

use std::path::{Path, PathBuf};

use cargo_metadata::{
    diagnostic::{self, DiagnosticLevel, DiagnosticSpan},
    CrateType, Message,
};

use crate::{
    outcome::Place,
    unit::{UnitCommand, Unread},
    BuildError, Diagnostic, PluginLibrary, Workspace,
};

/// Lines of cargo's own text that are kept.
const TAIL: usize = 40;

/// The codes of errors that are about the libraries which the compiler is given: one is missing, or is another one than
/// those that need it were compiled with. Cargo builds them anew.
const OF_LIBRARIES: [&str; 8] = [
    "E0460", "E0461", "E0462", "E0463", "E0464", "E0514", "E0519", "E0786",
];

/// Gathers what a build prints until it is known how it ended.
#[derive(Debug)]
pub struct Transcript {
    package: String,
    root: PathBuf,
    hot: Vec<String>,
    library: Option<PathBuf>,
    /// The packages that were compiled besides those that may change, by name.
    pub(crate) compiled: Vec<String>,
    errors: Vec<Diagnostic>,
    /// Whether one of them is about a library that the compiler was given.
    is_about_libraries: bool,
    text: Vec<String>,
    /// The calls of the compiler that make a library.
    pub(crate) commands: Vec<UnitCommand>,
    /// The libraries of packages that may change, by id.
    pub(crate) made: Vec<(String, PathBuf)>,
    /// A call that goes on in the next line.
    unfinished: Option<String>,
}

impl Transcript {
    /// For a build in `workspace`.
    #[must_use]
    pub fn new(workspace: &Workspace) -> Self {
        Self {
            package: String::new(),
            root: workspace.root.clone(),
            hot: workspace
                .hot
                .iter()
                .map(|hot| hot.package.clone())
                .collect(),
            library: None,
            compiled: Vec::new(),
            errors: Vec::new(),
            is_about_libraries: false,
            text: Vec::new(),
            commands: Vec::new(),
            made: Vec::new(),
            unfinished: None,
        }
    }

    /// Of the library of this package.
    #[must_use]
    pub fn of(self, library: &PluginLibrary) -> Self {
        Self {
            package: library.package.clone(),
            ..self
        }
    }

    /// Takes in one message from the standard output.
    pub fn message(&mut self, message: Message) {
        match message {
            Message::CompilerArtifact(artifact) => {
                let id = artifact.package_id.repr;
                let is_library = artifact.target.crate_types.contains(&CrateType::CDyLib);
                if is_library && id == self.package {
                    self.library = artifact
                        .filenames
                        .iter()
                        .find(|file| file.extension() == Some(std::env::consts::DLL_EXTENSION))
                        .map(|file| file.clone().into_std_path_buf());
                }
                let is_hot = self.hot.contains(&id);
                if is_hot {
                    let mut files = artifact.filenames.iter();
                    let rlib = files.find(|file| file.extension() == Some("rlib"));
                    let made = rlib.map(|rlib| (id.clone(), rlib.clone().into_std_path_buf()));
                    self.made.extend(made);
                }
                let name = package_name(&id);
                if !artifact.fresh && !is_hot && !self.compiled.contains(&name) {
                    self.compiled.push(name);
                }
            }
            Message::CompilerMessage(message) => self.diagnostic(&message.message),
            Message::TextLine(line) if !is_of_script(&line) => self.text(line),
            _ => {}
        }
    }

    /// Takes in one line of cargo's standard error, and returns it if a person wants to see it.
    pub fn cargo_said(&mut self, line: String) -> Option<String> {
        let text = match self.unfinished.take() {
            Some(begun) => format!("{begun}\n{line}"),
            None => line,
        };
        match UnitCommand::parse(&text) {
            Ok(command) => {
                self.commands.push(command);
                return None;
            }
            Err(Unread::Unfinished) => {
                self.unfinished = Some(text);
                return None;
            }
            Err(Unread::Other) => {}
        }
        // What cargo tells besides when it is asked for its commands.
        let shown = text.trim();
        let is_besides = ["Fresh ", "Dirty ", "Running `"].map(|word| shown.starts_with(word));
        if is_besides != [false; 3] || is_of_script(shown) {
            return None;
        }
        let shown = shown.to_owned();
        self.text(text);
        Some(shown)
    }

    /// Takes in one line of text.
    pub fn text(&mut self, line: String) {
        if self.text.len() == TAIL {
            self.text.remove(0);
        }
        self.text.push(line);
    }

    /// Takes in what the compiler has to say of the code.
    pub fn diagnostic(&mut self, diagnostic: &diagnostic::Diagnostic) {
        let is_error = matches!(
            diagnostic.level,
            DiagnosticLevel::Error | DiagnosticLevel::Ice
        );
        // "aborting due to 2 previous errors" has neither code nor place and says nothing new.
        if !is_error || diagnostic.message.starts_with("aborting due to") {
            return;
        }
        let code = diagnostic.code.as_ref().map(|code| &*code.code);
        self.is_about_libraries |= code.is_some_and(|code| OF_LIBRARIES.contains(&code));
        self.errors.push(Diagnostic {
            message: diagnostic.message.clone(),
            place: diagnostic
                .spans
                .iter()
                .find(|span| span.is_primary)
                .map(|span| self.place(span)),
            rendered: diagnostic
                .rendered
                .clone()
                .unwrap_or_else(|| diagnostic.message.clone()),
        });
    }

    /// Where a person wrote it: for an error inside a macro, where the macro was called.
    fn place(&self, span: &DiagnosticSpan) -> Place {
        let mut span = span;
        while let Some(expansion) = &span.expansion {
            span = &expansion.span;
        }
        Place {
            // The compiler runs in the folder of the workspace.
            file: self.root.join(&span.file_name),
            line: span.line_start,
            column: span.column_start,
        }
    }

    /// Forgets what was made elsewhere than in this folder: of a crate that the library needs and a macro too,
    /// the form that runs in the compiler.
    pub(crate) fn forget_all_but(&mut self, folder: &Path) {
        self.made.retain(|(_, made)| made.parent() == Some(folder));
        self.commands
            .retain(|command| command.out_dir() == Some(folder));
    }

    /// Whether the code has errors.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether a person wrote all of them.
    #[must_use]
    pub fn errors_are_of_the_code(&self) -> bool {
        !self.is_about_libraries && self.errors.iter().all(|error| error.place.is_some())
    }

    /// The errors of the code, if it has any.
    pub fn take_errors(&mut self) -> Option<BuildError> {
        let errors = std::mem::take(&mut self.errors);
        (!errors.is_empty()).then_some(BuildError::Errors(errors))
    }

    /// The library that was built, given that cargo exited with `status`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Errors`], [`BuildError::Failed`] and [`BuildError::NoLibrary`].
    pub fn finish(&mut self, status: std::process::ExitStatus) -> Result<PathBuf, BuildError> {
        if !status.success() {
            return Err(self.take_errors().unwrap_or_else(|| BuildError::Failed {
                status: status.to_string(),
                tail: self.tail(),
            }));
        }
        self.library.take().ok_or_else(|| BuildError::NoLibrary {
            package: package_name(&self.package),
        })
    }

    /// The end of cargo's own text.
    #[must_use]
    pub fn tail(&self) -> String {
        self.text.join("\n")
    }
}

/// Whether a line is what a build script said to cargo: `[game 0.1.0] cargo:rustc-cfg=…`.
fn is_of_script(line: &str) -> bool {
    let said = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "));
    said.is_some_and(|(_, said)| said.starts_with("cargo:"))
}

/// The name in a package id, whose forms are `path+file:///game#0.1.0`,
/// `path+file:///game#name@0.1.0` and `registry+https://…#name@1.0.0`.
pub(crate) fn package_name(id: &str) -> String {
    let (source, fragment) = id.split_once('#').unwrap_or(("", id));
    match fragment.split_once('@') {
        Some((name, _version)) => name.to_owned(),
        None => source.rsplit('/').next().unwrap_or(source).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages as cargo 1.95 printed them, shortened.
    const ARTIFACT: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///w/game#0.1.0","manifest_path":"/w/game/Cargo.toml","target":{"kind":["cdylib"],"crate_types":["cdylib"],"name":"game","src_path":"/w/game/src/lib.rs","edition":"2021","doc":true,"doctest":false,"test":true},"profile":{"opt_level":"0","debuginfo":2,"debug_assertions":true,"overflow_checks":true,"test":false},"features":[],"filenames":["/w/target/debug/libgame.so"],"executable":null,"fresh":false}"#;
    const ERROR: &str = r#"{"reason":"compiler-message","package_id":"path+file:///w/game#0.1.0","manifest_path":"/w/game/Cargo.toml","target":{"kind":["cdylib"],"crate_types":["cdylib"],"name":"game","src_path":"/w/game/src/lib.rs","edition":"2021","doc":true,"doctest":false,"test":true},"message":{"rendered":"error[E0425]: cannot find value `x`\n","$message_type":"diagnostic","children":[],"code":null,"level":"error","message":"cannot find value `x`","spans":[{"byte_end":17,"byte_start":16,"column_end":18,"column_start":17,"expansion":{"def_site_span":null,"macro_decl_name":"show!","span":{"byte_end":60,"byte_start":50,"column_end":15,"column_start":5,"expansion":null,"file_name":"src/lib.rs","is_primary":false,"label":null,"line_end":9,"line_start":9,"suggested_replacement":null,"suggestion_applicability":null,"text":[]}},"file_name":"src/lib.rs","is_primary":true,"label":null,"line_end":2,"line_start":2,"suggested_replacement":null,"suggestion_applicability":null,"text":[]}]}}"#;

    fn transcript(lines: &str) -> Transcript {
        let workspace = Workspace::of_one("path+file:///w/game#0.1.0", "game", "/w/game");
        let mut transcript = Transcript::new(&workspace).of(&workspace.libraries[0]);
        for message in Message::parse_stream(lines.as_bytes()) {
            transcript.message(message.unwrap());
        }
        transcript
    }

    fn exited(code: u8) -> std::process::ExitStatus {
        std::process::Command::new("sh")
            .args(["-c", &format!("exit {code}")])
            .status()
            .unwrap()
    }

    #[test]
    fn the_library_is_chosen_by_package_and_kind() {
        let mut heard = transcript(ARTIFACT);
        let library = heard.finish(exited(0)).unwrap();
        assert_eq!(library, Path::new("/w/target/debug/libgame.so"));
        assert_eq!(heard.compiled, [""; 0], "it is what may change");
        // Another package of the same name.
        let other = ARTIFACT.replace("/w/game#", "/w/other#game@");
        assert!(matches!(
            transcript(&other).finish(exited(0)),
            Err(BuildError::NoLibrary { package }) if package == "game"
        ));
    }

    #[test]
    fn an_error_in_a_macro_is_placed_where_the_macro_is_called() {
        let error = transcript(ERROR).finish(exited(101)).unwrap_err();
        let place = error.diagnostics()[0].place.clone().unwrap();
        assert_eq!(place.to_string(), "/w/game/src/lib.rs:9:5");
        assert!(error.to_string().contains("E0425"));
    }

    #[test]
    fn an_error_about_a_library_is_none_of_the_code() {
        assert!(transcript(ERROR).errors_are_of_the_code());
        let code = r#""code":{"code":"E0460","explanation":null}"#;
        let of_library = ERROR.replace("\"code\":null", code);
        assert!(!transcript(&of_library).errors_are_of_the_code());
    }

    #[test]
    fn a_failure_without_errors_keeps_cargos_words() {
        let mut transcript = transcript("not json\n");
        transcript.text("error: failed to parse manifest".into());
        let error = transcript.finish(exited(101)).unwrap_err();
        assert!(matches!(
            &error,
            BuildError::Failed { tail, .. } if tail == "not json\nerror: failed to parse manifest"
        ));
    }

    #[test]
    fn what_a_person_does_not_ask_for_is_kept_from_them() {
        let mut transcript = transcript("[script 0.1.0] cargo:rerun-if-changed=x\n");
        let lines = [
            "       Fresh serde v1.0.0",
            "       Dirty game v0.1.0 (/w/game): the file `src/lib.rs` has changed",
            "     Running `CARGO_PKG_DESCRIPTION='two",
            "lines' /t/rustc --crate-name game game/src/lib.rs --crate-type cdylib`",
            "     Running `/w/target/debug/build/script-1/build-script-build`",
            "     Running `/w/it's/target/debug/build/script-1/build-script-build`",
        ];
        for line in lines {
            assert_eq!(transcript.cargo_said(line.to_owned()), None, "{line}");
        }
        let said = transcript.cargo_said("   Compiling game v0.1.0".to_owned());
        assert_eq!(said.as_deref(), Some("Compiling game v0.1.0"));
        assert_eq!(transcript.tail(), "   Compiling game v0.1.0");
        let names: Vec<_> = transcript
            .commands
            .iter()
            .map(UnitCommand::crate_name)
            .collect();
        assert_eq!(names, ["game"]);
    }

    #[test]
    fn names_are_found_in_every_form_of_package_id() {
        assert_eq!(package_name("path+file:///w/game#0.1.0"), "game");
        assert_eq!(package_name("path+file:///w/dir#game@0.1.0"), "game");
        assert_eq!(
            package_name("registry+https://r/index#serde@1.0.0"),
            "serde"
        );
    }
}
