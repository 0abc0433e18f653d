//! Lists: lazy iterators and single pages.

use std::collections::VecDeque;
use std::mem::ManuallyDrop;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use keysecure::{Error, Extra, Interrupted};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyType};
use pyo3::{IntoPyObjectExt, intern};

use crate::blocking::{await_change, blocking};
use crate::errors::invalid_input;
use crate::values::{Pickle, pickle};

/// Rows to come.
struct Rows<T> {
    turn: Turn,
    /// Locked by who has the turn, which may be for long.
    list: Mutex<keysecure::Pager<T>>,
    /// Rows that came with the last page. Never locked over a wait.
    here: Mutex<VecDeque<T>>,
    failed: AtomicBool,
}

/// What the rows of every type have in common.
trait Source: Send + Sync {
    /// The next of the rows that are here.
    fn here(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>>;

    /// Gets rows here, and says whether there were any. `None` when a call that this one interrupted is doing so.
    fn fetch(&self) -> Result<Option<bool>, Error>;

    /// Whether a request failed, which ended the list.
    fn has_failed(&self) -> bool;
}

impl<T> Source for Rows<T>
where
    T: Send + 'static + for<'py> IntoPyObject<'py>,
{
    fn here(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        // Unlocked before an object is made: that may run any code of Python's.
        let row = lock(&self.here).pop_front();
        row.map(|row| object(py, row)).transpose()
    }

    fn fetch(&self) -> Result<Option<bool>, Error> {
        let Some(_reading) = self.turn.take()? else { return Ok(None) };
        let mut list = lock(&self.list);
        // Whoever read it before us may have left some.
        if !lock(&self.here).is_empty() {
            return Ok(Some(true));
        }
        let next = list.next().transpose();
        self.failed.store(list.has_failed(), Ordering::Release);
        let Some(first) = next? else { return Ok(Some(false)) };
        // The rest of the page is in memory: taken along, so that a row costs no letting go of the GIL. They lie here
        // before the turn is over and before anything can be raised, so that no row is lost.
        let more = list.size_hint().0;
        let mut page = Vec::with_capacity(1 + more);
        page.push(first);
        for row in list.by_ref().take(more) {
            page.push(row?);
        }
        *lock(&self.here) = page.into();
        Ok(Some(true))
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

/// Who reads a list.
#[derive(Default)]
struct Turn {
    /// Locked for no longer than it takes to look.
    reader: Mutex<Option<ThreadId>>,
    over: Condvar,
}

/// The turn of one who reads. It ends in any case: after Ctrl-C one can go on.
struct Reading<'a>(&'a Turn);

impl Turn {
    /// Waits for other threads. `None` when this very thread reads: a signal handler has interrupted its call, which would
    /// wait for the handler.
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

/// The rows of a list, newest first, fetched page by page while you iterate. It is an iterator: a second loop goes on where the
/// first one ended.
///
/// A failed request ends it: `failed` is then true, and every further `next()` raises. Behind two other errors, both an
/// `InvalidResponseError`, it continues: a row without its number (the text names page and index), and a span of which rows may
/// be missing. So a plain `for` loop never takes an incomplete list for a complete one; to have all other rows, go on:
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
#[pyclass(frozen, generic, module = "keysecure")]
pub struct List {
    rows: ManuallyDrop<Box<dyn Source>>,
    /// The process that began it. A forked child would read from its parent's connection, and might wait for ever for a
    /// thread that it does not have.
    process: u32,
}

impl List {
    /// The rows of a list of the core.
    pub fn of<T>(list: keysecure::Pager<T>) -> Self
    where
        T: Send + 'static + for<'py> IntoPyObject<'py>,
    {
        let rows = Rows {
            turn: Turn::default(),
            list: Mutex::new(list),
            here: Mutex::default(),
            failed: AtomicBool::new(false),
        };
        Self { rows: ManuallyDrop::new(Box::new(rows)), process: process::id() }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // A child leaves it alone: to free it could close its parent's connections.
        if self.process == process::id() {
            // SAFETY: it is dropped here only, and not used again.
            unsafe { ManuallyDrop::drop(&mut self.rows) };
        }
    }
}

#[pymethods]
impl List {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        if self.process != process::id() {
            return Err(invalid_input(py, "list", "was begun before a fork: begin one in this process"));
        }
        loop {
            if let Some(row) = self.rows.here(py)? {
                return Ok(Some(row));
            }
            match blocking(py, || self.rows.fetch())? {
                Some(true) => {}
                Some(false) if self.rows.has_failed() => {
                    return Err(invalid_input(py, "list", "was ended by an error: begin a new one"));
                }
                Some(false) => return Ok(None),
                None => {
                    return Err(invalid_input(py, "list", "is being read by the very call that was interrupted here"));
                }
            }
        }
    }

    /// Whether a request failed, which ended the list. Behind every other error it continues.
    #[getter]
    fn failed(&self) -> bool {
        self.rows.has_failed()
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.List>"
    }
}

/// One page of a list.
#[pyclass(frozen, generic, module = "keysecure")]
pub struct Page {
    /// The rows, newest first, at most as many as were asked for. Fewer usually mean that this is the last page; only an empty
    /// one is sure to be.
    #[pyo3(get)]
    list: Py<PyList>,
    extra: Extra,
}

impl Page {
    /// What a method of each row gives.
    fn each<'py>(&self, py: Python<'py>, method: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyList>> {
        let given = self.list.bind(py).iter().map(|row| row.call_method0(method));
        PyList::new(py, given.collect::<PyResult<Vec<_>>>()?)
    }

    /// A page of the core.
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
    /// Fields beside `list`, such as a `total`, if the platform gives any.
    #[getter]
    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.extra.clone().into_pyobject(py)
    }

    /// A dict with `list`, whose rows are dicts too, and `extra`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = PyDict::new(py);
        fields.set_item("list", self.each(py, intern!(py, "to_dict"))?)?;
        fields.set_item("extra", self.extra(py)?)?;
        Ok(fields)
    }

    /// The page as JSON text in the platform's form, each row as its own `to_json` writes it.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        let rows: Vec<String> = self.each(py, intern!(py, "to_json"))?.extract()?;
        let extra = self.extra.to_json();
        let end = if self.extra.is_empty() { "}".to_owned() } else { extra.replacen('{', ",", 1) };
        Ok(format!("{{\"list\":[{}]{end}", rows.join(",")))
    }

    fn __eq__(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        Ok(self.extra == other.extra && self.list.bind(py).eq(&other.list)?)
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
