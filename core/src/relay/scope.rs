//! What a session may do: grants and limits.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::error::Error;
use crate::named_enum::named_enum;

named_enum! {
    /// Operation that a [`Scope`] grants.
    ///
    /// What is not here can be granted to nobody: `client.call`, simulation, applying for cardholders, and the hosted page's own
    /// call.
    #[derive(PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum Grant {
        /// `cardholders.get`: the cardholder's own record with email address, balance and cards.
        CardholdersGet = "cardholders.get",
        /// `cardholders.list`: the same as a list.
        CardholdersList = "cardholders.list",
        /// `cards.get`: a card without its secrets.
        CardsGet = "cards.get",
        /// `cards.list`: the cardholder's cards without their secrets.
        CardsList = "cards.list",
        /// `cards.packages`: the packages that cards are opened from, with their fees.
        CardsPackages = "cards.packages",
        /// `cards.bins`: the BINs that cards are opened from.
        CardsBins = "cards.bins",
        /// `cards.private_info`: PAN, CVV and expiry date. Dangerous: whoever has them can pay.
        CardsPrivateInfo = "cards.private_info",
        /// `cards.apply` and `cards.ensure_card`. Each card costs its opening fee: see [`Scope::max_cards_per_day`].
        CardsApply = "cards.apply",
        /// `cards.activate`: a physical card becomes usable.
        CardsActivate = "cards.activate",
        /// `cards.set_pin`: whoever knows the new PIN can withdraw cash with a stolen card.
        CardsSetPin = "cards.set_pin",
        /// `cards.update_status` with `Frozen`.
        CardsFreeze = "cards.freeze",
        /// `cards.update_status` with `Activated`.
        CardsUnfreeze = "cards.unfreeze",
        /// `cards.update_status` with `Delete`. It cannot be undone.
        CardsDelete = "cards.delete",
        /// `consumptions.get`: one purchase.
        ConsumptionsGet = "consumptions.get",
        /// `consumptions.list`: the cardholder's purchases.
        ConsumptionsList = "consumptions.list",
        /// `accounts.get`: the cardholder's balances.
        AccountsGet = "accounts.get",
        /// `accounts.transfers`: the cardholder's transfers.
        AccountsTransfers = "accounts.transfers",
        /// `accounts.transfer` and `accounts.ensure_transfer` of type `In`: the merchant's money goes to the cardholder. It takes
        /// effect with [`Scope::max_transfer`] and [`Scope::max_per_day`] only.
        AccountsTransferIn = "accounts.transfer_in",
        /// The same of type `Out`: the cardholder's money goes to the merchant.
        AccountsTransferOut = "accounts.transfer_out",
        /// `pci.client_token`: the hosted page shows PAN and CVV for it. Dangerous like `cards.private_info`.
        PciClientToken = "pci.client_token",
        /// `events`: the cardholder's webhooks, as they arrive.
        Events = "events",
    }
}

impl FromStr for Grant {
    type Err = Error;

    /// Parses a name of the protocol, such as `cards.get`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let named = Self::ALL.into_iter().find(|grant| grant.as_str() == text);
        named.ok_or_else(|| Error::config("a grant has a name that this version does not know"))
    }
}

/// The reads that show no secret of a card.
const READ_ONLY: [Grant; 11] = [
    Grant::CardholdersGet,
    Grant::CardholdersList,
    Grant::CardsGet,
    Grant::CardsList,
    Grant::CardsPackages,
    Grant::CardsBins,
    Grant::ConsumptionsGet,
    Grant::ConsumptionsList,
    Grant::AccountsGet,
    Grant::AccountsTransfers,
    Grant::Events,
];

