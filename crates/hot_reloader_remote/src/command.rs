//! The command `hot-reload`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Args;
use serde_json::{json, Value};

use crate::{ask, find, socket_folder, RemoteError, Reply, Request};

/// The code that was asked for runs.
pub const SUCCESS: u8 = 0;
/// The app tried and the code that ran before goes on: refused, rolled back or cancelled.
pub const NOT_RELOADED: u8 = 1;
/// There is no report: no app was found, or several, or it ended first.
pub const NO_REPORT: u8 = 2;

/// What to reload, where, and how to tell.
#[derive(Args, Clone, Debug, Default)]
pub struct ReloadArguments {
    /// Reload this module only; may be given several times
    #[arg(long = "module", value_name = "NAME")]
    pub modules: Vec<String>,
    /// Take down what `Startup`, `OnLoad` and the present state's `OnEnter` have spawned, and build it anew
    #[arg(long, conflicts_with = "announce")]
    pub rebuild: bool,
    /// Reload nothing, but say that the code was edited, so that the app builds and tries it already
    #[arg(long, conflicts_with = "modules")]
    pub announce: bool,
    /// Print the report, or the error, as one line of JSON
    #[arg(long)]
    pub json: bool,
    /// Ask the app with this process number
    #[arg(long)]
    pub pid: Option<u32>,
}

/// Asks the app for a reload and prints how it went.
#[must_use]
pub fn reload(arguments: &ReloadArguments) -> ExitCode {
    let reply = request(arguments).unwrap_or_else(Reply::error);
    // Whoever closed the output still gets the exit code.
    let _ = print(&reply, arguments.json);
    ExitCode::from(match reply {
        Reply::Report { success: true, .. } | Reply::Heard => SUCCESS,
        Reply::Report { success: false, .. } => NOT_RELOADED,
        Reply::Error { .. } => NO_REPORT,
    })
}

fn request(arguments: &ReloadArguments) -> Result<Reply, RemoteError> {
    let modules = Some(arguments.modules.clone()).filter(|modules| !modules.is_empty());
    let app = find(&socket_folder()?, arguments.pid)?;
    let request = if arguments.announce {
        Request::announcement()
    } else if arguments.rebuild {
        Request::new(modules).rebuilding()
    } else {
        Request::new(modules)
    };
    ask(&app, &request)
}

fn print(reply: &Reply, as_json: bool) -> io::Result<()> {
    let (mut out, mut err) = (io::stdout(), io::stderr());
    match reply {
        Reply::Report { report, .. } if as_json => writeln!(out, "{report}"),
        Reply::Heard if as_json => writeln!(out, "{}", json!({ "heard": true })),
        Reply::Heard => writeln!(out, "the app knows"),
        Reply::Error { error } if as_json => writeln!(out, "{}", json!({ "error": error })),
        Reply::Report {
            summary, report, ..
        } => {
            writeln!(out, "{summary}")?;
            remarks(report).try_for_each(|remark| writeln!(err, "{remark}"))
        }
        Reply::Error { error } => writeln!(err, "{error}"),
    }
}

/// What is to be told besides the outcome: why the reload did not come about, with what is not as it was, and
/// each warning.
fn remarks(report: &Value) -> impl Iterator<Item = String> + '_ {
    let error = report["error"]["text"].as_str().map(str::to_owned);
    let warnings = report["warnings"].as_array().into_iter().flatten();
    let warnings = warnings.filter_map(Value::as_str);
    error
        .into_iter()
        .chain(warnings.map(|warning| format!("warning: {warning}")))
}
