//! The table of error codes. Which codes are documented and which kind each has is read from the core; what to do about
//! each is in `docs/error-codes.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;

use toml::Table;

use super::markdown;
use super::pages::Edition;
use crate::run;

const TEXTS: &str = "docs/error-codes.toml";
const KINDS: &str = "core/src/error/kind.rs";
const DOCUMENTED: &str = "core/src/engine/outcome.rs";

/// The line of a page in whose place the table comes.
const DIRECTIVE: &str = "{{ error-codes }}";

/// The documented codes with their kind, and the texts about them.
pub struct Codes {
    kinds: BTreeMap<i64, String>,
    texts: Table,
}

impl Codes {
    pub fn read() -> Result<Self, String> {
        let read = |file: &str| fs::read_to_string(run::root().join(file)).map_err(|error| format!("{file}: {error}"));
        let texts = read(TEXTS)?.parse().map_err(|error| format!("{TEXTS}: {error}"))?;
        Ok(Self { kinds: kinds(&read(DOCUMENTED)?, &read(KINDS)?)?, texts })
    }

    /// Documented codes without a text, and texts of other codes.
    pub fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        for code in self.kinds.keys() {
            for field in ["meaning", "action", "meaning_zh", "action_zh"] {
                if self.text(*code, field).is_empty() {
                    findings.push(format!("{TEXTS}: the code {code} has no `{field}`"));
                }
            }
        }
        let other = self.texts.keys().filter(|code| code.parse().is_ok_and(|code| !self.kinds.contains_key(&code)));
        findings.extend(other.map(|code| format!("{TEXTS}: {code} is no documented code ({DOCUMENTED})")));
        findings
    }

    /// A page with the table in place of its directive.
    pub fn expand(&self, edition: Edition, text: &str) -> String {
        if text.contains(DIRECTIVE) { text.replace(DIRECTIVE, self.table(edition).trim_end()) } else { text.to_owned() }
    }

    fn table(&self, edition: Edition) -> String {
        let (head, end) = match edition {
            Edition::English => ("| code | meaning | kind | what to do |", ""),
            Edition::Chinese => ("| 代码 | 含义 | 种类 | 怎么办 |", "_zh"),
        };
        let row = |(code, kind): (&i64, &String)| {
            let (meaning, action) =
                (self.text(*code, &format!("meaning{end}")), self.text(*code, &format!("action{end}")));
            format!("| {code} | {meaning} | `{kind}` | {action} |\n")
        };
        format!("{head}\n|---|---|---|---|\n{}", self.kinds.iter().map(row).collect::<String>())
    }

    fn text(&self, code: i64, field: &str) -> &str {
        let entry = self.texts.get(&code.to_string()).and_then(toml::Value::as_table);
        entry.and_then(|entry| entry.get(field)).and_then(toml::Value::as_str).unwrap_or("")
    }
}

/// The documented codes, each with the kind of its error.
fn kinds(documented: &str, kinds: &str) -> Result<BTreeMap<i64, String>, String> {
    let list = markdown::regex(r"matches!\(code, ([0-9|.= ]+)\)");
    let list = list.captures(documented).ok_or_else(|| format!("{DOCUMENTED}: no list of documented codes"))?;
    let arm = markdown::regex(r"(?m)^ +([0-9|.= ]+) => Self::(\w+),");
    let arms: Vec<(Vec<RangeInclusive<i64>>, &str)> = arm
        .captures_iter(kinds)
        .map(|found| Ok((ranges(&found[1])?, found.get(2).map_or("", |name| name.as_str()))))
        .collect::<Result<_, String>>()?;
    if arms.is_empty() {
        return Err(format!("{KINDS}: no kinds of codes"));
    }
    let kind = |code: i64| {
        let arm = arms.iter().find(|(ranges, _)| ranges.iter().any(|range| range.contains(&code)));
        arm.map_or("Api", |(_, kind)| kind).to_owned()
    };
    Ok(ranges(&list[1])?.into_iter().flatten().map(|code| (code, kind(code))).collect())
}

/// The ranges of a pattern such as `1002 | 1006..=1008`.
fn ranges(pattern: &str) -> Result<Vec<RangeInclusive<i64>>, String> {
    let number = |text: &str| text.trim().parse::<i64>().map_err(|error| format!("{text}: {error}"));
    pattern
        .split('|')
        .map(|part| match part.split_once("..=") {
            Some((first, last)) => Ok(number(first)?..=number(last)?),
            None => number(part).map(|code| code..=code),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_kinds_are_read_from_the_core() {
        let codes = Codes::read().unwrap();
        assert_eq!(codes.kinds.len(), 37);
        for (code, kind) in [(1001, "Api"), (1007, "Authentication"), (1009, "RateLimit"), (2004, "State")] {
            assert_eq!(codes.kinds[&code], kind);
        }
        assert_eq!(codes.findings(), [""; 0]);
        let page = codes.expand(Edition::English, "a\n\n{{ error-codes }}\n\nb\n");
        assert!(page.contains("\n| 2002 | The cardholder does not exist. | `NotFound` | "), "{page}");
    }

    #[test]
    fn a_code_without_text_and_a_text_without_code_are_findings() {
        let mut codes = Codes::read().unwrap();
        codes.texts.remove("4016");
        codes.texts.insert("9999".into(), Table::new().into());
        let findings = codes.findings();
        assert_eq!(findings.iter().filter(|finding| finding.contains("4016")).count(), 4);
        assert!(findings.iter().any(|finding| finding.contains("9999 is no documented code")));
    }
}
