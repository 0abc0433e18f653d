//! Records are `Sendable` under Swift 5 too, and optional fields and lists have a default in their initializers.
//!
//! UniFFI gives a field only the default that the metadata has, and `Sendable` only under Swift 6. Not reported upstream yet.

use super::replace_sections;
use crate::Result;
use crate::interface::Interface;

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    let text = replace_sections(swift, "#if compiler(>=6)\nextension ", "{}\n#endif\n", |found| {
        found.replace("#if compiler(>=6)\n", "").replace("#endif\n", "")
    })?;
    replace_sections(&text, "    public init(", ") {", |found| found.split_inclusive('\n').map(with_default).collect())
}

/// A line that ends with a parameter, with a default for an optional or a list.
fn with_default(line: &str) -> String {
    let (parameter, end) = match (line.strip_suffix(", \n"), line.strip_suffix(") {")) {
        (Some(parameter), _) => (parameter, ", \n"),
        (_, Some(parameter)) => (parameter, ") {"),
        _ => return line.to_owned(),
    };
    let default = match parameter {
        _ if parameter.contains(" = ") => "",
        _ if parameter.ends_with('?') => " = nil",
        _ if parameter.ends_with(']') => " = []",
        _ => "",
    };
    format!("{parameter}{default}{end}")
}
