//! Calls that take the fields of their request as arguments with defaults, and calls that are awaited.

use std::fmt::Write as _;

use heck::ToLowerCamelCase as _;
use uniffi_bindgen::interface::{Argument, AsType as _, Callable, DefaultValue, Object, Type};

use super::types::{class_name, default, label};
use crate::interface::Interface;
use crate::{Result, documentation};

/// Parameters whose record is flattened into its fields.
const FLATTENED_PARAMS: [&str; 4] = ["request", "query", "filter", "options"];

/// An extension for every object that has a call to add.
pub fn extensions(interface: &Interface) -> Result<String> {
    let mut text = String::new();
    for object in interface.objects() {
        let added = added(object, interface)?;
        if !added.is_empty() {
            let _ = write!(text, "\nextension {} {{{added}}}\n", class_name(object.name()));
        }
    }
    Ok(text)
}

fn added(object: &Object, interface: &Interface) -> Result<String> {
    let mut added = String::new();
    let new = object.primary_constructor().map(|one| Call::new(&Kind::Init, "init", one, interface));
    let constructors = object.alternate_constructors().into_iter().map(|one| {
        let made = Kind::Constructor(class_name(object.name()));
        Call::new(&made, one.name(), one, interface)
    });
    for call in new.into_iter().chain(constructors) {
        added += &call?.blocking();
    }
    for method in object.methods() {
        let call = Call::new(&Kind::Method, method.name(), method, interface)?;
        added += &call.blocking();
        if interface.is_remote(object) && call.is_request() {
            added += &call.awaited(&call.original);
            if call.is_flattened() {
                added += &call.awaited(&call.parameters);
            }
        }
    }
    Ok(added)
}

enum Kind {
    Init,
    /// A static function that makes the class of this name.
    Constructor(String),
    Method,
}

struct Parameter {
    name: String,
    label: String,
    default: Option<String>,
    doc: Option<String>,
}

/// A call with the parameters that UniFFI gives it, and with those of its flattened form.
struct Call {
    /// What precedes the parameters: `func get`, `static func fromEnv` or `convenience init`.
    head: String,
    name: String,
    /// The type of the result; empty without one.
    result: String,
    /// The type of the rows, when the result is the pages of a lazy list.
    row: Option<String>,
    doc: Option<String>,
    throws: bool,
    /// The original form.
    original: Vec<Parameter>,
    /// The flattened form.
    parameters: Vec<Parameter>,
    /// What the flattened form passes to the original one.
    arguments: Vec<String>,
}

impl Call {
    fn new(kind: &Kind, name: &str, callable: &dyn Callable, interface: &Interface) -> Result<Self> {
        let name = name.to_lower_camel_case();
        let (head, result) = match kind {
            Kind::Init => ("convenience init".to_owned(), String::new()),
            Kind::Constructor(class) => (format!("static func {name}"), class.clone()),
            Kind::Method => {
                (format!("func {name}"), callable.return_type().map(label).transpose()?.unwrap_or_default())
            }
        };
        let row = callable.return_type().and_then(|of| interface.row_of_pages(of)).map(label).transpose()?;
        let mut call = Self {
            head,
            name,
            result,
            row,
            doc: callable.docstring().map(str::to_owned),
            throws: callable.throws_type().is_some(),
            original: Vec::new(),
            parameters: Vec::new(),
            arguments: Vec::new(),
        };
        for argument in callable.arguments() {
            call.add(argument, interface)?;
        }
        Ok(call)
    }

    fn add(&mut self, argument: &Argument, interface: &Interface) -> Result<()> {
        let of = argument.as_type();
        self.original.push(Parameter::new(argument.name(), &of, argument.default_value(), None)?);
        let record = match &of {
            Type::Record { name, .. } if FLATTENED_PARAMS.contains(&argument.name()) => interface.record(name),
            _ => None,
        };
        let name = argument.name().to_lower_camel_case();
        let Some(record) = record else {
            let parameter = Parameter::new(argument.name(), &of, argument.default_value(), None)?;
            self.arguments.push(parameter.passed());
            self.parameters.push(parameter.convenient());
            return Ok(());
        };
        let mut fields = Vec::new();
        for field in record.fields() {
            let parameter = Parameter::new(field.name(), &field.as_type(), field.default_value(), field.docstring())?;
            fields.push(parameter.passed());
            self.parameters.push(parameter.convenient());
        }
        self.arguments.push(format!("{name}: {}({})", class_name(record.name()), fields.join(", ")));
        Ok(())
    }

    fn is_flattened(&self) -> bool {
        self.original.len() != self.parameters.len()
            || self.original.iter().zip(&self.parameters).any(|(one, other)| one.name != other.name)
    }

    /// Whether the call waits for the platform. Making a list sends nothing yet; the doctor alone waits and cannot fail.
    fn is_request(&self) -> bool {
        (self.throws || self.name == "doctor") && self.row.is_none()
    }

    /// The flattened form, where there is one.
    fn blocking(&self) -> String {
        if !self.is_flattened() {
            return String::new();
        }
        let throws = self.throws || self.arguments.iter().any(|argument| argument.contains("try "));
        let prefix = if throws { "try " } else { "" };
        let called = if self.name == "init" { "self.init" } else { &self.name };
        let call = format!("{prefix}{called}({})", self.arguments.join(", "));
        let (result, body) = match &self.row {
            Some(row) => (
                format!("Pager<{row}>"),
                format!("let pages = {call}\n        return Pager {{ try pages.nextPage() }}"),
            ),
            None => (self.result.clone(), call),
        };
        format!(
            "\n{}    public {}({}){} {{\n        {body}\n    }}\n",
            self.comment(&self.parameters, throws),
            self.head,
            declared(&self.parameters),
            signature("", throws, &result),
        )
    }

