//! Starting other programs: always from the workspace root, always shown before they run.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Write};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace root: the parent of this crate.
pub fn root() -> PathBuf {
    let here =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map(Path::to_path_buf).unwrap_or(here)
}

/// Where cargo builds, which may have been moved by `CARGO_TARGET_DIR`.
pub fn target_dir() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Where cargo keeps the packages it has fetched, if that can be told.
pub fn cargo_home() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

/// A command in the workspace root.
///
/// `cargo run` gives us variables about this crate. A nested cargo must not see them: the build script of ring watches
/// them, and would run anew on each change between here and a plain `cargo test` (briansmith/ring#2454, until the fix
/// is in a release).
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// The cargo that runs us, with these arguments separated by blanks.
pub fn cargo(args: &str) -> Command {
    let mut cargo = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args.split_whitespace());
    cargo
}

/// Runs to the end with the terminal as output. A command that cannot start has failed, and says why.
pub fn passes(command: &mut Command) -> bool {
    announce(command);
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => complain(command, &error),
    }
}

/// Runs to the end, hands every line of its output to `line` and prints it. Errors go to the terminal.
pub fn streams(command: &mut Command, mut line: impl FnMut(&str)) -> bool {
    announce(command);
    let mut attempt = || -> io::Result<bool> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        if let Some(output) = child.stdout.take() {
            let mut output = BufReader::new(output);
            let mut bytes = Vec::new();
            // By bytes: a test may print what is no UTF-8.
            while output.read_until(b'\n', &mut bytes)? > 0 {
                io::stdout().write_all(&bytes)?;
                line(String::from_utf8_lossy(&bytes).trim_end());
                bytes.clear();
            }
        }
        Ok(child.wait()?.success())
    };
    let result = attempt();
    result.unwrap_or_else(|error| complain(command, &error))
}

/// Its whole output, if it ended well.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::inherit()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program of this name can be started, judged by a harmless question.
pub fn exists(program: &str, question: &str) -> bool {
    let asked = Command::new(program).arg(question).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Whether a missing tool is a failure rather than something to skip.
pub fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty())
}

fn announce(command: &Command) {
    let program = command.get_program();
    let name = Path::new(program).file_name().unwrap_or(program);
    let words: Vec<_> = iter::once(name).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    eprintln!("\n$ {}", words.join(" "));
}

fn complain(command: &Command, error: &io::Error) -> bool {
    eprintln!("cannot run {}: {error}", command.get_program().to_string_lossy());
    false
}
