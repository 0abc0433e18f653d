//! The lists of kinds and outcomes of errors.

use std::fmt;

use crate::named_enum::named_enum;

named_enum! {
    /// Whether the operation of a failed call may have been carried out.
    ///
    /// Read it before sending a mutation again.
    pub enum Outcome {
        /// No complete request can have reached the platform, now or later. Sending it again is safe.
        NotSent = "not_sent",
        /// The platform responded that it did not carry out the operation.
        Rejected = "rejected",
        /// The operation may have been carried out. Look it up by its merchant reference before sending it again.
        Unknown = "unknown",
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

named_enum! {
    /// Kind of an error. New kinds may be added.
    ///
    /// This is the only list of kinds, for all languages.
    #[non_exhaustive]
    pub enum ErrorKind {
        /// A setting of the client is invalid, or the client is closed.
        Config = "config",
        /// An argument is invalid; nothing was sent.
        InvalidInput = "invalid_input",
        /// The network or the attempt store failed.
        Transport = "transport",
        /// A time limit was exceeded: of the call, of connecting, or of waiting for the access token.
        Timeout = "timeout",
        /// The Api-Key or the access token was refused: codes 1002, 1006, 1007, 1008, 1010, 1011, or HTTP 401 without a code.
        Authentication = "authentication",
        /// Not allowed for this merchant or from this address: codes 1003, 1012, 1013, 1021, 1022, or HTTP 403 without a code.
        Permission = "permission",
        /// Too many requests: code 1009.
        RateLimit = "rate_limit",
        /// The cardholder does not exist: code 2002.
        NotFound = "not_found",
        /// The state of the cardholder or card does not allow the operation: codes 2003, 2004, 2005, 4005.
        State = "state",
        /// The merchant reference belongs to another target, or another worker is using it.
        Conflict = "conflict",
        /// Any other code in the response, from the platform or a gateway. The code and the outcome of the error say more.
        Api = "api",
        /// The response does not have the documented form.
        InvalidResponse = "invalid_response",
        /// A webhook was rejected. The rejection of the error says why.
        Webhook = "webhook",
        /// Card data could not be decrypted: usually the AES setting or the apiSecret is wrong.
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
