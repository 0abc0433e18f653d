//! Operations that list. The cardholder's filter is forced, and every row is checked all the same.

use zeroize::Zeroizing;

use super::fields::Fields;
use super::ownership::is_own;
use super::response::{Data, Refusal};
use super::work::Work;
use crate::codec::json::Extra;
use crate::error::Error;
use crate::pager::Page;
use crate::resources::accounts::{Accounts, ListTransfers};
use crate::resources::cardholders::{Cardholders, ListCardholders};
use crate::resources::cards::{Cards, ListBins, ListCards, ListPackages};
use crate::resources::consumptions::{Consumptions, ListConsumptions};
use crate::values::civil::WindowBound;

type Served = Result<Data, Refusal>;

/// The page and its size.
fn page_of(fields: &Fields<'_>) -> Result<(u32, u32), Refusal> {
    let read = || Ok((fields.required_whole("page")?, fields.required_whole("size")?));
    read().map_err(Refusal::invalid)
}

fn window_of(work: &Work<'_>, fields: &Fields<'_>) -> Result<(WindowBound, WindowBound), Refusal> {
    let read = || {
        let zone = work.request.zone()?;
        Ok((fields.time("start_time", zone)?.into(), fields.time("end_time", zone)?.into()))
    };
    read().map_err(Refusal::invalid)
}

/// A merchant reference of the platform for a tap of the app. Other references cannot be looked up.
fn reference(work: &Work<'_>, fields: &Fields<'_>, name: &str) -> Result<Option<String>, Refusal> {
    let tap = fields.text(name).map_err(Refusal::invalid)?;
    Ok(tap.map(|tap| format!("{}{tap}", work.prefix())))
}

fn filter(fields: &Fields<'_>, name: &str) -> Result<Option<String>, Refusal> {
    fields.owned(name).map_err(Refusal::invalid)
}

/// A page in which only the cardholder's rows are left.
struct Checked<T> {
    page: Page<T>,
    size: u32,
    dropped: usize,
    /// Whether the app asked for one number, which may be another's: then the response must not show whether it exists.
    is_by_number: bool,
}

impl<T> Checked<T> {
    fn new(
        operation: &'static str,
        mut page: Page<T>,
        size: u32,
        is_by_number: bool,
        mut is_own: impl FnMut(&T) -> Result<bool, Refusal>,
    ) -> Result<Self, Refusal> {
        let mut list = Vec::with_capacity(page.list.len());
        let mut dropped = 0;
        for row in page.list {
            if is_own(&row)? { list.push(row) } else { dropped += 1 }
        }
        page.list = list;
        warn_of_dropped(operation, dropped);
        Ok(Self { page, size, dropped, is_by_number })
    }

    fn into_data(self, work: &Work<'_>, to_json: impl FnMut(T) -> String) -> Data {
        let Page { list, extra } = self.page;
        if list.is_empty() && self.is_by_number {
            Work::pace(work.relay, work.started);
        }
        let rows = list.len() + self.dropped;
        let is_full = u32::try_from(rows).unwrap_or(u32::MAX) >= self.size;
        let further = match (self.dropped, self.is_by_number) {
            (0, false) => scalars(&extra),
            // The app must not take a page for the last one because it is shorter.
            (_, false) if is_full => ",\"has_more\":true".to_owned(),
            _ => String::new(),
        };
        let list: Vec<String> = list.into_iter().map(to_json).collect();
        Zeroizing::new(format!("{{\"list\":[{}]{further}}}", list.join(",")))
    }
}

/// The numbers and words of a page about the whole list, such as a `total`. Objects and lists may hold rows.
fn scalars(extra: &Extra) -> String {
    let mut fields = String::new();
    for (name, value) in extra.iter() {
        if name != "list" && !value.as_str().starts_with(['{', '[']) {
            let name = serde_json::Value::from(name);
            fields.extend([",", &name.to_string(), ":", value.as_str()]);
        }
    }
    fields
}

/// Warns of rows that the platform returned although the filter excludes them.
pub(super) fn warn_of_dropped(operation: &'static str, rows: usize) {
    if rows > 0 {
        log::warn!(
            target: "keysecure", operation = operation, rows = rows;
            "relay: the platform listed {rows} rows that are not the cardholder's in {operation}; they are not passed on"
        );
    }
}

