//! `cargo xtask fuzz`: one fuzz target for a number of executions, with cargo-fuzz.

use crate::run;

/// Runs `fuzz TARGET [EXECUTIONS] [LIBFUZZER_ARGUMENTS]`: new inputs are stored in `tests/fuzz/corpus/TARGET`.
pub fn run(args: &[String]) -> bool {
    let Some((target, rest)) = args.split_first() else {
        return run::passes(&mut cargo_fuzz("list"));
    };
    let (executions, rest) = match rest.split_first() {
        Some((count, rest)) if count.bytes().all(|byte| byte.is_ascii_digit()) => (count.as_str(), rest),
        _ => ("1000000", rest),
    };
    let mut fuzz = cargo_fuzz("run --sanitizer none");
    if target == "ca_pem" {
        fuzz.args(["--features", "http"]);
    }
    fuzz.arg(target).args(["--", "-max_len=2048", "-print_final_stats=1"]);
    run::passes(fuzz.arg(format!("-runs={executions}")).args(rest))
}

/// A command of cargo-fuzz on stable Rust: the code under test is safe Rust, which needs no sanitizer, and
/// `RUSTC_BOOTSTRAP` enables the remaining flags.
fn cargo_fuzz(args: &str) -> std::process::Command {
    let mut command = run::cargo("fuzz");
    command.args(args.split_whitespace()).args(["--fuzz-dir", "tests/fuzz"]).env("RUSTC_BOOTSTRAP", "1");
    command
}
