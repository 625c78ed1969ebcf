//! The apps of other reloaders, built and started.

use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use hot_reloader_tests::lab::{self, edit, Profile};

use super::{
    process::{is_error, Process},
    Afterwards, Peer, LIMIT,
};

/// Its own tools build an engine of their own before the first output.
const BUILD_LIMIT: Duration = Duration::from_secs(45 * 60);

/// What has the engine built as for the fixture.
const HOT: &str = "\n[features]\ndefault = [\"hot\"]\nhot = [\"hot_reloader/hot\"]\n";

/// As in its example with Bevy: the types in one crate, the functions in another, and the host.
///
/// Cargo counts features by what is selected. The library has all dependencies of the host, which it does not
/// use, so that both have one engine.
pub(super) fn hot_lib() -> Result<Peer, String> {
    const RELOADER: &str = "\n[dependencies.hot-lib-reloader]\nversion = \"=0.8.2\"\n";
    const STATE: &str = "\n[dependencies.peer_hot_lib_state]\npath = \"STATE\"\n";
    const CODE: &str = "\n[dependencies.peer_hot_lib_code]\npath = \"code\"\n";
    let folder = lab::workspace(
        "peer_hot_lib",
        &format!("{HOT}{RELOADER}{}{CODE}", STATE.replace("STATE", "state")),
    );
    lab::member(&folder.join("state"), "peer_hot_lib_state", HOT);
    lab::member(
        &folder.join("code"),
        "peer_hot_lib_code",
        &format!(
            "\n[lib]\ncrate-type = [\"rlib\", \"dylib\"]\n{HOT}{RELOADER}{}",
            STATE.replace("STATE", "../state")
        ),
    );
    let libraries = Profile::Dev.folder().display().to_string();
    let host = edit(
        &fixture_text("hot_lib/src/main.rs"),
        "LIBRARIES",
        &libraries,
    );
    lab::write(&folder.join("src/main.rs"), &host);
    lab::write(&folder.join("src/frames.rs"), &fixture_text("frames.rs"));
    for source in ["state/src/lib.rs", "code/src/lib.rs"] {
        lab::write(
            &folder.join(source),
            &fixture_text(&format!("hot_lib/{source}")),
        );
    }
    let library = ["build", "--package", "peer_hot_lib_code"];
    build_online(&folder)?;
    run(&mut cargo(&folder, &library))?;
    let mut build = cargo(&folder, &library);
    build.arg("--offline");
    let mut app = lab::launch("peer_hot_lib", Profile::Dev);
    let app = Process::start(&mut app, "peer_hot_lib")?;
    app.said("@v1", LIMIT)?;
    let file = folder.join("code/src/lib.rs");
    Ok(Peer::new(app, file, Afterwards::Build(vec![build])))
}

/// Its plugin in a host that stands in for its tools, as this reloader uses it.
pub(super) fn dexterous_cycle() -> Result<Peer, String> {
    let folder = lab::workspace(
        "peer_dexterous",
        &format!("{HOT}\n\
         [dependencies.bevy_dexterous_developer]\nversion = \"=0.4.0-alpha.3\"\nfeatures = [\"hot\"]\n\n\
         [dependencies.dexterous_developer_instance]\nversion = \"=0.4.0-alpha.3\"\nfeatures = [\"runner\", \"hot\"]\n\n\
         [dependencies.safer-ffi]\nversion = \"0.1\"\n"),
    );
    for source in ["lib.rs", "main.rs"] {
        let text = fixture_text(&format!("dexterous/src/{source}"));
        lab::write(&folder.join("src").join(source), &text);
    }
    lab::write(&folder.join("src/frames.rs"), &fixture_text("frames.rs"));
    let metadata = ["metadata", "--offline", "--format-version", "1"];
    let library = [
        "rustc",
        "--offline",
        "--lib",
        "--crate-type",
        "dylib",
        "--profile",
        "dev",
        "--message-format",
        "json-render-diagnostics",
    ];
    run(&mut cargo(&folder, &["build", "--offline"]))?;
    run(&mut cargo(&folder, &library))?;
    let built = Profile::Dev.folder().join("libpeer_dexterous.so");
    let mut app = lab::launch("peer_dexterous", Profile::Dev);
    app.arg(copy_of(&built, 0)?);
    let app = Process::start(&mut app, "peer_dexterous")?;
    app.said("@v1", LIMIT)?;
    let commands = vec![cargo(&folder, &metadata), cargo(&folder, &library)];
    let afterwards = Afterwards::BuildAndLoad(commands, built);
    Ok(Peer::new(app, folder.join("src/lib.rs"), afterwards))
}

