//! The comments of the generated Swift in Swift's words: names of cases and members, `nil`, errors.

use std::collections::BTreeSet;

use heck::{ToLowerCamelCase as _, ToSnakeCase as _};

use crate::interface::Interface;
use crate::patches::{member, renamed};

/// Words of Rust and Kotlin outside of code. The first of each pair is a whole word.
const WORDS: [(&str, &str); 4] =
    [("null", "`nil`"), ("Null", "`nil`"), ("exception", "error"), ("Exceptions", "Errors")];

/// Types that Swift's layer replaces.
const TYPES: [(&str, &str); 2] = [("ClientBuilder", "Client"), ("WebhookOptions", "WebhookVerifier")];

/// After these words a name in lower case is a case of an enum.
const KINDS: [&str; 3] = ["kind ", "outcome ", "ejection "];

/// The names in the comments.
pub struct Words {
    types: BTreeSet<String>,
    cases: BTreeSet<String>,
}

impl Words {
    pub fn new(interface: &Interface) -> Self {
        let enums = interface.enums();
        let names = interface.records().into_iter().map(|one| one.name().to_owned());
        let objects = interface.objects().into_iter().map(|one| one.name().to_owned());
        Self {
            types: names.chain(objects).chain(enums.iter().map(|one| one.name().to_owned())).collect(),
            cases: enums.iter().flat_map(|one| one.variants()).map(|one| one.name().to_owned()).collect(),
        }
    }

    /// The code with its comments in Swift's words.
    pub fn in_comments(&self, code: &str) -> String {
        let mut changed = String::with_capacity(code.len());
        let mut is_block = false;
        for line in code.split_inclusive('\n') {
            let start = line.trim_start();
            is_block |= start.starts_with("/**");
            let end = match (is_block, line.find("*/")) {
                (true, Some(place)) => place,
                (true, None) => line.len(),
                (false, _) if start.starts_with("///") => line.len(),
                (false, _) => 0,
            };
            is_block &= end == line.len();
            changed.push_str(&self.line(&line[..end]));
            changed.push_str(&line[end..]);
        }
        changed
    }

    fn line(&self, line: &str) -> String {
        let mut changed = String::with_capacity(line.len());
        for (place, part) in line.split('`').enumerate() {
            if place % 2 == 0 {
                changed.push_str(&prose(part));
            } else {
                let name = self.code(part, &changed);
                changed.extend(["`", &name, "`"]);
            }
        }
        changed
    }

    /// A piece of code after this text.
    fn code(&self, code: &str, before: &str) -> String {
        let is_wire = before.ends_with("action ") || code.contains('"');
        if is_wire {
            return code.to_owned();
        }
        if KINDS.iter().any(|kind| before.ends_with(kind)) && code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return format!(".{}", code.to_lower_camel_case());
        }
        if let Some((of, case)) = code.split_once('.')
            && self.types.contains(of)
            && self.cases.contains(case)
        {
            return format!("{}.{}", renamed(of), case.to_lower_camel_case());
        }
        if self.cases.contains(code) && !self.types.contains(code) {
            return format!(".{}", code.to_lower_camel_case());
        }
        if let Some((of, now)) = TYPES.iter().find(|(of, _)| code.split('.').next() == Some(of)) {
            return code.replace(of, now);
        }
        let name = |word: &str| {
            if word.contains('_') && word.to_snake_case() == word { member(word) } else { renamed(word).to_owned() }
        };
        code.split(' ').map(name).collect::<Vec<_>>().join(" ")
    }
}

fn prose(text: &str) -> String {
    // Fields of JSON are null.
    if text.contains("null fields") {
        return text.to_owned();
    }
    WORDS.iter().fold(text.to_owned(), |text, (word, swift)| crate::patches::word_replaced(&text, word, swift))
}

#[cfg(test)]
mod tests {
    use super::Words;
    use crate::interface::Interface;

    const UDL: &str = r#"
        namespace keysecure { };
        enum Outcome { "NotSent", "Unknown" };
        [Enum] interface Acquired { Busy(); Leased(string id); };
        [Enum] interface Event { Auth(); Card(); };
        dictionary Card { string no; };
    "#;

    #[test]
    fn comments_name_cases_and_members_as_swift_does() {
        let words = Words::new(&Interface::from_udl(UDL));
        for (rust, swift) in [
            ("/// With outcome `NotSent`, or `Busy`.", "/// With outcome `.notSent`, or `.busy`."),
            ("    /// From `Acquired.Leased`; null is none.", "    /// From `Acquired.leased`; `nil` is none."),
            ("/// Fails with kind `config`, outcome `unknown`.", "/// Fails with kind `.config`, outcome `.unknown`."),
            ("/// `may_have_been_sent = false`, `appId`.", "/// `mayHaveBeenSent = false`, `appID`."),
            ("/// Action `Card`, action `Auth`, a `Card`.", "/// Action `Card`, action `Auth`, a `Card`."),
            (
                "/// Such as `\"consume_no\"`; null fields omitted.",
                "/// Such as `\"consume_no\"`; null fields omitted.",
            ),
            ("/// As in `ClientBuilder.timezone`.", "/// As in `Client.timezone`."),
            ("let a = b // `Busy`", "let a = b // `Busy`"),
        ] {
            assert_eq!(words.in_comments(rust), swift);
        }
        let block = "/**\n * Null, or `Busy`.\n */null: Int\n";
        assert_eq!(words.in_comments(block), "/**\n * `nil`, or `.busy`.\n */null: Int\n");
    }
}
