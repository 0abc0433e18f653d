//! Lists: lazy pagers, and single pages. A page crosses the language boundary in one call, not in one call per row.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use keysecure::{Bin, Card, Cardholder, Consumption, Extra, FfiError, Package, Page, Pager, TransferRecord};

use crate::convert::Result;

/// A pager of the core, and the failure that ended it.
#[derive(Debug)]
struct Pages<T> {
    pager: Mutex<Pager<T>>,
    failure: OnceLock<FfiError>,
}

impl<T> Pages<T> {
    /// The rows that need no further request, after the first one, which may need one. A list that a failed request ended fails
    /// again each time: it must never be taken for a complete one.
    fn next(&self, waited: Duration) -> Result<Vec<T>> {
        let mut pager = self.pager.lock().unwrap_or_else(PoisonError::into_inner);
        pager.after_waiting(waited);
        let first = match pager.next() {
            Some(Ok(row)) => row,
            Some(Err(error)) if pager.has_failed() => return Err(self.failure.get_or_init(|| error.into()).clone()),
            Some(Err(error)) => return Err(error.into()),
            None => return self.failure.get().map_or_else(|| Ok(Vec::new()), |failure| Err(failure.clone())),
        };
        let fetched = pager.size_hint().0;
        let mut rows = Vec::with_capacity(fetched + 1);
        rows.push(first);
        for row in pager.by_ref().take(fetched) {
            rows.push(row?);
        }
        Ok(rows)
    }
}

macro_rules! pages {
    ($($pages:ident and $page:ident of $row:ident,)+) => { $(
        /// The pages of a lazy list. The languages make their `Pager` of it.
        #[derive(Debug, uniffi::Object)]
        pub struct $pages(Pages<$row>);

        #[uniffi::export]
        impl $pages {
            /// The rows of the next page; none at the end. After a failed request, its error each time.
            pub fn next_page(&self) -> Result<Vec<$row>> {
                self.0.next(Duration::ZERO)
            }

            /// The next page for a call that has already waited so long for a thread: the time counts into its timeout.
            pub fn next_page_after_waiting(&self, waited: Duration) -> Result<Vec<$row>> {
                self.0.next(waited)
            }

            /// Whether a failed request ended the list. After every other error it continues.
            pub fn has_failed(&self) -> bool {
                self.0.failure.get().is_some()
            }
        }

        impl From<Pager<$row>> for $pages {
            fn from(pager: Pager<$row>) -> Self {
                Self(Pages { pager: Mutex::new(pager), failure: OnceLock::new() })
            }
        }

        /// One page of a list.
        #[derive(Debug, Clone, uniffi::Record)]
        #[uniffi::export(Debug)]
        pub struct $page {
            /// The rows, at most the requested number. Fewer do not prove that this is the last page.
            pub list: Vec<$row>,
            /// Fields of the response that this version does not know.
            pub extra: Extra,
        }

        impl From<Page<$row>> for $page {
            fn from(page: Page<$row>) -> Self {
                Self { list: page.list, extra: page.extra }
            }
        }
    )+ };
}

pages! {
    CardholderPages and CardholderPage of Cardholder,
    CardPages and CardPage of Card,
    PackagePages and PackagePage of Package,
    BinPages and BinPage of Bin,
    ConsumptionPages and ConsumptionPage of Consumption,
    TransferPages and TransferPage of TransferRecord,
}
