//! What to build, as a command.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    configuration::{configurations, configured},
    environment,
};

/// The platform that this crate was built for, as a target triple.
pub(crate) const TARGET: &str = env!("HOT_RELOADER_TARGET");

/// The folder of the profile that this crate was built in.
const PROFILE: &str = env!("HOT_RELOADER_PROFILE");

/// What cargo is to build, and how.
///
/// Package selection, features and profile must be those of the build that made the host;
/// otherwise cargo may resolve other features and build the engine anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildConfig {
    /// The program to run as cargo.
    pub cargo: PathBuf,
    /// The folder to run it in: where the person ran cargo, since cargo's settings and relative paths
    /// count from there.
    pub folder: PathBuf,
    /// The manifest of the host.
    pub manifest: PathBuf,
    /// The profile, `dev` for the one that `cargo build` uses.
    pub profile: String,
    /// The features that are turned on besides the default ones, in the host and in each library that has them.
    pub features: Vec<String>,
    /// The target triple if cargo is to be told one, as it was for the host.
    pub target: Option<String>,
    /// The target folder that the host stands in. Cargo is told it where it would use another one.
    pub target_folder: Option<PathBuf>,
    /// Whether the host is an example or a test, which cargo builds with the `[dev-dependencies]` of its package.
    pub as_test: bool,
    /// The variables of this process that were set by `[env]` in a configuration of cargo when it began, by name:
    /// cargo sets them itself, to what is said there by then.
    pub configured: Vec<String>,
    /// Further arguments to cargo.
    pub arguments: Vec<OsString>,
    /// A build that takes longer is ended. Ten minutes by default; zero means no limit.
    pub time_limit: Duration,
}

impl BuildConfig {
    /// Builds packages that are found from the folder of a manifest, with the feature `hot`, in the
    /// profile that the running executable stands in, or was built in if it was moved.
    #[must_use]
    pub fn new(manifest_folder: impl Into<PathBuf>) -> Self {
        let executable = std::env::current_exe().ok();
        let executable = executable.filter(|file| target_folder_of(Some(file)).is_some());
        let manifest_folder = manifest_folder.into();
        let mut config = Self {
            manifest: manifest_folder.join("Cargo.toml"),
            folder: started_by_cargo().unwrap_or(manifest_folder),
            cargo: std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from),
            profile: profile_of(executable.as_deref()),
            features: vec!["hot".to_owned()],
            target: target_of(executable.as_deref()),
            target_folder: target_folder_of(executable.as_deref()).map(Path::to_owned),
            as_test: executable.as_deref().is_some_and(is_test),
            configured: Vec::new(),
            arguments: Vec::new(),
            time_limit: Duration::from_secs(600),
        };
        config.configured = configured(&configurations(&config), std::env::vars_os());
        config
    }

    /// The arguments to cargo for the library of a package.
    #[must_use]
    pub fn arguments(&self, library: &PluginLibrary) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["rustc".into(), "--manifest-path".into()];
        // As the host was built with it: a path through a link would make another package of it.
        arguments.push(self.manifest.clone().into());
        let selection = [
            "--package",
            &library.package,
            "--lib",
            "--crate-type",
            "cdylib",
            "--profile",
            &self.profile,
        ];
        arguments.extend(selection.map(Into::into));
        if !library.by_default {
            arguments.push("--no-default-features".into());
        }
        let features = library.features(&self.features);
        if !features.is_empty() {
            arguments.extend(["--features".into(), features.join(",").into()]);
        }
        if let Some(target) = &self.target {
            arguments.extend(["--target".into(), target.into()]);
        }
        if let Some(folder) = &library.target_folder {
            arguments.extend(["--target-dir".into(), folder.clone().into()]);
        }
        arguments.extend(self.arguments.iter().cloned());
        // The commands of cargo are recorded, with what they see of the environment.
        arguments.extend(["-vv", "--message-format", "json"].map(Into::into));
        if cfg!(all(unix, not(target_vendor = "apple"))) {
            // Two builds are told apart by the digest that the linker writes.
            let digest = ["--", "-C", "link-arg=-Wl,--build-id=sha1"];
            arguments.extend(digest.map(Into::into));
        }
        arguments
    }

    /// What a build sees of the environment: it is cleaned of what `cargo run` added.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut variables = environment::clean(std::env::vars_os());
        let is_configured = |name: &OsString| self.configured.iter().any(|c| name == c.as_str());
        variables.retain(|(name, _)| !is_configured(name));
        variables
    }

    /// The command, in the environment of a build.
    #[must_use]
    pub fn command(&self, library: &PluginLibrary) -> Command {
        let mut command = Command::new(&self.cargo);
        command
            .args(self.arguments(library))
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment())
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_PROGRESS_WHEN", "never");
        command
    }
}

/// A plugin library of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginLibrary {
    /// The name of its crate, or that by which the host depends on it.
    pub name: String,
    /// The id of its package, for a name may be that of another package too.
    pub package: String,
    /// The features that packages of other libraries or of the host have, and this one has not.
    pub foreign: Vec<String>,
    /// What the host and the other libraries ask of it, and of the crates that they share with it, as cargo is told
    /// it: `feature` or `dependency/feature`.
    pub united: Vec<String>,
    /// Whether its default features are on: not if the host does without them.
    pub by_default: bool,
    /// The target folder, if cargo would use another one than that of the host.
    pub target_folder: Option<PathBuf>,
}

