//! The public structs over UniFFI's classes: calls that are awaited, and the same calls blocking, under `blocking`.
//!
//! UniFFI's classes are internal to the package: see the patch `swift_internal`.

use std::fmt::Write as _;

use uniffi_bindgen::interface::{AsType as _, Method, Object, Type};

use super::calls::{Call, Form};
use super::types::{class_name, label};
use crate::interface::Interface;
use crate::patches::member;
use crate::{Result, documentation};

/// The methods that wait for a store or a decision, of objects that do not call the platform.
const WAITING: [(&str, &[&str]); 3] = [
    ("Claim", &["finish", "release"]),
    ("Responder", &["respond"]),
    ("WebhookVerifier", &["claim", "reply_duplicate", "verify"]),
];

/// Calls that change nothing: a cancelled task does not wait for them.
const READS: [&str; 6] = ["access_token", "bins", "client_token", "card_detail", "get", "private_info"];

/// First words of methods that are not properties: they reveal a secret or do something.
const VERBS: [&str; 4] = ["expose", "finish", "release", "shutdown"];

/// Methods that only the package calls.
const INTERNAL: [&str; 4] = [AFTER_WAITING, "base_url", "default_ensure_deadline", "respond_with"];

/// Gives the object for a call that has waited for a thread.
const AFTER_WAITING: &str = "after_waiting";

/// The properties that an object prints, as expressions of Swift; those that are not listed print their name alone.
const PRINTED: [(&str, &[&str]); 6] = [
    ("AccessToken", &["expiresAt"]),
    ("CardSecrets", &["cardNo", "cardUniqueNo", "maskedPAN"]),
    ("Claim", &["received"]),
    ("Client", &["baseURL"]),
    ("ClientToken", &["expiresIn"]),
    ("VerifiedWebhook", &["id", "event", "sentAt", "receivedAt", "secretIndex", "form"]),
];

/// How a call is made in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// A call to the platform that changes nothing.
    Read,
    /// A call to the platform that may change something.
    Mutation,
    /// A call of any endpoint: its argument `method` says whether it may change something.
    ByMethod,
    /// A webhook.
    Webhook,
}

impl Waiting {
    /// The kind as an expression of Swift.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Read => ".read",
            Self::Mutation => ".mutation",
            Self::ByMethod => "method == .get ? .read : .mutation",
            Self::Webhook => ".webhook",
        }
    }
}

/// A public struct for every object but the pages of lists.
pub fn structs(interface: &Interface) -> Result<String> {
    let mut text = String::new();
    for object in interface.objects() {
        text += &if Interface::is_pages(object) { pages(object) } else { declared(object, interface)? };
    }
    Ok(text)
}

/// The next page with the time that its call has waited for a thread, which counts into its limit.
fn pages(object: &Object) -> String {
    let name = class_name(object.name());
    let rows = object.methods().into_iter().find(|method| method.name() == "next_page");
    let rows = rows.and_then(|method| label(method.return_type()?).ok()).unwrap_or_default();
    format!(
        "\nextension Ffi{name}: Pages {{\n    /// The next page after so long a wait for a thread, which counts into its limit.\n    \
         func next(after waited: Duration?) throws -> {rows} {{\n        \
         try waited.map {{ try nextPageAfterWaiting(waited: $0) }} ?? nextPage()\n    }}\n}}\n"
    )
}

