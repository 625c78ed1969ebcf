//! What cargo prints, as far as a reload wants to know it.

use std::path::PathBuf;

use cargo_metadata::{
    diagnostic::{DiagnosticLevel, DiagnosticSpan},
    CompilerMessage, CrateType, Message,
};

use crate::{outcome::Place, BuildError, BuildOutcome, Built, Diagnostic, Workspace};

/// Lines of cargo's own text that are kept.
const TAIL: usize = 40;

/// Gathers what a build prints until it is known how it ended.
#[derive(Debug)]
pub struct Transcript {
    workspace: Workspace,
    library: Option<PathBuf>,
    compiled: Vec<String>,
    errors: Vec<Diagnostic>,
    text: Vec<String>,
}

impl Transcript {
    /// For a build of the plugin library of `workspace`.
    #[must_use]
    pub fn new(workspace: Workspace) -> Self {
        Self {
            workspace,
            library: None,
            compiled: Vec::new(),
            errors: Vec::new(),
            text: Vec::new(),
        }
    }

    /// Takes in one message from the standard output.
    pub fn message(&mut self, message: Message) {
        match message {
            Message::CompilerArtifact(artifact) => {
                let id = artifact.package_id.repr;
                let is_library = artifact.target.crate_types.contains(&CrateType::CDyLib);
                if is_library && id == self.workspace.package {
                    self.library = artifact
                        .filenames
                        .iter()
                        .find(|file| file.extension() == Some(std::env::consts::DLL_EXTENSION))
                        .map(|file| file.clone().into_std_path_buf());
                }
                let is_hot = self.workspace.hot.contains(&id);
                let name = package_name(&id);
                if !artifact.fresh && !is_hot && !self.compiled.contains(&name) {
                    self.compiled.push(name);
                }
            }
            Message::CompilerMessage(message) => self.diagnostic(&message),
            Message::TextLine(line) => self.text(line),
            _ => {}
        }
    }

    /// Takes in one line of cargo's own text.
    pub fn text(&mut self, line: String) {
        if self.text.len() == TAIL {
            self.text.remove(0);
        }
        self.text.push(line);
    }

    fn diagnostic(&mut self, message: &CompilerMessage) {
        let diagnostic = &message.message;
        let is_error = matches!(
            diagnostic.level,
            DiagnosticLevel::Error | DiagnosticLevel::Ice
        );
        // "aborting due to 2 previous errors" has neither code nor place and says nothing new.
        if !is_error || diagnostic.message.starts_with("aborting due to") {
            return;
        }
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
            file: self.workspace.root.join(&span.file_name),
            line: span.line_start,
            column: span.column_start,
        }
    }

    /// How the build ended, given that cargo exited with `status`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Errors`], [`BuildError::Failed`] and [`BuildError::NoLibrary`].
    pub fn finish(self, status: std::process::ExitStatus) -> BuildOutcome {
        if !status.success() {
            if self.errors.is_empty() {
                return Err(BuildError::Failed {
                    status: status.to_string(),
                    tail: self.tail(),
                });
            }
            return Err(BuildError::Errors(self.errors));
        }
        match self.library {
            Some(library) => Ok(Built {
                library,
                recompiled: self.compiled,
                workspace: self.workspace,
            }),
            None => Err(BuildError::NoLibrary {
                package: package_name(&self.workspace.package),
            }),
        }
    }

    /// The end of cargo's own text.
    #[must_use]
    pub fn tail(&self) -> String {
        self.text.join("\n")
    }
}

/// The name in a package id, whose forms are `path+file:///game#0.1.0`,
/// `path+file:///game#name@0.1.0` and `registry+https://…#name@1.0.0`.
fn package_name(id: &str) -> String {
    let (source, fragment) = id.split_once('#').unwrap_or(("", id));
    match fragment.split_once('@') {
        Some((name, _version)) => name.to_owned(),
        None => source.rsplit('/').next().unwrap_or(source).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Messages as cargo 1.95 printed them, shortened.
    const ARTIFACT: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///w/game#0.1.0","manifest_path":"/w/game/Cargo.toml","target":{"kind":["cdylib"],"crate_types":["cdylib"],"name":"game","src_path":"/w/game/src/lib.rs","edition":"2021","doc":true,"doctest":false,"test":true},"profile":{"opt_level":"0","debuginfo":2,"debug_assertions":true,"overflow_checks":true,"test":false},"features":[],"filenames":["/w/target/debug/libgame.so"],"executable":null,"fresh":false}"#;
    const ERROR: &str = r#"{"reason":"compiler-message","package_id":"path+file:///w/game#0.1.0","manifest_path":"/w/game/Cargo.toml","target":{"kind":["cdylib"],"crate_types":["cdylib"],"name":"game","src_path":"/w/game/src/lib.rs","edition":"2021","doc":true,"doctest":false,"test":true},"message":{"rendered":"error[E0425]: cannot find value `x`\n","$message_type":"diagnostic","children":[],"code":null,"level":"error","message":"cannot find value `x`","spans":[{"byte_end":17,"byte_start":16,"column_end":18,"column_start":17,"expansion":{"def_site_span":null,"macro_decl_name":"show!","span":{"byte_end":60,"byte_start":50,"column_end":15,"column_start":5,"expansion":null,"file_name":"src/lib.rs","is_primary":false,"label":null,"line_end":9,"line_start":9,"suggested_replacement":null,"suggestion_applicability":null,"text":[]}},"file_name":"src/lib.rs","is_primary":true,"label":null,"line_end":2,"line_start":2,"suggested_replacement":null,"suggestion_applicability":null,"text":[]}]}}"#;

    fn transcript(lines: &str) -> Transcript {
        let mut transcript = Transcript::new(Workspace {
            package: "path+file:///w/game#0.1.0".into(),
            root: "/w/game".into(),
            target_folder: "/w/target".into(),
            hot: vec!["path+file:///w/game#0.1.0".into()],
            crates: vec!["game".into()],
            manifests: crate::workspace::Manifests::default(),
        });
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
        let built = transcript(ARTIFACT).finish(exited(0)).unwrap();
        assert_eq!(built.library, Path::new("/w/target/debug/libgame.so"));
        assert_eq!(built.recompiled, [""; 0], "it is what may change");
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
    fn names_are_found_in_every_form_of_package_id() {
        assert_eq!(package_name("path+file:///w/game#0.1.0"), "game");
        assert_eq!(package_name("path+file:///w/dir#game@0.1.0"), "game");
        assert_eq!(
            package_name("registry+https://r/index#serde@1.0.0"),
            "serde"
        );
    }
}
