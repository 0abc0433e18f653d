//! Cards, packages and BINs.

use keysecure::{
    ActivateCard, ApplyCard, Card, CardApplied, CardStatus, Client, Cvv, ListBins, ListCards, ListPackages, Pin, SetPin,
};

use crate::convert::{Result, count};
use crate::ensured::{EnsureOptions, EnsuredCard};
use crate::pages::{BinPage, BinPages, CardPage, CardPages, PackagePage, PackagePages};
use crate::secrets::CardSecrets;

/// The calls on cards.
#[derive(Debug, uniffi::Object)]
pub struct Cards(pub(crate) Client);

#[uniffi::export]
impl Cards {
    /// Applies for a card. The answer says that the platform took the application, not that the card was issued.
    pub fn apply(&self, request: ApplyCard) -> Result<CardApplied> {
        Ok(self.0.cards().apply(&request)?)
    }

    /// Makes sure that a card is applied for exactly once, whatever happened before.
    pub fn ensure_card(&self, request: ApplyCard, options: EnsureOptions) -> Result<EnsuredCard> {
        Ok(self.0.cards().ensure_card(&request, &options.into())?.into())
    }

    /// All cards of a span of any length, lazily.
    pub fn list(&self, query: ListCards) -> Result<CardPages> {
        Ok(self.0.cards().list(&query)?.into())
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days.
    pub fn list_page(&self, query: ListCards, page: i32, size: i32) -> Result<CardPage> {
        Ok(self.0.cards().list_page(&query, count("page", page)?, count("size", size)?)?.into())
    }

    /// One card, with its costs.
    pub fn get(&self, card_no: String) -> Result<Card> {
        Ok(self.0.cards().get(&card_no)?)
    }

    /// The PAN, CVV and expiry of an activated card.
    pub fn private_info(&self, card_no: String) -> Result<CardSecrets> {
        Ok(self.0.cards().private_info(&card_no)?.into())
    }

    /// Activates a physical card in status `ToActivate`. The CVV is encrypted before it is sent.
    pub fn activate(&self, card_no: String, cardholder_no: String, cvv: String, card_last_no: String) -> Result<()> {
        let cvv = Cvv::new(cvv)?;
        Ok(self.0.cards().activate(&ActivateCard { card_no, cardholder_no, cvv, card_last_no })?)
    }

    /// Sets a card's status to `Frozen`, `Activated` or `Delete`.
    pub fn update_status(&self, card_no: String, status: CardStatus) -> Result<()> {
        Ok(self.0.cards().update_status(&card_no, status)?)
    }

    /// Stops an activated card for a time.
    pub fn freeze(&self, card_no: String) -> Result<()> {
        Ok(self.0.cards().freeze(&card_no)?)
    }

    /// Lets a frozen card work again.
    pub fn unfreeze(&self, card_no: String) -> Result<()> {
        Ok(self.0.cards().unfreeze(&card_no)?)
    }

    /// Closes a card for good.
    pub fn delete(&self, card_no: String) -> Result<()> {
        Ok(self.0.cards().delete(&card_no)?)
    }

    /// Sets the PIN of a physical, activated card. It is encrypted before it is sent.
    pub fn set_pin(&self, card_no: String, cardholder_no: String, pin: String) -> Result<()> {
        let pin = Pin::new(pin)?;
        Ok(self.0.cards().set_pin(&SetPin { card_no, cardholder_no, pin })?)
    }

    /// The packages that cards are opened from in credit mode, lazily.
    pub fn packages(&self, filter: ListPackages) -> PackagePages {
        self.0.cards().packages(&filter).into()
    }

    /// One page of the packages.
    pub fn packages_page(&self, filter: ListPackages, page: i32, size: i32) -> Result<PackagePage> {
        Ok(self.0.cards().packages_page(&filter, count("page", page)?, count("size", size)?)?.into())
    }

    /// The BINs that cards are opened from in authorization mode, lazily.
    pub fn bins(&self, filter: ListBins) -> BinPages {
        self.0.cards().bins(&filter).into()
    }

    /// One page of the BINs.
    pub fn bins_page(&self, filter: ListBins, page: i32, size: i32) -> Result<BinPage> {
        Ok(self.0.cards().bins_page(&filter, count("page", page)?, count("size", size)?)?.into())
    }
}
