//! Diagrams: pages have them as text, and the program Mermaid, from npm, draws them in the browser.

use std::fs;
use std::path::{Path, PathBuf};

use super::output::folder;
use crate::run;

const VERSION: &str = "11.17.2";

/// The file of the package that a browser loads, and its place among the pages.
const PROGRAM: &str = "package/dist/mermaid.min.js";
const ASSET: &str = "assets/mermaid.js";

/// Fetches the program, or returns the reason why it cannot: pages then show diagrams as text.
pub fn program() -> Result<PathBuf, String> {
    let made = folder().join(format!("mermaid-{VERSION}"));
    let program = made.join(PROGRAM);
    if program.is_file() {
        return Ok(program);
    }
    if !run::exists("npm", "--version") {
        return Err("npm not found: pages show diagrams as text".into());
    }
    fs::create_dir_all(&made).map_err(|error| format!("{}: {error}", made.display()))?;
    let mut npm = run::command("npm");
    npm.args(["pack", "--silent", &format!("mermaid@{VERSION}")]).current_dir(&made);
    let archive = format!("mermaid-{VERSION}.tgz");
    let mut tar = run::command("tar");
    tar.args(["-xzf", &archive, PROGRAM]).current_dir(&made);
    let is_made = run::passes(&mut npm) && run::passes(&mut tar);
    let _ = fs::remove_file(made.join(archive));
    if is_made { Ok(program) } else { Err("npm cannot fetch Mermaid: pages show diagrams as text".into()) }
}

/// Copies the program to the pages.
pub fn install(program: &Path, pages: &Path) -> Result<(), String> {
    let to = pages.join(ASSET);
    fs::copy(program, &to).map(|_| ()).map_err(|error| format!("{}: {error}", to.display()))
}

/// The settings of mkdocs with which pages load the program from the site, not from the network. Lists replace those of the
/// settings that both editions share.
pub fn settings() -> String {
    format!(
        "\
extra_javascript:
  - assets/site.js
  - {ASSET}
"
    )
}
