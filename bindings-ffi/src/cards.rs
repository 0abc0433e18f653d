//! Cards, packages and BINs.

use std::time::Duration;

use keysecure::{
    ActivateCard, ApplyCard, Card, CardApplied, CardStatus, Client, Cvv, ListBins, ListCards, ListPackages, Pin, SetPin,
};

use crate::convert::{Result, count};
use crate::ensured::{EnsureOptions, EnsuredCard};
use crate::pages::{BinPage, BinPages, CardPage, CardPages, PackagePage, PackagePages};
use crate::secrets::CardSecrets;

/// Cards, card packages and BINs.
#[derive(Debug, uniffi::Object)]
pub struct Cards(pub(crate) Client);

impl Cards {
    /// The calls of the core, for a tap if there is one.
    fn tapped<'a>(&'a self, tap: Option<&'a str>) -> keysecure::Cards<'a> {
        let cards = self.0.cards();
        tap.map_or(cards, |tap| cards.with_tap(tap))
    }
}

#[uniffi::export]
impl Cards {
    /// The same calls for a call that has already waited so long for a thread: the time counts into its timeout or
    /// deadline.
    #[must_use]
    pub fn after_waiting(&self, waited: Duration) -> Self {
        Self(self.0.after_waiting(waited))
    }

    /// Applies for a card. Success means that the platform accepted the application, not that the card was issued.
    pub fn apply(&self, request: ApplyCard) -> Result<CardApplied> {
        Ok(self.0.cards().apply(&request)?)
    }

    /// Applies for a card exactly once: looks it up by its merchant reference and sends the application only when it
    /// provably does not exist. Needs a store.
    ///
    /// An error of kind `conflict` means that the reference belongs to a card of another cardholder or type; of kind
    /// `config`, that the client has no store.
    pub fn ensure_card(&self, request: ApplyCard, options: EnsureOptions) -> Result<EnsuredCard> {
        Ok(self.0.cards().ensure_card(&request, &options.into())?.into())
    }

    /// Lists the cards that were applied for in a window of any length, both ends included.
    pub fn list(&self, query: ListCards) -> Result<CardPages> {
        Ok(self.0.cards().list(&query)?.into())
    }

    /// Returns one page of a window of at most 90 days. Page 0 is the first; `size` is 1 to 100.
    pub fn list_page(&self, query: ListCards, page: i32, size: i32) -> Result<CardPage> {
        Ok(self.0.cards().list_page(&query, count("page", page)?, count("size", size)?)?.into())
    }

    /// Returns a card with its fee schedule.
    pub fn get(&self, card_no: String) -> Result<Card> {
        Ok(self.0.cards().get(&card_no)?)
    }

    /// Returns the PAN, CVV and expiry date of an activated card. Code 1013 means that PCI display is not enabled for
    /// the merchant.
    pub fn private_info(&self, card_no: String) -> Result<CardSecrets> {
        Ok(self.0.cards().private_info(&card_no)?.into())
    }

    /// Activates a physical card in status `ToActivate`. `cvv` is the three digits on the back, encrypted before they
    /// are sent; `card_last_no` is the last four digits of the card number. `tap`: see `freeze`.
    #[uniffi::method(default(tap = None))]
    pub fn activate(
        &self,
        card_no: String,
        cardholder_no: String,
        cvv: String,
        card_last_no: String,
        tap: Option<String>,
    ) -> Result<()> {
        let cvv = Cvv::new(cvv)?;
        Ok(self.tapped(tap.as_deref()).activate(&ActivateCard { card_no, cardholder_no, cvv, card_last_no })?)
    }

    /// Sets the status of a card to `Frozen`, `Activated` or `Delete`. `tap`: see `freeze`.
    #[uniffi::method(default(tap = None))]
    pub fn update_status(&self, card_no: String, status: CardStatus, tap: Option<String>) -> Result<()> {
        Ok(self.tapped(tap.as_deref()).update_status(&card_no, status)?)
    }

    /// Blocks an activated card until `unfreeze`.
    ///
    /// `tap` is one action of the user of an app: a relay carries it out once, however often it is sent. 1 to 64 printable
    /// ASCII characters without spaces, chosen when the user acts and kept until the result is known. Without it each call makes
    /// one. It is for a client of a relay only. The outcome of an error is that of this call, not of an earlier one with the tap.
    #[uniffi::method(default(tap = None))]
    pub fn freeze(&self, card_no: String, tap: Option<String>) -> Result<()> {
        Ok(self.tapped(tap.as_deref()).freeze(&card_no)?)
    }

    /// Makes a frozen card usable again. `tap`: see `freeze`.
    #[uniffi::method(default(tap = None))]
    pub fn unfreeze(&self, card_no: String, tap: Option<String>) -> Result<()> {
        Ok(self.tapped(tap.as_deref()).unfreeze(&card_no)?)
    }

    /// Closes a card permanently. `tap`: see `freeze`.
    #[uniffi::method(default(tap = None))]
    pub fn delete(&self, card_no: String, tap: Option<String>) -> Result<()> {
        Ok(self.tapped(tap.as_deref()).delete(&card_no)?)
    }

    /// Sets the PIN of a physical, activated card: six digits, of which no three neighbours are identical, ascending
    /// or descending. It is encrypted before it is sent. `tap`: see `freeze`.
    #[uniffi::method(default(tap = None))]
    pub fn set_pin(&self, card_no: String, cardholder_no: String, pin: String, tap: Option<String>) -> Result<()> {
        let pin = Pin::new(pin)?;
        Ok(self.tapped(tap.as_deref()).set_pin(&SetPin { card_no, cardholder_no, pin })?)
    }

    /// Lists the packages that cards are opened from in credit mode.
    pub fn packages(&self, filter: ListPackages) -> PackagePages {
        self.0.cards().packages(&filter).into()
    }

    /// Returns one page of the packages. Page 0 is the first; `size` is 1 to 100.
    pub fn packages_page(&self, filter: ListPackages, page: i32, size: i32) -> Result<PackagePage> {
        Ok(self.0.cards().packages_page(&filter, count("page", page)?, count("size", size)?)?.into())
    }

    /// Lists the BINs that cards are opened from in authorization mode.
    pub fn bins(&self, filter: ListBins) -> BinPages {
        self.0.cards().bins(&filter).into()
    }

    /// Returns one page of the BINs. Page 0 is the first; `size` is 1 to 100.
    pub fn bins_page(&self, filter: ListBins, page: i32, size: i32) -> Result<BinPage> {
        Ok(self.0.cards().bins_page(&filter, count("page", page)?, count("size", size)?)?.into())
    }
}
