//! The table: a row for each public name of the core, with the names that follow no rule, and the differences with their reasons.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use toml::{Table, Value};

use super::generated::MODEL;
use super::sources::{Sources, camel};

/// The languages beside Rust: the key in the list, and the heading.
const LANGUAGES: [(&str, &str); 3] = [("python", "Python"), ("kotlin", "Kotlin and Java"), ("swift", "Swift")];

const HEAD: &str = "\
# What each language has

Every call, setting, error field, store and webhook function of the Rust crate, and its name in Python, Kotlin (and Java) and Swift;
so for the JSON of models and the levels of the log. A dash is a difference, with its reason below the table.

This page is generated from the sources by `cargo xtask parity`; `cargo xtask check parity` fails when it is out of date, and when a
name in it is not in the sources. Names that follow no rule and the reasons of differences are in `docs/parity.toml`.
";

/// The list `docs/parity.toml`.
pub struct List(Table);

impl List {
    pub fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| error.to_string())
    }

    fn entry(&self, table: &str, key: &str) -> Option<&Value> {
        self.0.get(table)?.get(key)
    }

    fn text(&self, table: &str, key: &str, language: &str) -> Option<&str> {
        self.entry(table, key)?.get(language)?.as_str()
    }

    fn sections(&self) -> impl Iterator<Item = &Value> {
        self.0.get("section").and_then(Value::as_array).into_iter().flatten()
    }

    /// The types of all sections.
    pub fn types(&self) -> Vec<&str> {
        self.sections().flat_map(|section| texts(section.get("types"))).collect()
    }
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The page and what is wrong with it.
pub struct Document {
    pub page: String,
    pub findings: Vec<String>,
}

/// Writes the page.
pub fn document(list: &List, sources: &Sources) -> Document {
    let mut writer = Writer { list, sources, findings: Vec::new(), used: BTreeSet::new() };
    let mut page = HEAD.to_owned();
    for section in list.sections() {
        page += &writer.section(section);
    }
    for table in ["names", "differences"] {
        let keys = list.0.get(table).and_then(Value::as_table).into_iter().flat_map(Table::keys);
        let unused = keys.filter(|key| !writer.used.contains(*key));
        let lines = unused.map(|key| format!("docs/parity.toml: {table}: the core has no {key} in any section"));
        writer.findings.extend(lines.collect::<Vec<_>>());
    }
    Document { page, findings: writer.findings }
}

struct Writer<'a> {
    list: &'a List,
    sources: &'a Sources,
    findings: Vec<String>,
    /// The keys of the list that name an item.
    used: BTreeSet<String>,
}

