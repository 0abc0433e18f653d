//! Lists: lazy ones, handed over by whole pages so that a row costs no crossing of its own, and single pages.

use std::sync::{Mutex, PoisonError};

use keysecure::{Bin, Card, Cardholder, Consumption, Extra, Package, Page, Pager, TransferRecord};

use crate::convert::Result;

/// The rows that are there without a further request, after the first one, which may need one.
fn rows<T>(list: &Mutex<Pager<T>>) -> Result<Vec<T>> {
    let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(first) = list.next().transpose()? else { return Ok(Vec::new()) };
    let here = list.size_hint().0;
    let mut rows = Vec::with_capacity(here + 1);
    rows.push(first);
    for row in list.by_ref().take(here) {
        rows.push(row?);
    }
    Ok(rows)
}

macro_rules! lists {
    ($($list:ident and $page:ident of $row:ident,)+) => { $(
        /// A lazy list.
        #[derive(Debug, uniffi::Object)]
        pub struct $list(Mutex<Pager<$row>>);

        #[uniffi::export]
        impl $list {
            /// The rows of the next page; none at the end.
            pub fn next_rows(&self) -> Result<Vec<$row>> {
                rows(&self.0)
            }
        }

        impl From<Pager<$row>> for $list {
            fn from(list: Pager<$row>) -> Self {
                Self(Mutex::new(list))
            }
        }

        /// One page of a list.
        #[derive(Debug, Clone, uniffi::Record)]
        #[uniffi::export(Debug)]
        pub struct $page {
            /// The rows, at most as many as were asked for. Fewer mean that this is the last page.
            pub list: Vec<$row>,
            /// Fields of the answer that this version does not know.
            pub extra: Extra,
        }

        impl From<Page<$row>> for $page {
            fn from(page: Page<$row>) -> Self {
                Self { list: page.list, extra: page.extra }
            }
        }
    )+ };
}

lists! {
    CardholderList and CardholderPage of Cardholder,
    CardList and CardPage of Card,
    PackageList and PackagePage of Package,
    BinList and BinPage of Bin,
    ConsumptionList and ConsumptionPage of Consumption,
    TransferList and TransferPage of TransferRecord,
}
