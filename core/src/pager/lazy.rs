//! The lazy sequence over all pages and windows.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use super::hints::Hints;
use super::rows::{Row, Rows, unusable};
use super::walk::{Next, Walk};
use super::{Window, page_body, span};
use crate::codec::Body;
use crate::engine::operation::Operation;
use crate::engine::{Call, Caller};
use crate::error::Error;
use crate::error::TransportFault;
use crate::values::civil::{UtcOffset, WindowBound, windows};

type Fetch<T> = Box<dyn FnMut(Option<Window>, u32, u32) -> Result<Rows<T>, Error> + Send>;

/// A lazy sequence of rows over all pages and, where there is a span of time, all windows of at most 90 days.
///
/// **Each row comes once, newest first**: windows go from new to old, and the platform gives the rows inside a window from
/// new to old. Rows that arrive while the list is read move others to later pages, so none is missed. Where the platform
/// says how many rows there are (`total`) and gives fewer, or the number falls while the list is read, the window is read
/// again; a row that is found then comes at its window's end.
///
/// **Errors.** A failed request ends the sequence, unless it was interrupted ([`Clock::between_waits`](crate::Clock)): then it
/// continues with the same page. Behind two errors, both of kind
/// [`InvalidResponse`](crate::ErrorKind::InvalidResponse), it continues: a row without its number (`list[37] on page 2:
/// transfer_no is missing`), and a window of which rows may be missing. So a caller who wants all that there is continues
/// until `None`; one who stops at the first error never takes an incomplete list for a complete one.
///
/// [`has_failed`](Self::has_failed) tells the two from a failed request. It holds the rows of one page and the numbers of the
/// rows of two windows.
pub struct Pager<T> {
    fetch: Fetch<T>,
    operation: &'static Operation,
    zone: UtcOffset,
    /// Windows still to come, the current one first. One `None` stands for a list without time.
    windows: VecDeque<Option<Window>>,
    walk: Walk,
    rows: VecDeque<Result<T, Error>>,
    number: fn(&T) -> &str,
    failed: bool,
    /// The numbers of the rows of the window before, with which this one shares a second.
    previous: HashSet<String>,
}

impl<T> Pager<T> {
    pub(crate) fn all<F>(caller: &Caller, operation: &'static Operation, filter: F) -> Self
    where
        F: Body + Send + 'static,
        T: Row,
    {
        Self::over(caller, operation, filter, VecDeque::from([None]))
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
        Ok(Self::over(caller, operation, filter, windows(from, to).into_iter().rev().map(Some).collect()))
    }

    fn over<F>(caller: &Caller, operation: &'static Operation, filter: F, windows: VecDeque<Option<Window>>) -> Self
    where
        F: Body + Send + 'static,
        T: Row,
    {
        let caller = caller.clone();
        Self {
            zone: caller.engine.settings.timezone,
            fetch: Box::new(move |window, page, size| {
                let body = page_body(&caller, &filter, window, (page, size))?;
                caller.engine.execute(&Call::new(operation, operation.path, &body), caller.limit, Ok)
            }),
            operation,
            windows,
            walk: Walk::new(false),
            rows: VecDeque::new(),
            number: T::number,
            failed: false,
            previous: HashSet::new(),
        }
    }

    /// The same list, which takes nothing but an empty page for the end of a window. It costs another request for each.
    pub(crate) fn thorough(self) -> Self {
        Self { walk: Walk::new(true), ..self }
    }

    /// Whether a request failed, which ended the sequence before its end. Behind every other error it continues.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Fetches a page, keeps the rows that were not given yet, and decides how to go on.
    fn turn(&mut self, window: Option<Window>) -> Result<(), Error> {
        let (page, size) = (self.walk.page, self.walk.size);
        let Rows { list, extra } = (self.fetch)(window, page, size)?;
        let (taken, fresh) = self.walk.take(list, self.number);
        for (index, row) in fresh {
            match row {
                Ok(row) if self.previous.contains((self.number)(&row)) => {}
                Ok(row) => self.rows.push_back(Ok(row)),
                Err(fault) => self.rows.push_back(Err(self.in_call(unusable(index, page, &fault)))),
            }
        }
        match self.walk.next(taken, &Hints::from_extra(&extra)) {
            Next::Page => return Ok(()),
            Next::End => {}
            Next::Incomplete(why) => self.rows.push_back(Err(self.incomplete(window, &why))),
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

impl<T> Iterator for Pager<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.pop_front() {
                return Some(row);
            }
            let window = *self.windows.front()?;
            if let Err(error) = self.turn(window) {
                // Nothing was read: the page can be asked for again.
                if error.transport_fault() != Some(TransportFault::Interrupted) {
                    self.windows.clear();
                    self.failed = true;
                }
                return Some(Err(error));
            }
        }
    }

    /// At least the rows that are here in front of the next error, so that a caller can tell which need no further
    /// request.
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