/// What a session may do: one cardholder, and the operations that are granted for it. Nothing is granted by default.
///
/// # Examples
///
/// ```
/// use keysecure::{Grant, Scope};
///
/// let scope = Scope::cardholder("1001")
///     .read_only()
///     .grants([Grant::CardsFreeze, Grant::CardsUnfreeze])
///     .grant(Grant::AccountsTransferIn)
///     .max_transfer("200".parse()?)
///     .max_per_day("500".parse()?);
///
/// // Names, as a configuration or a token holds them:
/// let scope = Scope::cardholder("1001").grant_names(["cards.get", "cards.list"])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Scope {
    cardholder_no: String,
    session: Option<String>,
    grants: Vec<Grant>,
    max_transfer: Option<u64>,
    max_per_day: Option<u64>,
    max_cards_per_day: u32,
}

/// Cards that a cardholder may apply for in one day unless the scope says otherwise.
const CARDS_PER_DAY: u32 = 10;

impl Scope {
    /// Creates a scope of a cardholder, by the platform's number, that grants nothing.
    ///
    /// The number is 1 to 40 letters, digits, `-`, `_` or `~`, as the platform's are. A scope with another one is refused like an
    /// unknown session.
    pub fn cardholder(cardholder_no: impl Into<String>) -> Self {
        Self {
            cardholder_no: cardholder_no.into(),
            session: None,
            grants: Vec::new(),
            max_transfer: None,
            max_per_day: None,
            max_cards_per_day: CARDS_PER_DAY,
        }
    }

    /// Sets the name of the session, for the rate limit and the audit records. It must not be the session's token. Default: the
    /// cardholder's number, so that all sessions of a cardholder share a rate limit.
    pub fn session(mut self, id: impl Into<String>) -> Self {
        self.session = Some(id.into());
        self
    }

    /// Grants an operation.
    pub fn grant(mut self, grant: Grant) -> Self {
        if !self.grants.contains(&grant) {
            self.grants.push(grant);
        }
        self
    }

    /// Grants operations.
    pub fn grants(self, grants: impl IntoIterator<Item = Grant>) -> Self {
        grants.into_iter().fold(self, Self::grant)
    }

    /// Grants operations by their names in the protocol, such as `cards.get`.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) for a name that this version does not know.
    pub fn grant_names<N: AsRef<str>>(self, names: impl IntoIterator<Item = N>) -> Result<Self, Error> {
        names.into_iter().try_fold(self, |scope, name| Ok(scope.grant(name.as_ref().parse()?)))
    }

    /// Grants the reads that show no secret of a card, and the events: not `cards.private_info`, not `pci.client_token`.
    pub fn read_only(self) -> Self {
        self.grants(READ_ONLY)
    }

    /// Sets the largest amount of one transfer, in TUSDT. It is rounded down to cents; a negative amount is 0.
    ///
    /// Without this limit and [`max_per_day`](Self::max_per_day) no transfer is granted.
    pub fn max_transfer(mut self, amount: Decimal) -> Self {
        self.max_transfer = Some(cents_down(amount));
        self
    }

    /// Sets the largest sum of the cardholder's transfers in one day, in TUSDT, in both directions together. The day is the
    /// platform's (UTC+8). It is rounded down to cents; a negative amount is 0.
    pub fn max_per_day(mut self, amount: Decimal) -> Self {
        self.max_per_day = Some(cents_down(amount));
        self
    }

    /// Sets how many cards the cardholder may apply for in one day, if [`Grant::CardsApply`] is granted. The day is the
    /// platform's (UTC+8). Default: 10.
    pub fn max_cards_per_day(mut self, cards: u32) -> Self {
        self.max_cards_per_day = cards;
        self
    }

    /// The cardholder's number.
    pub(super) fn own(&self) -> &str {
        &self.cardholder_no
    }

    pub(super) fn session_id(&self) -> &str {
        self.session.as_deref().unwrap_or(&self.cardholder_no)
    }

    pub(super) fn is_valid(&self) -> bool {
        // Without a dot, so that `app.{cardholder_no}.{tap}` has one reading.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~');
        (1..=40).contains(&self.cardholder_no.len()) && self.cardholder_no.bytes().all(plain)
    }

    pub(super) fn allows(&self, grant: Grant) -> bool {
        let is_transfer = matches!(grant, Grant::AccountsTransferIn | Grant::AccountsTransferOut);
        self.grants.contains(&grant) && (!is_transfer || self.limits().is_some())
    }

