//! The program `keysecure-sandbox`: the sandbox for programs in any language.

#![forbid(unsafe_code)]

use std::io::{self, Read as _, Write as _};
use std::num::NonZeroU32;
use std::process::ExitCode;

use keysecure_sandbox::{CipherMode, KeyScheme, ListRules, Mode, Repeat, Sandbox, SandboxBuilder};
use serde::de::DeserializeOwned;

const USAGE: &str = "\
Usage: keysecure-sandbox serve [options]

Prints one JSON line with base_url, control_url, api_key and api_secret, then serves until it is killed.

  --port N                 port of the platform, default 0: any free one
  --mode M                 credit (default) or authorization
  --seed N                 what numbers, tokens and cards are made from, default 1
  --api-key TEXT           default: made from the seed
  --api-secret TEXT        default: made from the seed
  --aes-key SCHEME         utf8 (default), hex, base64, md5, md5hex, sha256, sha1prng
  --aes-mode MODE          ecb (default) or cbc
  --repeated-numbers WHAT  execute (default), refuse or return_first
  --manual-cards           cards stay Pending until the control call /cards/issue or /cards/fail
  --http-status WHAT       ok (default: 200 with every envelope), strict (400, 401, 403, 500), strict_bare (without envelope)
  --tariffs                the fees and limits of packages and card BINs are applied
  --page-cap N             list pages have at most N rows, whatever size is asked for
  --list-total             lists have a total beside their rows
  --callback-url URL       where callbacks go: http on loopback, default nowhere
  --exit-with-stdin        stop when standard input ends, so that no sandbox outlives its parent
";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keysecure-sandbox: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(args: impl Iterator<Item = String>) -> Result<(), String> {
    let args: Vec<_> = args.collect();
    if args.first().is_some_and(|first| first == "help") || args.iter().any(|arg| arg == "--help" || arg == "-h") {
        print!("{USAGE}");
        return Ok(());
    }
    let mut args = args.into_iter();
    match args.next().as_deref() {
        Some("serve") => {}
        _ => return Err(format!("the first argument must be serve\n\n{USAGE}")),
    }
    let options = Options::parse(args)?;
    let sandbox = options.builder.start().map_err(|error| error.to_string())?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", sandbox.info()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    if options.exit_with_stdin {
        // What comes in does not matter, only that it ends.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
    } else {
        loop {
            std::thread::park();
        }
    }
    Ok(())
}

struct Options {
    builder: SandboxBuilder,
    exit_with_stdin: bool,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut builder = Sandbox::builder();
        let (mut scheme, mut mode) = (KeyScheme::default(), CipherMode::default());
        let mut rules = ListRules::default();
        let mut exit_with_stdin = false;
        while let Some(name) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--port" => builder = builder.port(number(&name, &value()?)?),
                "--seed" => builder = builder.seed(number(&name, &value()?)?),
                "--mode" => builder = builder.mode(word::<Mode>(&name, value()?)?),
                "--api-key" => builder = builder.api_key(value()?),
                "--api-secret" => builder = builder.api_secret(value()?),
                "--aes-key" => scheme = word(&name, value()?)?,
                "--aes-mode" => mode = word(&name, value()?)?,
                "--repeated-numbers" => builder = builder.repeated_numbers(word::<Repeat>(&name, value()?)?),
                "--manual-cards" => builder = builder.manual_cards(),
                "--http-status" => builder = builder.http_statuses(word(&name, value()?)?),
                "--tariffs" => builder = builder.tariffs(),
                "--page-cap" => rules.page_cap = Some(number::<NonZeroU32>(&name, &value()?)?.get()),
                "--list-total" => rules.total = true,
                "--callback-url" => builder = builder.callback_url(value()?),
                "--exit-with-stdin" => exit_with_stdin = true,
                _ => return Err(format!("there is no option {name}\n\n{USAGE}")),
            }
        }
        Ok(Self { builder: builder.aes(scheme, mode).list_rules(rules), exit_with_stdin })
    }
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{name} cannot be {text}"))
}

/// The library's words are those of its JSON form.
fn word<T: DeserializeOwned>(name: &str, text: String) -> Result<T, String> {
    let error = format!("{name} cannot be {text}");
    serde_json::from_value(text.into()).map_err(|_| error)
}
