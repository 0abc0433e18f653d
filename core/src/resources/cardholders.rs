//! Cardholders and their identity verification: calls, models and enums (platform documentation, cardholder).

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

/// Calls on cardholders. Created by [`Client::cardholders`](crate::Client::cardholders).
#[derive(Debug, Clone, Copy)]
pub struct Cardholders<'a>(pub(crate) &'a Caller);

/// Application for a cardholder, or an update of one. See [`Cardholders::apply`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ApplyCardholder {
    /// Merchant reference of the cardholder. On an update it must match, else the platform refuses with code 2011.
    pub cardholder_unique_no: String,
    /// Sumsub share token of the identity check. It gives access to personal documents and is treated as a secret.
    pub sumsub_share_token: Secret,
    /// Number of the cardholder to update; absent for a new cardholder.
    pub cardholder_no: Option<String>,
}

body!(ApplyCardholder { cardholder_unique_no, sumsub_share_token, cardholder_no });

open_enum! {
    /// Status of a cardholder's identity verification (platform documentation, constants 8.8).
    pub enum CardholderStatus {
        /// The review has not started.
        Pending = "Pending",
        /// Under review.
        InProgress = "In_progress",
        /// Verified: cards can be applied for.
        Approved = "Approved",
        /// The verification failed.
        Rejected = "Rejected",
    }
}

model! {
    /// Response to an application for a cardholder.
    pub struct CardholderApplied {
        /// Cardholder number assigned by the platform.
        pub cardholder_no: String,
        /// Merchant reference of the cardholder, as echoed by the platform.
        pub cardholder_unique_no: Option<String>,
    }
}

model! {
    /// Cardholder as returned by the cardholder list and by cardholder detail (platform documentation, cardholder).
    pub struct Cardholder {
        /// Cardholder number assigned by the platform.
        pub cardholder_no: String,
        /// Merchant reference of the cardholder.
        pub cardholder_unique_no: Option<String>,
        /// Email address.
        pub email: Option<String>,
        /// Status of the identity verification. `Unknown` with an empty text if the response has none.
        pub status: CardholderStatus [or default],
        /// Reason for a failed verification. Returned by the list only.
        pub fail_reason: Option<String>,
        /// Total balance of all accounts in USD. Returned by cardholder detail only.
        pub total_balance: Option<Decimal>,
        /// Issued cards. Returned by cardholder detail only.
        pub card_list: Vec<CardholderCard>,
        /// Time of the application.
        pub time: Option<SystemTime>,
    }
}

model! {
    /// Card in the card list of a cardholder. The platform documents its number only; other fields are in `extra`.
    pub struct CardholderCard {
        /// Card number assigned by the platform. It is not the PAN.
        pub card_no: String,
        /// Lifecycle status of the card (inferred).
        pub status: Option<CardStatus>,
    }
}

query! {
    /// Filter of the cardholder list. The window applies to the time of the application.
    pub struct ListCardholders {
        /// Return the cardholder with this number only.
        pub cardholder_no: Option<String>,
        /// Return the cardholder with this merchant reference only.
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
    /// The cardholder that a successful application created, as far as the request and the response describe it.
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
    /// Applies for a cardholder, or updates one if `cardholder_no` is set.
    ///
    /// The platform then verifies the cardholder's identity; [`get`](Self::get) shows the status. A mutation: it is never
    /// sent again while its outcome is unknown. To apply exactly once, use [`ensure_cardholder`](Self::ensure_cardholder).
    ///
    /// # Errors
    ///
    /// Kind [`State`](crate::ErrorKind::State) (code 2003) if the cardholder is verified already, and
    /// [`Api`](crate::ErrorKind::Api) if the cardholder exists already (2001), no identity information is available (2006),
    /// or the merchant reference does not match on an update (2011).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// use keysecure::ApplyCardholder;
    ///
    /// let applied = client.cardholders().apply(&ApplyCardholder {
    ///     cardholder_unique_no: "customer-4711".into(),
    ///     sumsub_share_token: "share-token-from-sumsub".into(),
    ///     cardholder_no: None,
    /// })?;
    /// println!("{}", client.cardholders().get(&applied.cardholder_no)?.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply(&self, request: &ApplyCardholder) -> Result<CardholderApplied, Error> {
        request.check()?;
        reference::post(self.0, operation::CARDHOLDERS_APPLY, &request.cardholder_unique_no, request)
    }

    /// Lists the cardholders of a window of any length, newest first.
    ///
    /// The [`Pager`] fetches pages as it is read.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if the end of the window is not later than its start. Errors of
    /// requests are items of the pager.
    pub fn list(&self, query: &ListCardholders) -> Result<Pager<Cardholder>, Error> {
        Pager::between(self.0, operation::CARDHOLDERS_LIST, query.clone(), (query.start, query.end))
    }

    /// Lists one page of the cardholders of a window of at most 90 days, newest first.
    ///
    /// `page` counts from 0; `size` is 1 to 100. See [`Page`] for the end of a list.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if `size` is out of range, or the window is longer than 90 days.
    pub fn list_page(&self, query: &ListCardholders, page: u32, size: u32) -> Result<Page<Cardholder>, Error> {
        pager::window_page(self.0, operation::CARDHOLDERS_LIST, query, (query.start, query.end), page, size)
    }

    /// Gets a cardholder with total balance and cards.
    ///
    /// # Errors
    ///
    /// Kind [`NotFound`](crate::ErrorKind::NotFound) (code 2002) if the cardholder does not exist.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// use keysecure::CardholderStatus;
    ///
    /// let cardholder = client.cardholders().get(&cardholder_no)?;
    /// assert_eq!(cardholder.status, CardholderStatus::Approved);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, cardholder_no: &str) -> Result<Cardholder, Error> {
        self.0.get(operation::CARDHOLDERS_GET, "cardholder_no", cardholder_no, |found: Cardholder| {
            identifier("cardholder_no", &found.cardholder_no).map(|()| found)
        })
    }
}
