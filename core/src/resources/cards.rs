//! Cards, packages and BINs (platform documentation, card).

use std::borrow::Cow;
use std::time::SystemTime;

use rust_decimal::Decimal;

use super::{ActionResult, identifier, reference, referenced};
use crate::codec::{body, model, open_enum, query, request};
use crate::engine::Caller;
use crate::engine::operation;
use crate::error::Error;
use crate::pager::{self, Page, Pager, row};
use crate::secrets::{CardSecrets, Cvv, Pin, Secret};
use crate::validate;

/// The calls on cards.
#[derive(Debug, Clone, Copy)]
pub struct Cards<'a>(pub(crate) &'a Caller);

open_enum! {
    /// Where a card stands in its life (platform constants 8.2).
    pub enum CardStatus {
        /// Applied for, not issued yet.
        Pending = "Pending",
        /// A physical card on its way, to be activated with its CVV.
        ToActivate = "ToActivate",
        /// In use.
        Activated = "Activated",
        /// Could not be issued.
        Fail = "Fail",
        /// Stopped for a time.
        Frozen = "Frozen",
        /// Closed for good.
        Delete = "Delete",
    }
}

open_enum! {
    /// Virtual or physical (platform constants 8.3).
    pub enum CardType {
        /// A card number only.
        Virtual = "Virtual",
        /// A plastic card, sent by mail.
        Physical = "Physical",
    }
}

open_enum! {
    /// How long a fee is waived (platform constants 8.7).
    pub enum FeeWaiver {
        /// For ever.
        Forever = "Forever",
        /// Not at all.
        None = "None",
        /// For a number of days.
        Day = "Day",
    }
}

request! {
    /// A card to issue.
    pub struct ApplyCard {
        /// The cardholder, who must have passed verification.
        pub cardholder_no: String,
        /// The merchant's own number of the card, at most 64 characters.
        pub card_unique_no: String,
        /// Virtual or physical.
        pub card_type: CardType,
        /// The package to open it from, in credit mode. See [`Cards::packages`].
        pub package_no: Option<String> = None,
        /// The BIN to open it from, in authorization mode. See [`Cards::bins`].
        pub card_bin_no: Option<String> = None,
        /// Where to send it: needed for a physical card and some virtual ones. See [`Address`] for what each needs.
        pub address_info: Option<Address> = None,
    }
}

request! {
    /// The address of a cardholder, in English letters.
    ///
    /// A physical card needs all of it but `address_line2`. A virtual card needs `postal_code`, `country`, `state`, `city`
    /// and `address_line1` only.
    pub struct Address {
        /// Given name. Needed for a physical card.
        pub first_name: Option<String> = None,
        /// Family name. Needed for a physical card.
        pub last_name: Option<String> = None,
        /// Country code of the phone number, digits without `+`. Needed for a physical card.
        pub phone_code: Option<String> = None,
        /// The phone number without its country code. Needed for a physical card.
        pub phone: Option<String> = None,
        /// Postal code, which must fit the country.
        pub postal_code: String,
        /// Country, in two letters.
        pub country: String,
        /// State or province.
        pub state: String,
        /// City.
        pub city: String,
        /// Street and number.
        pub address_line1: String,
        /// More of the address.
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
        // A second line may be there and empty.
        match self.address_line2.as_deref() {
            None | Some("") => Ok(()),
            Some(text) => validate::address_text("address_info.address_line2", text),
        }
    }
}

model! {
    /// The numbers of a card that was applied for. Whether it was issued is read by `get`, or told by a callback.
    pub struct CardApplied {
        /// The platform's number.
        pub card_no: String,
        /// The merchant's own number.
        pub card_unique_no: Option<String>,
    }
}

model! {
    /// A card, as `list` and `get` give it.
    pub struct Card {
        /// The platform's number. It is not the PAN.
        pub card_no: String,
        /// The merchant's own number.
        pub card_unique_no: Option<String>,
        /// Whose card it is.
        pub cardholder_no: Option<String>,
        /// Its alias; given by `get`.
        pub card_name: Option<String>,
        /// The package in English; given by `get`.
        pub package_name_en: Option<String>,
        /// The package in Chinese; given by `get`.
        pub package_name_cn: Option<String>,
        /// Virtual or physical.
        pub card_type: Option<CardType>,
        /// The card scheme, such as `VISA`.
        pub organization: Option<String>,
        /// The last four digits of the PAN.
        pub card_last_no: Option<String>,
        /// Where it stands in its life; `Unknown` without text when the platform does not say so.
        pub status: CardStatus [or default],
        /// What it costs; given by `get`.
        pub fee_detail: Option<FeeSchedule>,
        /// When it was applied for.
        pub time: Option<SystemTime>,
    }
}

