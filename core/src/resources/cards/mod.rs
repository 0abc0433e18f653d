//! Cards, packages and BINs: the calls (platform documentation, card).

mod activation;
mod apply;
mod card;
mod packages;

pub use activation::{ActivateCard, SetPin};
pub use apply::{Address, ApplyCard, CardApplied, CardType};
pub use card::{Card, CardStatus, ListCards};
pub use packages::{Bin, FeeSchedule, FeeWaiver, Limits, ListBins, ListPackages, Package};

use self::activation::{EncryptedCvv, EncryptedPin, UpdateStatus};
use super::{ActionResult, identifier, reference};
use crate::engine::Caller;
use crate::engine::operation;
use crate::error::Error;
use crate::pager::{self, Page, Pager};
use crate::secrets::CardSecrets;
use crate::validate;

/// Calls on cards, packages and BINs. Created by [`Client::cards`](crate::Client::cards).
#[derive(Debug, Clone, Copy)]
pub struct Cards<'a> {
    pub(crate) caller: &'a Caller,
    tap: Option<&'a str>,
}

impl<'a> Cards<'a> {
    pub(crate) fn new(caller: &'a Caller) -> Self {
        Self { caller, tap: None }
    }

    /// The same calls for one action of a user of an app: a *tap*, which the relay of [`Client::relay`](crate::Client::relay)
    /// carries out once, however often it is sent.
    ///
    /// `tap` is 1 to 64 characters of printable ASCII without spaces. Choose it when the user acts, and keep it until the result
    /// is known. It is for [`activate`](Self::activate), [`set_pin`](Self::set_pin), [`update_status`](Self::update_status),
    /// [`freeze`](Self::freeze), [`unfreeze`](Self::unfreeze) and [`delete`](Self::delete); without it each call makes one. The tap of
    /// [`apply`](Self::apply) and [`ensure_card`](Self::ensure_card) is `card_unique_no`. Calls that change nothing ignore it.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) from a call whose tap breaks these rules, or whose client has no relay;
    /// [`Conflict`](crate::ErrorKind::Conflict) if the tap was sent before with another request (`not_sent`), or what became of it
    /// is not known (`unknown`). The outcome of any other error is that of this call, not of an earlier one with the tap.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use keysecure::{Client, Error, Outcome};
    ///
    /// /// Freezes a card. `tap` is chosen once for each action of the user.
    /// fn freeze(client: &Client, card_no: &str, tap: &str) -> Result<(), Error> {
    ///     let frozen = client.cards().with_tap(tap).freeze(card_no);
    ///     match frozen {
    ///         // Sent again with the same tap, it is carried out once.
    ///         Err(error) if error.outcome() != Outcome::Rejected => client.cards().with_tap(tap).freeze(card_no),
    ///         result => result,
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn with_tap(self, tap: &'a str) -> Self {
        Self { tap: Some(tap), ..self }
    }

    /// Refuses a tap for a call whose merchant reference is the tap.
    pub(crate) fn check_has_no_tap(&self) -> Result<(), Error> {
        match self.tap {
            Some(_) => Err(Error::invalid_input("tap", "must be absent: card_unique_no is the tap")),
            None => Ok(()),
        }
    }

