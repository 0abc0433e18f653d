//! What the documentation commands need to know about Markdown: code, links, headings and front matter.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A link or an image, with the position of its target in the text.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    pub target: String,
    pub at: Range<usize>,
}

/// A fenced block of code: the line of its fence, counted from 1, the word after the fence, and the code.
#[derive(Debug, PartialEq, Eq)]
pub struct Fence {
    pub line: usize,
    pub language: String,
    pub code: String,
}

static INLINE: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"\]\(\s*<?([^()\s<>]+(?:\([^()\s]*\)[^()\s]*)?)>?(?:\s+"[^"]*")?\s*\)"#));
static DEFINED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^\[[^\]\n]+\]:\s+(\S+)"));
static HTML: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?:href|src)="([^"]+)""#));
static ANCHOR: LazyLock<Regex> = LazyLock::new(|| regex(r#"<[a-z][^>]*\b(?:id|name)="([^"]+)""#));
static SPAN: LazyLock<Regex> = LazyLock::new(|| regex(r"(?s)``.+?``|`[^`]+`"));
static CHINESE_LINES: LazyLock<Regex> = LazyLock::new(|| regex(r"([一-鿿，。；：、）”])\n *([一-鿿（“])"));
static LABEL: LazyLock<Regex> = LazyLock::new(|| regex(r"!?\[([^\]]*)\]\([^)]*\)"));

/// A pattern of this program.
pub fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Prose,
    /// The fence that starts a block of code.
    Start,
    Code,
    /// The fence that ends it.
    End,
}

/// The lines of a text.
fn lines(text: &str) -> impl Iterator<Item = (&str, Line)> {
    let mut fence: Option<String> = None;
    text.split_inclusive('\n').map(move |line| {
        let start = line.trim();
        let marks: String = start.chars().take_while(|letter| matches!(letter, '`' | '~')).collect();
        match &fence {
            Some(open) => {
                let is_end = start == marks && marks.starts_with(open.as_str());
                if is_end {
                    fence = None;
                }
                (line, if is_end { Line::End } else { Line::Code })
            }
            None if marks.starts_with("```") || marks.starts_with("~~~") => {
                fence = Some(marks);
                (line, Line::Start)
            }
            None => (line, Line::Prose),
        }
    })
}

/// A page whose Rust code is as a reader needs it: without the directives of rustdoc and the lines that it hides.
pub fn without_rustdoc(text: &str) -> String {
    let mut is_rust = false;
    let mut page = String::with_capacity(text.len());
    for (line, kind) in lines(text) {
        if kind == Line::Start {
            is_rust = line.trim_start().starts_with("```rust");
        }
        match kind {
            Line::Start if is_rust => page += "```rust\n",
            Line::Code if is_rust && (line.starts_with("# ") || line == "#\n") => (),
            _ => page += line,
        }
    }
    page
}

/// A text without the line ends between Chinese characters: a browser shows each as a space.
pub fn joined_chinese(text: &str) -> String {
    CHINESE_LINES.replace_all(text, "$1$2").into_owned()
}

/// The text with spaces in place of code, so that every position remains.
fn without_code(text: &str) -> String {
    let prose: String =
        lines(text).map(|(line, kind)| if kind == Line::Prose { line.to_owned() } else { blank(line) }).collect();
    SPAN.replace_all(&prose, |found: &regex::Captures<'_>| blank(&found[0])).into_owned()
}

/// As many spaces as the text has bytes; its line ends remain.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// All links and images outside of code.
pub fn links(text: &str) -> Vec<Link> {
    let prose = without_code(text);
    let mut links: Vec<Link> = [&INLINE, &DEFINED, &HTML]
        .into_iter()
        .flat_map(|pattern| pattern.captures_iter(&prose))
        .filter_map(|found| found.get(1))
        .map(|target| Link { target: target.as_str().to_owned(), at: target.range() })
        .collect();
    links.sort_by_key(|link| link.at.start);
    links
}

/// The fenced blocks of code.
pub fn fences(text: &str) -> Vec<Fence> {
    let mut fences: Vec<Fence> = Vec::new();
    for (number, (line, kind)) in lines(text).enumerate() {
        match (kind, fences.last_mut()) {
            (Line::Start, _) => {
                let language = line.trim().trim_start_matches(['`', '~']).split([' ', ',']).next().unwrap_or("");
                fences.push(Fence { line: number + 1, language: language.to_owned(), code: String::new() });
            }
            (Line::Code, Some(fence)) => fence.code += line,
            _ => {}
        }
    }
    fences
}

/// The anchors of a page: its headings, as GitHub and the site name them, and its HTML anchors.
pub fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors: BTreeSet<String> = ANCHOR.captures_iter(text).map(|found| found[1].to_owned()).collect();
    for heading in headings(text) {
        let slug = slug(&heading);
        let count = seen.entry(slug.clone()).or_default();
        anchors.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    anchors
}

/// The first heading of a page, as plain text.
pub fn title(text: &str) -> Option<String> {
    headings(body(text)).next().map(|heading| plain(&heading))
}

fn headings(text: &str) -> impl Iterator<Item = String> {
    lines(text).filter(|(_, kind)| *kind == Line::Prose).filter_map(|(line, _)| {
        let heading = line.trim_start_matches('#');
        let level = line.len() - heading.len();
        ((1..=6).contains(&level) && heading.starts_with(' '))
            .then(|| heading.trim().trim_end_matches('#').trim().to_owned())
    })
}

/// A heading without its links and marks.
fn plain(heading: &str) -> String {
    LABEL.replace_all(heading, "$1").replace(['`', '*'], "")
}

/// The anchor of a heading.
fn slug(heading: &str) -> String {
    plain(heading)
        .to_lowercase()
        .chars()
        .filter_map(|one| match one {
            ' ' => Some('-'),
            '-' | '_' => Some(one),
            _ => one.is_alphanumeric().then_some(one),
        })
        .collect()
}

/// The fields at the top of a page, between lines `---`.
pub fn front_matter(text: &str) -> BTreeMap<&str, &str> {
    let end = text.len() - body(text).len();
    text[..end]
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect()
}

/// A page without its front matter.
pub fn body(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("---\n") else { return text };
    rest.split_once("\n---\n").map_or(text, |(_, body)| body)
}

/// The prose of a page: without front matter and code.
pub fn prose(text: &str) -> String {
    lines(body(text)).filter(|(_, kind)| *kind == Line::Prose).map(|(line, _)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
---
translates: docs/a.md
---
# The `first` [title](x.md)

See [one
line](b.md#part \"title\") and ![image](c_(1).png), `[not](this.md)`.

```rust,no_run
[not](that.md)
# not a heading
```
```sh
ls
```

## Part
## Part
<a id=\"mine\"></a> <a href=\"d.md\">d</a>

[ref]: e.md
";

    #[test]
    fn links_are_found_outside_of_code_across_lines() {
        let targets: Vec<String> = links(PAGE).into_iter().map(|link| link.target).collect();
        assert_eq!(targets, ["x.md", "b.md#part", "c_(1).png", "d.md", "e.md"]);
        assert!(links(PAGE).iter().all(|link| PAGE[link.at.clone()] == link.target));
    }

    #[test]
    fn anchors_are_those_of_github() {
        let expected = ["mine", "part", "part-1", "the-first-title"];
        assert_eq!(anchors(PAGE).iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert_eq!(slug("What a call costs: C++ & Rust (2)"), "what-a-call-costs-c--rust-2");
        assert_eq!(slug("恰好一次 的转账"), "恰好一次-的转账");
    }

    #[test]
    fn blocks_are_found_with_their_language_and_line() {
        let found = fences(PAGE);
        let block =
            |line, language: &str, code: &str| Fence { line, language: language.to_owned(), code: code.to_owned() };
        assert_eq!(found, [block(9, "rust", "[not](that.md)\n# not a heading\n"), block(13, "sh", "ls\n")]);
    }

    #[test]
    fn chinese_lines_are_joined_and_others_are_not() {
        assert_eq!(
            joined_chinese("错误。\n随附\n\n* 沙箱，\n  包括 SDK\n和\n"),
            "错误。随附\n\n* 沙箱，包括 SDK\n和\n"
        );
    }

    #[test]
    fn rust_code_loses_what_is_for_rustdoc() {
        let page = "# Title\n\n```rust,no_run\nlet a = 1;\n# fn main() {}\n#\n#[test]\n```\n```sh\n# comment\n```\n";
        let expected = "# Title\n\n```rust\nlet a = 1;\n#[test]\n```\n```sh\n# comment\n```\n";
        assert_eq!(without_rustdoc(page), expected);
    }

    #[test]
    fn front_matter_is_read_and_is_no_prose() {
        assert_eq!(front_matter(PAGE), BTreeMap::from([("translates", "docs/a.md")]));
        assert_eq!(front_matter("# No\n\n---\n\nlater: 1\n"), BTreeMap::new());
        assert_eq!(title(PAGE).as_deref(), Some("The first title"));
        let prose = prose(PAGE);
        assert!(prose.starts_with("# The") && !prose.contains("ls"), "{prose}");
    }
}
