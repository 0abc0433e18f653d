//! The lazy iterator over all pages and windows.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::time::Duration;

use super::hints::Hints;
use super::rows::{Row, Rows, unusable};
use super::walk::{NextStep, Walk};
use super::{Window, page_body, span};
use crate::codec::Body;
use crate::engine::operation::Operation;
use crate::engine::{Call, Caller, Known, Limit};
use crate::error::Error;
use crate::error::{TransportError, TransportFault};
use crate::values::civil::{UtcOffset, WindowBound, windows};

type Fetch<T> = Box<dyn FnMut(Option<Window>, (u32, u32), Duration) -> Result<Rows<T>, Error> + Send>;

/// Lazy iterator over the rows of a list, across all pages and all windows of at most 90 days.
///
/// It fetches a page when it has no row left, and holds the rows of one page in memory. It is single-pass.
///
/// # Order and completeness
///
/// Each row is returned once, newest first: windows are read from new to old, and the platform sorts the rows within a window.
/// Rows that arrive while the list is read shift others to later pages; none of them is missed. If the platform reports a
/// number of rows (`total`) and returns fewer, or the number decreases while the list is read, the window is read again; a row
/// found then is returned at the end of its window.
///
/// # Errors
///
/// * A start that has not begun in the client's time zone ([`WindowBound`](crate::WindowBound)) is an error of kind
///   [`InvalidInput`](crate::ErrorKind::InvalidInput): when the pager is created, or before the clock of the platform is known,
///   of its first item.
/// * A failed request ends the iteration; [`has_failed`](Self::has_failed) then returns `true`. If the request was interrupted
///   ([`Clock::between_waits`](crate::Clock::between_waits)), the iteration continues with the same page instead.
/// * A row without its number, such as `list[37] on page 2: transfer_no is missing`, is an error of kind
///   [`InvalidResponse`](crate::ErrorKind::InvalidResponse). The iteration continues after it.
/// * A window that may be incomplete ends with an error of the same kind. The iteration continues with the next window.
///
/// A caller who stops at the first error never mistakes an incomplete list for a complete one. A caller who wants every
/// available row continues until `None`.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = keysecure_sandbox::Sandbox::start()?;
/// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
/// # let client = builder.base_url(sandbox.base_url()).build()?;
/// # sandbox.seed_transfers(&sandbox.seed_approved_cardholder(), &[sandbox.now_ms(); 3])?;
/// use keysecure::{Date, ListTransfers, TransferRecord};
///
/// let query = ListTransfers::between(Date::new(2026, 1, 1)?, Date::new(2030, 12, 31)?);
///
/// // All rows, or the first error:
/// let all: Vec<TransferRecord> = client.accounts().transfers(&query)?.collect::<Result<_, _>>()?;
/// assert_eq!(all.len(), 3);
///
/// // The two newest rows, with as few requests as possible:
/// let newest: Vec<TransferRecord> = client.accounts().transfers(&query)?.take(2).collect::<Result<_, _>>()?;
/// assert_eq!(newest, all[..2]);
/// # Ok(())
/// # }
/// ```
pub struct Pager<T> {
    fetch: Fetch<T>,
    operation: &'static Operation,
    zone: UtcOffset,
    /// Windows left to read, the current one first. A list without a window has a single `None`.
    windows: VecDeque<Option<Window>>,
    walk: Walk,
    rows: VecDeque<Result<T, Error>>,
    number: fn(&T) -> &str,
    failed: bool,
    /// How long the caller has waited for the next request to begin.
    waited: Duration,
    /// Numbers of the rows of the previous window, which shares a second with this one.
    previous: HashSet<String>,
}

