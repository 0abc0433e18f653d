//! Errors of a relay's calls to the platform, as an app may see them.

use super::create::NO_TOKEN;
use super::{Error, ErrorKind, TransportFault};

/// The whole text of an error that concerns the merchant's own side.
const MERCHANTS_OWN: &str = "the server cannot make this call";

impl Error {
    /// The error without what concerns the merchant's credentials, settings and network, and with the app's own references:
    /// `prefix` is what the relay put before them. The outcome stays.
    pub(crate) fn for_app(&self, prefix: &str) -> Self {
        let inner = &*self.0;
        let is_merchants_own = matches!(
            inner.kind,
            ErrorKind::Config
                | ErrorKind::Authentication
                | ErrorKind::Permission
                | ErrorKind::Decrypt
                | ErrorKind::Webhook
        ) || inner.detail.starts_with(NO_TOKEN);
        if is_merchants_own {
            return Self::with_kind(ErrorKind::Api, inner.outcome, MERCHANTS_OWN);
        }
        let text = match (inner.fault, inner.kind) {
            // Without the names of the platform's host and of the merchant's proxy.
            (Some(fault), _) if fault != TransportFault::Store => fault.to_string(),
            // It may quote the response.
            (_, ErrorKind::InvalidResponse) => "the platform's response cannot be used".to_owned(),
            _ => inner.detail.replace(prefix, ""),
        };
        let mut error = Self::with_kind(inner.kind, inner.outcome, text);
        error.0.code = inner.code;
        error.0.msg = inner.msg.as_ref().map(|msg| msg.replace(prefix, ""));
        error.0.field.clone_from(&inner.field);
        error.0.retry_after = inner.retry_after;
        error.0.fault = inner.fault;
        error
    }
}

#[cfg(test)]
mod tests {
    use crate::error::{ConnectReason, Error, ErrorKind, Outcome, Peer, TransportError, TransportFault};

    const PREFIX: &str = "app.1001.";

    #[test]
    fn what_concerns_the_merchant_is_one_text_with_the_outcome() {
        let unknown = Error::api(1021, "address 10.0.0.7 is not whitelisted", Outcome::Unknown);
        let token = Error::transport(TransportError::not_sent(TransportFault::Connect), None);
        for error in [
            Error::config("the client is closed"),
            Error::unauthorized(),
            Error::forbidden(),
            Error::decrypt(),
            Error::api(1006, "Api-Key k1 is unknown", Outcome::Rejected),
            unknown,
            token.while_fetching_token("cards.get", 0, false),
        ] {
            let shown = error.for_app(PREFIX);
            assert_eq!((shown.kind(), shown.outcome()), (ErrorKind::Api, error.outcome()));
            assert_eq!(shown.to_string(), "the server cannot make this call");
            assert_eq!((shown.code(), shown.msg(), shown.transport_fault()), (None, None, None));
        }
    }

    #[test]
    fn no_address_and_no_part_of_a_response_is_passed_on() {
        let peer = Peer { host: "platform.internal:8443".to_owned(), proxy: Some("proxy.internal:3128".to_owned()) };
        for fault in TransportFault::ALL {
            let mut failure = TransportError::maybe_sent(fault);
            failure.reason = Some(ConnectReason::Refused);
            let shown = Error::transport(failure, Some(&peer)).for_app(PREFIX);
            assert!(!shown.to_string().contains("internal"), "{shown}");
            assert_eq!(shown.outcome(), Outcome::Unknown);
        }
        let quoted = Error::invalid_response("unexpected JSON: found \"4111\"").for_app(PREFIX);
        assert!(!quoted.to_string().contains("4111"));
    }

    #[test]
    fn the_platforms_own_refusal_passes_with_the_apps_reference() {
        let error = Error::api(3001, "app.1001.tap-1 exists", Outcome::Rejected).for_app(PREFIX);
        assert_eq!((error.code(), error.msg()), (Some(3001), Some("tap-1 exists")));
        let store = Error::store_unavailable(Outcome::NotSent).for_app(PREFIX);
        assert!(store.to_string().contains("calling again later is safe"));
    }
}
