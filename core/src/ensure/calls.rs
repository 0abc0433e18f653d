//! The `ensure_*` calls of the resources.

use super::{EnsureOptions, Ensured, ensure};
use crate::error::Error;
use crate::resources::accounts::{Accounts, Transfer, TransferRecord};
use crate::resources::cardholders::{ApplyCardholder, Cardholder, Cardholders};
use crate::resources::cards::{ApplyCard, Card, Cards};

impl Accounts<'_> {
    /// Makes a transfer exactly once, whatever happened before. See [`EnsureOptions`].
    ///
    /// # Errors
    ///
    /// A transfer with the same reference but another cardholder, direction or amount is an error of kind
    /// [`Conflict`](crate::ErrorKind::Conflict).
    pub fn ensure_transfer(
        &self,
        request: &Transfer,
        options: &EnsureOptions,
    ) -> Result<Ensured<TransferRecord>, Error> {
        request.check()?;
        ensure(self.0, request, options)
    }
}

impl Cards<'_> {
    /// Applies for a card exactly once, whatever happened before. See [`EnsureOptions`].
    ///
    /// # Errors
    ///
    /// A card with the same reference but another cardholder or type is an error of kind
    /// [`Conflict`](crate::ErrorKind::Conflict).
    pub fn ensure_card(&self, request: &ApplyCard, options: &EnsureOptions) -> Result<Ensured<Card>, Error> {
        request.check()?;
        ensure(self.0, request, options)
    }
}

impl Cardholders<'_> {
    /// Applies for a cardholder exactly once, whatever happened before. See [`EnsureOptions`].
    ///
    /// It does not update: `cardholder_no` must be absent.
    pub fn ensure_cardholder(
        &self,
        request: &ApplyCardholder,
        options: &EnsureOptions,
    ) -> Result<Ensured<Cardholder>, Error> {
        if request.cardholder_no.is_some() {
            return Err(Error::invalid_input("cardholder_no", "must be absent: an update is not made sure of"));
        }
        request.check()?;
        ensure(self.0, request, options)
    }
}