    /// A form that runs off the threads of Swift's concurrency, which must never block.
    fn awaited(&self, parameters: &[Parameter]) -> String {
        let throws = self.throws || parameters.iter().any(|parameter| parameter.passed().contains("try "));
        let passed: Vec<_> = parameters.iter().map(|one| format!("{0}: {0}", one.name)).collect();
        let (outer, inner) = if throws { ("try await", "try ") } else { ("await", "") };
        format!(
            "\n{}    public func {name}({}){} {{\n        {outer} Blocking.run {{ {inner}self.{name}({}) }}\n    }}\n",
            self.comment(parameters, throws),
            declared(parameters),
            signature(" async", throws, &self.result),
            passed.join(", "),
            name = self.name
        )
    }

    /// Parameters without documentation are not listed.
    fn comment(&self, parameters: &[Parameter], throws: bool) -> String {
        let mut comment = String::new();
        for line in documentation::lines(self.doc.as_deref().unwrap_or_default()) {
            let _ = writeln!(comment, "{}", format!("    /// {line}").trim_end());
        }
        let explained: Vec<_> = parameters.iter().filter_map(|one| Some((&one.name, one.doc.as_deref()?))).collect();
        if !explained.is_empty() || throws {
            comment.push_str("    ///\n");
        }
        if !explained.is_empty() {
            comment.push_str("    /// - Parameters:\n");
        }
        for (name, doc) in explained {
            let _ = writeln!(comment, "    ///   - {name}: {}", documentation::lines(doc).join(" "));
        }
        if throws {
            comment.push_str("    /// - Throws: `KeySecureError`.\n");
        }
        comment
    }
}

impl Parameter {
    fn new(name: &str, of: &Type, value: Option<&DefaultValue>, doc: Option<&str>) -> Result<Self> {
        Ok(Self {
            name: name.to_lower_camel_case(),
            label: label(of)?,
            default: value.map(|value| default(value, of)).transpose()?,
            doc: doc.map(str::to_owned),
        })
    }

    /// With the type that a caller of Swift would rather pass.
    fn convenient(self) -> Self {
        let label = match self.label.as_str() {
            "Int32" => "Int".into(),
            "Int32?" => "Int?".into(),
            "WindowBound" => "any WindowBoundConvertible".into(),
            "WindowBound?" => "(any WindowBoundConvertible)?".into(),
            _ => self.label,
        };
        Self { label, ..self }
    }

    /// The parameter of the convenient type as an argument of UniFFI's.
    fn passed(&self) -> String {
        let name = &self.name;
        let value = match self.label.as_str() {
            "Int32" => format!("Int32(clamping: {name})"),
            "Int32?" => format!("{name}.map(Int32.init(clamping:))"),
            "WindowBound" => format!("{name}.windowBound"),
            "WindowBound?" => format!("{name}?.windowBound"),
            "TimeInterval" | "TimeInterval?" => format!("try checked(\"{name}\", {name})"),
            _ => name.clone(),
        };
        format!("{name}: {value}")
    }
}

fn declared(parameters: &[Parameter]) -> String {
    let declared: Vec<_> = parameters
        .iter()
        .map(|one| {
            let default = one.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
            format!("{}: {}{default}", one.name, one.label)
        })
        .collect();
    declared.join(", ")
}

fn signature(effects: &str, throws: bool, result: &str) -> String {
    let throws = if throws { " throws" } else { "" };
    let result = if result.is_empty() { String::new() } else { format!(" -> {result}") };
    format!("{effects}{throws}{result}")
}

#[cfg(test)]
mod tests {
    use super::extensions;
    use crate::interface::Interface;

    const UDL: &str = r#"
        namespace keysecure { };
        [Error] enum FfiError { "Failed" };
        [Enum] interface WindowBound { Day(string day); };
        dictionary CardPage { string extra; };
        dictionary Query {
            WindowBound start;
            /// The time limit.
            duration? timeout = null;
        };
        interface CardPages { [Throws=FfiError] sequence<string> next_page(); };
        interface Client { Cards cards(); };
        interface Cards {
            /// One page.
            [Throws=FfiError] CardPage page(Query query, i32 size);
            [Throws=FfiError] CardPages list(Query query);
        };
        interface Responder { [Throws=FfiError] string respond(Query query); };
    "#;

    #[test]
    fn a_call_takes_the_fields_of_its_request_and_can_be_awaited() {
        let swift = extensions(&Interface::from_udl(UDL)).unwrap();
        let list = "(start: any WindowBoundConvertible, timeout: TimeInterval? = nil, size: Int)";
        for expected in [
            format!("    ///   - timeout: The time limit.\n    /// - Throws: `KeySecureError`.\n    public func page{list} throws -> CardPage {{\n"),
            "        try page(query: Query(start: start.windowBound, timeout: try checked(\"timeout\", timeout)), size: Int32(clamping: size))\n".into(),
            format!("public func page{list} async throws -> CardPage {{\n"),
            "        try await Blocking.run { try self.page(start: start, timeout: timeout, size: size) }\n".into(),
            "public func list(start: any WindowBoundConvertible, timeout: TimeInterval? = nil) throws -> Pager<String> {\n        let pages = try list(query:".into(),
        ] {
            assert!(swift.contains(&expected), "{expected}\n{swift}");
        }
    }

    #[test]
    fn only_requests_to_the_platform_can_be_awaited() {
        let swift = extensions(&Interface::from_udl(UDL)).unwrap();
        assert!(!swift.contains("async throws -> Pager"), "{swift}");
        assert!(swift.contains("public func respond(start:"), "{swift}");
        assert!(!swift.contains("self.respond"), "{swift}");
    }
}
