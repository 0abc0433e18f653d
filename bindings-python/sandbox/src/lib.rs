//! The native module `keysecure_sandbox._sandbox`. The public API, `keysecure_sandbox/_platform.py`, is written in Python.

// PyO3 classes need no Debug, and PyO3 passes arguments by value.
#![allow(missing_debug_implementations, clippy::needless_pass_by_value)]

mod interpreter;

use std::io;
use std::mem;
use std::process;
use std::sync::{Mutex, PoisonError};

use keysecure_sandbox::{CipherMode, KeyScheme, Mode, NullFields, Repeat, Sandbox as Core, SandboxBuilder, SignStyle};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use serde_json::{Map, Value};

/// The native part of `keysecure.sandbox`.
// Its protection of forked children relies on the GIL.
#[pymodule(gil_used = true)]
mod _sandbox {
    use super::{Bound, PyModule, PyResult};

    #[pymodule_export]
    use super::Sandbox;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::interpreter::require_main(module.py())
    }
}

/// A running sandbox: its addresses and credentials, and a method for all control calls.
#[pyclass(frozen, module = "keysecure_sandbox")]
pub struct Sandbox {
    /// `None` when closed. Only threads attached to Python lock it, and they do not wait while they hold the lock.
    running: Mutex<Option<Core>>,
    /// The process that started its threads: a forked child has none of them and must not join any.
    process: u32,
    base_url: String,
    control_url: String,
    console_url: String,
    api_key: String,
    api_secret: String,
}

impl Sandbox {
    /// Takes the sandbox out to be dropped; in a forked child it is leaked instead.
    fn take(&self) -> Option<Core> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if self.process == process::id() {
            return running;
        }
        mem::forget(running);
        None
    }
}

#[pymethods]
impl Sandbox {
    /// Starts a sandbox with the options in a JSON object.
    #[staticmethod]
    fn start(py: Python<'_>, options: &str) -> PyResult<Self> {
        let builder = builder_from(options).map_err(PyValueError::new_err)?;
        let core = py.detach(|| builder.start()).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => PyValueError::new_err(error.to_string()),
            _ => PyOSError::new_err(format!("the sandbox cannot listen: {error}")),
        })?;
        Ok(Self {
            base_url: core.base_url().to_owned(),
            control_url: core.control_url().to_owned(),
            console_url: core.console_url().to_owned(),
            api_key: core.api_key().to_owned(),
            api_secret: core.api_secret().to_owned(),
            running: Mutex::new(Some(core)),
            process: process::id(),
        })
    }

    /// Makes a control call. Returns its HTTP status, and its JSON or the text of the error.
    fn control(&self, py: Python<'_>, method: &str, path: &str, body: &str) -> PyResult<(u16, String)> {
        if self.process != process::id() {
            return Err(PyRuntimeError::new_err("the sandbox belongs to the process that started it"));
        }
        // A clone, so that another thread can close the sandbox while this call waits.
        let core = self.running.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let core = core.ok_or_else(|| PyRuntimeError::new_err("the sandbox is closed"))?;
        Ok(py.detach(move || match core.control(method, path, body) {
            Ok(result) => (200, result),
            Err(error) => (error.status(), error.to_string()),
        }))
    }

    /// Stops the servers and joins their threads. Closing twice is allowed.
    fn close(&self, py: Python<'_>) {
        let core = self.take();
        py.detach(|| drop(core));
    }

    #[getter]
    fn closed(&self) -> bool {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    #[getter]
    fn base_url(&self) -> &str {
        &self.base_url
    }

    #[getter]
    fn control_url(&self) -> &str {
        &self.control_url
    }

    #[getter]
    fn console_url(&self) -> &str {
        &self.console_url
    }

    #[getter]
    fn api_key(&self) -> &str {
        &self.api_key
    }

    #[getter]
    fn api_secret(&self) -> &str {
        &self.api_secret
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let Some(core) = self.take() else { return };
        // This thread is attached to Python, and a webhook receiver in this process may need Python to respond.
        Python::attach(|py| py.detach(|| drop(core)));
    }
}

/// A builder with the options of a JSON object, which are named after the builder's methods.
fn builder_from(options: &str) -> Result<SandboxBuilder, String> {
    let options: Map<String, Value> = serde_json::from_str(options).map_err(|error| error.to_string())?;
    let mut builder = Core::builder();
    let (mut scheme, mut mode) = (KeyScheme::default(), CipherMode::default());
    for (name, value) in options {
        builder = match name.as_str() {
            "mode" => builder.mode(option::<Mode>(&name, value)?),
            "seed" => builder.seed(option(&name, value)?),
            "port" => builder.port(option(&name, value)?),
            "listen_on_all_interfaces" if option(&name, value.clone())? => builder.listen_on_all_interfaces(),
            "manual_cards" if option(&name, value.clone())? => builder.manual_cards(),
            "listen_on_all_interfaces" | "manual_cards" => builder,
            "api_key" => builder.api_key(option::<String>(&name, value)?),
            "api_secret" => builder.api_secret(option::<String>(&name, value)?),
            "key_scheme" => {
                scheme = option(&name, value)?;
                builder
            }
            "cipher_mode" => {
                mode = option(&name, value)?;
                builder
            }
            "token_lifetime_ms" => builder.token_lifetime(std::time::Duration::from_millis(option(&name, value)?)),
            "token_voids_previous" => builder.token_voids_previous(option(&name, value)?),
            "repeated_numbers" => builder.repeated_numbers(option::<Repeat>(&name, value)?),
            "ip_whitelist" => builder.ip_whitelist(option(&name, value)?),
            "pci_enabled" => builder.pci_enabled(option(&name, value)?),
            "merchant_reserve" => {
                let text: String = option(&name, value)?;
                builder.merchant_reserve(text.parse().map_err(|_| format!("{name} cannot be {text}"))?)
            }
            "request_log" => builder.request_log(option(&name, value)?),
            "webhook_url" => builder.webhook_url(option::<String>(&name, value)?),
            "webhook_secret" => builder.webhook_secret(option::<String>(&name, value)?),
            "webhook_app_id" => builder.webhook_app_id(option::<String>(&name, value)?),
            "sign_style" => builder.sign_style(option::<SignStyle>(&name, value)?),
            "null_fields" => builder.null_fields(option::<NullFields>(&name, value)?),
            _ => return Err(format!("there is no option {name}")),
        };
    }
    Ok(builder.aes(scheme, mode))
}

/// The value of an option. The error does not contain secrets.
fn option<T: serde::de::DeserializeOwned>(name: &str, value: Value) -> Result<T, String> {
    let error =
        if name.ends_with("secret") { format!("{name} must be a str") } else { format!("{name} cannot be {value}") };
    serde_json::from_value(value).map_err(|_| error)
}
