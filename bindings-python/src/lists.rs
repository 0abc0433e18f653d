//! Lists: lazy iterators and single pages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use keysecure::Error;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::blocking::blocking;

/// Rows to come, and how to make a Python object of one.
struct Rows<T> {
    list: Arc<Mutex<keysecure::List<T>>>,
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
        let here = || self.here.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = here().pop_front() {
            return object(py, row).map(Some);
        }
        let list = Arc::clone(&self.list);
        let mut page: VecDeque<T> = blocking(py, move || {
            let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(first) = list.next().transpose()? else { return Ok(VecDeque::new()) };
            // The rest of the page is in memory: taken along, so that a row costs no switch of threads.
            let more = list.size_hint().0;
            let rest = list.by_ref().take(more).collect::<Result<Vec<T>, Error>>()?;
            Ok(std::iter::once(first).chain(rest).collect())
        })?;
        let first = page.pop_front();
        here().append(&mut page);
        first.map(|row| object(py, row)).transpose()
    }
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
        Self { rows: Box::new(Rows { list: Arc::new(Mutex::new(list)), here: Mutex::default() }) }
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