fn declared(object: &Object, interface: &Interface) -> Result<String> {
    let name = class_name(object.name());
    let remote = interface.is_remote(object);
    let (mut awaited, mut blocking) = (String::new(), String::new());
    for one in object.primary_constructor().into_iter().chain(object.alternate_constructors()) {
        let is_internal = |of: Type| matches!(of, Type::Object { .. }) && interface.is_internal(&of);
        if !one.arguments().iter().any(|argument| is_internal(argument.as_type())) {
            awaited += &Call::constructor(object, one, interface)?.text(Form::Direct);
        }
    }
    for method in object.methods().into_iter().filter(|method| !INTERNAL.contains(&method.name())) {
        let call = Call::method(object, method, waiting(object, method, interface), interface)?;
        if is_property(method) {
            awaited += &call.property("");
            if interface.is_resource(method.return_type()) {
                blocking += &call.property("Blocking");
            }
        } else if call.waits() || call.is_list() {
            awaited += &call.text(Form::Awaited);
            blocking += &call.text(Form::Blocking);
        } else {
            awaited += &call.text(Form::Direct);
        }
    }
    let doc = doc(object.docstring());
    let limits = if remote { "\n    let limits: CallLimits" } else { "" };
    let mut text = format!("\n{doc}public struct {name}: Sendable {{\n    let ffi: Ffi{name}{limits}\n}}\n");
    if !blocking.is_empty() {
        let note = "/// The same calls, on the thread of the caller, which they block.";
        let property =
            format!("\n    {note}\n    public var blocking: Blocking{name} {{ Blocking{name}(ffi: ffi) }}\n");
        awaited.insert_str(0, &property);
        let _ = write!(
            text,
            "\n{doc}///\n/// The calls block the thread of the caller: never make them on the main actor or in an `async` function.\n\
             public struct Blocking{name}: Sendable {{\n    let ffi: Ffi{name}\n}}\n\nextension Blocking{name} {{{blocking}}}\n"
        );
    }
    let _ = write!(text, "\nextension {name} {{{awaited}}}\n");
    if counts_waiting(object) {
        let _ = write!(
            text,
            "\nextension Ffi{name} {{\n    /// The calls after so long a wait for a thread, which counts into their limits.\n    \
             func after(_ waited: Duration?) -> Ffi{name} {{ waited.map {{ afterWaiting(waited: $0) }} ?? self }}\n}}\n"
        );
    }
    if remote && object.name() != "Client" {
        let _ = write!(
            text,
            "\nextension {name} {{\n    @available(*, deprecated, message: \"it is a property: write it without parentheses\")\n    \
             public func callAsFunction() -> {name} {{ self }}\n}}\n"
        );
    }
    let properties = PRINTED.iter().find(|(of, _)| *of == object.name()).map_or(&[][..], |(_, properties)| properties);
    text += &printed(&name, properties);
    if !blocking.is_empty() {
        text += &printed(&format!("Blocking{name}"), &[]);
    }
    Ok(text)
}

/// Whether the time that a call of an object has waited for a thread counts into its limits.
pub fn counts_waiting(object: &Object) -> bool {
    object.methods().into_iter().any(|method| method.name() == AFTER_WAITING)
}

/// What an object prints: never the object of UniFFI behind it.
fn printed(name: &str, properties: &[&str]) -> String {
    let fields = properties.iter().fold(String::new(), |mut fields, one| {
        // The identifier of a webhook is free text.
        let value = if *one == "id" { format!("masked({one})") } else { (*one).to_owned() };
        let _ = writeln!(fields, "            field(\"{one}\", {value}),");
        fields
    });
    let (fields, description) = match properties {
        [] => ("[]".to_owned(), format!("\"{name}\"")),
        _ => (
            format!("\n        printable([\n{fields}        ])\n    "),
            format!("described(\"{name}\", printedFields)"),
        ),
    };
    format!(
        "\nextension {name}: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {{\n    \
         private var printedFields: [(label: String?, value: Any)] {{ {fields} }}\n\n    \
         /// A text without secrets.\n    public var description: String {{ {description} }}\n    \
         public var debugDescription: String {{ description }}\n    \
         /// No more than is printed.\n    \
         public var customMirror: Mirror {{ Mirror(self, children: printedFields, displayStyle: .struct) }}\n}}\n"
    )
}

fn waiting(object: &Object, method: &Method, interface: &Interface) -> Option<Waiting> {
    let name = method.name();
    if !interface.is_remote(object) {
        let waits = WAITING.iter().any(|(of, methods)| *of == object.name() && methods.contains(&name));
        return waits.then_some(Waiting::Webhook);
    }
    let sends = (method.throws_type().is_some() || name == "doctor") && name != "webhook_verifier";
    if name == "call" {
        return sends.then_some(Waiting::ByMethod);
    }
    let reads = READS.contains(&name) || name == "doctor" || name == "list_page" || name.ends_with("s_page");
    sends.then_some(if reads { Waiting::Read } else { Waiting::Mutation })
}

/// Whether a method is a property in Swift: it takes nothing, cannot fail and only gives a value.
fn is_property(method: &Method) -> bool {
    let verb = method.name().split('_').next().unwrap_or_default();
    method.arguments().is_empty()
        && method.throws_type().is_none()
        && method.return_type().is_some()
        && !VERBS.contains(&verb)
}

/// The lines of a documentation text as a comment.
pub fn doc(text: Option<&str>) -> String {
    documentation::lines(text.unwrap_or_default()).iter().fold(String::new(), |mut comment, line| {
        let _ = writeln!(comment, "{}", format!("/// {line}").trim_end());
        comment
    })
}

/// The public name of a method in Swift.
pub fn swift_name(name: &str) -> String {
    match name {
        "shutdown" => "close".into(),
        "from_env" => "fromEnvironment".into(),
        _ => member(name),
    }
}

