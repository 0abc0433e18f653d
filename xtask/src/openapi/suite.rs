//! Runs the document against the sandbox with schemathesis.

use std::env::consts::EXE_SUFFIX;

use crate::report::counts::TestCounts;
use crate::report::failures::Failures;
use crate::report::outcome::Outcome;
use crate::{python, run};

/// Runs the OpenAPI suite of `cargo xtask test`.
pub fn test(failures: &mut Failures) -> Outcome {
    if !run::exists("python3", "--version") {
        return Outcome::Missing("python3 not found".into());
    }
    let Some(venv) = python::environment("venv-openapi", Some("requirements-openapi.txt")) else {
        return python::no_environment();
    };
    if !run::passes(&mut run::cargo("build --quiet --package keysecure-sandbox")) {
        return Outcome::Broken(TestCounts::default(), "the sandbox was not built: see above".into());
    }
    let sandbox = run::target_dir().join("debug").join(format!("keysecure-sandbox{EXE_SUFFIX}"));
    let mut pytest = venv.python();
    pytest.current_dir(run::root()).env("KEYSECURE_SANDBOX_PROGRAM", sandbox);
    python::run_pytest(pytest, "pytest-openapi.xml", &["tests/openapi"], failures)
}
