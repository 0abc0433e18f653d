//! Pickling of frozen objects.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// The value of `__reduce__`: a function and its arguments.
pub type Pickle<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>);

/// A pickle that restores an object by the class method `_of`.
pub fn pickle<'py>(object: &Bound<'py, PyAny>, fields: Bound<'py, PyTuple>) -> PyResult<Pickle<'py>> {
    Ok((object.get_type().getattr(intern!(object.py(), "_of"))?, fields))
}
