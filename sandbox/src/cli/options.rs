//! The command line of the program.

use std::num::NonZeroU32;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use keysecure_sandbox::{CipherMode, HttpStatuses, KeyScheme, ListRules, Mode, Repeat, Sandbox, SandboxBuilder};
use serde::de::DeserializeOwned;

const TEMPLATE: &str = "{usage-heading} {usage}\n\n{about-with-newline}\n{all-args}";

/// The KeySecure merchant card platform on this machine.
#[derive(Debug, Parser)]
#[command(name = "keysecure-sandbox", help_template = TEMPLATE)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print one JSON line with `base_url`, `control_url`, `api_key` and `api_secret`, then serve until killed.
    #[command(help_template = TEMPLATE, args_override_self = true)]
    Serve(Box<ServeOptions>),
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // independent switches
pub(crate) struct ServeOptions {
    /// Port of the platform; 0 for any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Mode of the merchant
    #[arg(long, default_value = "credit", value_parser = one_of::<Mode>(["credit", "authorization"]))]
    mode: Mode,
    /// Seed of numbers, tokens and card data
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Api-Key [default: generated from the seed]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    api_key: Option<String>,
    /// apiSecret [default: generated from the seed]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    api_secret: Option<String>,
    /// Derivation of the AES key from the apiSecret
    #[arg(long, value_name = "SCHEME", default_value = "utf8", value_parser = one_of::<KeyScheme>(KEY_SCHEMES))]
    aes_key: KeyScheme,
    /// Block cipher mode of AES
    #[arg(long, value_name = "MODE", default_value = "ecb", value_parser = one_of::<CipherMode>(["ecb", "cbc"]))]
    aes_mode: CipherMode,
    /// Effect of a merchant reference that was used before
    #[arg(
        long,
        value_name = "EFFECT",
        default_value = "execute",
        value_parser = one_of::<Repeat>(["execute", "refuse", "return_first"])
    )]
    repeated_numbers: Repeat,
    /// Keep cards Pending until the control call `/cards/issue` or `/cards/fail` [default: issue them at once]
    #[arg(long)]
    manual_cards: bool,
    /// HTTP statuses of refused calls: 200; 400, 401, 403 and 500; or the latter without an envelope
    #[arg(
        long,
        value_name = "STATUSES",
        default_value = "ok",
        value_parser = one_of::<HttpStatuses>(["ok", "strict", "strict_bare"])
    )]
    http_status: HttpStatuses,
    /// Apply the fees and limits of packages and card BINs [default: only opening fees]
    #[arg(long)]
    tariffs: bool,
    /// Maximum number of rows of a list page [default: the requested size]
    #[arg(long, value_name = "N")]
    page_cap: Option<NonZeroU32>,
    /// Add a total to lists [default: none]
    #[arg(long)]
    list_total: bool,
    /// URL that webhooks are sent to: http on loopback [default: none, no webhooks]
    #[arg(long, value_name = "URL", alias = "callback-url", allow_hyphen_values = true)]
    webhook_url: Option<String>,
    /// Stop when standard input ends, so that the sandbox does not outlive its parent [default: serve until killed]
    #[arg(long)]
    pub(crate) exit_with_stdin: bool,
}

const KEY_SCHEMES: [&str; 7] = ["utf8", "hex", "base64", "md5", "md5hex", "sha256", "sha1prng"];

impl ServeOptions {
    /// A builder with these options.
    pub(crate) fn into_builder(self) -> SandboxBuilder {
        let mut rules = ListRules::default();
        rules.page_cap = self.page_cap.map(NonZeroU32::get);
        rules.total = self.list_total;
        let mut builder = Sandbox::builder()
            .port(self.port)
            .mode(self.mode)
            .seed(self.seed)
            .aes(self.aes_key, self.aes_mode)
            .repeated_numbers(self.repeated_numbers)
            .http_statuses(self.http_status)
            .list_rules(rules);
        if let Some(key) = self.api_key {
            builder = builder.api_key(key);
        }
        if let Some(secret) = self.api_secret {
            builder = builder.api_secret(secret);
        }
        if let Some(url) = self.webhook_url {
            builder = builder.webhook_url(url);
        }
        if self.manual_cards {
            builder = builder.manual_cards();
        }
        if self.tariffs {
            builder = builder.tariffs();
        }
        builder
    }
}

/// A parser of an enum of the library, whose values have the names of its JSON form.
fn one_of<T>(names: impl Into<PossibleValuesParser>) -> impl TypedValueParser<Value = T>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    names.into().try_map(|name| serde_json::from_value(name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_declaration_of_the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_has_a_help_text_and_shows_its_default() {
        let mut command = Cli::command();
        let serve = command.find_subcommand_mut("serve").unwrap();
        let options: Vec<_> = serve.get_opts().filter_map(|option| option.get_long()).map(str::to_owned).collect();
        assert_eq!(15, options.len(), "{options:?}");
        let help = serve.render_help().to_string();
        for line in help.lines().filter(|line| line.trim_start().starts_with("--")) {
            assert!(line.contains("[default: "), "{line}");
        }
        for option in options {
            assert_eq!(1, help.matches(&format!("--{option}")).count(), "{option}");
        }
    }

    #[test]
    fn every_named_value_is_a_value_of_the_library() {
        let mut command = Cli::command();
        let serve = command.find_subcommand_mut("serve").unwrap();
        let named: Vec<(String, String)> = serve
            .get_opts()
            .filter(|option| option.get_action().takes_values())
            .flat_map(|option| {
                let long = option.get_long().unwrap_or_default();
                option
                    .get_possible_values()
                    .into_iter()
                    .map(move |value| (long.to_owned(), value.get_name().to_owned()))
            })
            .collect();
        assert_eq!(17, named.len());
        for (option, value) in named {
            let args = ["keysecure-sandbox", "serve", &format!("--{option}"), &value];
            assert!(Cli::try_parse_from(args).is_ok(), "{args:?}");
        }
    }

    #[test]
    fn the_last_of_repeated_options_counts() {
        let args = ["keysecure-sandbox", "serve", "--seed", "1", "--seed", "2", "--tariffs", "--tariffs"];
        let Command::Serve(options) = Cli::parse_from(args).command;
        assert_eq!((2, true), (options.seed, options.tariffs));
    }
}
