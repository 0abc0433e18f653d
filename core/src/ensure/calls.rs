//! The `ensure_*` calls of the resources.

use super::{EnsureOptions, Ensured, ensure};
use crate::error::Error;
use crate::resources::accounts::{Accounts, Transfer, TransferRecord};
use crate::resources::cardholders::{ApplyCardholder, Cardholder, Cardholders};
use crate::resources::cards::{ApplyCard, Card, Cards};

impl Accounts<'_> {
    /// Makes a transfer exactly once, regardless of earlier calls and processes.
    ///
    /// Requires a client with a [`Store`](crate::Store). See [`ensure`](mod@crate::ensure) for the rules.
    ///
    /// # Errors
    ///
    /// Kind [`Conflict`](crate::ErrorKind::Conflict) if a transfer with the same reference has another cardholder, direction or
    /// amount, and the kinds of the [module](mod@crate::ensure#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let (api_key, api_secret, url) = (sandbox.api_key(), sandbox.api_secret(), sandbox.base_url());
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// use keysecure::{Client, EnsureOptions, Store, Transfer, TransferType};
    ///
    /// let client = Client::builder(api_key, api_secret).base_url(url).store(Store::memory()).build()?;
    /// let transfer = Transfer {
    ///     cardholder_no,
    ///     transfer_unique_no: "order-7-topup".into(),
    ///     r#type: TransferType::In,
    ///     amount: "25.00".parse()?,
    /// };
    /// let first = client.accounts().ensure_transfer(&transfer, &EnsureOptions::first_attempt())?;
    /// assert!(first.created);
    ///
    /// // A second call finds the transfer and sends nothing.
    /// let second = client.accounts().ensure_transfer(&transfer, &EnsureOptions::default())?;
    /// assert!(!second.created);
    /// assert_eq!(second.value.transfer_no, first.value.transfer_no);
    /// # Ok(())
    /// # }
    /// ```
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
    /// Applies for a card exactly once, regardless of earlier calls and processes.
    ///
    /// Requires a client with a [`Store`](crate::Store). See [`ensure`](mod@crate::ensure) for the rules.
    ///
    /// # Errors
    ///
    /// Kind [`Conflict`](crate::ErrorKind::Conflict) if a card with the same reference has another cardholder or type, and the
    /// kinds of the [module](mod@crate::ensure#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let (api_key, api_secret, url) = (sandbox.api_key(), sandbox.api_secret(), sandbox.base_url());
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// # let client = keysecure::Client::builder(api_key, api_secret).base_url(url).store(keysecure::Store::memory()).build()?;
    /// # let package = client.cards().packages(&keysecure::ListPackages::default()).next().ok_or("no package")??;
    /// use keysecure::{ApplyCard, CardType, EnsureOptions};
    ///
    /// let application = ApplyCard {
    ///     cardholder_no,
    ///     card_unique_no: "order-7-card".into(),
    ///     card_type: CardType::Virtual,
    ///     package_no: Some(package.package_no),
    ///     ..ApplyCard::default()
    /// };
    /// let ensured = client.cards().ensure_card(&application, &EnsureOptions::first_attempt())?;
    /// println!("{} ({})", ensured.value.card_no, ensured.value.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ensure_card(&self, request: &ApplyCard, options: &EnsureOptions) -> Result<Ensured<Card>, Error> {
        self.check_has_no_tap()?;
        request.check()?;
        ensure(self.caller, request, options)
    }
}

impl Cardholders<'_> {
    /// Applies for a cardholder exactly once, regardless of earlier calls and processes.
    ///
    /// It creates and never updates: `cardholder_no` must be absent. Requires a client with a [`Store`](crate::Store). See
    /// [`ensure`](mod@crate::ensure) for the rules.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if `cardholder_no` is set, and the kinds of the
    /// [module](mod@crate::ensure#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let (api_key, api_secret, url) = (sandbox.api_key(), sandbox.api_secret(), sandbox.base_url());
    /// # let client = keysecure::Client::builder(api_key, api_secret).base_url(url).store(keysecure::Store::memory()).build()?;
    /// use keysecure::{ApplyCardholder, EnsureOptions};
    ///
    /// let application = ApplyCardholder {
    ///     cardholder_unique_no: "customer-4711".into(),
    ///     sumsub_share_token: "share-token-from-sumsub".into(),
    ///     cardholder_no: None,
    /// };
    /// let ensured = client.cardholders().ensure_cardholder(&application, &EnsureOptions::first_attempt())?;
    /// assert!(ensured.created);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ensure_cardholder(
        &self,
        request: &ApplyCardholder,
        options: &EnsureOptions,
    ) -> Result<Ensured<Cardholder>, Error> {
        if request.cardholder_no.is_some() {
            return Err(Error::invalid_input("cardholder_no", "must be absent: ensure_cardholder does not update"));
        }
        request.check()?;
        ensure(self.0, request, options)
    }
}
