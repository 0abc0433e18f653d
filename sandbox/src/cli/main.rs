//! The program `keysecure-sandbox`: runs a sandbox for programs in any language.

#![forbid(unsafe_code)]

mod options;

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use options::{Cli, Command, ServeOptions};

/// The exit code of every failure, which is also that of an invalid command line.
const FAILURE: u8 = 2;

fn main() -> ExitCode {
    let Command::Serve(options) = Cli::parse().command;
    match serve(*options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keysecure-sandbox: {error}");
            ExitCode::from(FAILURE)
        }
    }
}

fn serve(options: ServeOptions) -> io::Result<()> {
    let exit_with_stdin = options.exit_with_stdin;
    let sandbox = options.into_builder().start()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", sandbox.info())?;
    out.flush()?;
    // Programs read the line above. A person sees the address that matters to them.
    if io::stderr().is_terminal() {
        eprintln!("Console: {}", sandbox.console_url());
    }
    if exit_with_stdin {
        // The content of standard input is ignored; only its end counts.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
    } else {
        loop {
            std::thread::park();
        }
    }
    Ok(())
}