model! {
    /// What a card costs (platform documentation, `fee_detail` of card detail and package list). The platform gives no
    /// units; rates and amounts are as it writes them.
    pub struct FeeSchedule {
        /// Rate of a purchase.
        pub consume_rate: Option<Decimal>,
        /// Price of the card.
        pub open_cost: Option<Decimal>,
        /// Rate of a purchase abroad.
        pub cross_consume_rate: Option<Decimal>,
        /// Below this amount a purchase is small.
        pub small_consume_threshold: Option<Decimal>,
        /// Fee of a small purchase.
        pub small_consume_deduct: Option<Decimal>,
        /// How long small purchases are free.
        pub free_small_excuse_type: Option<FeeWaiver>,
        /// How many small purchases are free.
        pub free_small_consume_count: Option<i64>,
        /// For how many days small purchases are free.
        pub free_small_excuse_days: Option<i64>,
        /// Rate of a refund.
        pub refund_rate: Option<Decimal>,
        /// Fee of a cancelled purchase, in the platform's spelling.
        pub consume_cancle_fee: Option<Decimal>,
        /// From this amount on a cancelled purchase costs.
        pub consume_cancel_threshold: Option<Decimal>,
        /// Fee of a declined purchase.
        pub decline_fee: Option<Decimal>,
        /// How long declined purchases are free.
        pub decline_fee_free_type: Option<FeeWaiver>,
        /// How many declined purchases are free.
        pub decline_fee_free_count: Option<i64>,
        /// For how many days declined purchases are free.
        pub decline_fee_free_days: Option<i64>,
        /// Rate of cash from a machine.
        pub atm_rate: Option<Decimal>,
        /// Least fee of cash from a machine.
        pub atm_min_fee: Option<Decimal>,
        /// Fee of an Apple Pay authorization.
        pub apple_pay_fee: Option<Decimal>,
        /// How the management fee is taken.
        pub manage_fee_type: Option<String>,
        /// The management fee.
        pub manage_fee: Option<Decimal>,
        /// How long the management fee is waived.
        pub management_fee_free_type: Option<FeeWaiver>,
        /// From this amount on the management fee is waived.
        pub free_management_fee_threshold: Option<Decimal>,
    }
}

model! {
    /// How much a card may hold or give.
    pub struct Limits {
        /// Highest balance.
        pub limit_balance: Option<Decimal>,
        /// Highest sum in a week.
        pub limit_week_balance: Option<Decimal>,
        /// Most cash in a day.
        pub limit_atm_day_balance: Option<Decimal>,
        /// Most cash in a month.
        pub limit_atm_month_balance: Option<Decimal>,
    }
}

model! {
    /// A package that cards are opened from in credit mode.
    pub struct Package {
        /// The platform's number.
        pub package_no: String,
        /// Name in English.
        pub package_en_name: Option<String>,
        /// Name in Chinese.
        pub package_cn_name: Option<String>,
        /// The first digits of its cards.
        pub card_bin: Option<String>,
        /// The platform's number of the BIN.
        pub card_bin_no: Option<String>,
        /// The card scheme.
        pub organization: Option<String>,
        /// Virtual or physical.
        pub package_type: Option<CardType>,
        /// Description in English.
        pub en_desc: Option<String>,
        /// Description in Chinese.
        pub cn_desc: Option<String>,
        /// Tags in English.
        pub en_tag_list: Vec<String>,
        /// Tags in Chinese.
        pub cn_tag_list: Vec<String>,
        /// Its limits.
        pub consumption_limit: Option<Limits>,
        /// Its costs.
        pub fee_detail: Option<FeeSchedule>,
    }
}

