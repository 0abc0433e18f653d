//! Work that may block.

use std::panic::{AssertUnwindSafe, catch_unwind};

use keysecure::Error;
use pyo3::prelude::*;

use crate::errors;

/// Runs `work` without the GIL. A panic becomes an `InternalError`.
pub fn blocking<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(result) => result.map_err(|error| errors::to_python(py, &error)),
        Err(_) => Err(errors::internal(py)),
    }
}
