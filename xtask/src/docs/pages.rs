//! The pages of the site: which file becomes which page, in which language and section of the navigation.

use std::collections::BTreeMap;
use std::fs;

use super::markdown;
use crate::run;

/// Where the sources are read on the web, for files that are no pages.
pub const REPOSITORY: &str = "https://github.com/keysecure/keysecure";

/// The guides, in the order of the navigation. The code of those in `docs/guides` comes from files that are run.
pub const GUIDES: [(&str, &str); 13] = [
    ("Quick start", "docs/guides/quick-start.md"),
    ("Credentials and environments", "docs/guides/credentials.md"),
    ("Cards, from application to PIN", "docs/guides/cards.md"),
    ("Pay exactly once", "docs/guides/exactly-once.md"),
    ("Lists and time zones", "docs/guides/lists.md"),
    ("Errors and outcomes", "docs/guides/errors.md"),
    ("Webhooks and purchase decisions", "docs/guides/webhooks.md"),
    ("Several workers", "docs/guides/workers.md"),
    ("Test with the sandbox", "docs/guides/testing.md"),
    ("Relay and mobile apps", "docs/mobile-apps.md"),
    ("Go live", "docs/guides/going-live.md"),
    ("Operations", "docs/guides/operations.md"),
    ("Migrate from HTTP calls", "docs/guides/migrating.md"),
];

/// The other sections of the navigation.
const SECTIONS: [(&str, &[(&str, &str)]); 3] = [
    (
        "Languages",
        &[
            ("Python", "bindings-python/README.md"),
            ("Kotlin and Java", "bindings-kotlin/README.md"),
            ("Swift", "bindings-swift/README.md"),
            ("Rust", "README.md"),
            ("What each language has", "docs/parity.md"),
            ("Python servers", "docs/python-servers.md"),
            ("Logging in Python", "docs/logging-python.md"),
        ],
    ),
    (
        "Reference",
        &[
            ("API reference", "docs/reference.md"),
            ("Error codes", "docs/error-codes.md"),
            ("What happens when", "docs/what-happens-when.md"),
            ("Stores", "docs/fleets.md"),
            ("The sandbox", "sandbox/README.md"),
            ("Relay protocol", "docs/relay.md"),
            ("What is inferred", "docs/inferred.md"),
            ("Glossary", "docs/glossary.md"),
            ("Security", "SECURITY.md"),
            ("Platforms", "docs/platforms.md"),
        ],
    ),
    (
        "Project",
        &[
            ("Changelog", "CHANGELOG.md"),
            ("Architecture", "ARCHITECTURE.md"),
            ("Decisions", "docs/adr/README.md"),
            ("Benchmarks", "docs/benchmarks.md"),
            ("Campaign", "docs/campaign.md"),
            ("Fuzzing", "docs/fuzzing.md"),
            ("Conformance suite", "tests/conformance/README.md"),
            ("Contributing", "CONTRIBUTING.md"),
            ("Releasing", "RELEASING.md"),
        ],
    ),
];

/// The Chinese pages with their titles.
const CHINESE: [(&str, &str); 8] = [
    ("首页", "docs/zh/index.md"),
    ("快速开始", "docs/zh/guides/quick-start.md"),
    ("恰好一次转账", "docs/zh/guides/exactly-once.md"),
    ("错误与结果", "docs/zh/guides/errors.md"),
    ("Webhook 与消费授权", "docs/zh/guides/webhooks.md"),
    ("用沙箱测试", "docs/zh/guides/testing.md"),
    ("上线", "docs/zh/guides/going-live.md"),
    ("README", "docs/zh/README.md"),
];

/// A language of the site; each is a build of its own, with its own search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    English,
    Chinese,
}

/// A page of the site.
pub struct Page {
    /// The file, from the workspace root.
    pub source: String,
    /// The Markdown file of the build of its edition.
    pub target: String,
    pub edition: Edition,
    pub text: String,
}

impl Page {
    /// The name of the guide whose code the page shows.
    pub fn guide(&self) -> &str {
        self.source.rsplit('/').next().and_then(|name| name.strip_suffix(".md")).unwrap_or("")
    }

    /// Whether the page is a guide, all of whose code is run.
    pub fn has_run_code_only(&self) -> bool {
        let is_one_page = ["docs/index.md", "docs/mobile-apps.md"].contains(&self.source.as_str());
        is_one_page || self.source.starts_with("docs/guides/") || self.source.starts_with("docs/zh/")
    }
}

