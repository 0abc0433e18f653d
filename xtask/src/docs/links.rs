//! Links between the sources, and how they become links of the site.

use std::collections::{BTreeMap, BTreeSet};

use super::markdown;
use super::pages::{Edition, Page, REPOSITORY};
use super::snippets::{self, LANGUAGES};
use crate::run;

/// The sources and their anchors, to resolve links.
pub struct Links<'a> {
    pages: &'a [Page],
    anchors: BTreeMap<&'a str, BTreeSet<String>>,
}

/// Where a link leads.
enum Target<'a> {
    /// Outside of the repository, or to an anchor of the same page.
    Kept,
    /// A file of the repository, and the anchor with its `#`.
    File(String, &'a str),
}

impl<'a> Links<'a> {
    pub fn new(sources: &'a BTreeMap<String, String>, pages: &'a [Page]) -> Self {
        let anchors = sources.iter().map(|(source, text)| {
            let mut anchors = markdown::anchors(text);
            if snippets::has_tabs(text) {
                anchors.extend(LANGUAGES.iter().map(|language| language.title.to_lowercase()));
            }
            (source.as_str(), anchors)
        });
        Self { pages, anchors: anchors.collect() }
    }

    /// The links of a file that lead nowhere.
    pub fn broken(&self, source: &str, text: &str) -> Vec<String> {
        let is_broken = |target: &str| match resolve(source, target) {
            Target::Kept => target.strip_prefix('#').is_some_and(|anchor| !self.has_anchor(source, anchor)),
            Target::File(path, anchor) => {
                let exists = run::root().join(&path).exists() || self.pages.iter().any(|page| page.source == path);
                !exists || (!anchor.is_empty() && !self.has_anchor(&path, &anchor[1..]))
            }
        };
        let links = markdown::links(text).into_iter().map(|link| link.target);
        links.filter(|target| is_broken(target)).map(|target| format!("{source}: broken link: {target}")).collect()
    }

    /// Whether a page has an anchor. Other files may have any.
    fn has_anchor(&self, source: &str, anchor: &str) -> bool {
        self.anchors.get(source).is_none_or(|anchors| anchors.contains(anchor))
    }

    /// The text of a page with links that are right in the site.
    pub fn for_site(&self, page: &Page, text: &str) -> String {
        let mut site = text.to_owned();
        for link in markdown::links(text).into_iter().rev() {
            if let Target::File(path, anchor) = resolve(&page.source, &link.target) {
                site.replace_range(link.at, &self.of_site(page, &path, anchor));
            }
        }
        site
    }

    fn of_site(&self, page: &Page, path: &str, anchor: &str) -> String {
        let up = "../".repeat(page.target.matches('/').count());
        if let Some(to) = self.pages.iter().find(|to| to.source == path) {
            let html = format!("{}.html", to.target.trim_end_matches(".md"));
            return match (page.edition, to.edition) {
                (from, to_edition) if from == to_edition => format!("{up}{}{anchor}", to.target),
                (Edition::English, _) => format!("{up}zh/{html}{anchor}"),
                (Edition::Chinese, _) => format!("{up}../{html}{anchor}"),
            };
        }
        if let Some(asset) = path.strip_prefix("docs/images/") {
            let up = if page.edition == Edition::Chinese { up + "../" } else { up };
            return format!("{up}images/{asset}");
        }
        let kind = if run::root().join(path).is_dir() { "tree" } else { "blob" };
        format!("{REPOSITORY}/{kind}/main/{path}{anchor}")
    }
}

/// What a link in a file means.
fn resolve<'a>(source: &str, link: &'a str) -> Target<'a> {
    let (path, anchor) = link.split_at(link.find('#').unwrap_or(link.len()));
    if let Some(in_repository) = path.strip_prefix(REPOSITORY) {
        let path = in_repository.strip_prefix("/blob/main/").or_else(|| in_repository.strip_prefix("/tree/main/"));
        return path.map_or(Target::Kept, |path| Target::File(path.trim_end_matches(['/', '.']).to_owned(), anchor));
    }
    if path.is_empty() || path.contains(':') {
        return Target::Kept;
    }
    let mut parts: Vec<&str> = source.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => _ = parts.pop(),
            "" | "." => (),
            part => parts.push(part),
        }
    }
    Target::File(parts.join("/"), anchor)
}

#[cfg(test)]
mod tests {
    use super::super::pages::pages;
    use super::*;

    fn sources() -> BTreeMap<String, String> {
        let texts =
            [("SECURITY.md", "# Secrets\n"), ("docs/guides/a.md", "# A\n## Part\n"), ("docs/zh/guides/a.md", "# 甲\n")];
        texts.into_iter().map(|(source, text)| (source.to_owned(), text.to_owned())).collect()
    }

    #[test]
    fn links_of_the_site_lead_to_pages_and_else_to_the_repository() {
        let sources = sources();
        let pages = pages(&sources);
        let links = Links::new(&sources, &pages);
        let page = |source: &str| pages.iter().find(|page| page.source == source).unwrap();
        for (from, link, expected) in [
            ("docs/guides/a.md", "../../SECURITY.md#secrets", "../security.md#secrets"),
            ("docs/guides/a.md", "../zh/guides/a.md", "../zh/guides/a.html"),
            ("docs/zh/guides/a.md", "../../guides/a.md#part", "../../guides/a.html#part"),
            (
                "docs/zh/guides/a.md",
                "https://github.com/keysecure/keysecure/blob/main/SECURITY.md",
                "../../security.html",
            ),
            ("SECURITY.md", "core/src", &format!("{REPOSITORY}/tree/main/core/src")),
            ("SECURITY.md", "docs/images/one.png", "images/one.png"),
            ("docs/guides/a.md", "#part", "#part"),
            ("docs/guides/a.md", "https://keysecure.io/x", "https://keysecure.io/x"),
        ] {
            assert_eq!(links.for_site(page(from), &format!("[x]({link})")), format!("[x]({expected})"), "{link}");
        }
    }

    #[test]
    fn links_to_files_and_anchors_that_do_not_exist_are_broken() {
        let sources = sources();
        let pages = pages(&sources);
        let links = Links::new(&sources, &pages);
        let broken = |link: &str| !links.broken("docs/guides/a.md", &format!("[x]({link})")).is_empty();
        for good in ["#part", "../../SECURITY.md", "../../SECURITY.md#secrets", "../../core", "https://a.example/#x"] {
            assert!(!broken(good), "{good}");
        }
        for bad in ["#other", "../SECURITY.md", "../../SECURITY.md#x", "b.md"] {
            assert!(broken(bad), "{bad}");
        }
    }
}