impl Writer<'_> {
    fn section(&mut self, section: &Value) -> String {
        let title = text(section, "title");
        let mut rows = String::new();
        let mut reasons: Vec<String> = Vec::new();
        for of in texts(section.get("types")) {
            let members = self.sources.core.get(of).cloned().unwrap_or_default();
            if members.is_empty() {
                self.findings.push(format!("docs/parity.toml: {title}: the core has no public type {of} with members"));
            }
            for member in members {
                rows += &self.row(&format!("{of}::{member}"), of, &member, &mut reasons);
            }
        }
        for function in texts(section.get("functions")) {
            let known = self.sources.core.get("").is_some_and(|names| names.iter().any(|name| name == function));
            if !known {
                self.findings.push(format!("docs/parity.toml: {title}: the core has no public function {function}"));
            }
            rows += &self.row(function, "", function, &mut reasons);
        }
        for only in self.list.0.get("only").and_then(Value::as_array).into_iter().flatten() {
            if text(only, "section") == title {
                rows += &self.only(only, &mut reasons);
            }
        }
        let mut page = format!("\n## {title}\n\n");
        if texts(section.get("types")).contains(&MODEL) {
            let _ = writeln!(page, "`{MODEL}` is each object of a response: `{}`.\n", self.sources.models.join("`, `"));
        }
        page += "| Rust |";
        let headings = LANGUAGES.map(|(_, heading)| heading);
        let _ = write!(page, " {} |\n|---|---|---|---|\n{rows}", headings.join(" | "));
        if !reasons.is_empty() {
            page.push('\n');
            for (index, reason) in reasons.iter().enumerate() {
                let _ = writeln!(page, "{}. {reason}", index + 1);
            }
        }
        page
    }

    /// The row of an item of the core.
    fn row(&mut self, key: &str, of: &str, member: &str, reasons: &mut Vec<String>) -> String {
        let difference = self.list.entry("differences", key);
        self.used.extend([key.to_owned()]);
        let missing = texts(difference.and_then(|entry| entry.get("missing")));
        let reason = difference.map_or("", |entry| text(entry, "reason"));
        if difference.is_some() && (reason.is_empty() || missing.is_empty()) {
            self.findings.push(format!("docs/parity.toml: the difference {key} needs `missing` and a `reason`"));
        }
        let mut row = format!("| `{key}` |");
        for (language, _) in LANGUAGES {
            let listed = self.list.text("names", key, language).map(str::to_owned);
            let name = listed.unwrap_or_else(|| self.name(language, of, member));
            if missing.contains(&language) {
                if self.has(language, &name) {
                    self.findings.push(format!("docs/parity.toml: {key} is no difference: {language} has {name}"));
                }
                let _ = write!(row, " – ({}) |", number(reasons, reason));
            } else {
                if let Some(name) = self.lacking(language, &name) {
                    self.findings
                        .push(format!("{key}: {language} has no {name}; add it, or give a reason in docs/parity.toml"));
                }
                let _ = write!(row, " `{name}` |");
            }
        }
        row + "\n"
    }

    /// The row of what the core does not have.
    fn only(&mut self, only: &Value, reasons: &mut Vec<String>) -> String {
        let reason = text(only, "reason");
        if reason.is_empty() {
            self.findings.push(format!("docs/parity.toml: {only:?} needs a `reason`"));
        }
        let mark = number(reasons, reason);
        let mut row = format!("| – ({mark}) |");
        for (language, _) in LANGUAGES {
            match text(only, language) {
                "" => {
                    let _ = write!(row, " – ({mark}) |");
                }
                name => {
                    if !self.has(language, name) {
                        self.findings.push(format!("docs/parity.toml: {language} has no {name}"));
                    }
                    let _ = write!(row, " `{name}` |");
                }
            }
        }
        row + "\n"
    }

    /// The name by the rules of a language. The function `new` is the type itself.
    fn name(&self, language: &str, of: &str, member: &str) -> String {
        let own = if language == "swift" { self.sources.swift_type(of) } else { of.to_owned() };
        let of = self.list.text("types", of, language).map_or(own, str::to_owned);
        let member = match language {
            "python" => member.to_owned(),
            "kotlin" => camel(member),
            _ => self.sources.swift_member(member),
        };
        match (of.as_str(), member.as_str()) {
            ("", _) => member,
            (_, "new") => of,
            _ => format!("{of}.{member}"),
        }
    }

    fn has(&self, language: &str, name: &str) -> bool {
        self.lacking(language, name).is_none()
    }

    /// The name if a language lacks it. A member of `Model` is one of each object of a response: the first that is lacking.
    fn lacking(&self, language: &str, name: &str) -> Option<String> {
        let names = match language {
            "python" => &self.sources.python,
            "kotlin" => &self.sources.kotlin,
            _ => &self.sources.swift,
        };
        let all: Vec<String> = match name.strip_prefix(MODEL).and_then(|name| name.strip_prefix('.')) {
            Some(member) => self.sources.models.iter().map(|of| format!("{of}.{member}")).collect(),
            None => vec![name.to_owned()],
        };
        all.into_iter().find(|name| !names.contains(name))
    }
}

/// The number of a reason, which is added when it is new.
fn number(reasons: &mut Vec<String>, reason: &str) -> usize {
    let place = reasons.iter().position(|one| one == reason).unwrap_or_else(|| {
        reasons.push(reason.to_owned());
        reasons.len() - 1
    });
    place + 1
}
