//! Decrypted private information of a card.

use std::fmt;

use serde::de::Deserializer;

use super::Secret;
use crate::codec::{DecimalFormat, Decode, Encode, OnMismatch, TextVisitor, from_json, model};
use crate::error::Error;
use crate::redact::mask_pan;

model! {
    /// PAN, CVV and expiry date of a card.
    ///
    /// `Debug` masks the PAN and hides the CVV. Both are wiped from memory when dropped, and there is no JSON form.
    pub secret struct CardSecrets {
        card_no: String,
        card_unique_no: Option<String>,
        pan: Pan,
        cvv: Secret,
        exp_year: String,
        exp_month: String,
    }
}

impl CardSecrets {
    /// Decodes the platform's object. The caller wipes its text.
    pub(crate) fn from_json(text: &str) -> Result<Self, Error> {
        from_json(text).map_err(|error| Error::unreadable(&error))
    }

    /// Returns the card number assigned by the platform. It is not the PAN.
    pub fn card_no(&self) -> &str {
        &self.card_no
    }

    /// Returns the merchant reference of the card.
    pub fn card_unique_no(&self) -> Option<&str> {
        self.card_unique_no.as_deref()
    }

    /// Returns the PAN.
    pub fn expose_pan(&self) -> &str {
        self.pan.0.expose()
    }

    /// Returns the CVV: three digits.
    pub fn expose_cvv(&self) -> &str {
        self.cvv.expose()
    }

    /// Returns the PAN with at most its first six and last four digits visible.
    pub fn masked_pan(&self) -> String {
        self.pan.masked()
    }

    /// Returns the year of expiry in four digits, such as `2028`.
    pub fn exp_year(&self) -> &str {
        &self.exp_year
    }

    /// Returns the month of expiry in two digits, `01` to `12`.
    pub fn exp_month(&self) -> &str {
        &self.exp_month
    }
}

/// PAN that `Debug` masks.
#[derive(Clone, PartialEq, Eq)]
struct Pan(Secret);

impl Pan {
    fn masked(&self) -> String {
        mask_pan(self.0.expose())
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.masked().fmt(formatter)
    }
}

impl Decode for Pan {
    const EXPECTED: &'static str = Secret::EXPECTED;

    fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error> {
        Secret::read(deserializer, on_mismatch).map(Self)
    }
}

impl Decode for Secret {
    const EXPECTED: &'static str = "text";

    fn read<'de, D: Deserializer<'de>>(deserializer: D, _: OnMismatch) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor(|text: &str| Self::from(text)))
    }
}

impl Encode for Secret {
    /// Writes the secret into the body of a request; secrets have no public JSON form.
    fn write<S: serde::Serializer>(&self, serializer: S, _: DecimalFormat) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }

    fn is_absent(&self) -> bool {
        self.expose().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{"card_no":"c1","card_unique_no":"u1","cvv":"739","pan":"4111111111111111","exp_year":"2028","exp_month":"12","new":1}"#;

    #[test]
    fn the_platforms_object_is_read() {
        let secrets = CardSecrets::from_json(SAMPLE).unwrap();
        assert_eq!(secrets.expose_pan(), "4111111111111111");
        assert_eq!(secrets.expose_cvv(), "739");
        assert_eq!((secrets.exp_year(), secrets.exp_month()), ("2028", "12"));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let shown = format!("{:?}", CardSecrets::from_json(SAMPLE).unwrap());
        assert!(!shown.contains("739") && !shown.contains("4111111111111111"), "{shown}");
        assert!(shown.contains("411111******1111"));
    }

    #[test]
    fn a_wrong_type_is_named_without_its_value() {
        let error = CardSecrets::from_json(&SAMPLE.replace("\"739\"", "739")).unwrap_err();
        assert!(error.to_string().contains("cvv: expected text, found a number"), "{error}");
        assert!(!error.to_string().contains("739"));
    }
}
