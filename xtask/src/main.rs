//! `cargo xtask`: the commands that build, test, check and measure the project.

mod android;
mod api;
mod apple;
mod archive;
mod bench;
mod bindings;
mod campaign;
mod check;
mod chroot;
mod console;
mod deps;
mod docs;
mod elf;
mod files;
mod fuzz;
mod jdk;
mod kotlin;
mod licences;
mod link;
mod maven;
mod notices;
mod openapi;
mod package;
mod parity;
mod platforms;
mod python;
mod release;
mod report;
mod run;
mod servers;
mod ship;
mod swift;
mod swift_consumers;
mod swift_install;
mod swift_manifests;
mod swift_module;
mod swift_release;
mod swift_toolchain;
mod table;
mod test;
mod venv;
mod wheels;

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

use package::Artifact;
use test::suites;

/// Commands that build, test, check and measure the project
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the tests of all languages; the last line is the total, as `212 passed, 0 failed`
    Test {
        /// Run only these suites
        #[arg(value_name = "SUITE", value_parser = PossibleValuesParser::new(suites::names()))]
        suites: Vec<String>,
        /// Of the Rust tests, run only those of this package
        #[arg(long, value_name = "PACKAGE", requires = "suites")]
        package: Option<String>,
    },
    /// Check format, lints, layers, words, documentation, and licences and sources of the dependencies
    Check {
        /// Run only these checks
        #[arg(value_name = "CHECK", value_parser = PossibleValuesParser::new(check::names()))]
        checks: Vec<String>,
    },
    /// Write the public interface of each language into `api/`
    Api {
        /// Default: all
        #[arg(value_name = "LANGUAGE")]
        languages: Vec<api::Language>,
    },
    /// Run all benchmarks; count dependencies and time the cold build
    Bench {
        /// Arguments of the benchmark program
        #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Generate the Kotlin and Swift code, in target/bindings
    Bindings,
    /// Run the exactly-once campaign in full: minutes
    Campaign {
        /// Arguments of the campaign program, such as `--seed 7`
        #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the tests of the sandbox's console and write the pictures in docs/images/console
    ConsolePictures,
    /// Build the documentation site, in target/docs/site
    Docs {
        #[command(subcommand)]
        action: Option<docs::Action>,
        /// Leave out the API references of Kotlin, Swift and Rust: seconds instead of minutes
        #[arg(long)]
        no_reference: bool,
    },
    /// Run one fuzz target with cargo-fuzz; without arguments, list the targets
    Fuzz {
        /// A target, the number of executions and arguments of libFuzzer, such as `envelope 1000000 -max_len=65536`
        #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run `mvn` with the folders of this workspace
    Kotlin {
        /// Arguments of Maven, such as `test -Dtest=ListsTest`
        #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure the CPU time of a Kotlin call against Rust and java.net.http: minutes
    KotlinBench,
    /// Write docs/openapi.json, the OpenAPI document of the platform, from the sources
    Openapi,
    /// Write docs/parity.md, the table of what each language has, from the sources
    Parity,
    /// Build a release package
    Package {
        /// Default: kotlin
        #[command(subcommand)]
        artifact: Option<Artifact>,
    },
    /// Build and test for other platforms, in chroots and emulators; without names, all: two hours
    Platforms {
        /// Only these platforms
        #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(platforms::names()))]
        names: Vec<String>,
        #[command(flatten)]
        options: platforms::Options,
    },
    /// Build everything that a release consists of, in one folder with checksums: many minutes. Publishes nothing
    Release(release::Options),
    /// Write another version into the manifests of all languages
    SetVersion {
        /// The version, such as 1.2.3
        #[arg(value_name = "VERSION", value_parser = release::version::parse)]
        version: String,
    },
    /// Run `swift` with the folders of this workspace
    Swift {
        /// Arguments of Swift, such as `test --filter ListTests`
        #[arg(value_name = "ARGUMENT", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure the CPU time of a Swift call against Rust: minutes
    SwiftBench,
}

fn main() -> ExitCode {
    let is_good = match Cli::parse().command {
        Command::Test { suites, package } => test::run(&suites, package.as_deref()),
        Command::Check { checks } => check::run(&checks),
        Command::Api { languages } => api::write(&languages, |language| match language {
            api::Language::Kotlin => kotlin::compiles(),
            api::Language::Swift => swift::builds(),
            api::Language::Rust | api::Language::Python => true,
        }),
        Command::Bench { arguments } => bench::run(&arguments),
        Command::Bindings => bindings::run(),
        Command::Campaign { arguments } => campaign::run(&arguments),
        Command::ConsolePictures => console::pictures(),
        Command::Docs { action, no_reference } => docs::run(action.as_ref(), !no_reference),
        Command::Fuzz { arguments } => fuzz::run(&arguments),
        Command::Kotlin { arguments } => kotlin::run(&arguments),
        Command::KotlinBench => kotlin::bench(),
        Command::Openapi => openapi::run(),
        Command::Parity => parity::run(),
        Command::Package { artifact } => package::run(&artifact.unwrap_or_default()),
        Command::Platforms { names, options } => platforms::run(&names, options),
        Command::Release(options) => release::run(&options),
        Command::SetVersion { version } => release::set_version(&version),
        Command::Swift { arguments } => swift::run(&arguments),
        Command::SwiftBench => swift::bench(),
    };
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command};

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split_whitespace()).map(|cli| cli.command)
    }

    #[test]
    fn every_command_and_argument_has_help() {
        let cli = Cli::command();
        cli.clone().debug_assert();
        for command in cli.get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                let has_help = argument.get_help().is_some() || !argument.get_possible_values().is_empty();
                assert!(has_help, "{} {}", command.get_name(), argument.get_id());
            }
        }
    }

    #[test]
    fn unknown_names_are_errors_with_exit_code_2() {
        for line in ["xtask nothing", "xtask test ruby", "xtask check taste", "xtask package exe", "xtask bindings x"] {
            assert_eq!(parse(line).err().map(|error| error.exit_code()), Some(2), "{line}");
        }
        assert_eq!(
            parse("xtask").err().map(|error| error.kind()),
            Some(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
        );
    }

    #[test]
    fn arguments_of_other_programs_are_passed_on() {
        for (line, expected) in [
            ("xtask campaign --skipped 500 --real 0", vec!["--skipped", "500", "--real", "0"]),
            ("xtask fuzz list 50000000 -max_len=65536", vec!["list", "50000000", "-max_len=65536"]),
            ("xtask kotlin test -Dtest=ListsTest", vec!["test", "-Dtest=ListsTest"]),
            ("xtask swift test --filter ListTests", vec!["test", "--filter", "ListTests"]),
        ] {
            match parse(line).unwrap() {
                Command::Campaign { arguments }
                | Command::Fuzz { arguments }
                | Command::Kotlin { arguments }
                | Command::Swift { arguments } => assert_eq!(arguments, expected, "{line}"),
                _ => panic!("{line}"),
            }
        }
    }
}