pub(super) fn cardholders(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let ((page, size), (start, end)) = (page_of(fields)?, window_of(work, fields)?);
    let cardholder_unique_no = filter(fields, "cardholder_unique_no")?;
    let by_number = cardholder_unique_no.is_some();
    let query = ListCardholders {
        cardholder_no: Some(work.own().to_owned()),
        cardholder_unique_no,
        ..ListCardholders::between(start, end)
    };
    let page = Cardholders(work.caller()).list_page(&query, page, size).map_err(|error| work.failed(error))?;
    let own = work.own();
    let page =
        Checked::new("cardholders.list", page, size, by_number, |row| Ok(is_own(own, Some(&row.cardholder_no))))?;
    Ok(page.into_data(work, |row| row.to_json()))
}

pub(super) fn cards(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let ((page, size), (start, end)) = (page_of(fields)?, window_of(work, fields)?);
    let card_no = filter(fields, "card_no")?;
    if let Some(card_no) = &card_no {
        work.own_card(card_no)?;
    }
    let card_unique_no = reference(work, fields, "card_unique_no")?;
    let query = ListCards {
        cardholder_no: Some(work.own().to_owned()),
        card_unique_no,
        card_no,
        ..ListCards::between(start, end)
    };
    let page = Cards::new(work.caller()).list_page(&query, page, size).map_err(|error| work.failed(error))?;
    let own = work.own();
    let page = Checked::new("cards.list", page, size, false, |row| Ok(is_own(own, row.cardholder_no.as_deref())))?;
    Ok(page.into_data(work, |mut row| {
        row.card_unique_no = work.apps_own(row.card_unique_no.take());
        row.to_json()
    }))
}

pub(super) fn consumptions(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let ((page, size), (start, end)) = (page_of(fields)?, window_of(work, fields)?);
    let (card_no, consume_no) = (filter(fields, "card_no")?, filter(fields, "consume_no")?);
    if let Some(card_no) = &card_no {
        work.own_card(card_no)?;
    }
    if let Some(consume_no) = &consume_no {
        work.own_consumption(consume_no)?;
    }
    let query = ListConsumptions {
        cardholder_no: Some(work.own().to_owned()),
        card_no,
        consume_no,
        ..ListConsumptions::between(start, end)
    };
    let page = Consumptions(work.caller()).list_page(&query, page, size).map_err(|error| work.failed(error))?;
    let page = Checked::new("consumptions.list", page, size, false, |row| work.consumption_is_own(row))?;
    Ok(page.into_data(work, |row| row.to_json()))
}

pub(super) fn transfers(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let ((page, size), (start, end)) = (page_of(fields)?, window_of(work, fields)?);
    let transfer_no = filter(fields, "transfer_no")?;
    // The platform has no call for one transfer: another's and an unknown one are both an empty list.
    let by_number = transfer_no.is_some();
    let transfer_unique_no = reference(work, fields, "transfer_unique_no")?;
    let query = ListTransfers {
        cardholder_no: Some(work.own().to_owned()),
        transfer_no,
        transfer_unique_no,
        ..ListTransfers::between(start, end)
    };
    let page = Accounts(work.caller()).transfers_page(&query, page, size).map_err(|error| work.failed(error))?;
    let page = Checked::new("accounts.transfers", page, size, by_number, |row| match row.cardholder_no.as_deref() {
        // Without its owner it is not shown to be the cardholder's. By its number alone that is no error, which would show
        // that it exists.
        None | Some("") if by_number => Ok(false),
        None | Some("") => Err(work.failed(Error::invalid_response("a transfer in the list does not say whose it is"))),
        found => Ok(is_own(work.own(), found)),
    })?;
    Ok(page.into_data(work, |mut row| {
        row.transfer_unique_no = work.apps_own(row.transfer_unique_no.take());
        row.to_json()
    }))
}

pub(super) fn packages(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let (page, size) = page_of(fields)?;
    let query =
        ListPackages { r#type: filter(fields, "type")?.map(Into::into), package_no: filter(fields, "package_no")? };
    let page = Cards::new(work.caller()).packages_page(&query, page, size).map_err(|error| work.failed(error))?;
    Ok(Checked::new("cards.packages", page, size, false, |_| Ok(true))?.into_data(work, |row| row.to_json()))
}

pub(super) fn bins(work: &mut Work<'_>, fields: &Fields<'_>) -> Served {
    let (page, size) = page_of(fields)?;
    let query = ListBins { card_bin_no: filter(fields, "card_bin_no")? };
    let page = Cards::new(work.caller()).bins_page(&query, page, size).map_err(|error| work.failed(error))?;
    Ok(Checked::new("cards.bins", page, size, false, |_| Ok(true))?.into_data(work, |row| row.to_json()))
}
