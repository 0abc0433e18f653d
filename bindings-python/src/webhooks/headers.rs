//! The headers of a webhook, read from the types of any web framework.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

/// The headers that the core reads.
const SIGNED: [&str; 3] = ["Timestamp", "Signature", "Sign-Version"];
/// One byte more than the longest value of any of them.
const TOO_LONG: usize = 65;

/// The three headers that matter, as often as they came.
pub struct Headers(Vec<(&'static str, Vec<u8>)>);

impl FromPyObject<'_, '_> for Headers {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Self::of(&value)
    }
}

impl Headers {
    /// Reads a mapping or an iterable of pairs. Anything that a sender can put there is left for the core to reject; anything
    /// else, such as a value without pairs, is a `TypeError`.
    fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut headers = Self(Vec::with_capacity(SIGNED.len()));
        if let Ok(dict) = given.cast_exact::<PyDict>() {
            for (name, value) in dict.iter() {
                headers.add(&name, &value);
            }
            return Ok(headers);
        }
        let wrong = || PyTypeError::new_err("headers must be a mapping or an iterable of (name, value) pairs");
        let pairs = match given.getattr_opt("items")? {
            Some(items) => items.call0()?,
            None => given.clone(),
        };
        for pair in pairs.try_iter().map_err(|_| wrong())? {
            let pair = pair?;
            let pair = match pair.cast::<PyList>() {
                Ok(list) => list.to_tuple(),
                Err(_) => pair.cast_into::<PyTuple>().map_err(|_| wrong())?,
            };
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract().map_err(|_| wrong())?;
            headers.add(&name, &value);
        }
        Ok(headers)
    }

    /// The pairs of name and value.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (*name, value.as_slice()))
    }

    fn add(&mut self, name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) {
        let Some(name) = signed(name) else { return };
        // A header that was sent several times is a list in some frameworks.
        if let Ok(values) = value.cast::<PyList>() {
            self.0.extend(values.iter().map(|value| (name, bytes(&value))));
        } else if let Ok(values) = value.cast::<PyTuple>() {
            self.0.extend(values.iter().map(|value| (name, bytes(&value))));
        } else if !value.is_none() {
            self.0.push((name, bytes(value)));
        }
    }
}

fn signed(name: &Bound<'_, PyAny>) -> Option<&'static str> {
    let given = match name.cast::<PyString>() {
        Ok(name) => name.to_str().ok()?.as_bytes(),
        Err(_) => name.cast::<PyBytes>().ok()?.as_bytes(),
    };
    SIGNED.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(given))
}

/// The value of a header. One that is neither str nor bytes, or no valid Unicode, becomes a value that the core rejects.
fn bytes(value: &Bound<'_, PyAny>) -> Vec<u8> {
    let bytes = match value.cast::<PyString>() {
        Ok(text) => text.to_str().map_or(&[0xff][..], str::as_bytes),
        Err(_) => value.cast::<PyBytes>().map_or(&[0xff][..], |bytes| bytes.as_bytes()),
    };
    bytes[..bytes.len().min(TOO_LONG)].to_vec()
}
