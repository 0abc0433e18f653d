//! Translated pages: each records which English page it translates, and the state of its prose.
//!
//! The state is a hash of the prose. Code does not count: both pages take it from the same files.

use std::collections::BTreeMap;
use std::fs;

use super::markdown;
use super::pages::sources;
use crate::run;

/// The field with the path of the English page.
const ENGLISH: &str = "translates";
/// The field with the hash of the English page that was translated.
const STATE: &str = "state";

/// The translations that are older than their English page.
pub fn outdated(sources: &BTreeMap<String, String>) -> Vec<String> {
    let translations = sources.iter().filter(|(source, _)| source.starts_with("docs/zh/"));
    translations.filter_map(|(source, text)| finding(source, text, sources)).collect()
}

fn finding(source: &str, text: &str, sources: &BTreeMap<String, String>) -> Option<String> {
    let fields = markdown::front_matter(text);
    let Some(english) = fields.get(ENGLISH) else {
        return Some(format!("{source}: `{ENGLISH}` in its front matter must name the English page"));
    };
    let Some(original) = sources.get(*english) else {
        return Some(format!("{source}: translates {english}, which does not exist"));
    };
    (fields.get(STATE) != Some(&state(original).as_str())).then(|| {
        format!(
            "{source} is older than {english}: bring it up to date, then run `cargo xtask docs translated {source}`"
        )
    })
}

/// `cargo xtask docs translated`: records that pages are translations of the present English pages.
pub fn record(pages: &[String]) -> Result<(), String> {
    let sources = sources()?;
    for page in pages {
        let text = sources.get(page).ok_or_else(|| format!("{page}: no such page"))?;
        let english = markdown::front_matter(text).get(ENGLISH).copied().unwrap_or_default().to_owned();
        let original =
            sources.get(&english).ok_or_else(|| format!("{page}: translates {english}, which does not exist"))?;
        let present = markdown::front_matter(text).get(STATE).copied().unwrap_or_default().to_owned();
        let (old, new) = (format!("\n{STATE}: {present}\n"), format!("\n{STATE}: {}\n", state(original)));
        if !text.contains(&old) {
            return Err(format!("{page}: its front matter needs a line `{STATE}: `"));
        }
        fs::write(run::root().join(page), text.replacen(&old, &new, 1)).map_err(|error| format!("{page}: {error}"))?;
        println!("{page}");
    }
    Ok(())
}

/// A hash (FNV-1a) of the prose of a page. Its line breaks and our version do not count.
fn state(text: &str) -> String {
    let words: Vec<String> = markdown::prose(text).split_whitespace().map(str::to_owned).collect();
    let hash = words
        .join(" ")
        .replace(env!("CARGO_PKG_VERSION"), "VERSION")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH_PAGE: &str = "# Title\n\nOne two.\n\n```sh\nls\n```\n";

    fn findings(english: &str, state: &str) -> Vec<String> {
        let translation = format!("---\ntranslates: docs/a.md\nstate: {state}\n---\n# 标题\n");
        let sources = [("docs/a.md", english.to_owned()), ("docs/zh/a.md", translation)];
        outdated(&sources.into_iter().map(|(source, text)| (source.to_owned(), text)).collect())
    }

    #[test]
    fn a_page_that_is_older_than_its_english_page_is_named() {
        let recorded = state(ENGLISH_PAGE);
        assert_eq!(findings(ENGLISH_PAGE, &recorded), [""; 0]);
        assert_eq!(findings(&ENGLISH_PAGE.replace("One two", "One\ntwo").replace("ls", "ls -l"), &recorded), [""; 0]);
        let ours = ENGLISH_PAGE.replace("two", env!("CARGO_PKG_VERSION"));
        assert_eq!(state(&ours), state(&ENGLISH_PAGE.replace("two", "VERSION")));
        let [finding] = findings(&ENGLISH_PAGE.replace("two", "three"), &recorded).try_into().unwrap();
        assert!(finding.starts_with("docs/zh/a.md is older than docs/a.md"), "{finding}");
    }

    #[test]
    fn a_page_that_names_no_english_page_is_a_finding() {
        let sources = BTreeMap::from([("docs/zh/b.md".to_owned(), "# 标题\n".to_owned())]);
        assert!(outdated(&sources)[0].contains("must name the English page"));
    }
}
