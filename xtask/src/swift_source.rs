//! What the layer over UniFFI's Swift is made from: the records with their fields, and the methods of the objects.

use std::collections::BTreeMap;

/// A parameter of a function, or a field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub swift_type: String,
    /// With its `=`, or empty.
    pub default: String,
    pub doc: String,
}

/// A function of an object that can fail or that blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// `func get`, `static func fromEnv` or `init`.
    pub what: String,
    pub parameters: Vec<Parameter>,
    pub throws: bool,
    /// Empty when it gives nothing.
    pub answer: String,
    pub doc: String,
}

/// The generated Swift.
#[derive(Debug, Default)]
pub struct Source {
    pub records: BTreeMap<String, Vec<Parameter>>,
    pub objects: BTreeMap<String, Vec<Function>>,
    /// All types that print themselves by Rust's `Debug`.
    pub printed: Vec<String>,
}

impl Source {
    pub fn read(swift: &str) -> Self {
        let mut source = Self::default();
        let mut docs = Docs::default();
        let mut object = None;
        let mut lines = swift.lines();
        while let Some(line) = lines.next() {
            if let Some(name) = declared(line, "open class ") {
                object = Some(name);
            } else if line.starts_with("public protocol ") {
                object = None;
            } else if let Some(name) = declared(line, "public struct ").or_else(|| declared(line, "public enum ")) {
                if line.contains("CustomDebugStringConvertible") {
                    source.printed.push(name.clone());
                }
                if line.starts_with("public struct ") && !name.starts_with("FfiConverter") {
                    source.records.insert(name, fields(&mut lines));
                }
                object = None;
            } else if let (Some(name), Some(function)) = (&object, function(line, &docs.last)) {
                source.objects.entry(name.clone()).or_default().push(function);
            }
            docs.pass(line);
        }
        source
    }
}

fn declared(line: &str, keyword: &str) -> Option<String> {
    let name = line.strip_prefix(keyword)?;
    Some(name.split([':', ' ']).next().unwrap_or(name).to_owned())
}

/// The documentation that stands right before a line.
#[derive(Default)]
struct Docs {
    last: String,
    inside: bool,
}

impl Docs {
    fn pass(&mut self, line: &str) {
        let line = line.trim();
        if line == "/**" {
            self.last.clear();
            self.inside = true;
        } else if line.starts_with("*/") {
            self.inside = false;
        } else if self.inside {
            let text = line.trim_start_matches('*').trim();
            if !self.last.is_empty() {
                self.last.push('\n');
            }
            self.last.push_str(text);
        } else {
            self.last.clear();
        }
    }
}

/// The parameters of a record's `init`, which follows: each behind its documentation, or several on a line.
fn fields<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<Parameter> {
    let mut docs = Docs::default();
    let mut fields = Vec::new();
    for line in lines.skip_while(|line| !line.trim().starts_with("public init(")) {
        let text = line.trim().trim_start_matches("public init(").trim_start_matches("*/");
        if !docs.inside || line.trim().starts_with("*/") {
            let texts = text.trim_end_matches([' ', ',', '{', ')']).split(", ");
            fields.extend(texts.filter_map(|text| parameter(text, &docs.last)));
        }
        docs.pass(line);
        if line.ends_with(") {") {
            break;
        }
    }
    fields
}

fn parameter(text: &str, doc: &str) -> Option<Parameter> {
    let (name, rest) = text.split_once(": ")?;
    let (swift_type, default) = rest.split_once(" = ").unwrap_or((rest, ""));
    let default = if default.is_empty() { String::new() } else { format!(" = {default}") };
    Some(Parameter { name: name.into(), swift_type: swift_type.into(), default, doc: doc.into() })
}

/// `open func get(cardNo: String)throws  -> Card  {`.
fn function(line: &str, doc: &str) -> Option<Function> {
    let (head, rest) = line.trim().split_once('(')?;
    let kinds = [("public convenience ", "init"), ("open ", "func "), ("public ", "static func ")];
    let what = kinds.iter().find_map(|(words, kind)| head.strip_prefix(words).filter(|rest| rest.starts_with(kind)))?;
    let (list, tail) = rest.split_once(')')?;
    let answer = tail.split_once("-> ").map(|(_, answer)| answer.split("  {").next().unwrap_or(answer).trim());
    Some(Function {
        what: what.to_owned(),
        parameters: list.split(", ").filter_map(|text| parameter(text, "")).collect(),
        throws: tail.trim_start().starts_with("throws"),
        answer: answer.unwrap_or_default().to_owned(),
        doc: doc.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::Source;

    const SWIFT: &str = r#"
public struct ApplyCard: Equatable, Hashable, CustomDebugStringConvertible {
    /**
     * The cardholder.
     */
    public let cardholderNo: String
    public init(
        /**
         * The cardholder.
         */cardholderNo: String, 
        /**
         * Further fields,
         * if any.
         */extra: Extra = "{}") {
        self.cardholderNo = cardholderNo
    }
}
open class Cards: CardsProtocol, @unchecked Sendable {
    /**
     * Applies for a card.
     */
open func apply(request: ApplyCard, page: Int32)throws  -> CardApplied  {
    return try  FfiConverterTypeCardApplied_lift(try rustCallWithError(FfiConverterTypeFfiError_lift) {
})
}
    
open func freeze(cardNo: String? = nil)throws   {try rustCallWithError(FfiConverterTypeFfiError_lift) {
}
}
}
"#;

    #[test]
    fn records_and_functions_are_read_with_their_documentation() {
        let source = Source::read(SWIFT);
        let fields = &source.records["ApplyCard"];
        assert_eq!(fields.len(), 2, "{fields:?}");
        assert_eq!((fields[0].name.as_str(), fields[0].doc.as_str()), ("cardholderNo", "The cardholder."));
        assert_eq!((fields[1].default.as_str(), fields[1].doc.as_str()), (" = \"{}\"", "Further fields,\nif any."));
        assert_eq!(source.printed, ["ApplyCard"]);

        let functions = &source.objects["Cards"];
        assert_eq!(functions[0].what, "func apply");
        assert_eq!((functions[0].answer.as_str(), functions[0].throws), ("CardApplied", true));
        assert_eq!(functions[0].doc, "Applies for a card.");
        assert_eq!(functions[0].parameters[1].swift_type, "Int32");
    }
}
