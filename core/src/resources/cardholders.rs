//! Cardholders and the verification of their identity (platform documentation, cardholder).

use std::time::SystemTime;

use rust_decimal::Decimal;

use super::cards::CardStatus;
use super::{identifier, reference, referenced};
use crate::codec::{body, model, open_enum, query};
use crate::engine::Caller;
use crate::engine::operation;
use crate::error::Error;
use crate::pager::{self, Page, Pager, row};
use crate::secrets::Secret;
use crate::validate;

/// The calls on cardholders.
#[derive(Debug, Clone, Copy)]
pub struct Cardholders<'a>(pub(crate) &'a Caller);

/// A cardholder to verify.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ApplyCardholder {
    /// The merchant's own number of the cardholder. On an update it must match, else the platform answers 2011.
    pub cardholder_unique_no: String,
    /// The share token of the identity check. It opens personal documents and is treated as a secret.
    pub sumsub_share_token: Secret,
    /// Only to update this cardholder.
    pub cardholder_no: Option<String>,
}

body!(ApplyCardholder { cardholder_unique_no, sumsub_share_token, cardholder_no });

open_enum! {
    /// Where a cardholder stands in the verification of identity (platform constants 8.8).
    pub enum CardholderStatus {
        /// Not looked at yet.
        Pending = "Pending",
        /// Being looked at.
        InProgress = "In_progress",
        /// Verified: cards may be applied for.
        Approved = "Approved",
        /// Refused.
        Rejected = "Rejected",
    }
}

model! {
    /// The numbers of a cardholder that was applied for.
    pub struct CardholderApplied {
        /// The platform's number.
        pub cardholder_no: String,
        /// The merchant's own number.
        pub cardholder_unique_no: Option<String>,
    }
}

model! {
    /// A cardholder, as `list` and `get` give it.
    pub struct Cardholder {
        /// The platform's number.
        pub cardholder_no: String,
        /// The merchant's own number.
        pub cardholder_unique_no: Option<String>,
        /// The cardholder's mail address.
        pub email: Option<String>,
        /// Where the verification stands; `Unknown` without text when the platform does not say so.
        pub status: CardholderStatus [or default],
        /// Why the verification failed; given by `list`.
        pub fail_reason: Option<String>,
        /// The balance of all accounts, in USD; given by `get`.
        pub total_balance: Option<Decimal>,
        /// The cards issued; given by `get`.
        pub card_list: Vec<CardholderCard>,
        /// When the cardholder was applied for.
        pub time: Option<SystemTime>,
    }
}

model! {
    /// A card in a cardholder's list. Only its number is known to be there; the other fields are in `extra`.
    pub struct CardholderCard {
        /// The platform's number of the card.
        pub card_no: String,
        /// Where the card stands.
        pub status: Option<CardStatus>,
    }
}

query! {
    /// Which cardholders to list, by the time of their application.
    pub struct ListCardholders {
        /// Only this cardholder.
        pub cardholder_no: Option<String>,
        /// Only the cardholder with this number of the merchant's.
        pub cardholder_unique_no: Option<String>,
    }
}

referenced!(CardholderApplied { cardholder_no, cardholder_unique_no });

impl ApplyCardholder {
    pub(crate) fn check(&self) -> Result<(), Error> {
        validate::required("cardholder_unique_no", &self.cardholder_unique_no)?;
        validate::required("sumsub_share_token", self.sumsub_share_token.expose())?;
        self.cardholder_no.as_ref().map_or(Ok(()), |number| validate::required("cardholder_no", number))
    }
}

impl Cardholder {
    /// What is known of a cardholder that was just applied for.
    pub(crate) fn applied(request: &ApplyCardholder, applied: CardholderApplied) -> Self {
        Self {
            cardholder_no: applied.cardholder_no,
            cardholder_unique_no: Some(request.cardholder_unique_no.clone()),
            status: CardholderStatus::Pending,
            extra: applied.extra,
            ..Self::blank()
        }
    }
}

row!(Cardholder, cardholder_no);

impl Cardholders<'_> {
    /// Applies for a cardholder, or updates one.
    ///
    /// Codes: 2001 exists already, 2003 verified already, 2006 no KYC information, 2011 the unique number does not match.
    pub fn apply(&self, request: &ApplyCardholder) -> Result<CardholderApplied, Error> {
        request.check()?;
        reference::post(self.0, operation::CARDHOLDERS_APPLY, &request.cardholder_unique_no, request)
    }

    /// All cardholders of a span of any length, lazily and newest first. See [`Pager`].
    pub fn list(&self, query: &ListCardholders) -> Result<Pager<Cardholder>, Error> {
        Pager::between(self.0, operation::CARDHOLDERS_LIST, query.clone(), (query.start, query.end))
    }

    /// One page (0 is the first, at most 100 rows) of a window of at most 90 days, newest first. See [`Page`].
    pub fn list_page(&self, query: &ListCardholders, page: u32, size: u32) -> Result<Page<Cardholder>, Error> {
        pager::window_page(self.0, operation::CARDHOLDERS_LIST, query, (query.start, query.end), page, size)
    }

    /// One cardholder, with balance and cards. Code 2002: does not exist.
    pub fn get(&self, cardholder_no: &str) -> Result<Cardholder, Error> {
        self.0.get_with(operation::CARDHOLDERS_GET, "cardholder_no", cardholder_no, |found: Cardholder| {
            identifier("cardholder_no", &found.cardholder_no).map(|()| found)
        })
    }
}
