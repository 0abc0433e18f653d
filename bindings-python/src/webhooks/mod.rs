//! Callbacks: verifying, typing, handling once, answering in time.

mod claim;
mod headers;
mod received;
mod responder;
mod unknown;
mod verifier;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};

pub use claim::Claim;
pub use received::{SignatureMatch, VerifiedWebhook};
pub use responder::{Responder, reply_accept, reply_decline, reply_duplicate};
pub use unknown::UnknownEvent;
pub use verifier::WebhookVerifier;

use crate::errors::internal;
use crate::log;
use crate::stores::check_raised;
use crate::values::Given;

/// Runs the core, without the GIL when it may take long, and then gives its warnings to Python's logger. A panic becomes an
/// `InternalError`.
fn run<T: Send>(py: Python<'_>, long: bool, work: impl FnOnce() -> Result<T, keysecure::Error> + Send) -> PyResult<T> {
    let work = || log::collecting(log::Wanted::default(), || catch_unwind(AssertUnwindSafe(work)));
    let (done, records) = if long { py.detach(work) } else { work() };
    let logged = check_raised().and(log::emit(py, &records));
    let result = done.map_err(|_| internal(py))?;
    logged?;
    Ok(result?)
}

/// One byte more than the core looks at.
const TOO_LARGE: usize = 1024 * 1024 + 1;

/// The bytes of a raw body. Of what is too large anyway, no more is copied than tells so.
fn raw_body<'a>(given: Given<'a, '_>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(bytes) = given.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    if let Ok(bytes) = given.cast::<PyByteArray>() {
        return Ok(Cow::Owned(if bytes.len() < TOO_LARGE { bytes.to_vec() } else { vec![0; TOO_LARGE] }));
    }
    if let Ok(view) = given.cast::<PyMemoryView>() {
        let size: usize = view.getattr("nbytes")?.extract()?;
        if size >= TOO_LARGE {
            return Ok(Cow::Owned(vec![0; TOO_LARGE]));
        }
        return Ok(Cow::Owned(view.call_method0("tobytes")?.cast::<PyBytes>()?.as_bytes().to_vec()));
    }
    let class = given.get_type().name()?;
    Err(PyTypeError::new_err(format!(
        "body must be the raw bytes of the request, before anybody decoded or parsed them, not {class}"
    )))
}
