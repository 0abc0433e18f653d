//! Text without numbers of cards, for what the Python code of the package logs and prints.

use pyo3::prelude::*;
use pyo3::types::PyString;

/// Masks digits that may be the number of a card, except its first six and its last four.
#[pyfunction]
#[pyo3(name = "_masked")]
fn masked(text: &Bound<'_, PyString>) -> String {
    keysecure::masked(&text.to_string_lossy())
}

/// Adds `_masked`.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Not `add`, which makes a name public.
    module.setattr("_masked", wrap_pyfunction!(masked, module)?)
}
