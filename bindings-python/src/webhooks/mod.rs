//! Webhooks: verification, typed events, claims, replies in time.

mod claim;
mod headers;
mod responder;
mod unknown;
mod verified;
mod verifier;

use std::borrow::Cow;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ::log::LevelFilter;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};

pub use claim::Claim;
pub use responder::{Responder, reply_accept, reply_decline, reply_duplicate};
pub use unknown::UnknownEvent;
pub use verified::{SignatureMatch, VerifiedWebhook};
pub use verifier::WebhookVerifier;

use crate::errors::internal;
use crate::foreign::check_raised;
use crate::log;

/// Runs the core, without the GIL when it may take long, and then emits its warnings to Python's logger. A panic becomes an
/// `InternalError`.
fn run<T: Send>(py: Python<'_>, long: bool, work: impl FnOnce() -> Result<T, keysecure::Error> + Send) -> PyResult<T> {
    run_logging(py, LevelFilter::Warn, long, work)
}

/// Runs the core as [`run`] does, and emits its records of a level and above.
fn run_logging<T: Send>(
    py: Python<'_>,
    wanted: LevelFilter,
    long: bool,
    work: impl FnOnce() -> Result<T, keysecure::Error> + Send,
) -> PyResult<T> {
    let work = || log::collecting(wanted, || catch_unwind(AssertUnwindSafe(work)));
    let (done, records) = if long { py.detach(work) } else { work() };
    let logged = check_raised().and(log::emit(py, &records));
    let result = done.map_err(|_| internal(py))?;
    logged?;
    Ok(result?)
}

/// One byte more than the core reads.
const TOO_LARGE: usize = 1024 * 1024 + 1;

/// The raw bytes of a body. Of one that is too large, no more is copied than shows that.
pub struct RawBody<'a>(Cow<'a, [u8]>);

impl<'a, 'py> FromPyObject<'a, 'py> for RawBody<'a> {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = value.extract::<&'a [u8]>() {
            return Ok(Self(Cow::Borrowed(bytes)));
        }
        if let Ok(bytes) = value.cast::<PyByteArray>() {
            return Ok(Self(Cow::Owned(if bytes.len() < TOO_LARGE { bytes.to_vec() } else { vec![0; TOO_LARGE] })));
        }
        if let Ok(view) = value.cast::<PyMemoryView>() {
            let size: usize = view.getattr("nbytes")?.extract()?;
            if size >= TOO_LARGE {
                return Ok(Self(Cow::Owned(vec![0; TOO_LARGE])));
            }
            return Ok(Self(Cow::Owned(view.call_method0("tobytes")?.cast::<PyBytes>()?.as_bytes().to_vec())));
        }
        let class = value.get_type().name()?;
        Err(PyTypeError::new_err(format!(
            "body must be the raw bytes of the request, before it is decoded or parsed, not {class}"
        )))
    }
}

impl Deref for RawBody<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
