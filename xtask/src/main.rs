//! `cargo xtask`: the commands that build, judge and measure the project. Plain std, so that it starts at once.

mod bench;
mod campaign;
mod check;
mod deny;
mod deps;
mod faces;
mod python;
mod redis;
mod run;
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
  campaign
          the exactly-once campaign in full: minutes (arguments after `campaign` go to it)
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
        ("campaign", rest) => campaign::run(rest),
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
