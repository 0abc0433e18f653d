//! The decrypted private information of a card.

use std::fmt;

use serde::de::{Deserializer, MapAccess};

use super::Secret;
use crate::codec::{
    DecimalFormat, Decode, Encode, Fields, TextVisitor, from_json, or_missing, read_object, skip, value,
};
use crate::error::Error;
use crate::redact::mask_pan;

/// The PAN, CVV and expiry of a card.
///
/// Prints with the PAN masked and the CVV hidden, is wiped when dropped, and has no JSON form.
#[derive(Clone, PartialEq, Eq)]
pub struct CardSecrets {
    card_no: String,
    card_unique_no: Option<String>,
    pan: Secret,
    cvv: Secret,
    exp_year: String,
    exp_month: String,
}

impl CardSecrets {
    /// Reads the platform's object, whose text the caller wipes.
    pub(crate) fn from_json(text: &str) -> Result<Self, Error> {
        from_json(text).map_err(|error| Error::unreadable(&error))
    }

    /// The platform's number of the card (not its PAN).
    pub fn card_no(&self) -> &str {
        &self.card_no
    }

    /// The merchant's own number of the card.
    pub fn card_unique_no(&self) -> Option<&str> {
        self.card_unique_no.as_deref()
    }

    /// The whole card number.
    pub fn expose_pan(&self) -> &str {
        self.pan.expose()
    }

    /// The three digits on the back.
    pub fn expose_cvv(&self) -> &str {
        self.cvv.expose()
    }

    /// The card number with at most its first six and last four digits.
    pub fn masked_pan(&self) -> String {
        mask_pan(self.pan.expose())
    }

    /// Four digits, such as `2028`.
    pub fn exp_year(&self) -> &str {
        &self.exp_year
    }

    /// Two digits, `01` to `12`.
    pub fn exp_month(&self) -> &str {
        &self.exp_month
    }
}

impl fmt::Debug for CardSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CardSecrets")
            .field("card_no", &self.card_no)
            .field("card_unique_no", &self.card_unique_no)
            .field("pan", &self.masked_pan())
            .field("cvv", &self.cvv)
            .field("exp_year", &self.exp_year)
            .field("exp_month", &self.exp_month)
            .finish()
    }
}

impl Decode for Secret {
    const EXPECTED: &'static str = "text";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor(|text: &str| Some(Self::from(text))))
    }
}

impl Encode for Secret {
    /// Only into a request body: secrets have no public JSON form.
    fn write<S: serde::Serializer>(&self, serializer: S, _: DecimalFormat) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }

    fn is_absent(&self) -> bool {
        self.expose().is_empty()
    }
}

/// It is read only; nothing writes it.
impl Decode for CardSecrets {
    const EXPECTED: &'static str = "an object";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_object(deserializer, Partial::default())
    }
}

#[derive(Default)]
struct Partial {
    card_no: Option<String>,
    card_unique_no: Option<String>,
    pan: Option<Secret>,
    cvv: Option<Secret>,
    exp_year: Option<String>,
    exp_month: Option<String>,
}

impl Fields for Partial {
    type Whole = CardSecrets;

    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "card_no" => self.card_no = Some(value(map)?),
            "card_unique_no" => self.card_unique_no = value(map)?,
            "pan" => self.pan = Some(value(map)?),
            "cvv" => self.cvv = Some(value(map)?),
            "exp_year" => self.exp_year = Some(value(map)?),
            "exp_month" => self.exp_month = Some(value(map)?),
            // A field we do not know may be a secret: it is not kept.
            _ => skip(map)?,
        }
        Ok(())
    }

    fn finish<E: serde::de::Error>(self) -> Result<CardSecrets, E> {
        Ok(CardSecrets {
            card_no: or_missing("card_no", self.card_no)?,
            card_unique_no: self.card_unique_no,
            pan: or_missing("pan", self.pan)?,
            cvv: or_missing("cvv", self.cvv)?,
            exp_year: or_missing("exp_year", self.exp_year)?,
            exp_month: or_missing("exp_month", self.exp_month)?,
        })
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
