//! One call in its forms: awaited or blocking, with the fields of its request as arguments or with the request.

use std::fmt::Write as _;

use uniffi_bindgen::interface::{Argument, AsType as _, Callable, Constructor, Method, Object, Type};

use super::objects::{Waiting, counts_waiting, doc, swift_name, wrapped};
use super::relay;
use super::signature::{Parameter, Signature};
use super::types::{class_name, label};
use crate::interface::Interface;
use crate::patches::member;
use crate::{Result, documentation};

/// Parameters whose record is flattened into its fields.
const FLATTENED_PARAMS: [&str; 4] = ["request", "query", "filter", "options"];

/// What arguments are, of which `UniFFI` keeps no documentation. `DocC` wants either all parameters of a call or none.
const ARGUMENTS: [(&str, &str); 8] = [
    ("apiKey", "The Api-Key of the merchant."),
    ("apiSecret", "The apiSecret of the merchant."),
    ("appID", "The Api-Key of the merchant (inferred)."),
    ("cardholderUniqueNo", "Merchant reference of the cardholder, 1 to 64 characters."),
    ("page", "The page, from 0."),
    ("secrets", "The apiSecret of the merchant (inferred); several during a rotation."),
    ("size", "The number of rows of a page, 1 to 100."),
    ("sumsubShareToken", "Sumsub share token of the identity check, which is treated as a secret."),
];

/// The limits of the calls of a remote object.
const LIMITS: &str = "limits";

/// What a client needs to have done before it is created.
const BEGIN: &str = "DeviceZone.install()\n        ";

/// How a call is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Awaited,
    Blocking,
    /// A call that neither waits nor blocks.
    Direct,
}

/// A call of an object.
#[derive(Debug)]
pub struct Call<'a> {
    name: String,
    /// The name of UniFFI's method or constructor; empty for its initializer.
    ffi: String,
    class: String,
    kind: Kind,
    result: Option<&'a Type>,
    row: Option<String>,
    doc: Option<String>,
    throws: bool,
    remote: bool,
    /// Whether the time that a call has waited for a thread counts into its limit.
    counts: bool,
    waiting: Option<Waiting>,
    /// With the fields of the request as arguments.
    flat: Signature,
    /// With the request itself, when it is a public type.
    whole: Option<Signature>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Init,
    Constructor,
    Method,
}

impl<'a> Call<'a> {
    /// A constructor.
    pub fn constructor(object: &Object, one: &'a Constructor, interface: &Interface) -> Result<Self> {
        let is_init = one.is_primary_constructor() || one.name() == relay::CONSTRUCTOR;
        let kind = if is_init { Kind::Init } else { Kind::Constructor };
        Self::new(kind, object, (one.name(), one), None, interface)
    }

    /// A method.
    pub fn method(
        object: &Object,
        method: &'a Method,
        waiting: Option<Waiting>,
        interface: &Interface,
    ) -> Result<Self> {
        Self::new(Kind::Method, object, (method.name(), method), waiting, interface)
    }

