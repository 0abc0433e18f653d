//! The sources of the site, read once: their findings, and the pages as mkdocs reads them.

use std::collections::BTreeMap;

use super::codes::Codes;
use super::copies;
use super::links::Links;
use super::markdown;
use super::pages::{self, Edition, GUIDES, Page};
use super::snippets::{self, Snippets};

/// Languages of blocks in a guide that are no code of a program.
const NOT_RUN: [&str; 8] = ["http", "ini", "json", "mermaid", "sh", "text", "toml", "xml"];

/// All Markdown files, the pages among them, and the code that they show.
pub struct Sources {
    pub texts: BTreeMap<String, String>,
    pub pages: Vec<Page>,
    pub snippets: Snippets,
    codes: Codes,
}

impl Sources {
    pub fn read() -> Result<Self, String> {
        let texts = pages::sources()?;
        let pages = pages::pages(&texts);
        let guides: Vec<String> = pages
            .iter()
            .filter(|page| page.source.starts_with("docs/guides/"))
            .map(|page| page.guide().to_owned())
            .collect();
        Ok(Self { texts, pages, snippets: Snippets::read(&guides), codes: Codes::read()? })
    }

    /// Broken links, code that no test runs, guides that are missing.
    pub fn findings(&self) -> Vec<String> {
        let links = Links::new(&self.texts, &self.pages);
        let mut findings = self.codes.findings();
        findings.extend(self.texts.iter().flat_map(|(source, text)| links.broken(source, text)));
        findings.extend(self.snippets.findings.iter().cloned());
        findings.extend(copies::findings(&self.texts));
        for page in self.pages.iter().filter(|page| page.has_run_code_only()) {
            let copied = copies::fences(&page.text);
            let other = markdown::fences(&page.text)
                .into_iter()
                .filter(|fence| !NOT_RUN.contains(&fence.language.as_str()) && !copied.contains(&fence.line));
            findings.extend(other.map(|fence| {
                format!(
                    "{}:{}: a block `{}` that no test runs: use a section of a test",
                    page.source, fence.line, fence.language
                )
            }));
            if page.source.ends_with("README.md") && snippets::has_tabs(&page.text) {
                findings.push(format!("{}: the repository shows a directive as it is: copy the section", page.source));
            }
            findings.extend(self.snippets.expand(&page.source, page.guide(), &page.text).1);
        }
        findings.extend(self.snippets.unused(self.pages.iter().map(|page| (page.guide(), page.text.as_str()))));
        let missing = GUIDES.iter().filter(|(_, source)| !self.texts.contains_key(*source));
        findings.extend(missing.map(|(title, source)| format!("{source}: the guide \"{title}\" is missing")));
        findings
    }

    /// The text of a page for the site.
    pub fn for_site(&self, page: &Page) -> String {
        let links = Links::new(&self.texts, &self.pages);
        let text = markdown::without_rustdoc(&links.for_site(page, &page.text));
        let text = self.codes.expand(page.edition, &text);
        let text = if page.edition == Edition::Chinese { markdown::joined_chinese(&text) } else { text };
        self.snippets.expand(&page.source, page.guide(), &text).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_page(source: &str, change: impl Fn(&str) -> String) -> Vec<String> {
        let mut sources = Sources::read().unwrap();
        let text = change(&sources.texts[source]);
        for page in sources.pages.iter_mut().filter(|page| page.source == source) {
            page.text.clone_from(&text);
        }
        sources.texts.insert(source.to_owned(), text);
        sources.findings()
    }

    #[test]
    fn the_guides_have_no_findings() {
        assert_eq!(with_page("docs/guides/exactly-once.md", str::to_owned), [""; 0]);
    }

    #[test]
    fn code_that_no_test_runs_is_a_finding() {
        let findings = with_page("docs/guides/exactly-once.md", |text| format!("{text}\n```python\npay()\n```\n"));
        assert!(findings[0].contains("a block `python` that no test runs"), "{findings:?}");
    }

    #[test]
    fn a_copy_of_a_section_is_no_finding_until_the_section_changes() {
        let readme = "docs/zh/README.md";
        assert_eq!(with_page(readme, str::to_owned), [""; 0]);
        let findings = with_page(readme, |text| text.replacen("ensure_transfer", "transfer", 1));
        assert!(findings[0].contains("not the code `pay`"), "{findings:?}");
    }

    #[test]
    fn a_page_that_the_repository_shows_first_has_no_directive() {
        let findings = with_page("docs/zh/README.md", |text| format!("{text}\n{{{{ code: exactly-once/pay }}}}\n"));
        assert_eq!(findings, ["docs/zh/README.md: the repository shows a directive as it is: copy the section"]);
    }

    #[test]
    fn a_broken_link_in_any_markdown_file_is_a_finding() {
        let findings = with_page("SECURITY.md", |text| format!("{text}\n[x](docs/nowhere.md)\n"));
        assert_eq!(findings, ["SECURITY.md: broken link: docs/nowhere.md"]);
    }

    #[test]
    fn pages_for_the_site_have_code_and_no_directive() {
        let sources = Sources::read().unwrap();
        for page in &sources.pages {
            let text = sources.for_site(page);
            let left = text.lines().filter(|line| line.starts_with("{{ ") && *line != "{{ references }}");
            assert_eq!(left.count(), 0, "{}", page.source);
        }
    }
}