model! {
    /// A BIN that cards are opened from in authorization mode.
    pub struct Bin {
        /// The platform's number.
        pub card_bin_no: String,
        /// The first digits of its cards.
        pub card_bin: Option<String>,
        /// The card scheme.
        pub organization: Option<String>,
        /// Whether physical cards can be opened.
        pub support_physical: Option<bool>,
        /// Whether virtual cards can be opened.
        pub support_virtual: Option<bool>,
        /// The currencies of its cards.
        pub currencies: Vec<String>,
        /// Its limits.
        pub balance_limit: Option<Limits>,
    }
}

query! {
    /// Which cards to list, by the time of their application.
    pub struct ListCards {
        /// Only cards of this cardholder.
        pub cardholder_no: Option<String>,
        /// Only the card with this number of the merchant's.
        pub card_unique_no: Option<String>,
        /// Only this card.
        pub card_no: Option<String>,
    }
}

request! {
    /// Which packages to list.
    pub struct ListPackages {
        /// Only packages of this type.
        pub r#type: Option<CardType> = None,
        /// Only this package.
        pub package_no: Option<String> = None,
    }
}

request! {
    /// Which BINs to list.
    pub struct ListBins {
        /// Only this BIN.
        pub card_bin_no: Option<String> = None,
    }
}

struct UpdateStatus {
    card_no: String,
    status: CardStatus,
}

body!(UpdateStatus { card_no, status });

/// A physical card to activate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivateCard {
    /// The card.
    pub card_no: String,
    /// Its cardholder.
    pub cardholder_no: String,
    /// The three digits on its back; encrypted before they are sent.
    pub cvv: Cvv,
    /// The last four digits on its front.
    pub card_last_no: String,
}

/// A PIN to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPin {
    /// The card, physical and activated.
    pub card_no: String,
    /// Its cardholder.
    pub cardholder_no: String,
    /// The new PIN; encrypted before it is sent.
    pub pin: Pin,
}

struct EncryptedCvv {
    card_no: String,
    cardholder_no: String,
    cvv: Secret,
    card_last_no: String,
}

body!(EncryptedCvv { card_no, cardholder_no, cvv, card_last_no });

struct EncryptedPin {
    card_no: String,
    cardholder_no: String,
    pin: Secret,
}

body!(EncryptedPin { card_no, cardholder_no, pin });

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
}

impl ApplyCard {
    /// The request as it is sent. The address of a physical card is sent whole: with an empty second line if it has none.
    fn complete(&self) -> Cow<'_, Self> {
        match &self.address_info {
            Some(address) if self.card_type == CardType::Physical && address.address_line2.is_none() => {
                let address = Address { address_line2: Some(String::new()), ..address.clone() };
                Cow::Owned(Self { address_info: Some(address), ..self.clone() })
            }
            _ => Cow::Borrowed(self),
        }
    }
}

impl Card {
    /// What is known of a card that was just applied for.
    pub(crate) fn applied(request: &ApplyCard, applied: CardApplied) -> Self {
        Self {
            card_no: applied.card_no,
            card_unique_no: Some(request.card_unique_no.clone()),
            cardholder_no: Some(request.cardholder_no.clone()),
            card_type: Some(request.card_type.clone()),
            status: CardStatus::Pending,
            extra: applied.extra,
            ..Self::blank()
        }
    }
}

row!(Card, card_no);

row!(Package, package_no);

row!(Bin, card_bin_no);

