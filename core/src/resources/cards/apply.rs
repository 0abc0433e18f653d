//! Applications for cards: the request with its address, and the response.

use std::borrow::Cow;

use crate::codec::{model, open_enum, request};
use crate::error::Error;
use crate::resources::referenced;
use crate::validate;

open_enum! {
    /// Type of a card: virtual or physical (platform documentation, constants 8.3).
    pub enum CardType {
        /// Card number without a plastic card.
        Virtual = "Virtual",
        /// Plastic card, sent by mail.
        Physical = "Physical",
    }
}

request! {
    /// Application for a card (platform documentation, card).
    pub struct ApplyCard {
        /// The cardholder, whose status must be `Approved`.
        pub cardholder_no: String,
        /// Merchant reference of the card, 1 to 64 characters.
        pub card_unique_no: String,
        /// Type of the card.
        pub card_type: CardType,
        /// Package to open the card from. Required in credit mode.
        pub package_no: Option<String> = None,
        /// BIN to open the card from. Required in authorization mode.
        pub card_bin_no: Option<String> = None,
        /// Address of the cardholder. Required for a physical card and for some virtual cards.
        pub address_info: Option<Address> = None,
    }
}

request! {
    /// Address of a cardholder, in printable ASCII (inferred from "English" in the platform documentation, card).
    ///
    /// A physical card requires every field but the second address line. A virtual card requires the postal code, the
    /// country, the state, the city and the first address line.
    pub struct Address {
        /// Given name. Required for a physical card.
        pub first_name: Option<String> = None,
        /// Family name. Required for a physical card.
        pub last_name: Option<String> = None,
        /// Country calling code, digits without `+`, such as `86`. Required for a physical card.
        pub phone_code: Option<String> = None,
        /// Phone number without the country calling code. Required for a physical card.
        pub phone: Option<String> = None,
        /// Postal code. It must match the country.
        pub postal_code: String,
        /// Country code of two letters, such as `GB`.
        pub country: String,
        /// State or province.
        pub state: String,
        /// City.
        pub city: String,
        /// Street and number.
        pub address_line1: String,
        /// Second address line. It may be empty or absent (inferred).
        pub address_line2: Option<String> = None,
    }
}

impl Address {
    fn check(&self, card_type: &CardType) -> Result<(), Error> {
        let physical = *card_type == CardType::Physical;
        let person = [
            ("address_info.first_name", &self.first_name),
            ("address_info.last_name", &self.last_name),
            ("address_info.phone", &self.phone),
            ("address_info.phone_code", &self.phone_code),
        ];
        for (field, text) in person {
            match text {
                Some(text) if !physical && text.trim().is_empty() => {
                    return Err(Error::invalid_input(field, "must be absent rather than empty"));
                }
                Some(text) if field == "address_info.phone_code" => validate::phone_code(field, text)?,
                Some(text) => validate::address_text(field, text)?,
                None if physical => return Err(Error::invalid_input(field, "is required for a physical card")),
                None => {}
            }
        }
        for (field, text) in [
            ("address_info.postal_code", &self.postal_code),
            ("address_info.country", &self.country),
            ("address_info.state", &self.state),
            ("address_info.city", &self.city),
            ("address_info.address_line1", &self.address_line1),
        ] {
            validate::address_text(field, text)?;
        }
        // The second line may be present and empty.
        match self.address_line2.as_deref() {
            None | Some("") => Ok(()),
            Some(text) => validate::address_text("address_info.address_line2", text),
        }
    }
}

model! {
    /// Response to an application for a card. Card detail and the `Card_update` webhook show whether the card was issued.
    pub struct CardApplied {
        /// Card number assigned by the platform. It is not the PAN.
        pub card_no: String,
        /// Merchant reference of the card, as echoed by the platform.
        pub card_unique_no: Option<String>,
    }
}

referenced!(CardApplied { card_no, card_unique_no });

impl ApplyCard {
    pub(crate) fn check(&self) -> Result<(), Error> {
        validate::required("cardholder_no", &self.cardholder_no)?;
        validate::unique_no("card_unique_no", &self.card_unique_no)?;
        validate::card_type(self.card_type.as_str())?;
        validate::package_or_bin(self.package_no.as_deref(), self.card_bin_no.as_deref())?;
        match &self.address_info {
            Some(address) => address.check(&self.card_type),
            None if self.card_type == CardType::Physical => {
                Err(Error::invalid_input("address_info", "is required for a physical card"))
            }
            None => Ok(()),
        }
    }

    /// The request as it is sent. The address of a physical card has all its fields: an absent second line becomes an empty one.
    pub(super) fn complete(&self) -> Cow<'_, Self> {
        match &self.address_info {
            Some(address) if self.card_type == CardType::Physical && address.address_line2.is_none() => {
                let address = Address { address_line2: Some(String::new()), ..address.clone() };
                Cow::Owned(Self { address_info: Some(address), ..self.clone() })
            }
            _ => Cow::Borrowed(self),
        }
    }
}
