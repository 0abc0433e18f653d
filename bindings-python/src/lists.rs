//! Lists: lazy iterators and single pages.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use keysecure::Error;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::blocking::blocking;
use crate::errors::invalid_input;

/// Rows to come, and how to make a Python object of one.
struct Rows<T> {
    /// Not there while somebody reads it. Locked for no longer than it takes to take it.
    list: Mutex<Option<keysecure::List<T>>>,
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
        if let Some(row) = here().pop_front() {
            return object(py, row).map(Some);
        }
        let busy = || invalid_input(py, "list", "is being read: it can be iterated in one place at a time");
        let mut reading = Reading::start(&self.list).ok_or_else(busy)?;
        let mut page: VecDeque<T> = blocking(py, || {
            let Some(list) = &mut reading.list else { return Ok(VecDeque::new()) };
            let Some(first) = list.next().transpose()? else { return Ok(VecDeque::new()) };
            // The rest of the page is in memory: taken along, so that a row costs no letting go of the GIL.
            let more = list.size_hint().0;
            let rest = list.by_ref().take(more).collect::<Result<Vec<T>, Error>>()?;
            Ok(std::iter::once(first).chain(rest).collect())
        })?;
        let first = page.pop_front();
        here().append(&mut page);
        first.map(|row| object(py, row)).transpose()
    }
}

/// A list in the hands of the one who reads it. It goes back in any case: after Ctrl-C one can go on.
struct Reading<'a, T> {
    place: &'a Mutex<Option<keysecure::List<T>>>,
    list: Option<keysecure::List<T>>,
}

impl<'a, T> Reading<'a, T> {
    /// `None` while somebody else reads it: another thread, or the call that a signal handler has interrupted.
    fn start(place: &'a Mutex<Option<keysecure::List<T>>>) -> Option<Self> {
        let list = lock(place).take();
        list.is_some().then_some(Self { place, list })
    }
}

impl<T> Drop for Reading<'_, T> {
    fn drop(&mut self) {
        *lock(self.place) = self.list.take();
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
        Self { rows: Box::new(Rows { list: Mutex::new(Some(list)), here: Mutex::default() }) }
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
