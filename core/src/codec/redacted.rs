//! `Debug` output of the fields of models.

use std::fmt;

use crate::redact::scrub;

/// A field and its value for `Debug`: free text with PANs masked, the platform's identifiers (`card_no`) unchanged.
pub(crate) struct Redacted<'a>(pub &'static str, pub &'a dyn fmt::Debug);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.ends_with("_no") {
            return self.1.fmt(formatter);
        }
        formatter.write_str(&scrub(&format!("{:?}", self.1)))
    }
}
