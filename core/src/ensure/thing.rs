//! What can be made sure of: a transfer, a card, a cardholder.

use crate::client::Client;
use crate::engine::operation::{self, Operation};
use crate::error::Error;
use crate::list::List;
use crate::resources::accounts::{ListTransfers, Transfer, TransferRecord};
use crate::resources::cardholders::{ApplyCardholder, Cardholder, ListCardholders};
use crate::resources::cards::{ApplyCard, Card, ListCards};
use crate::values::civil::When;
use crate::values::enums::{CardStatus, Status};

/// A thing with a number of the merchant's own, by which it is found again.
pub(crate) trait Thing {
    /// How the platform lists it.
    type Row;
    const OPERATION: &'static Operation;

    fn number(&self) -> &str;

    /// Sends it once, with the client's own rules of re-sending.
    fn send(&self, client: &Client) -> Result<Self::Row, Error>;

    /// All rows that the platform gives for a reference, this target's or another one.
    fn look(&self, client: &Client, number: &str, window: (When, When)) -> Result<List<Self::Row>, Error>;

    fn unique_no(row: &Self::Row) -> Option<&str>;

    /// The first field in which a row is not this thing. A field that the platform leaves out cannot differ.
    fn difference(&self, row: &Self::Row) -> Option<&'static str>;

    /// Whether the platform tried to make it and could not.
    fn failed(row: &Self::Row) -> bool;
}

fn differs<T: PartialEq>(wanted: &T, found: Option<&T>) -> bool {
    found.is_some_and(|found| found != wanted)
}

impl Thing for Transfer {
    type Row = TransferRecord;
    const OPERATION: &'static Operation = operation::ACCOUNTS_TRANSFER;

    fn number(&self) -> &str {
        &self.transfer_unique_no
    }

    fn send(&self, client: &Client) -> Result<TransferRecord, Error> {
        client.accounts().transfer(self).map(|result| TransferRecord::made(self, result))
    }

    fn look(&self, client: &Client, number: &str, (start, end): (When, When)) -> Result<List<TransferRecord>, Error> {
        client.accounts().transfers(&ListTransfers {
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
        if differs(&self.r#type, row.r#type.as_ref()) {
            return Some("type");
        }
        differs(&self.amount, row.balance.as_ref()).then_some("amount")
    }

    fn failed(row: &TransferRecord) -> bool {
        row.status == Some(Status::Fail)
    }
}

impl Thing for ApplyCard {
    type Row = Card;
    const OPERATION: &'static Operation = operation::CARDS_APPLY;

    fn number(&self) -> &str {
        &self.card_unique_no
    }

    fn send(&self, client: &Client) -> Result<Card, Error> {
        client.cards().apply(self).map(|applied| Card::applied(self, applied))
    }

    fn look(&self, client: &Client, number: &str, (start, end): (When, When)) -> Result<List<Card>, Error> {
        client.cards().list(&ListCards { card_unique_no: Some(number.to_owned()), ..ListCards::between(start, end) })
    }

    fn unique_no(row: &Card) -> Option<&str> {
        row.card_unique_no.as_deref()
    }

    fn difference(&self, row: &Card) -> Option<&'static str> {
        if differs(&self.cardholder_no, row.cardholder_no.as_ref()) {
            return Some("cardholder_no");
        }
        differs(&self.card_type, row.card_type.as_ref()).then_some("card_type")
    }

    fn failed(row: &Card) -> bool {
        row.status == CardStatus::Fail
    }
}

impl Thing for ApplyCardholder {
    type Row = Cardholder;
    const OPERATION: &'static Operation = operation::CARDHOLDERS_APPLY;

    fn number(&self) -> &str {
        &self.cardholder_unique_no
    }

    fn send(&self, client: &Client) -> Result<Cardholder, Error> {
        client.cardholders().apply(self).map(|applied| Cardholder::applied(self, applied))
    }

    fn look(&self, client: &Client, number: &str, (start, end): (When, When)) -> Result<List<Cardholder>, Error> {
        client.cardholders().list(&ListCardholders {
            cardholder_unique_no: Some(number.to_owned()),
            ..ListCardholders::between(start, end)
        })
    }

    fn unique_no(row: &Cardholder) -> Option<&str> {
        row.cardholder_unique_no.as_deref()
    }

    /// The share token is not given back, so nothing but the number can be compared.
    fn difference(&self, _: &Cardholder) -> Option<&'static str> {
        None
    }

    /// A rejected cardholder exists; what to do about it is the merchant's to decide.
    fn failed(_: &Cardholder) -> bool {
        false
    }
}