/// Its tools, and an app in the form of its documentation with the one addition without which no new code
/// would ever run: a Bevy that is linked dynamically.
pub(super) fn dexterous_tools() -> Result<Peer, String> {
    const TOOLS: &str = r#"
anyhow = "1"
camino = "1"
dexterous_developer_builder = "=0.4.0-alpha.3"
dexterous_developer_dylib_runner = "=0.4.0-alpha.3"
dexterous_developer_manager = "=0.4.0-alpha.3"
dexterous_developer_types = { version = "=0.4.0-alpha.3", features = ["config"] }
tokio = { version = "1", features = ["full"] }
# The manager uses this feature without asking for it.
tower = { version = "0.4", features = ["util"] }
url = "2"
"#;
    const APP: &str = r#"
bevy = { version = "=0.14.2", default-features = false, features = [
    "bevy_state", "dynamic_linking", "multi_threaded", "serialize",
] }
bevy_dexterous_developer = { version = "=0.4.0-alpha.3", features = ["hot"] }
ron = "0.8"
serde = { version = "1", features = ["derive"] }
"#;
    // Its builder looks for a `lib` and makes a `dylib` of it; to one that is no more cargo gives no files to link.
    const LIBRARY: &str = "\n[lib]\ncrate-type = [\"lib\", \"dylib\"]\n";
    let tools = lab::workspace_with(
        "peer_dexterous_tools",
        "\n[[bin]]\nname = \"peer_dexterous_tools\"\npath = \"src/main.rs\"\n\n\
         [[bin]]\nname = \"dexterous_developer_rustc_wrapper\"\npath = \"src/wrapper.rs\"\n",
        TOOLS,
    );
    for source in ["main.rs", "wrapper.rs"] {
        let text = fixture_text(&format!("dexterous_tools/src/{source}"));
        lab::write(&tools.join("src").join(source), &text);
    }
    build_online(&tools)?;
    let folder = lab::workspace_with("peer_dexterous_app", LIBRARY, APP);
    lab::write(
        &folder.join("src/lib.rs"),
        &fixture_text("dexterous/src/lib.rs"),
    );
    lab::write(&folder.join("src/frames.rs"), &fixture_text("frames.rs"));
    lab::write(
        &folder.join("Dexterous.toml"),
        "code_watch_folders = [\"./src\"]\n",
    );
    start_tools(&folder)
}

fn start_tools(folder: &Path) -> Result<Peer, String> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let built = folder.join(format!("target/hot-reload/{target}/{target}/debug"));
    // The loader does not look again for a folder that was not there.
    fs::create_dir_all(built.join("deps")).map_err(|error| error.to_string())?;
    let built = built.canonicalize().map_err(|error| error.to_string())?;
    let std = Command::new("rustc")
        .args(["--print", "target-libdir"])
        .output();
    let std = String::from_utf8(std.expect("rustc runs").stdout).expect("a path");
    let std = Path::new(std.trim());
    // Its builder wants a linker by the name of `ld.lld`, which the toolchain has here.
    let linkers = std.with_file_name("bin").join("gcc-ld");
    let port = free_port().map_err(|error| error.to_string())?.to_string();
    let tool = |arguments: &[&str]| {
        let mut tool = lab::launch("peer_dexterous_tools", Profile::Dev);
        tool.args(arguments)
            .current_dir(folder)
            .env_remove("CARGO_TARGET_DIR");
        tool
    };
    let path = std::env::var("PATH").unwrap_or_default();
    let here = Profile::Dev.folder();
    let path = format!("{}:{}:{path}", here.display(), linkers.display());
    let mut serve = tool(&["serve", &port]);
    serve.env("PATH", path).env("CARGO_NET_OFFLINE", "true");
    let server = Process::start(&mut serve, "peer_dexterous_server")?;
    wait_for(&port)?;
    let libraries = built.display().to_string();
    let mut run = tool(&["run", &port, &libraries]);
    run.env(
        "LD_LIBRARY_PATH",
        format!("{libraries}:{libraries}/deps:{}", std.display()),
    );
    let mut app = Process::start(&mut run, "peer_dexterous_runner")?;
    let start = Instant::now();
    loop {
        match app.said("@v1", Duration::from_secs(5)) {
            Ok(_) => break,
            Err(reason) if app.has_ended() || start.elapsed() > BUILD_LIMIT => return Err(reason),
            Err(_) => {}
        }
        if let Some(complaint) = server.complaint() {
            return Err(complaint);
        }
    }
    let file = folder.join("src/lib.rs");
    Ok(Peer::new(app, file, Afterwards::Nothing(server)))
}

/// A source of a peer.
fn fixture_text(path: &str) -> String {
    let path = lab::root().join("tests/fixtures/peers").join(path);
    fs::read_to_string(path).expect("the source is there")
}

fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let mut cargo = lab::cargo();
    cargo.args(arguments).current_dir(folder);
    cargo
}

/// Builds what has dependencies that the workspace does not have. Of those it takes the newest versions that
/// this compiler builds.
fn build_online(folder: &Path) -> Result<(), String> {
    let mut build = cargo(folder, &["build"]);
    run(build.env("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "fallback"))
}

pub(super) fn run_all(commands: &mut [Command]) -> Result<(), String> {
    commands.iter_mut().try_for_each(run)
}

/// Runs a command. If it fails, the error is the first line that says why.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| is_error(line));
    let line = line.or_else(|| said.lines().last()).unwrap_or("no word");
    Err(format!("it does not build: {}", line.trim()))
}

/// A copy of a library under a name that was not used before.
pub(super) fn copy_of(library: &Path, number: usize) -> Result<PathBuf, String> {
    let folder = lab::lab().join("peer_dexterous/loaded");
    let copy = folder.join(format!("libpeer_dexterous.{number}.so"));
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(library, &copy))
        .map_err(|error| format!("cannot copy {}: {error}", library.display()))?;
    Ok(copy)
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_for(port: &str) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if TcpStream::connect(format!("127.0.0.1:{port}")).is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err("its server does not listen".to_owned())
}
