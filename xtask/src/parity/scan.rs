//! The names that Python, Kotlin and Swift sources declare, by a search for declarations: no parser of the language is needed.

use std::collections::BTreeSet;

use regex::Regex;

/// What is found by searching one language's sources.
pub struct Scanner {
    /// The start of a type; its group is the name.
    scope: Regex,
    /// A declaration; its groups are the type that it extends, if it does, and the name.
    members: Vec<Regex>,
    /// Whether a line that is not indented ends the type.
    by_indent: bool,
}

/// The names of all types with their members as `Type.member`, the types themselves, and functions outside types.
pub type Names = BTreeSet<String>;

impl Scanner {
    pub fn python() -> Result<Self, String> {
        Self::new(
            r"^class (\w+)",
            &[r"^(?: {4})?(?:async )?def (\w+)\(", r"^(?: {4}| {8})(\w+): ", r"^ {4}def __new__.*\*, (\w+): "],
            true,
        )
    }

    pub fn kotlin() -> Result<Self, String> {
        Self::new(
            r"^(?:public |sealed |abstract |open |data |fun |enum )*(?:class|interface|object) (\w+)",
            &[
                // Without `private` and `internal` ones.
                r"^ *(?:public |override |inline |suspend |open |abstract )*fun (?:<[^>]*> )?(?:(\w+)(?:\.Companion)?\.)?(\w+)\(",
                r"^ *(?:public |override |open |const )*va[lr] (\w+)\b",
                r"^ {4,8}(\w+): ",
                r"[(,] ?(?:public )?val (\w+): ",
                r"^ +public (?:data class|object|class) (\w+)",
            ],
            false,
        )
    }

    pub fn swift() -> Result<Self, String> {
        Self::new(
            r"^(?:public |final )*(?:struct|class|enum|protocol|extension|actor) (\w+)",
            &[
                r"^ *public (?:static )?func (\w+)",
                r"^ *public (?:static )?(?:let|var) (\w+)",
                r"^ *case (\w+)",
                r"^ {4,8}(\w+): ",
            ],
            false,
        )
    }

    fn new(scope: &str, members: &[&str], by_indent: bool) -> Result<Self, String> {
        let regex = |pattern: &&str| Regex::new(pattern).map_err(|error| error.to_string());
        Ok(Self { scope: regex(&scope)?, members: members.iter().map(regex).collect::<Result<_, _>>()?, by_indent })
    }

    /// Adds the names of a file.
    pub fn read(&self, text: &str, names: &mut Names) {
        let mut scope = String::new();
        for line in text.lines() {
            if let Some(found) = self.scope.captures(line) {
                found[1].clone_into(&mut scope);
                names.insert(scope.clone());
            } else if line.starts_with('}') || self.by_indent && line.starts_with(|first: char| first.is_alphabetic()) {
                scope.clear();
            }
            for regex in &self.members {
                for found in regex.captures_iter(line) {
                    let groups: Vec<&str> = found.iter().skip(1).flatten().map(|group| group.as_str()).collect();
                    names.extend(match groups[..] {
                        [of, name] => Some(format!("{of}.{name}")),
                        [name] if scope.is_empty() => Some(name.to_owned()),
                        [name] => Some(format!("{scope}.{name}")),
                        _ => None,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, Scanner};

    fn names(scanner: Result<Scanner, String>, text: &str) -> Vec<String> {
        let mut names = Names::new();
        scanner.unwrap().read(text, &mut names);
        names.into_iter().collect()
    }

    #[test]
    fn python_classes_have_methods_attributes_and_parameters() {
        let text = "class Client:\n    key: str\n    def __new__(\n        cls,\n        timeout: float = 1,\n    ) -> Self: ...\n\ndef reply() -> None: ...\n";
        assert_eq!(
            names(Scanner::python(), text),
            ["Client", "Client.__new__", "Client.key", "Client.timeout", "reply"]
        );
    }

    #[test]
    fn kotlin_classes_have_functions_properties_and_parameters() {
        let text = "public data class Ensured<T>(val value: T, public val created: Boolean)\n\npublic class Client private constructor(\n    apiKey: String,\n) {\n    public fun close() {\n    }\n    private fun inner() {}\n    public companion object {\n        public fun fromEnv(): Client = 1\n    }\n}\n\npublic fun <T> Client.io(): T = 1\ninternal fun hidden() = 1\n";
        let expected = [
            "Client",
            "Client.apiKey",
            "Client.close",
            "Client.fromEnv",
            "Client.io",
            "Ensured",
            "Ensured.created",
            "Ensured.value",
        ];
        assert_eq!(names(Scanner::kotlin(), text), expected);
    }

    #[test]
    fn swift_types_and_their_extensions_have_functions_and_properties() {
        let text = "public struct KeySecureError: Error {\n    public let code: Int64?\n}\n\nextension Client {\n    public static func make() {}\n    func inner() {}\n}\n\npublic func reply() {}\n";
        let expected = ["Client", "Client.make", "KeySecureError", "KeySecureError.code", "reply"];
        assert_eq!(names(Scanner::swift(), text), expected);
    }
}