/// The Markdown files that git tracks or would track, with their texts.
pub fn sources() -> Result<BTreeMap<String, String>, String> {
    let mut git = run::command("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "*.md"]);
    let files = run::output(&mut git).ok_or("git does not list the files")?;
    let read = |file: &str| Some((file.to_owned(), fs::read_to_string(run::root().join(file)).ok()?));
    Ok(files.lines().filter_map(read).collect())
}

/// The pages among the sources.
pub fn pages(sources: &BTreeMap<String, String>) -> Vec<Page> {
    let page = |(source, text): (&String, &String)| {
        let (edition, target) = target(source)?;
        Some(Page { source: source.clone(), target, edition, text: text.clone() })
    };
    sources.iter().filter_map(page).collect()
}

/// The place of a file in the site.
fn target(source: &str) -> Option<(Edition, String)> {
    if let Some(path) = source.strip_prefix("docs/zh/") {
        let path = if path == "README.md" { "readme.md" } else { path };
        return Some((Edition::Chinese, path.to_owned()));
    }
    let path = match source {
        "README.md" => "languages/rust.md",
        "bindings-python/README.md" => "languages/python.md",
        "bindings-kotlin/README.md" => "languages/kotlin.md",
        "bindings-swift/README.md" => "languages/swift.md",
        "sandbox/README.md" => "sandbox.md",
        "tests/conformance/README.md" => "conformance.md",
        "docs/adr/README.md" => "adr/index.md",
        "docs/adr/0000-template.md" => return None,
        _ => match source.strip_prefix("docs/") {
            Some(path) => path,
            None if !source.contains('/') => return Some((Edition::English, source.to_lowercase())),
            None => return None,
        },
    };
    Some((Edition::English, path.to_owned()))
}

/// The navigation of an edition, as the setting `nav` of mkdocs. Pages that no section names follow in the last one.
pub fn navigation(edition: Edition, pages: &[Page]) -> String {
    let find = |source: &str| pages.iter().find(|page| page.source == source);
    let entry = |(title, source): &(&str, &str), indent: &str| {
        find(source).map(|page| format!("{indent}- \"{title}\": {}\n", page.target)).unwrap_or_default()
    };
    let entries = |list: &[(&str, &str)], indent: &str| list.iter().map(|one| entry(one, indent)).collect::<String>();
    if edition == Edition::Chinese {
        return format!("nav:\n{}", entries(&CHINESE, "  "));
    }
    let named: Vec<&str> =
        GUIDES.iter().chain(SECTIONS.iter().flat_map(|(_, list)| *list)).map(|(_, source)| *source).collect();
    let rest = pages.iter().filter(|page| {
        let is_record = page.source.starts_with("docs/adr/");
        page.edition == edition
            && page.source != "docs/index.md"
            && !is_record
            && !named.contains(&page.source.as_str())
    });
    let rest = rest.map(|page| {
        let title = markdown::title(&page.text).unwrap_or_else(|| page.target.clone()).replace('"', "'");
        format!("    - \"{title}\": {}\n", page.target)
    });
    let guides = entries(&GUIDES, "    ");
    let sections: Vec<String> =
        SECTIONS.iter().map(|(title, list)| format!("  - {title}:\n{}", entries(list, "    "))).collect();
    let rest: Vec<String> = rest.collect();
    format!("nav:\n  - Home: index.md\n  - Guides:\n{guides}{}{}", sections.concat(), rest.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_their_places_and_others_none() {
        let english = |path: &str| Some((Edition::English, path.to_owned()));
        assert_eq!(target("docs/guides/errors.md"), english("guides/errors.md"));
        assert_eq!(target("SECURITY.md"), english("security.md"));
        assert_eq!(target("docs/adr/README.md"), english("adr/index.md"));
        assert_eq!(target("docs/zh/guides/errors.md"), Some((Edition::Chinese, "guides/errors.md".to_owned())));
        assert_eq!(target("tests/README.md"), None);
    }

    #[test]
    fn every_page_is_in_the_navigation_once() {
        let pages = pages(&sources().unwrap());
        let (english, chinese) = (navigation(Edition::English, &pages), navigation(Edition::Chinese, &pages));
        for page in pages.iter().filter(|page| !page.source.starts_with("docs/adr/0")) {
            let text = if page.edition == Edition::English { &english } else { &chinese };
            let entries = text.lines().filter(|line| line.ends_with(&format!(": {}", page.target)));
            assert_eq!(entries.count(), 1, "{}", page.source);
        }
    }
}