    /// Applies for a card.
    ///
    /// The response confirms the application, not the issue of the card. [`get`](Self::get) and the `Card_update` webhook
    /// show the card's status. A mutation: it is never sent again while its outcome is unknown. To apply exactly once, use
    /// [`ensure_card`](Self::ensure_card).
    ///
    /// # Errors
    ///
    /// Kind [`NotFound`](crate::ErrorKind::NotFound) (code 2002) if the cardholder does not exist,
    /// [`State`](crate::ErrorKind::State) (2005) if the cardholder is not verified, and
    /// [`Api`](crate::ErrorKind::Api) (2007 to 2010) if the platform refuses the address;
    /// [`field`](Error::field) then names the part of the address. Arguments that fail a local check return
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) before anything is sent.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// use keysecure::{ApplyCard, CardType, ListPackages};
    ///
    /// let filter = ListPackages { r#type: Some(CardType::Virtual), ..ListPackages::default() };
    /// let package = client.cards().packages(&filter).next().ok_or("no package for virtual cards")??;
    /// let applied = client.cards().apply(&ApplyCard {
    ///     cardholder_no,
    ///     card_unique_no: "order-7-card".into(),
    ///     card_type: CardType::Virtual,
    ///     package_no: Some(package.package_no),
    ///     ..ApplyCard::default()
    /// })?;
    /// println!("{} is {}", applied.card_no, client.cards().get(&applied.card_no)?.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply(&self, request: &ApplyCard) -> Result<CardApplied, Error> {
        self.check_has_no_tap()?;
        request.check()?;
        reference::post(self.caller, operation::CARDS_APPLY, &request.card_unique_no, &*request.complete())
    }

    /// Lists the cards of a window of any length, newest first.
    ///
    /// The [`Pager`] fetches pages as it is read.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if the end of the window is not later than its start. Errors of
    /// requests are items of the pager.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    /// use keysecure::{Date, ListCards};
    ///
    /// // A bare end date includes its whole day, in the client's time zone.
    /// let query = ListCards::between(Date::new(2026, 1, 1)?, Date::new(2026, 12, 31)?);
    /// for card in client.cards().list(&query)? {
    ///     let card = card?;
    ///     println!("{} {}", card.card_no, card.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self, query: &ListCards) -> Result<Pager<Card>, Error> {
        Pager::between(self.caller, operation::CARDS_LIST, query.clone(), (query.start, query.end))
    }

    /// Lists one page of the cards of a window of at most 90 days, newest first.
    ///
    /// `page` counts from 0; `size` is 1 to 100. See [`Page`] for the end of a list.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if `size` is out of range, or the window is longer than 90 days.
    pub fn list_page(&self, query: &ListCards, page: u32, size: u32) -> Result<Page<Card>, Error> {
        pager::window_page(self.caller, operation::CARDS_LIST, query, (query.start, query.end), page, size)
    }

    /// Gets a card with its fees.
    ///
    /// # Errors
    ///
    /// Kind [`Api`](crate::ErrorKind::Api) if the card does not exist. The platform does not document the code.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    /// use keysecure::CardStatus;
    ///
    /// let card = client.cards().get(&card_no)?;
    /// assert_eq!(card.status, CardStatus::Activated);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, card_no: &str) -> Result<Card, Error> {
        self.caller.get(operation::CARDS_GET, "card_no", card_no, |found: Card| {
            identifier("card_no", &found.card_no).map(|()| found)
        })
    }

    /// Gets the PAN, CVV and expiry date of an activated card, decrypted.
    ///
    /// [`CardSecrets`] prints masked; only its `expose_*` methods return the secrets.
    ///
    /// # Errors
    ///
    /// Kind [`Permission`](crate::ErrorKind::Permission) (code 1013) if PCI display is not enabled for the merchant,
    /// [`Decrypt`](crate::ErrorKind::Decrypt) if the [`aes`](crate::ClientBuilder::aes) setting or the apiSecret does not
    /// match the platform's. [`Client::doctor`](crate::Client::doctor) finds the matching setting.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    /// let secrets = client.cards().private_info(&card_no)?;
    /// assert!(!format!("{secrets:?}").contains(secrets.expose_pan()));
    /// assert_eq!(secrets.expose_cvv().len(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn private_info(&self, card_no: &str) -> Result<CardSecrets, Error> {
        self.caller.get_card_secrets(operation::CARDS_PRIVATE_INFO, card_no)
    }

    /// Activates a physical card in status `ToActivate`.
    ///
    /// The CVV is encrypted before it is sent.
    ///
    /// # Errors
    ///
    /// Kind [`State`](crate::ErrorKind::State) (code 4005) if the card has another status.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// # let card_no = sandbox.seed_physical_card(&cardholder_no)?;
    /// # let cvv_from_the_back = sandbox.cvv_for_tests(&card_no)?;
    /// # let last_four = client.cards().get(&card_no)?.card_last_no.unwrap_or_default();
    /// use keysecure::{ActivateCard, Cvv, Pin, SetPin};
    ///
    /// client.cards().activate(&ActivateCard {
    ///     card_no: card_no.clone(),
    ///     cardholder_no: cardholder_no.clone(),
    ///     cvv: Cvv::new(cvv_from_the_back)?,
    ///     card_last_no: last_four,
    /// })?;
    /// client.cards().set_pin(&SetPin { card_no, cardholder_no, pin: Pin::new("739251")? })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn activate(&self, request: &ActivateCard) -> Result<(), Error> {
        validate::required("card_no", &request.card_no)?;
        validate::required("cardholder_no", &request.cardholder_no)?;
        validate::last_four(&request.card_last_no)?;
        let body = EncryptedCvv {
            card_no: request.card_no.clone(),
            cardholder_no: request.cardholder_no.clone(),
            cvv: self.caller.sealed(request.cvv.secret())?,
            card_last_no: request.card_last_no.clone(),
        };
        self.caller.post_tap(operation::CARDS_ACTIVATE, &body, self.tap, ActionResult::done)
    }

    /// Sets the status of a card to `Frozen`, `Activated` or `Delete`.
    ///
    /// [`freeze`](Self::freeze), [`unfreeze`](Self::unfreeze) and [`delete`](Self::delete) call it.
    ///
    /// # Errors
    ///
    /// Kind [`State`](crate::ErrorKind::State) (code 4005) if the card's status does not allow the change.
    pub fn update_status(&self, card_no: &str, status: impl Into<CardStatus>) -> Result<(), Error> {
        let body = UpdateStatus { card_no: card_no.to_owned(), status: status.into() };
        validate::required("card_no", &body.card_no)?;
        validate::required("status", body.status.as_str())?;
        self.caller.post_tap(operation::CARDS_UPDATE_STATUS, &body, self.tap, ActionResult::done)
    }

    /// Freezes an activated card. [`unfreeze`](Self::unfreeze) reverses it.
    ///
    /// # Errors
    ///
    /// Kind [`State`](crate::ErrorKind::State) (code 4005) if the card is not activated.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    /// use keysecure::CardStatus;
    ///
    /// client.cards().freeze(&card_no)?;
    /// assert_eq!(client.cards().get(&card_no)?.status, CardStatus::Frozen);
    /// client.cards().unfreeze(&card_no)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn freeze(&self, card_no: &str) -> Result<(), Error> {
        self.update_status(card_no, CardStatus::Frozen)
    }

    /// Unfreezes a frozen card.
    ///
    /// # Errors
    ///
    /// Kind [`State`](crate::ErrorKind::State) (code 4005) if the card is not frozen.
    pub fn unfreeze(&self, card_no: &str) -> Result<(), Error> {
        self.update_status(card_no, CardStatus::Activated)
    }

    /// Cancels a card. This cannot be reversed.
    ///
    /// # Errors
    ///
    /// Kind [`State`](crate::ErrorKind::State) (code 4005) if the card's status does not allow it.
    pub fn delete(&self, card_no: &str) -> Result<(), Error> {
        self.update_status(card_no, CardStatus::Delete)
    }

    /// Sets the PIN of a physical, activated card.
    ///
    /// The PIN is encrypted before it is sent. See [`activate`](Self::activate) for an example.
    ///
    /// # Errors
    ///
    /// Kind [`State`](crate::ErrorKind::State) (code 4005) if the card is not activated, [`Api`](crate::ErrorKind::Api) for
    /// a virtual card (4017) or a PIN that breaks the platform's rule (4016), which [`Pin::new`](crate::Pin::new) already
    /// checks.
    pub fn set_pin(&self, request: &SetPin) -> Result<(), Error> {
        validate::required("card_no", &request.card_no)?;
        validate::required("cardholder_no", &request.cardholder_no)?;
        let body = EncryptedPin {
            card_no: request.card_no.clone(),
            cardholder_no: request.cardholder_no.clone(),
            pin: self.caller.sealed(request.pin.secret())?,
        };
        self.caller.post_tap(operation::CARDS_SET_PIN, &body, self.tap, ActionResult::done)
    }

    /// Lists the packages that cards are opened from (credit mode).
    ///
    /// In authorization mode the pager returns an error of kind [`Permission`](crate::ErrorKind::Permission) (code 1012).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// use keysecure::{ListPackages, Package};
    ///
    /// let packages = client.cards().packages(&ListPackages::default()).collect::<Result<Vec<Package>, _>>()?;
    /// assert!(!packages.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn packages(&self, filter: &ListPackages) -> Pager<Package> {
        Pager::all(self.caller, operation::CARDS_PACKAGES, filter.clone())
    }

    /// Lists one page of the packages. `page` counts from 0; `size` is 1 to 100.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if `size` is out of range, [`Permission`](crate::ErrorKind::Permission)
    /// (code 1012) in authorization mode.
    pub fn packages_page(&self, filter: &ListPackages, page: u32, size: u32) -> Result<Page<Package>, Error> {
        pager::page(self.caller, operation::CARDS_PACKAGES, filter, page, size)
    }

    /// Lists the BINs that cards are opened from (authorization mode).
    ///
    /// In credit mode the pager returns an error of kind [`Permission`](crate::ErrorKind::Permission) (code 1012).
    pub fn bins(&self, filter: &ListBins) -> Pager<Bin> {
        Pager::all(self.caller, operation::CARDS_BINS, filter.clone())
    }

    /// Lists one page of the BINs. `page` counts from 0; `size` is 1 to 100.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if `size` is out of range, [`Permission`](crate::ErrorKind::Permission)
    /// (code 1012) in credit mode.
    pub fn bins_page(&self, filter: &ListBins, page: u32, size: u32) -> Result<Page<Bin>, Error> {
        pager::page(self.caller, operation::CARDS_BINS, filter, page, size)
    }
}
