//! The targets of `ensure_*` calls: transfers, cards and cardholders.

use crate::codec::{Body, Decode};
use crate::engine::Caller;
use crate::engine::operation::{self, Operation};
use crate::error::Error;
use crate::pager::Pager;
use crate::resources::Status;
use crate::resources::accounts::{Accounts, ListTransfers, Transfer, TransferRecord, TransferType};
use crate::resources::cardholders::{ApplyCardholder, Cardholder, Cardholders, ListCardholders};
use crate::resources::cards::{ApplyCard, Card, CardType, Cards, ListCards};
use crate::values::civil::WindowBound;

/// A request with a merchant reference by which its result can be looked up.
pub(crate) trait EnsureTarget: Body {
    /// The row of a target in the platform's list.
    type Row: Decode;
    const OPERATION: &'static Operation;
    /// The `ensure_*` call itself: its name in the log, and in requests to a relay. Its requests to the platform are logged with
    /// the names of their operations.
    const CALL: &'static Operation;

    /// The merchant reference.
    fn reference(&self) -> &str;

    /// Sends the request, with the client's retry rules.
    fn send(&self, caller: &Caller) -> Result<Self::Row, Error>;

    /// Lists all rows that the platform returns for a reference.
    fn look_up(
        &self,
        caller: &Caller,
        number: &str,
        window: (WindowBound, WindowBound),
    ) -> Result<Pager<Self::Row>, Error>;

    fn unique_no(row: &Self::Row) -> Option<&str>;

    /// The first field in which a row differs from this target. A field that the platform leaves out does not differ.
    fn difference(&self, row: &Self::Row) -> Option<&'static str>;

    /// Whether the target has the status `Fail`.
    fn failed(row: &Self::Row) -> bool;
}

fn differs<T: PartialEq>(wanted: &T, found: Option<&T>) -> bool {
    found.is_some_and(|found| found != wanted)
}

/// Whether a constant of the platform is another one of the `known` ones, regardless of case. An unknown constant may mean
/// the same.
fn is_another(wanted: &str, found: Option<&str>, known: &[&str]) -> bool {
    found.is_some_and(|found| {
        !found.eq_ignore_ascii_case(wanted) && known.iter().any(|known| known.eq_ignore_ascii_case(found))
    })
}

fn is_fail(status: Option<&str>) -> bool {
    status.is_some_and(|status| status.eq_ignore_ascii_case(Status::Fail.as_str()))
}

impl EnsureTarget for Transfer {
    type Row = TransferRecord;
    const OPERATION: &'static Operation = operation::ACCOUNTS_TRANSFER;
    const CALL: &'static Operation = operation::ENSURE_TRANSFER;

    fn reference(&self) -> &str {
        &self.transfer_unique_no
    }

    fn send(&self, caller: &Caller) -> Result<TransferRecord, Error> {
        Accounts(caller).transfer(self).map(|result| TransferRecord::made(self, result))
    }

    fn look_up(
        &self,
        caller: &Caller,
        number: &str,
        (start, end): (WindowBound, WindowBound),
    ) -> Result<Pager<TransferRecord>, Error> {
        Accounts(caller).transfers(&ListTransfers {
            transfer_unique_no: Some(number.to_owned()),
            ..ListTransfers::between(start, end)
        })
    }

    fn unique_no(row: &TransferRecord) -> Option<&str> {
        row.transfer_unique_no.as_deref()
    }

    fn difference(&self, row: &TransferRecord) -> Option<&'static str> {
        if differs(&self.cardholder_no, row.cardholder_no.as_ref()) {
            return Some("cardholder_no");
        }
        let known = [TransferType::In.as_str(), TransferType::Out.as_str()];
        if is_another(self.r#type.as_str(), row.r#type.as_ref().map(TransferType::as_str), &known) {
            return Some("type");
        }
        // A list may show a transfer out as a negative amount.
        differs(&self.amount, row.amount.map(|amount| amount.abs()).as_ref()).then_some("amount")
    }

    fn failed(row: &TransferRecord) -> bool {
        is_fail(row.status.as_ref().map(Status::as_str))
    }
}

impl EnsureTarget for ApplyCard {
    type Row = Card;
    const OPERATION: &'static Operation = operation::CARDS_APPLY;
    const CALL: &'static Operation = operation::ENSURE_CARD;

    fn reference(&self) -> &str {
        &self.card_unique_no
    }

    fn send(&self, caller: &Caller) -> Result<Card, Error> {
        Cards::new(caller).apply(self).map(|applied| Card::applied(self, applied))
    }

    fn look_up(
        &self,
        caller: &Caller,
        number: &str,
        (start, end): (WindowBound, WindowBound),
    ) -> Result<Pager<Card>, Error> {
        Cards::new(caller)
            .list(&ListCards { card_unique_no: Some(number.to_owned()), ..ListCards::between(start, end) })
    }

    fn unique_no(row: &Card) -> Option<&str> {
        row.card_unique_no.as_deref()
    }

    fn difference(&self, row: &Card) -> Option<&'static str> {
        if differs(&self.cardholder_no, row.cardholder_no.as_ref()) {
            return Some("cardholder_no");
        }
        let known = [CardType::Virtual.as_str(), CardType::Physical.as_str()];
        let found = row.card_type.as_ref().map(CardType::as_str);
        is_another(self.card_type.as_str(), found, &known).then_some("card_type")
    }

    fn failed(row: &Card) -> bool {
        is_fail(Some(row.status.as_str()))
    }
}

impl EnsureTarget for ApplyCardholder {
    type Row = Cardholder;
    const OPERATION: &'static Operation = operation::CARDHOLDERS_APPLY;
    const CALL: &'static Operation = operation::ENSURE_CARDHOLDER;

    fn reference(&self) -> &str {
        &self.cardholder_unique_no
    }

    fn send(&self, caller: &Caller) -> Result<Cardholder, Error> {
        Cardholders(caller).apply(self).map(|applied| Cardholder::applied(self, applied))
    }

    fn look_up(
        &self,
        caller: &Caller,
        number: &str,
        (start, end): (WindowBound, WindowBound),
    ) -> Result<Pager<Cardholder>, Error> {
        Cardholders(caller).list(&ListCardholders {
            cardholder_unique_no: Some(number.to_owned()),
            ..ListCardholders::between(start, end)
        })
    }

    fn unique_no(row: &Cardholder) -> Option<&str> {
        row.cardholder_unique_no.as_deref()
    }

    /// Always `None`: the platform does not return the share token, so only the reference can be compared.
    fn difference(&self, _: &Cardholder) -> Option<&'static str> {
        None
    }

    /// Always `false`: a rejected cardholder exists, and the merchant decides how to proceed.
    fn failed(_: &Cardholder) -> bool {
        false
    }
}
