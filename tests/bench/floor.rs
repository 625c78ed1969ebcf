//! The compiler alone, and cargo alone, for the same edits.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use hot_reloader_build::{unit::UnitCommand, BuildConfig, PluginLibrary};
use hot_reloader_tests::lab;

/// The commands that make libraries, run in folders of their own with nothing around them.
pub(crate) struct Floor {
    root: PathBuf,
    config: BuildConfig,
    /// Each after those that it needs.
    commands: Vec<UnitCommand>,
    outputs: tempfile::TempDir,
}

impl Floor {
    /// Has cargo show how it builds `libraries` and the crates below them. `crates` are all of these, each
    /// after those that it needs, with a file of each.
    pub(crate) fn new(
        root: &Path,
        manifest: &Path,
        libraries: &[&str],
        crates: &[(&str, PathBuf)],
    ) -> Self {
        let config = BuildConfig {
            profile: "dev".to_owned(),
            arguments: vec!["--offline".into()],
            ..BuildConfig::new(manifest)
        };
        for (_, source) in crates {
            let text = fs::read(source).expect("the source is there");
            fs::write(source, text).expect("it can be written");
        }
        let mut said = String::new();
        for library in libraries {
            let output = cargo(root, &config, library)
                .stderr(Stdio::piped())
                .output();
            said += &String::from_utf8_lossy(&output.expect("cargo runs").stderr);
        }
        let commands: Vec<UnitCommand> = said
            .lines()
            .filter_map(|l| UnitCommand::parse(l).ok())
            .collect();
        let commands = crates.iter().map(|(name, _)| {
            let mut of_crate = commands.iter().filter(|c| c.crate_name() == *name);
            of_crate
                .next_back()
                .unwrap_or_else(|| panic!("cargo did not build {name}:\n{said}"))
                .clone()
        });
        let floor = Self {
            root: root.to_owned(),
            config,
            commands: commands.collect(),
            outputs: tempfile::tempdir().expect("a folder can be made"),
        };
        for command in &floor.commands {
            assert!(
                floor.run(command),
                "{} does not compile",
                command.crate_name()
            );
        }
        floor
    }

    /// How long the compiler takes for some crates, in milliseconds: one step after the other, all crates of
    /// a step at once.
    pub(crate) fn compile(&self, steps: &[&[&str]]) -> f64 {
        self.compile_as(steps, None)
    }

    /// The same as if they were crates of which it remembers nothing: a full build of them. `number` was
    /// not used before.
    pub(crate) fn compile_anew(&self, steps: &[&[&str]], number: usize) -> f64 {
        self.compile_as(steps, Some(number))
    }

    fn compile_as(&self, steps: &[&[&str]], number: Option<usize>) -> f64 {
        let start = Instant::now();
        for crates in steps {
            let of_step = |command: &&UnitCommand| crates.contains(&command.crate_name());
            thread::scope(|scope| {
                for command in self.commands.iter().filter(of_step) {
                    let mut command = command.clone();
                    if let Some(number) = number {
                        command.replace("-C", |option| {
                            let is_name = option.starts_with("metadata=");
                            is_name.then(|| format!("{option}-{number}"))
                        });
                    }
                    scope.spawn(move || self.run(&command));
                }
            });
        }
        start.elapsed().as_secs_f64() * 1000.0
    }

    /// How long cargo takes for some libraries, one after the other, in milliseconds. It builds them so: each
    /// is a command of its own.
    pub(crate) fn cargo(&self, libraries: &[&str]) -> f64 {
        let start = Instant::now();
        for library in libraries {
            let mut cargo = cargo(&self.root, &self.config, library);
            cargo.stderr(Stdio::null()).status().expect("cargo runs");
        }
        start.elapsed().as_secs_f64() * 1000.0
    }

    fn run(&self, recorded: &UnitCommand) -> bool {
        let outputs = self.outputs.path();
        let mut command = recorded.clone();
        command.replace("--out-dir", |_| Some(outputs.display().to_string()));
        command.replace("-C", |option| {
            let is_folder = option.starts_with("incremental=");
            is_folder.then(|| format!("incremental={}", outputs.join("incremental").display()))
        });
        command.replace("--extern", |library| {
            let (name, path) = library.split_once('=')?;
            let ours = outputs.join(Path::new(path).file_name()?);
            ours.exists().then(|| format!("{name}={}", ours.display()))
        });
        let status = Command::new(&command.program)
            .args(&command.arguments)
            .envs(command.variables.iter().cloned())
            .current_dir(command.folder(&self.root))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.expect("the compiler runs").success()
    }
}

fn cargo(root: &Path, config: &BuildConfig, library: &str) -> Command {
    let mut command = lab::cargo();
    command
        .args(config.arguments(&PluginLibrary::named(library)))
        .current_dir(root)
        .stdout(Stdio::null());
    command
}
