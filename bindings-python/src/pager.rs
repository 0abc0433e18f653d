//! Pagers, which iterate lazily, and single pages.

use std::collections::VecDeque;
use std::mem;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use keysecure::{DictMode, Error, Extra, Interrupted, dict_value, pydantic_schema};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};
use pyo3::{IntoPyObjectExt, intern};

use crate::blocking::{await_change, blocking};
use crate::client::Client;
use crate::errors::invalid_input;
use crate::pickle::{Pickle, pickle};

/// A pager of the core, with the rows that it has fetched.
struct Rows<T> {
    turn: Turn,
    /// Locked by the thread that has the turn, possibly for long.
    pager: Mutex<keysecure::Pager<T>>,
    /// The rest of the last page. Never locked over a wait.
    fetched: Mutex<VecDeque<T>>,
    failed: AtomicBool,
}

/// Rows of any type.
trait Source: Send + Sync {
    /// Takes the next row that is fetched.
    fn next_fetched(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>>;

    /// Fetches rows and returns whether there were any. `None` when the call that this one interrupted is fetching.
    fn fetch(&self) -> Result<Option<bool>, Error>;

    /// Whether a request failed, which ended the iteration.
    fn has_failed(&self) -> bool;
}

impl<T> Source for Rows<T>
where
    T: Send + 'static + for<'py> IntoPyObject<'py>,
{
    fn next_fetched(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        // Unlocked before an object is created, which may run any Python code.
        let row = lock(&self.fetched).pop_front();
        row.map(|row| object(py, row)).transpose()
    }

    fn fetch(&self) -> Result<Option<bool>, Error> {
        let Some(_reading) = self.turn.take()? else { return Ok(None) };
        let mut pager = lock(&self.pager);
        // The thread that had the turn before may have left some.
        if !lock(&self.fetched).is_empty() {
            return Ok(Some(true));
        }
        let next = pager.next().transpose();
        self.failed.store(pager.has_failed(), Ordering::Release);
        let Some(first) = next? else { return Ok(Some(false)) };
        // The rest of the page is in memory. It is taken too, so that not every row releases the GIL. It is stored before the
        // turn ends and before anything can be raised, so that no row is lost.
        let more = pager.size_hint().0;
        let mut page = Vec::with_capacity(1 + more);
        page.push(first);
        for row in pager.by_ref().take(more) {
            page.push(row?);
        }
        *lock(&self.fetched) = page.into();
        Ok(Some(true))
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

/// The right to read from a pager, which one thread has at a time.
#[derive(Default)]
struct Turn {
    /// Locked for short reads and writes only.
    reader: Mutex<Option<ThreadId>>,
    over: Condvar,
}

/// The turn of a thread. It ends in any case: after Ctrl-C the iteration can continue.
struct Reading<'a>(&'a Turn);

impl Turn {
    /// Waits for other threads. `None` when this thread has the turn already: a signal handler interrupted its call, which
    /// would wait for the handler.
    fn take(&self) -> Result<Option<Reading<'_>>, Interrupted> {
        let here = thread::current().id();
        let mut reader = lock(&self.reader);
        while let Some(other) = *reader {
            if other == here {
                return Ok(None);
            }
            reader = await_change(&self.reader, reader, &self.over)?;
        }
        *reader = Some(here);
        Ok(Some(Reading(self)))
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        *lock(&self.0.reader) = None;
        self.0.over.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn object<T: for<'py> IntoPyObject<'py>>(py: Python<'_>, row: T) -> PyResult<Py<PyAny>> {
    row.into_py_any(py)
}

/// An iterator over the rows of a list, newest first, which are fetched page by page. It is single-pass: a second loop
/// continues where the first one ended.
///
/// A failed request ends it: `failed` is then true, and every further `next()` raises. After two other errors, both an
/// `InvalidResponseError`, it continues: a row without its number (the text names page and index), and a window of which rows
/// may be missing. So a plain `for` loop never takes an incomplete list for a complete one. To read all other rows, continue:
///
///     while True:
///         try:
///             row = next(rows, None)
///         except InvalidResponseError as error:
///             if rows.failed:
///                 raise
///             print(error)
///             continue
///         if row is None:
///             break
///         ...
#[pyclass(frozen, generic, weakref, module = "keysecure")]
pub struct Pager {
    rows: Arc<dyn Source>,
    /// The process that created it. A forked child would read from its parent's connection, and might wait for ever for a
    /// thread that it does not have.
    process: u32,
    /// A clock or a store that is written in Python lives as long as its client does.
    client: Py<Client>,
}

impl Pager {
    /// Wraps a pager of the core.
    pub fn of<T>(client: Py<Client>, pager: keysecure::Pager<T>) -> Self
    where
        T: Send + 'static + for<'py> IntoPyObject<'py>,
    {
        let rows = Rows {
            turn: Turn::default(),
            pager: Mutex::new(pager),
            fetched: Mutex::default(),
            failed: AtomicBool::new(false),
        };
        Self { rows: Arc::new(rows), process: process::id(), client }
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        // In a forked child the rows are leaked: freeing them could close its parent's connections.
        if self.process != process::id() {
            mem::forget(Arc::clone(&self.rows));
        }
    }
}

#[pymethods]
impl Pager {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        if self.process != process::id() {
            return Err(invalid_input(py, "list", "was created before a fork: create one in this process"));
        }
        loop {
            if let Some(row) = self.rows.next_fetched(py)? {
                return Ok(Some(row));
            }
            let rows = Arc::clone(&self.rows);
            match blocking(py, move || rows.fetch())? {
                Some(true) => {}
                Some(false) if self.rows.has_failed() => {
                    return Err(invalid_input(py, "list", "was ended by an error: create another one"));
                }
                Some(false) => return Ok(None),
                None => {
                    return Err(invalid_input(py, "list", "is being read by the call that this one interrupts"));
                }
            }
        }
    }

    /// Returns the rows of one page, none at the end: for `keysecure.aio`, which changes threads once for each page.
    fn _next_page(&self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        let mut page = Vec::from_iter(self.__next__(py)?);
        while let Some(row) = self.rows.next_fetched(py)? {
            page.push(row);
        }
        Ok(page)
    }

    /// Whether a request failed, which ended the iteration. After every other error it continues.
    #[getter]
    fn failed(&self) -> bool {
        self.rows.has_failed()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.client)
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.Pager>"
    }
}

/// One page of a list.
#[pyclass(frozen, generic, module = "keysecure")]
pub struct Page {
    /// The rows, newest first, at most `size` of them. Fewer usually mean that this is the last page; only an empty page is
    /// certain to be.
    #[pyo3(get)]
    list: Py<PyList>,
    extra: Extra,
}

impl Page {
    /// Wraps a page of the core.
    pub fn of<T>(py: Python<'_>, page: keysecure::Page<T>) -> PyResult<Self>
    where
        T: for<'py> IntoPyObject<'py>,
    {
        let rows = page.list.into_iter().map(|row| object(py, row)).collect::<PyResult<Vec<_>>>()?;
        Ok(Self { list: PyList::new(py, rows)?.unbind(), extra: page.extra })
    }
}

#[pymethods]
impl Page {
    /// Further fields of the response, such as a `total`, if the platform sends any.
    #[getter]
    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.extra.clone().into_pyobject(py)
    }