    /// The largest number of applications for cards in a day.
    pub(super) fn card_limit(&self) -> u64 {
        self.max_cards_per_day.into()
    }

    /// The largest transfer and the largest sum of a day, in cents.
    pub(super) fn limits(&self) -> Option<(u64, u64)> {
        self.max_transfer.zip(self.max_per_day)
    }
}

/// The whole cents of an amount, from 0 on.
fn cents_down(amount: Decimal) -> u64 {
    let cents = amount.max(Decimal::ZERO).checked_mul(Decimal::ONE_HUNDRED);
    // More than fits is no limit.
    cents.map_or(u64::MAX, |cents| cents.floor().to_u64().unwrap_or(u64::MAX))
}

/// The cents of an amount. `None` if it is negative, has fractions of a cent or is too large.
pub(super) fn cents(amount: Decimal) -> Option<u64> {
    let cents = amount.checked_mul(Decimal::ONE_HUNDRED)?;
    if cents.fract().is_zero() { cents.to_u64() } else { None }
}

impl fmt::Debug for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Scope")
            .field("cardholder_no", &self.cardholder_no)
            .field("grants", &self.grants)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_scope_grants_nothing_unless_it_is_named() {
        let none = Scope::cardholder("1001");
        assert!(Grant::ALL.into_iter().all(|grant| !none.allows(grant)));
        let reads = none.clone().read_only();
        for dangerous in [
            "cards.private_info",
            "cards.set_pin",
            "cards.activate",
            "cards.delete",
            "cards.apply",
            "cards.freeze",
            "cards.unfreeze",
            "accounts.transfer_in",
            "accounts.transfer_out",
            "pci.client_token",
        ] {
            assert!(!reads.allows(dangerous.parse().unwrap()), "{dangerous}");
        }
        assert!(reads.allows(Grant::CardsGet) && reads.allows(Grant::Events));
        let named = none.clone().grant_names(["cards.freeze"]).unwrap();
        assert!(named.allows(Grant::CardsFreeze) && !named.allows(Grant::CardsUnfreeze));
        for unknown in ["", "*", "cards", "cards.*", "Cards.get", "call", "simulation.auth", "cardholders.apply"] {
            assert!(none.clone().grant_names([unknown]).is_err(), "{unknown}");
        }
    }

    #[test]
    fn a_transfer_is_granted_with_both_limits_only() {
        let granted = Scope::cardholder("1001").grants([Grant::AccountsTransferIn, Grant::AccountsTransferOut]);
        let both = granted.clone().max_transfer(decimal("10")).max_per_day(decimal("20"));
        for grant in [Grant::AccountsTransferIn, Grant::AccountsTransferOut] {
            assert!(!granted.allows(grant) && both.allows(grant));
            assert!(!granted.clone().max_transfer(decimal("10")).allows(grant));
            assert!(!granted.clone().max_per_day(decimal("10")).allows(grant));
        }
        assert_eq!(both.limits(), Some((1000, 2000)));
    }

    #[test]
    fn limits_are_rounded_down_to_cents_and_amounts_are_not_rounded() {
        for (amount, limit) in [("10.999", 1099), ("0.009", 0), ("-5", 0), ("79228162514264337593543950335", u64::MAX)]
        {
            assert_eq!(cents_down(decimal(amount)), limit, "{amount}");
        }
        for (amount, exact) in
            [("10.50", Some(1050)), ("0.001", None), ("-1", None), ("79228162514264337593543950335", None)]
        {
            assert_eq!(cents(decimal(amount)), exact, "{amount}");
        }
    }

    #[test]
    fn a_cardholder_number_with_a_dot_or_a_separator_is_refused() {
        assert!(Scope::cardholder("1001").is_valid() && Scope::cardholder("C-1_~").is_valid());
        for number in ["", "1.2", "1/2", "1 2", "1\n2", "é", &"1".repeat(41)] {
            assert!(!Scope::cardholder(number).is_valid(), "{number}");
        }
    }
}
