//! Lists: lazy iterators and single pages.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use keysecure::Error;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::blocking::{await_change, blocking};
use crate::errors::invalid_input;

/// Rows to come, and how to make a Python object of one.
struct Rows<T> {
    /// Locked for no longer than it takes to take it.
    list: Mutex<Place<T>>,
    /// Told when it is there again.
    back: Condvar,
    /// Rows that came with the last page. Locked only by threads that are attached to Python, and never over a wait.
    here: Mutex<VecDeque<T>>,
}

/// What the rows of every type have in common.
trait Source: Send + Sync {
    fn next(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>>;
}

impl<T> Source for Rows<T>
where
    T: Send + 'static + for<'py> IntoPyObject<'py>,
{
    fn next(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let here = || lock(&self.here);
        // Unlocked before an object is made: that may run any code of Python's.
        let row = here().pop_front();
        if let Some(row) = row {
            return object(py, row).map(Some);
        }
        let page: Option<VecDeque<T>> = blocking(py, || {
            let Some(mut reading) = Reading::start(self) else { return Ok(None) };
            let Some(list) = &mut reading.list else { return Ok(None) };
            let Some(first) = list.next().transpose()? else { return Ok(Some(VecDeque::new())) };
            // The rest of the page is in memory: taken along, so that a row costs no letting go of the GIL.
            let more = list.size_hint().0;
            let rest = list.by_ref().take(more).collect::<Result<Vec<T>, Error>>()?;
            Ok(Some(std::iter::once(first).chain(rest).collect()))
        })?;
        let busy = || invalid_input(py, "list", "is being read by the very call that was interrupted here");
        let mut page = page.ok_or_else(busy)?;
        let first = page.pop_front();
        here().append(&mut page);
        first.map(|row| object(py, row)).transpose()
    }
}

/// Where the list of the core is.
enum Place<T> {
    Here(keysecure::List<T>),
    With(ThreadId),
}

/// A list in the hands of the one who reads it. It goes back in any case: after Ctrl-C one can go on.
struct Reading<'a, T> {
    rows: &'a Rows<T>,
    list: Option<keysecure::List<T>>,
}

impl<'a, T> Reading<'a, T> {
    /// Waits for other threads. `None` when this very thread reads it: a signal handler has interrupted its call, which
    /// would wait for the handler.
    fn start(rows: &'a Rows<T>) -> Option<Self> {
        let here = thread::current().id();
        let mut place = lock(&rows.list);
        while let Place::With(reader) = *place {
            if reader == here {
                return None;
            }
            place = await_change(&rows.list, place, &rows.back);
        }
        match mem::replace(&mut *place, Place::With(here)) {
            Place::Here(list) => Some(Self { rows, list: Some(list) }),
            Place::With(_) => None,
        }
    }
}

impl<T> Drop for Reading<'_, T> {
    fn drop(&mut self) {
        if let Some(list) = self.list.take() {
            *lock(&self.rows.list) = Place::Here(list);
            self.rows.back.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn object<T: for<'py> IntoPyObject<'py>>(py: Python<'_>, row: T) -> PyResult<Py<PyAny>> {
    row.into_py_any(py)
}

/// The rows of a list, fetched page by page while you iterate. It can be iterated once.
#[pyclass(frozen, module = "keysecure")]
pub struct List {
    rows: Box<dyn Source>,
}

impl List {
    /// The rows of a list of the core.
    pub fn of<T>(list: keysecure::List<T>) -> Self
    where
        T: Send + 'static + for<'py> IntoPyObject<'py>,
    {
        Self {
            rows: Box::new(Rows { list: Mutex::new(Place::Here(list)), back: Condvar::new(), here: Mutex::default() }),
        }
    }
}

#[pymethods]
impl List {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.rows.next(py)
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.List>"
    }
}

/// One page of a list.
#[pyclass(frozen, module = "keysecure")]
pub struct Page {
    /// The rows, at most as many as were asked for. Fewer mean that this is the last page.
    #[pyo3(get)]
    list: Py<PyList>,
    /// Fields of the answer that this version does not know.
    #[pyo3(get)]
    extra: Py<PyAny>,
}

impl Page {
    /// A page of the core.
    pub fn of<T>(py: Python<'_>, page: keysecure::Page<T>) -> PyResult<Self>
    where
        T: for<'py> IntoPyObject<'py>,
    {
        let rows = page.list.into_iter().map(|row| object(py, row)).collect::<PyResult<Vec<_>>>()?;
        Ok(Self { list: PyList::new(py, rows)?.unbind(), extra: object(py, page.extra)? })
    }
}

#[pymethods]
impl Page {
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