impl Cards<'_> {
    /// Applies for a card. The answer says that the platform took the application, not that the card was issued.
    ///
    /// Codes: 2002 and 2005 for the cardholder, 2007 to 2010 for the address.
    pub fn apply(&self, request: &ApplyCard) -> Result<CardApplied, Error> {
        request.check()?;
        reference::post(self.0, operation::CARDS_APPLY, &request.card_unique_no, &*request.complete())
    }

    /// All cards of a span of any length, lazily and newest first. See [`Pager`].
    pub fn list(&self, query: &ListCards) -> Result<Pager<Card>, Error> {
        Pager::between(self.0, operation::CARDS_LIST, query.clone(), (query.start, query.end))
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days, newest first. See [`Page`].
    pub fn list_page(&self, query: &ListCards, page: u32, size: u32) -> Result<Page<Card>, Error> {
        pager::window_page(self.0, operation::CARDS_LIST, query, (query.start, query.end), page, size)
    }

    /// One card, with its costs.
    pub fn get(&self, card_no: &str) -> Result<Card, Error> {
        self.0.get_with(operation::CARDS_GET, "card_no", card_no, |found: Card| {
            identifier("card_no", &found.card_no).map(|()| found)
        })
    }

    /// The PAN, CVV and expiry of an activated card. Code 1013: PCI display is not enabled for the merchant.
    pub fn private_info(&self, card_no: &str) -> Result<CardSecrets, Error> {
        self.0.get_with(operation::CARDS_PRIVATE_INFO, "card_no", card_no, |encrypted: String| {
            let plain = self.0.engine.settings.cipher.decrypt(&encrypted)?;
            // What decrypts to no such object was decrypted with a wrong key.
            CardSecrets::from_json(plain.expose()).map_err(|_| Error::decrypt())
        })
    }

    /// Activates a physical card in status `ToActivate`. Code 4005: another status.
    pub fn activate(&self, request: &ActivateCard) -> Result<(), Error> {
        validate::required("card_no", &request.card_no)?;
        validate::required("cardholder_no", &request.cardholder_no)?;
        validate::last_four(&request.card_last_no)?;
        let body = EncryptedCvv {
            card_no: request.card_no.clone(),
            cardholder_no: request.cardholder_no.clone(),
            cvv: self.0.engine.settings.cipher.encrypt(request.cvv.expose())?.into(),
            card_last_no: request.card_last_no.clone(),
        };
        self.0.post_with(operation::CARDS_ACTIVATE, &body, ActionResult::done)
    }

    /// Sets a card's status to `Frozen`, `Activated` or `Delete`. Code 4005: its status does not allow it.
    pub fn update_status(&self, card_no: &str, status: impl Into<CardStatus>) -> Result<(), Error> {
        let body = UpdateStatus { card_no: card_no.to_owned(), status: status.into() };
        validate::required("card_no", &body.card_no)?;
        validate::required("status", body.status.as_str())?;
        self.0.post_with(operation::CARDS_UPDATE_STATUS, &body, ActionResult::done)
    }

    /// Stops an activated card for a time.
    pub fn freeze(&self, card_no: &str) -> Result<(), Error> {
        self.update_status(card_no, CardStatus::Frozen)
    }

    /// Lets a frozen card work again.
    pub fn unfreeze(&self, card_no: &str) -> Result<(), Error> {
        self.update_status(card_no, CardStatus::Activated)
    }

    /// Closes a card for good.
    pub fn delete(&self, card_no: &str) -> Result<(), Error> {
        self.update_status(card_no, CardStatus::Delete)
    }

    /// Sets the PIN of a physical, activated card. Codes: 4016 PIN rule, 4017 virtual card, 4005 status.
    pub fn set_pin(&self, request: &SetPin) -> Result<(), Error> {
        validate::required("card_no", &request.card_no)?;
        validate::required("cardholder_no", &request.cardholder_no)?;
        let body = EncryptedPin {
            card_no: request.card_no.clone(),
            cardholder_no: request.cardholder_no.clone(),
            pin: self.0.engine.settings.cipher.encrypt(request.pin.expose())?.into(),
        };
        self.0.post_with(operation::CARDS_SET_PIN, &body, ActionResult::done)
    }

    /// The packages that cards are opened from in credit mode, lazily.
    pub fn packages(&self, filter: &ListPackages) -> Pager<Package> {
        Pager::all(self.0, operation::CARDS_PACKAGES, filter.clone())
    }

    /// One page of the packages.
    pub fn packages_page(&self, filter: &ListPackages, page: u32, size: u32) -> Result<Page<Package>, Error> {
        pager::page(self.0, operation::CARDS_PACKAGES, filter, page, size)
    }

    /// The BINs that cards are opened from in authorization mode, lazily.
    pub fn bins(&self, filter: &ListBins) -> Pager<Bin> {
        Pager::all(self.0, operation::CARDS_BINS, filter.clone())
    }

    /// One page of the BINs.
    pub fn bins_page(&self, filter: &ListBins, page: u32, size: u32) -> Result<Page<Bin>, Error> {
        pager::page(self.0, operation::CARDS_BINS, filter, page, size)
    }
}
