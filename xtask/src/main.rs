//! `cargo xtask`: the commands that build, judge and measure the project. Plain std, so that it starts at once.

mod android;
mod apple;
mod bench;
mod bindings;
mod campaign;
mod check;
mod deny;
mod deps;
mod faces;
mod failures;
mod fuzz;
mod kotlin;
mod link;
mod package;
mod python;
mod redis;
mod run;
mod shipped;
mod swift;
mod swift_calls;
mod swift_chroot;
mod swift_package;
mod swift_source;
mod swift_toolchain;
mod table;
mod tally;
mod test;

use std::env;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test    every test of every face; the last line is the total, as `212 passed, 0 failed`
          (arguments after `test` are names of faces: only those)
  check   format, lints, documentation, licences and sources of the dependencies
  wheel   the Python wheel as it is shipped, and its size against its budget: minutes
  bench   the benchmark program, the number of dependencies and the cold build time
          (arguments after `bench` go to the benchmark program)
  bindings
          the generated Kotlin and Swift, in target/bindings
  campaign
          the exactly-once campaign in full: minutes (arguments after `campaign` go to it)
  fuzz    one fuzz target with cargo-fuzz, such as `fuzz envelope 1000000 -max_len=65536`; without arguments their names
  kotlin  mvn with the folders of this workspace, such as `kotlin test -Dtest=ListsTest`
  kotlin-bench
          CPU of a Kotlin call against Rust and against java.net.http: minutes
  package what is shipped: a jar with this machine's library, built and tested (minutes); `package size` builds the
          library with and without HTTP; `package aar` and `package xcframework` are recipes
  swift   swift with the folders of this workspace, such as `swift test --filter Lists`
  swift-bench
          CPU of a Swift call against Rust: minutes
";

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let good = match (command.as_str(), rest.as_slice()) {
        ("test", names) if names.iter().all(|name| faces::is_known(name)) => test::run(names),
        ("check", []) => check::run(),
        ("wheel", []) => python::wheel_command(),
        ("bench", rest) => bench::run(rest),
        ("bindings", []) => bindings::run(),
        ("campaign", rest) => campaign::run(rest),
        ("fuzz", rest) => fuzz::run(rest),
        ("kotlin", rest) => kotlin::run(rest),
        ("kotlin-bench", []) => kotlin::bench(),
        ("package", rest) => package::run(rest),
        ("swift", rest) => swift::run(rest),
        ("swift-bench", []) => swift::bench(),
        ("" | "help" | "-h" | "--help", _) => {
            print!("{USAGE}");
            true
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