impl<T> Pager<T> {
    pub(crate) fn all<F>(caller: &Caller, operation: &'static Operation, filter: F) -> Self
    where
        F: Body + Send + 'static,
        T: Row,
    {
        Self::over(caller, operation, filter, None, VecDeque::from([None]))
    }

    pub(crate) fn between<F>(
        caller: &Caller,
        operation: &'static Operation,
        filter: F,
        ends: (WindowBound, WindowBound),
    ) -> Result<Self, Error>
    where
        F: Body + Send + 'static,
        T: Row,
    {
        let (from, to) = span(caller, ends.0, ends.1)?;
        let windows = windows(from, to).into_iter().rev().map(Some).collect();
        Ok(Self::over(caller, operation, filter, Some(ends.0), windows))
    }

    fn over<F>(
        caller: &Caller,
        operation: &'static Operation,
        filter: F,
        start: Option<WindowBound>,
        windows: VecDeque<Option<Window>>,
    ) -> Self
    where
        F: Body + Send + 'static,
        T: Row,
    {
        let caller = caller.clone();
        Self {
            zone: caller.engine.settings.timezone,
            fetch: Box::new(move |window, (page, size), waited| {
                let body = page_body(&caller, &filter, window, (page, size))?;
                let call = Call::new(operation, operation.path, &body);
                let limit = if waited.is_zero() { caller.limit } else { Limit { waited, ..caller.limit } };
                let rows: Rows<T> =
                    caller.engine.execute(&call, limit, Ok).map_err(|error| interrupted_or(error, &caller))?;
                if let Some(start) = start.filter(|_| rows.list.is_empty()) {
                    caller.engine.check_start(start, Known::Any)?;
                }
                Ok(rows)
            }),
            operation,
            windows,
            walk: Walk::new(false),
            rows: VecDeque::new(),
            number: T::number,
            failed: false,
            waited: Duration::ZERO,
            previous: HashSet::new(),
        }
    }

    /// Makes only an empty page end a window, at the cost of one more request for each window.
    pub(crate) fn thorough(self) -> Self {
        Self { walk: Walk::new(true), ..self }
    }

    /// Returns whether a failed request ended the iteration early. After every other error it continues.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// The next request has already waited so long for a thread: the time counts into its timeout.
    #[cfg(feature = "uniffi")]
    #[doc(hidden)]
    pub fn after_waiting(&mut self, waited: Duration) {
        self.waited = waited;
    }

    /// Fetches the next page, queues the rows that were not returned before, and decides which page to fetch next.
    fn fetch_next_page(&mut self, window: Option<Window>) -> Result<(), Error> {
        let (page, size) = (self.walk.page, self.walk.size);
        let Rows { list, extra } = (self.fetch)(window, (page, size), std::mem::take(&mut self.waited))?;
        let (taken, fresh) = self.walk.take(list, self.number);
        for (index, row) in fresh {
            match row {
                Ok(row) if self.previous.contains((self.number)(&row)) => {}
                Ok(row) => self.rows.push_back(Ok(row)),
                Err(fault) => self.rows.push_back(Err(self.in_call(unusable(index, page, &fault)))),
            }
        }
        match self.walk.next(taken, &Hints::from_extra(&extra)) {
            NextStep::Page => return Ok(()),
            NextStep::End => {}
            NextStep::Incomplete(why) => self.rows.push_back(Err(self.incomplete(window, &why))),
        }
        self.windows.pop_front();
        let next = self.walk.next_window();
        self.previous = std::mem::replace(&mut self.walk, next).known;
        Ok(())
    }

    fn in_call(&self, error: Error) -> Error {
        error.in_call(self.operation.name, 1).with_status(200)
    }

    fn incomplete(&self, window: Option<Window>, why: &str) -> Error {
        let place = window.map_or_else(String::new, |(from, to)| {
            format!(" between {} and {}", self.zone.civil(from), self.zone.civil(to))
        });
        self.in_call(Error::invalid_response(format!("rows{place} may be missing: {why}")))
    }
}

/// The error of a request, or that of an interruption: a transport that was cut off may say anything.
fn interrupted_or(error: Error, caller: &Caller) -> Error {
    let is_cut = error.transport_fault().is_some_and(|fault| fault != TransportFault::Interrupted);
    if !is_cut || caller.engine.clock().between_waits().is_ok() {
        return error;
    }
    let interrupted = Error::transport(TransportError::maybe_sent(TransportFault::Interrupted), None).for_read(true);
    match error.operation() {
        Some(operation) => interrupted.in_call(operation, error.attempts()),
        None => interrupted,
    }
}

impl<T> Iterator for Pager<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.pop_front() {
                return Some(row);
            }
            let window = *self.windows.front()?;
            if let Err(error) = self.fetch_next_page(window) {
                // An interrupted request read nothing: the same page can be fetched again.
                if error.transport_fault() != Some(TransportFault::Interrupted) {
                    self.windows.clear();
                    self.failed = true;
                }
                return Some(Err(error));
            }
        }
    }

    /// The lower bound counts the rows in memory before the next error, so that a caller knows which rows need no request.
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rows.iter().take_while(|row| row.is_ok()).count(), None)
    }
}

impl<T> std::iter::FusedIterator for Pager<T> {}

impl<T> fmt::Debug for Pager<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pager")
            .field("windows_left", &self.windows.len())
            .field("page", &self.walk.page)
            .finish_non_exhaustive()
    }
}