    fn new(
        kind: Kind,
        object: &Object,
        (name, callable): (&str, &'a dyn Callable),
        waiting: Option<Waiting>,
        interface: &Interface,
    ) -> Result<Self> {
        let row = callable.return_type().and_then(|of| interface.row_of_pages(of)).map(label).transpose()?;
        let mut call = Self {
            name: swift_name(name),
            ffi: if kind == Kind::Init && name != relay::CONSTRUCTOR { String::new() } else { member(name) },
            class: class_name(object.name()),
            kind,
            result: callable.return_type(),
            doc: callable.docstring().map(str::to_owned),
            throws: callable.throws_type().is_some(),
            remote: interface.is_remote(object),
            counts: counts_waiting(object),
            waiting: waiting.filter(|_| row.is_none()),
            row,
            flat: Signature::default(),
            whole: None,
        };
        let mut whole = Signature::default();
        for argument in callable.arguments() {
            call.add(argument, &mut whole, interface)?;
        }
        let public = !callable.arguments().iter().any(|argument| interface.is_internal(&argument.as_type()));
        if public && whole.parameters.iter().map(|one| &one.name).ne(call.flat.parameters.iter().map(|one| &one.name)) {
            call.whole = Some(whole);
        }
        // The only argument that a call requires names what the call is about.
        if let [only, optional @ ..] = &mut call.flat.parameters[..] {
            let text = only.label == "String" || only.label == "VerifiedWebhook";
            let is_only = only.default.is_none() && optional.iter().all(|one| one.default.is_some());
            only.positional = kind == Kind::Method && is_only && text;
        }
        Ok(call)
    }

    fn add(&mut self, argument: &Argument, whole: &mut Signature, interface: &Interface) -> Result<()> {
        let (of, name) = (argument.as_type(), member(argument.name()));
        let parameter = Parameter::new(argument.name(), &of, argument.default_value(), None)?;
        let record = match &of {
            Type::Record { name, .. } if FLATTENED_PARAMS.contains(&argument.name()) => interface.record(name),
            _ => None,
        };
        let Some(record) = record else {
            for signature in [&mut self.flat, whole] {
                signature.arguments.push(format!("{name}: {}", parameter.passed(&of)));
                signature.parameters.push(parameter.clone().convenient());
            }
            return Ok(());
        };
        let with_request = whole.parameters.iter().any(|one| one.name == "request");
        whole.parameters.push(Parameter {
            positional: name == "request",
            default: (name == "options" && with_request).then(|| format!("{}()", parameter.label)),
            ..parameter
        });
        // Amounts that the core cannot represent are refused by their names.
        let checked = |request: String| {
            if interface.has_amounts(record) { format!("try {request}.checked()") } else { request }
        };
        whole.arguments.push(format!("{name}: {}", checked(name.clone())));
        let mut fields = Vec::new();
        for field in record.fields() {
            if self.is_relay() && relay::OF_SERVER.contains(&field.name()) {
                continue;
            }
            let of = field.as_type();
            let parameter = Parameter::new(field.name(), &of, field.default_value(), field.docstring())?;
            fields.push(format!("{}: {}", member(field.name()), parameter.passed(&of)));
            self.flat.parameters.push(parameter.convenient());
        }
        let made = format!("{}({})", class_name(record.name()), fields.join(", "));
        self.flat.arguments.push(format!("{name}: {}", checked(made)));
        Ok(())
    }

    /// Whether the call creates a client of a relay.
    fn is_relay(&self) -> bool {
        self.kind == Kind::Init && self.ffi == relay::CONSTRUCTOR
    }

    /// Whether the call waits for the platform, a store or a decision.
    pub fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    /// Whether the call gives a lazy list.
    pub fn is_list(&self) -> bool {
        self.row.is_some()
    }

    /// The call as a property.
    pub fn property(&self, prefix: &str) -> String {
        let limits = self.remote.then_some(LIMITS);
        let value = wrapped(&format!("ffi.{}()", self.ffi), self.result, prefix, limits);
        let of = match self.result {
            Some(of @ Type::Object { .. }) => format!("{prefix}{}", label(of).unwrap_or_default()),
            Some(of) => label(of).unwrap_or_default(),
            None => String::new(),
        };
        format!("\n{}    public var {}: {of} {{ {value} }}\n", self.comment(&[], false), self.name)
    }

    /// All declarations of the call in one form.
    pub fn text(&self, form: Form) -> String {
        if self.is_relay() {
            return relay::forms(&self.flat).iter().map(|signature| self.declared(signature, form, None)).collect();
        }
        let mut text = self.declared(&self.flat, form, None);
        if let Some(window) = self.flat.with_window() {
            text.insert_str(0, &self.declared(&window, form, None));
        }
        if let Some(whole) = &self.whole {
            text += &self.declared(whole, form, None);
        }
        if let Some(former) = self.flat.with_former_labels().filter(|_| self.kind != Kind::Method) {
            text += &self.declared(&former, form, Some("message: \"use appID\""));
        }
        if form == Form::Awaited {
            for signature in [Some(&self.flat), self.whole.as_ref()].into_iter().flatten() {
                if let Some(labelled) = signature.with_all_labels() {
                    let renamed = format!("renamed: \"{}({})\"", self.name, signature.labels());
                    text += &self.declared(&labelled, form, Some(&renamed));
                }
            }
        }
        text
    }

    fn declared(&self, signature: &Signature, form: Form, deprecated: Option<&str>) -> String {
        let checks = signature.arguments.iter().any(|argument| argument.contains("try "));
        let throws = self.throws || checks;
        let (head, result) = match self.kind {
            Kind::Init => ("init".to_owned(), String::new()),
            Kind::Constructor => (format!("static func {}", self.name), self.class.clone()),
            Kind::Method => (format!("func {}", self.name), self.result_label(form)),
        };
        let discardable = if self.name == "finish" { "    @discardableResult\n" } else { "" };
        let deprecated =
            deprecated.map_or_else(String::new, |advice| format!("    @available(*, deprecated, {advice})\n"));
        let effects = if form == Form::Awaited && self.row.is_none() { " async" } else { "" };
        let effects = format!("{effects}{}", if throws { " throws(KeySecureError)" } else { "" });
        let result = if result.is_empty() { result } else { format!(" -> {result}") };
        format!(
            "\n{}{discardable}{deprecated}    public {head}({}){effects}{result} {{\n        {}\n    }}\n",
            self.comment(&signature.parameters, throws),
            signature.declared(),
            self.body(signature, form, checks)
        )
    }

    fn result_label(&self, form: Form) -> String {
        match (&self.row, self.result) {
            (Some(row), _) if form == Form::Blocking => format!("BlockingPager<{row}>"),
            (Some(row), _) => format!("Pager<{row}>"),
            (None, Some(of)) => label(of).unwrap_or_default(),
            (None, None) => String::new(),
        }
    }

    fn body(&self, signature: &Signature, form: Form, checks: bool) -> String {
        let arguments = signature.arguments.join(", ");
        let throws = self.throws || checks;
        let tried = if throws { "try " } else { "" };
        let typed = |call: &str| if throws { format!("try typed {{ try {call} }}") } else { call.to_owned() };
        let class = format!("Ffi{}", self.class);
        match self.kind {
            Kind::Init if self.remote => {
                let function = if self.ffi.is_empty() { class } else { format!("{class}.{}", self.ffi) };
                return format!(
                    "{BEGIN}self.init(ffi: {}, timeout: timeout)",
                    typed(&format!("{function}({arguments})"))
                );
            }
            Kind::Init => return format!("self.init(ffi: {})", typed(&format!("{class}({arguments})"))),
            Kind::Constructor => {
                let made = typed(&format!("{class}.{}({arguments})", self.ffi));
                if self.remote {
                    return format!("{BEGIN}return {}(ffi: {made}, timeout: timeout)", self.class);
                }
                return format!("{}(ffi: {made})", self.class);
            }
            Kind::Method => {}
        }
        let call = format!("ffi.{}({arguments})", self.ffi);
        if self.row.is_some() {
            let pager =
                if form == Form::Blocking { "BlockingPager(pages)" } else { "Pager(within: limits.timeout, pages)" };
            return format!("let pages = {}\n        return {pager}", typed(&call));
        }
        let Some(waiting) = self.waiting.filter(|_| form == Form::Awaited) else {
            // A call that cannot throw is as little part of the read whose observer makes it as one that can.
            let call = if throws || self.waiting.is_none() {
                typed(&call)
            } else {
                format!("CancelledReads.unwatched {{ {call} }}")
            };
            return wrapped(&call, self.result, "", None);
        };
        let (ffi, waited) = if self.counts { ("ffi.after(waited)", "waited") } else { ("ffi", "_") };
        let call = wrapped(&format!("{tried}{ffi}.{}({arguments})", self.ffi), self.result, "", None);
        let limit = match waiting {
            Waiting::Webhook => "nil".to_owned(),
            _ => signature.limit(),
        };
        let kind = waiting.kind();
        if !throws {
            return format!("await Waiting.always({kind}) {{ {} }}", call.replace("ffi.after(waited)", "ffi"));
        }
        format!("try await Waiting.run({kind}, within: {limit}) {{ {waited} in {call} }}")
    }

    /// Lists the parameters, if one of them has documentation.
    fn comment(&self, parameters: &[Parameter], throws: bool) -> String {
        let mut comment = doc(self.doc.as_deref()).lines().fold(String::new(), |mut comment, line| {
            let _ = writeln!(comment, "    {line}");
            comment
        });
        let has_own = parameters.iter().any(|one| one.doc.is_some());
        let listed = parameters.iter().filter(|_| has_own);
        let explained: Vec<_> =
            listed.filter_map(|one| Some((&one.name, one.doc.as_deref().or_else(|| argument(&one.name))?))).collect();
        if (!explained.is_empty() || throws) && !comment.is_empty() {
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

fn argument(name: &str) -> Option<&'static str> {
    ARGUMENTS.iter().find(|(argument, _)| *argument == name).map(|(_, doc)| *doc)
}
