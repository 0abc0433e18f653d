//! The offline platform, in the same module as the client.

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

/// The platform on this machine, with no account and no network.
#[pyclass(frozen, module = "keysecure.sandbox")]
pub struct Sandbox(keysecure_sandbox::Sandbox);

#[pymethods]
impl Sandbox {
    /// Starts a sandbox on a free port of 127.0.0.1.
    #[staticmethod]
    fn start(py: Python<'_>) -> PyResult<Self> {
        let started = py.detach(keysecure_sandbox::Sandbox::start);
        started.map(Self).map_err(|error| PyOSError::new_err(error.to_string()))
    }

    /// Where the platform listens.
    #[getter]
    fn base_url(&self) -> &str {
        self.0.base_url()
    }

    /// The merchant's Api-Key.
    #[getter]
    fn api_key(&self) -> &str {
        self.0.api_key()
    }

    /// The merchant's apiSecret.
    #[getter]
    fn api_secret(&self) -> &str {
        self.0.api_secret()
    }
}
