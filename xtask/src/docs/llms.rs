//! `llms.txt`: what a language model reads first, a short text with links to all pages.

use super::markdown;
use super::pages::{Edition, GUIDES, Page};
use super::sources::Sources;

const INTRODUCTION: &str = "\
# KeySecure SDK

> A blocking client for the KeySecure merchant card API: issue cards, move money, read card transactions, receive
> webhooks. One core in Rust; the same calls, names and errors in Python, Kotlin, Java and Swift. An offline sandbox of
> the whole platform comes with it: everything can be run and tested without an account.

Rules for programs that use it:

- Every error has an `outcome`: `not_sent` and `rejected` mean that nothing was done; `unknown` means that it may have
  been done. Never send a mutation again after `unknown`: call `ensure_transfer`, `ensure_card` or `ensure_cardholder`
  with the same merchant reference.
- Amounts are exact decimals, never floats. Times are instants; a bare date is a whole day in `UTC+8` unless the client
  has another time zone.
- The apiSecret stays on a server. An app calls through a relay: `Client.relay`.
- A list is a single-pass lazy sequence over all pages.
";

/// The text.
pub fn text(sources: &Sources) -> String {
    let find = |source: &str| sources.pages.iter().find(|page| page.source == source);
    let line = |title: &str, page: &Page| format!("- [{title}]({}.html)\n", page.target.trim_end_matches(".md"));
    let guides = GUIDES.iter().filter_map(|(title, source)| Some(line(title, find(source)?)));
    let is_guide = |page: &Page| GUIDES.iter().any(|(_, source)| page.source == *source);
    let rest = sources.pages.iter().filter(|page| page.edition == Edition::English && !is_guide(page));
    let rest = rest.map(|page| line(&markdown::title(&page.text).unwrap_or_else(|| page.target.clone()), page));
    format!("{INTRODUCTION}\n## Guides\n\n{}\n## More\n\n{}", guides.collect::<String>(), rest.collect::<String>())
}
