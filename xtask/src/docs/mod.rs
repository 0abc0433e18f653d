//! `cargo xtask docs`: the documentation site, and the checks of its sources.

mod build;
mod codes;
mod copies;
mod docc;
mod links;
mod llms;
mod markdown;
mod mermaid;
mod output;
mod pages;
mod reference;
mod site;
mod snippets;
mod sources;
mod translations;

use std::fs;

use clap::Subcommand;

use crate::run;
use crate::table::{row, table};
use sources::Sources;

/// What `cargo xtask docs` does instead of building the site.
#[derive(Subcommand)]
pub enum Action {
    /// List the code of the guides that the tests run
    Snippets {
        /// Write the copies of that code into their pages
        #[arg(long)]
        write: bool,
    },
    /// Record that translated pages are up to date
    Translated {
        /// Translated pages, such as `docs/zh/guides/errors.md`
        #[arg(value_name = "PAGE", required = true)]
        pages: Vec<String>,
    },
}

/// `cargo xtask docs`.
pub fn run(action: Option<&Action>, with_references: bool) -> bool {
    let result = match action {
        None => build::run(with_references),
        Some(Action::Snippets { write: false }) => list_snippets(),
        Some(Action::Snippets { write: true }) => write_copies(),
        Some(Action::Translated { pages }) => translations::record(pages),
    };
    result.map_err(|error| eprintln!("{error}")).is_ok()
}

/// Whether every link of a Markdown file leads somewhere, and tests run all code of the guides. Prints what is wrong.
pub fn sources_are_good() -> bool {
    is_empty(Sources::read().map(|sources| sources.findings()))
}

/// Whether no translated page is older than its English page. Prints those that are.
pub fn translations_are_good() -> bool {
    is_empty(pages::sources().map(|sources| translations::outdated(&sources)))
}

fn is_empty(findings: Result<Vec<String>, String>) -> bool {
    let findings = findings.unwrap_or_else(|error| vec![error]);
    for line in &findings {
        println!("{line}");
    }
    findings.is_empty()
}

fn write_copies() -> Result<(), String> {
    for (page, text) in pages::sources()? {
        let new = copies::updated(&text).map_err(|error| format!("{page}: {error}"))?;
        if new != text {
            fs::write(run::root().join(&page), new).map_err(|error| format!("{page}: {error}"))?;
            println!("{page}");
        }
    }
    Ok(())
}

fn list_snippets() -> Result<(), String> {
    let sources = Sources::read()?;
    let mut head = row!["guide"];
    head.extend(snippets::LANGUAGES.iter().map(|language| language.title.to_owned()));
    let mut rows = vec![head];
    let mut total = [0; snippets::LANGUAGES.len()];
    for (guide, counts) in sources.snippets.counts() {
        let mut one = row![guide];
        one.extend(counts.iter().map(usize::to_string));
        rows.push(one);
        total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let mut last = row!["total"];
    last.extend(total.iter().map(usize::to_string));
    rows.push(last);
    print!("{}", table(&rows));
    Ok(())
}
