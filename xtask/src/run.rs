//! Running other programs from the workspace root. Each command line is printed before it runs.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Write};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The workspace root: the parent of this crate.
pub fn root() -> PathBuf {
    let crate_dir =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    crate_dir.parent().map(Path::to_path_buf).unwrap_or(crate_dir)
}

/// Cargo's target folder, which `CARGO_TARGET_DIR` may move.
pub fn target_dir() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The folder of this project in the user's cache folder, if the environment names one.
pub fn cache_dir() -> Option<PathBuf> {
    let folder = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = folder.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(folder.join("keysecure"))
}

/// A file's path from the workspace root, for messages.
pub fn relative(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

/// The folder in which cargo keeps fetched packages, if the environment names one.
pub fn cargo_home() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

/// The time of a release, in seconds since 1970.
static BUILD_TIME: OnceLock<u64> = OnceLock::new();

/// Sets the time that goes into archives and packages, for all commands that follow.
pub fn set_build_time(seconds: u64) {
    // The first call counts; all calls of one release have the same time.
    let _ = BUILD_TIME.set(seconds);
}

/// The time that [`set_build_time`] has set.
pub fn build_time() -> Option<u64> {
    BUILD_TIME.get().copied()
}

/// The same as `2027-01-31T00:00:00Z`.
pub fn build_time_text() -> Option<String> {
    let text = output(command("date").args(["--utc", "+%Y-%m-%dT%H:%M:%SZ"]).arg(format!("--date=@{}", build_time()?)));
    text.map(|text| text.trim().to_owned())
}

/// A command in the workspace root.
///
/// `cargo run` sets variables about this crate. A nested cargo must not see them: the build script of ring watches
/// them, and would run again on each change between here and a plain `cargo test` (briansmith/ring#2454, until the fix
/// is in a release).
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(file_name(program.as_ref()));
    command.current_dir(root());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    if let Some(seconds) = build_time() {
        // Read by maturin and others: https://reproducible-builds.org/specs/source-date-epoch/
        command.env("SOURCE_DATE_EPOCH", seconds.to_string());
    }
    command
}

/// The cargo that runs this program, with these arguments separated by spaces.
pub fn cargo(args: &str) -> Command {
    let mut cargo = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args.split_whitespace());
    cargo
}

/// The same command on one core, for measurements: waking the other end of a connection on another core costs between nothing
/// and two calls, depending on where the system places both.
pub fn on_one_core(measured: &Command) -> Command {
    let mut pinned = command("taskset");
    pinned.args(["--cpu-list", "0"]).arg(measured.get_program()).args(measured.get_args());
    for (name, value) in measured.get_envs() {
        match value {
            Some(value) => pinned.env(name, value),
            None => pinned.env_remove(name),
        };
    }
    if let Some(folder) = measured.get_current_dir() {
        pinned.current_dir(folder);
    }
    pinned
}

/// Runs a command with the terminal as its output. Returns whether it succeeded; prints the error if it cannot start.
pub fn passes(command: &mut Command) -> bool {
    announce(command);
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => report(command, &error),
    }
}

/// Runs a command, prints its output and passes each line of it to `line`. Errors go to the terminal.
pub fn streams(command: &mut Command, mut line: impl FnMut(&str)) -> bool {
    announce(command);
    let mut attempt = || -> io::Result<bool> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        if let Some(output) = child.stdout.take() {
            let mut output = BufReader::new(output);
            let mut bytes = Vec::new();
            // As bytes: a test may print text that is not UTF-8.
            while output.read_until(b'\n', &mut bytes)? > 0 {
                io::stdout().write_all(&bytes)?;
                line(String::from_utf8_lossy(&bytes).trim_end());
                bytes.clear();
            }
        }
        Ok(child.wait()?.success())
    };
    let result = attempt();
    result.unwrap_or_else(|error| report(command, &error))
}

/// The whole output of a command, if it succeeded.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::inherit()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program of this name succeeds with a harmless argument such as `--version`.
pub fn exists(program: impl AsRef<OsStr>, argument: &str) -> bool {
    let status =
        Command::new(file_name(program.as_ref())).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Whether this is CI, where a missing tool is a failure and not a skipped check.
pub fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// Tools that are scripts on Windows, which starts a script only by its whole name.
const SCRIPTS_ON_WINDOWS: [&str; 2] = ["mvn", "npm"];

/// The name of the file with a program.
fn file_name(program: &OsStr) -> OsString {
    if cfg!(windows) && SCRIPTS_ON_WINDOWS.iter().any(|script| program == *script) {
        return [program, OsStr::new(".cmd")].into_iter().collect();
    }
    program.to_owned()
}

fn announce(command: &Command) {
    let program = command.get_program();
    let name = Path::new(program).file_name().unwrap_or(program);
    let words: Vec<_> = iter::once(name).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    eprintln!("\n$ {}", words.join(" "));
}

fn report(command: &Command, error: &io::Error) -> bool {
    eprintln!("cannot run {}: {error}", command.get_program().to_string_lossy());
    false
}
