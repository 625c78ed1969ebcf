//! The arguments of the app.

use std::path::PathBuf;

use clap::Parser;
use directories::ProjectDirs;

/// A workbench for AI-assisted development whose code can be edited while it runs.
#[derive(Parser, Clone, Debug, PartialEq, Eq)]
#[command(name = "slop", version)]
pub struct CommandLine {
    /// Where the app keeps its files: state, backups, keys, documents and the log. By default the platform's
    /// data folder.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// A file that gets one line of JSON for each finished reload.
    #[cfg(feature = "hot")]
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Ends the app after this many frames.
    #[arg(long, value_name = "N")]
    pub exit_after_frames: Option<u32>,
}

impl CommandLine {
    /// Where the app keeps its files.
    ///
    /// # Errors
    ///
    /// If none was given and the platform names none.
    pub fn data_dir(&self) -> Result<PathBuf, NoDataDir> {
        self.data_dir.clone().map_or_else(
            || {
                ProjectDirs::from("", "", "manual-slop")
                    .map(|dirs| dirs.data_dir().to_owned())
                    .ok_or(NoDataDir)
            },
            Ok,
        )
    }
}

/// The platform names no data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no home folder to keep data in; give one with --data-dir")]
pub struct NoDataDir;

#[cfg(all(test, feature = "hot"))]
mod tests {
    use super::*;

    #[test]
    fn all_arguments_are_understood() {
        let line = CommandLine::try_parse_from([
            "slop",
            "--data-dir",
            "/d",
            "--report",
            "/r",
            "--exit-after-frames",
            "3",
        ])
        .unwrap();
        assert_eq!(line.data_dir(), Ok("/d".into()));
        assert_eq!(line.report, Some("/r".into()));
        assert_eq!(line.exit_after_frames, Some(3));
        assert!(CommandLine::try_parse_from(["slop", "--exit-after-frames", "x"]).is_err());
    }
}
