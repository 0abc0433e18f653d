//! Lists: lazy iterators and single pages.

use std::collections::VecDeque;
use std::mem::{self, ManuallyDrop};
use std::process;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use keysecure::{Error, Extra};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyType};
use pyo3::{IntoPyObjectExt, intern};

use crate::blocking::{await_change, blocking};
use crate::errors::invalid_input;
use crate::values::{Pickle, pickle};

/// Rows to come, and how to make a Python object of one.
struct Rows<T> {
    /// Locked for no longer than it takes to take it.
    list: Mutex<Place<T>>,
    /// Told when it is there again.
    back: Condvar,
    /// Rows that came with the last page. Never locked over a wait.
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
        loop {
            // Unlocked before an object is made: that may run any code of Python's.
            let row = lock(&self.here).pop_front();
            if let Some(row) = row {
                return object(py, row).map(Some);
            }
            match blocking(py, || self.fetch())? {
                Some(true) => {}
                Some(false) => return Ok(None),
                None => {
                    return Err(invalid_input(py, "list", "is being read by the very call that was interrupted here"));
                }
            }
        }
    }
}

impl<T> Rows<T> {
    /// Gets rows here, and says whether there were any. `None` when a call that this one interrupted is doing so.
    fn fetch(&self) -> Result<Option<bool>, Error> {
        let Some(mut reading) = Reading::start(self) else { return Ok(None) };
        let Some(list) = &mut reading.list else { return Ok(None) };
        // Whoever read it before us may have left some.
        if !lock(&self.here).is_empty() {
            return Ok(Some(true));
        }
        let Some(first) = list.next().transpose()? else { return Ok(Some(false)) };
        // The rest of the page is in memory: taken along, so that a row costs no letting go of the GIL. They lie here
        // before the list is given back and before anything can be raised, so that no row is lost.
        let more = list.size_hint().0;
        let rest = list.by_ref().take(more).collect::<Result<Vec<T>, Error>>()?;
        lock(&self.here).extend(std::iter::once(first).chain(rest));
        Ok(Some(true))
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
#[pyclass(frozen, generic, module = "keysecure")]
pub struct List {
    rows: ManuallyDrop<Box<dyn Source>>,
    /// The process that began it. A forked child would read from its parent's connection, and might wait for ever for a
    /// thread that it does not have.
    process: u32,
}

impl List {
    /// The rows of a list of the core.
    pub fn of<T>(list: keysecure::List<T>) -> Self
    where
        T: Send + 'static + for<'py> IntoPyObject<'py>,
    {
        let rows = Rows { list: Mutex::new(Place::Here(list)), back: Condvar::new(), here: Mutex::default() };
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
        self.rows.next(py)
    }

    fn __repr__(&self) -> &'static str {
        "<keysecure.List>"
    }
}

/// One page of a list.
#[pyclass(frozen, generic, module = "keysecure")]
pub struct Page {
    /// The rows, at most as many as were asked for. Fewer mean that this is the last page.
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
    /// Fields of the answer that this version does not know.
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