/// The result of UniFFI's class as the public type, with the limits of the object that gave it.
pub fn wrapped(expression: &str, of: Option<&Type>, prefix: &str, limits: Option<&str>) -> String {
    match of {
        Some(Type::Object { name, .. }) => {
            let limits = limits.filter(|_| prefix.is_empty()).map(|value| format!(", limits: {value}"));
            format!("{prefix}{}(ffi: {expression}{})", class_name(name), limits.unwrap_or_default())
        }
        _ => expression.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::structs;
    use crate::interface::Interface;

    const UDL: &str = r#"
        namespace keysecure { };
        [Error] enum FfiError { "Failed" };
        [Enum] interface WindowBound { Day(string day); };
        dictionary CardPage { string extra; };
        dictionary Query {
            WindowBound start;
            WindowBound end;
            /// The time limit.
            duration? timeout = null;
        };
        dictionary Order { string no; };
        [Enum] interface HttpMethod { Get(); Post(); };
        interface CardPages { [Throws=FfiError] sequence<string> next_page(); };
        interface Client { Cards cards(); [Throws=FfiError] string call(HttpMethod method, string path); Client after_waiting(duration waited); };
        interface Cards {
            /// One page.
            [Throws=FfiError] CardPage list_page(Query query, i32 page, i32 size);
            [Throws=FfiError] CardPages list(Query query);
            [Throws=FfiError] string get(string card_no);
            [Throws=FfiError] string apply(Order request);
            Cards after_waiting(duration waited);
        };
        interface Responder { string respond(string received); string id(); string expose_id(); };
    "#;

    #[test]
    fn a_call_is_awaited_and_the_blocking_one_has_another_name() {
        let swift = structs(&Interface::from_udl(UDL)).unwrap();
        for expected in [
            "public struct Cards: Sendable {\n    let ffi: FfiCards\n    let limits: CallLimits\n}",
            "public var blocking: BlockingCards { BlockingCards(ffi: ffi) }",
            "    public func get(_ cardNo: String) async throws(KeySecureError) -> String {\n        try await Waiting.run(.read, within: limits.timeout) { waited in try ffi.after(waited).get(cardNo: cardNo) }\n",
            "    public func get(_ cardNo: String) throws(KeySecureError) -> String {\n        try typed { try ffi.get(cardNo: cardNo) }\n",
            "public func apply(_ request: Order) async throws(KeySecureError) -> String {\n        try await Waiting.run(.mutation, ",
            "renamed: \"get(_:)\")\n    public func get(cardNo: String) async",
            "public var cards: Cards { Cards(ffi: ffi.cards(), limits: limits) }",
            "public var cards: BlockingCards { BlockingCards(ffi: ffi.cards()) }",
            "public var id: String { ffi.id() }",
            "        try await Waiting.run(method == .get ? .read : .mutation, within: limits.timeout) { waited in ",
            "func next(after waited: Duration?) throws -> [String] {\n        try waited.map { try nextPageAfterWaiting(waited: $0) } ?? nextPage()\n",
            "public func exposeId() -> String {",
            "public func respond(_ received: String) async -> String {\n        await Waiting.always(.webhook) { ffi.respond(received: received) }\n",
        ] {
            assert!(swift.contains(expected), "{expected}\n{swift}");
        }
        assert!(!swift.contains("public func afterWaiting"), "{swift}");
    }

    #[test]
    fn a_list_takes_a_window_or_its_ends_and_pages_have_defaults() {
        let swift = structs(&Interface::from_udl(UDL)).unwrap();
        let ends = "(start: some WindowBoundConvertible, end: some WindowBoundConvertible, timeout: Duration? = nil";
        for expected in [
            "    ///   - timeout: The time limit.\n".to_owned(),
            format!("public func listPage{ends}, page: Int = 0, size: Int = 100) async throws(KeySecureError) -> CardPage {{\n"),
            format!("public func list{ends}) throws(KeySecureError) -> Pager<String> {{\n"),
            format!("public func list{ends}) throws(KeySecureError) -> BlockingPager<String> {{\n"),
            "public func list(in window: some WindowConvertible, timeout: Duration? = nil) throws(KeySecureError) -> Pager<String> {\n        let pages = try typed { try ffi.list(query: Query(start: window.window.start, end: window.window.end, timeout: try checked(\"timeout\", timeout))) }\n        return Pager(within: limits.timeout, pages)\n".into(),
        ] {
            assert!(swift.contains(&expected), "{expected}\n{swift}");
        }
    }
}