impl PluginLibrary {
    /// One of a package of the same name, for a workspace in which no other has it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            package: name.to_owned(),
            foreign: Vec::new(),
            united: Vec::new(),
            by_default: true,
            target_folder: None,
        }
    }

    /// What cargo is told to turn on: of some features those that are not meant for others, and what is united. One
    /// that nobody has is an error of cargo's.
    #[must_use]
    pub fn features(&self, of: &[String]) -> Vec<String> {
        let is_meant = |feature: &&String| !self.foreign.contains(feature);
        let united = self.united.iter().filter(|feature| !of.contains(feature));
        of.iter().filter(is_meant).chain(united).cloned().collect()
    }
}

/// The folder that cargo was run in, if it started this program. It passes it on.
fn started_by_cargo() -> Option<PathBuf> {
    std::env::var_os("CARGO_MANIFEST_DIR")?;
    std::env::current_dir().ok()
}

/// Cargo puts executables into `<target folder>/<profile folder>`, tests into its `deps` and
/// examples into its `examples`.
fn profile_folder(executable: &Path) -> Option<&Path> {
    let parent = executable.parent()?;
    if is_test(executable) {
        parent.parent()
    } else {
        Some(parent)
    }
}

/// Whether it is a test or an example.
fn is_test(executable: &Path) -> bool {
    let folder = executable.parent();
    folder.is_some_and(|folder| folder.ends_with("deps") || folder.ends_with("examples"))
}

/// The folder that an executable was built for, by what cargo leaves in each: the target folder, or that for what
/// it takes on the way, in which tests stand.
fn target_folder_of(executable: Option<&Path>) -> Option<&Path> {
    let folder = profile_folder(executable?)?.parent()?;
    // It may itself be named after a platform.
    let around = folder.parent().filter(|_| folder.ends_with(TARGET));
    let is_marked = |folder: &&Path| {
        let mut marks = ["CACHEDIR.TAG", ".rustc_info.json"].into_iter();
        marks.any(|mark| folder.join(mark).exists())
    };
    around.into_iter().chain([folder]).find(is_marked)
}

/// If cargo was told a platform, there is a folder of its name around that of the profile.
fn target_of(executable: Option<&Path>) -> Option<String> {
    let target = target_folder_of(executable)?;
    let is_told = profile_folder(executable?)?.parent()? != target;
    is_told.then(|| TARGET.to_owned())
}

/// The folder of `dev` is `debug`.
fn profile_of(executable: Option<&Path>) -> String {
    let folder = executable.and_then(profile_folder);
    let folder = folder.and_then(|folder| folder.file_name()?.to_str());
    match folder.unwrap_or(PROFILE) {
        "debug" => "dev".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_package_profile_and_features() {
        let mut config = BuildConfig::new("/game");
        let library = PluginLibrary {
            name: "my_game".into(),
            package: "path+file:///game#my_game@0.1.0".into(),
            foreign: vec!["sounds".into()],
            united: ["hot", "bevy/png"].map(Into::into).into(),
            by_default: false,
            target_folder: Some("/built".into()),
        };
        config.profile = "dev".into();
        config.features.extend(["cheats", "sounds"].map(Into::into));
        config.arguments.push("--offline".into());
        let arguments: Vec<_> = config
            .arguments(&library)
            .into_iter()
            .map(|argument| argument.into_string().unwrap())
            .collect();
        let line = arguments.join(" ");
        assert!(
            line.starts_with(
                "rustc --manifest-path /game/Cargo.toml --package path+file:///game#my_game@0.1.0 \
                 --lib --crate-type cdylib --profile dev --no-default-features \
                 --features hot,cheats,bevy/png \
                 --target-dir /built --offline -vv --message-format json"
            ),
            "{line}"
        );
        // The tests are started by cargo, in the folder of their package.
        let here = std::env::current_dir().unwrap();
        assert_eq!(config.command(&library).get_current_dir(), Some(&*here));
    }

    #[test]
    fn the_platform_is_told_if_the_host_was_built_for_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("CACHEDIR.TAG"), "").unwrap();
        let target = |path: String| target_of(Some(&folder.path().join(path)));
        let told = Some(TARGET.to_owned());
        assert_eq!(target(format!("{TARGET}/debug/slop")), told);
        assert_eq!(target(format!("{TARGET}/fast/examples/slop")), told);
        assert_eq!(target("debug/slop".to_owned()), None);
        // The target folder has that name.
        assert_eq!(target(format!("x/{TARGET}/debug/slop")), None);
    }

    #[test]
    fn the_target_folder_is_the_one_that_cargo_left_its_marks_in() {
        let folder = tempfile::tempdir().unwrap();
        for executable in [
            "debug/slop".to_owned(),
            "debug/deps/slop-0123".to_owned(),
            format!("{TARGET}/debug/examples/slop"),
        ] {
            let executable = folder.path().join(executable);
            let check =
                |expected: Option<&Path>| assert_eq!(target_folder_of(Some(&executable)), expected);
            check(None);
            let mark = folder.path().join(".rustc_info.json");
            std::fs::write(&mark, "").unwrap();
            check(Some(folder.path()));
            std::fs::remove_file(mark).unwrap();
        }
    }

    #[track_caller]
    fn check_profile(executable: &str, profile: &str) {
        assert_eq!(profile_of(Some(Path::new(executable))), profile);
    }

    #[test]
    fn the_profile_is_that_of_the_executable() {
        check_profile("/w/target/debug/slop", "dev");
        check_profile("/w/target/release/slop", "release");
        check_profile("/w/target/debug/deps/slop-0123", "dev");
        check_profile("/w/target/fast/examples/slop", "fast");
    }

    /// Where it was moved to says nothing of how it was built. This one stands where it was built.
    #[test]
    fn the_profile_is_known_wherever_the_executable_is() {
        let executable = std::env::current_exe().unwrap();
        assert_eq!(profile_of(None), profile_of(Some(&executable)));
    }
}
