//! The initializers of a client of a relay: `Client(relay: url, session: session)`.

use super::signature::{Parameter, Signature};

/// The constructor of such a client.
pub const CONSTRUCTOR: &str = "relay";

/// The settings that belong to the relay, on the server. The core refuses them.
pub const OF_SERVER: [&str; 5] = ["environment", "base_url", "aes", "store", "app_id"];

const URL: &str = "The address of the relay: https, or http to loopback and to the hosts of `allowPlainHTTP`.";

const OBJECT: &str = "The source of the token of the user's session.";

const CLOSURE: &str = "Returns the token of the user's session, printable ASCII without spaces, or `nil` if no user is signed in. It \
    is called before each request, on the thread of the call; `refused` says that the relay refused the token before. An error \
    counts as `nil`, and is logged by its type (see `Warnings`).";

const ASYNC_CLOSURE: &str = "Returns the token of the user's session, printable ASCII without spaces, or `nil` if no user is signed \
    in. It is called before each request, in a task that is cancelled when the time of the call has passed; `refused` says that the \
    relay refused the token before. An error counts as `nil`, and is logged by its type (see `Warnings`).";

/// The closures that are a session as well: their effects, the class that makes a session of one, and their documentation.
const CLOSURES: [(&str, &str, &str); 2] =
    [("throws", "ClosureSession", CLOSURE), ("async throws", "TaskSession", ASYNC_CLOSURE)];

/// The forms of the constructor: with a session, and with a closure, which comes last.
pub fn forms(signature: &Signature) -> Vec<Signature> {
    let mut object = signature.clone();
    for (parameter, argument) in object.parameters.iter_mut().zip(&mut object.arguments) {
        match parameter.name.as_str() {
            "url" => {
                parameter.former = Some(CONSTRUCTOR);
                parameter.label = "URL".into();
                parameter.doc = Some(URL.into());
                *argument = "url: url.absoluteString".into();
            }
            "session" => parameter.doc = Some(OBJECT.into()),
            _ => {}
        }
    }
    let closures = CLOSURES.map(|(effects, class, doc)| {
        let mut form = object.clone();
        form.parameters.retain(|one| one.name != "session");
        form.parameters.push(Parameter {
            name: "session".into(),
            former: None,
            positional: false,
            label: format!("@escaping @Sendable (_ refused: Bool) {effects} -> String?"),
            default: None,
            doc: Some(doc.into()),
        });
        for argument in form.arguments.iter_mut().filter(|argument| argument.starts_with("session: ")) {
            *argument = format!("session: {class}(session)");
        }
        form
    });
    std::iter::once(object).chain(closures).collect()
}

#[cfg(test)]
mod tests {
    use crate::interface::Interface;
    use crate::swift::objects::structs;

    const UDL: &str = r#"
        namespace keysecure { };
        [Error] enum FfiError { "Failed" };
        [Trait, WithForeign] interface Session { string? token(boolean refused); };
        interface Store { };
        dictionary ClientOptions {
            string? base_url = null;
            /// The time limit.
            duration? timeout = null;
        };
        interface Client {
            [Throws=FfiError, Name=relay] constructor(string url, Session session, ClientOptions options);
            [Throws=FfiError] string call(string path);
        };
    "#;

    #[test]
    fn a_client_of_a_relay_takes_a_session_or_a_closure() {
        let swift = structs(&Interface::from_udl(UDL)).unwrap();
        let made = |session: &str| {
            format!(
                "self.init(ffi: try typed {{ try FfiClient.relay(url: url.absoluteString, session: {session}, options: \
                 ClientOptions(timeout: try checked(\"timeout\", timeout))) }}, timeout: timeout)\n"
            )
        };
        for expected in [
            "public init(relay url: URL, session: Session, timeout: Duration? = nil) throws(KeySecureError) {\n",
            "public init(relay url: URL, timeout: Duration? = nil, session: @escaping @Sendable (_ refused: Bool) throws -> String?) throws(KeySecureError) {\n",
            "public init(relay url: URL, timeout: Duration? = nil, session: @escaping @Sendable (_ refused: Bool) async throws -> String?) throws(KeySecureError) {\n",
            "    ///   - session: The source of the token of the user's session.\n",
            &made("session"),
            &made("ClosureSession(session)"),
            &made("TaskSession(session)"),
        ] {
            assert!(swift.contains(expected), "{expected}\n{swift}");
        }
        assert!(!swift.contains("baseURL:"), "{swift}");
    }
}