    /// Returns a dict with `list`, whose rows are dicts too, and `extra`. `mode="json"` is for `json.dumps`.
    #[pyo3(signature = (*, mode=None), text_signature = "($self, *, mode='python')")]
    fn to_dict<'py>(&self, py: Python<'py>, mode: Option<DictMode>) -> PyResult<Bound<'py, PyDict>> {
        let (fields, mode) = (PyDict::new(py), mode.unwrap_or_default());
        fields.set_item("list", dict_value(self.list.bind(py).clone().into_any(), mode)?)?;
        fields.set_item("extra", dict_value(self.extra(py)?.into_any(), mode)?)?;
        Ok(fields)
    }

    /// Returns the page as JSON text in the platform's form, each row as its own `to_json` writes it.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        let rows = self.list.bind(py).iter().map(|row| row.call_method0(intern!(py, "to_json"))?.extract());
        let rows = rows.collect::<PyResult<Vec<String>>>()?;
        let extra = self.extra.to_json();
        let end = if self.extra.is_empty() { "}".to_owned() } else { extra.replacen('{', ",", 1) };
        Ok(format!("{{\"list\":[{}]{end}", rows.join(",")))
    }

    fn __eq__(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        Ok(self.extra == other.extra && self.list.bind(py).eq(&other.list)?)
    }

    #[classmethod]
    fn __get_pydantic_core_schema__<'py>(
        class: &Bound<'py, PyType>,
        source: Bound<'py, PyAny>,
        handler: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        pydantic_schema(class, &source, &handler, "")
    }

    #[classmethod]
    fn _of(_: &Bound<'_, PyType>, list: Py<PyList>, extra: &str) -> Result<Self, Error> {
        Ok(Self { list, extra: Extra::from_json(extra)? })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Pickle<'py>> {
        let page = slf.get();
        pickle(slf, (&page.list, page.extra.to_json()).into_pyobject(slf.py())?)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.list.bind(py).try_iter()?.into_any())
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.list.bind(py).len()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Page(list={})", self.list.bind(py).repr()?))
    }
}
