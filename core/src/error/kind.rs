//! The lists of kinds and outcomes of errors.

use std::fmt;

use crate::values::named_enum::named_enum;

named_enum! {
    /// What a failed call means for the operation it was to carry out.
    pub enum Outcome {
        /// The request never left, or never left whole: nothing was done.
        NotSent = "not_sent",
        /// The platform responded that it did not do it.
        Rejected = "rejected",
        /// It may have been done. Look it up before you send it again.
        Unknown = "unknown",
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

named_enum! {
    /// The kind of an error. New kinds may be added.
    ///
    /// This is the only list of kinds: Python's exception classes name the kind they are for, the exceptions of Kotlin and
    /// Swift are generated from it.
    #[non_exhaustive]
    pub enum ErrorKind {
        /// A setting of the client is wrong, or the client was closed.
        Config = "config",
        /// An argument breaks a rule; nothing was sent.
        InvalidInput = "invalid_input",
        /// The network failed.
        Transport = "transport",
        /// Time ran out: of the whole call, of connecting, or of waiting for the token.
        Timeout = "timeout",
        /// Codes 1002, 1006, 1007, 1008, 1010, 1011, or HTTP 401 without a code: the Api-Key or the access token.
        Authentication = "authentication",
        /// Codes 1003, 1012, 1013, 1021, 1022, or HTTP 403 without a code: not allowed for this merchant or from this
        /// address.
        Permission = "permission",
        /// Code 1009: too frequent.
        RateLimit = "rate_limit",
        /// Code 2002: the cardholder does not exist.
        NotFound = "not_found",
        /// Codes 2003, 2004, 2005, 4005: the target has a status that does not allow this.
        State = "state",
        /// Another target has the same merchant reference. See [`EnsureOptions`](crate::EnsureOptions).
        Conflict = "conflict",
        /// Any other code in the response, the platform's or a gateway's; see [`Error::code`](crate::Error::code) and
        /// [`Error::outcome`](crate::Error::outcome).
        Api = "api",
        /// The response is not what the platform's documentation says.
        InvalidResponse = "invalid_response",
        /// A webhook was not accepted; see [`Error::rejection`](crate::Error::rejection).
        Webhook = "webhook",
        /// Card data could not be decrypted: most likely the `aes` setting or the secret is wrong.
        Decrypt = "decrypt",
    }
}

impl ErrorKind {
    /// The kind of a refusal with this code.
    pub(super) fn from_code(code: i64) -> Self {
        match code {
            1002 | 1006..=1008 | 1010 | 1011 => Self::Authentication,
            1003 | 1012 | 1013 | 1021 | 1022 => Self::Permission,
            1009 => Self::RateLimit,
            2002 => Self::NotFound,
            2003..=2005 | 4005 => Self::State,
            _ => Self::Api,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_the_codes() {
        for (kind, codes) in [
            (ErrorKind::Authentication, &[1002, 1006, 1007, 1008, 1010, 1011][..]),
            (ErrorKind::Permission, &[1003, 1012, 1013, 1021, 1022]),
            (ErrorKind::RateLimit, &[1009]),
            (ErrorKind::NotFound, &[2002]),
            (ErrorKind::State, &[2003, 2004, 2005, 4005]),
            (ErrorKind::Api, &[1001, 1004, 1005, 1014, 2001, 2006, 3001, 4016, 99999, -1]),
        ] {
            assert!(codes.iter().all(|code| ErrorKind::from_code(*code) == kind), "{kind:?}");
        }
    }
}
