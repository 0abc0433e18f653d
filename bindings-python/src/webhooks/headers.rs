//! The headers of a callback, taken out of whatever a web framework holds them in.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::values::Given;

/// The headers that the core looks at.
const OURS: [&str; 3] = ["Timestamp", "Signature", "Sign-Version"];
/// A longer value than any of them may have.
const TOO_LONG: usize = 65;

/// The three headers that matter, as often as they came.
pub struct Headers(Vec<(&'static str, Vec<u8>)>);

impl Headers {
    /// Of a mapping or an iterable of pairs. Whatever a sender can put there is left for the core to reject; what no
    /// sender can make, such as no pairs at all, is a `TypeError`.
    pub fn of(given: Given<'_, '_>) -> PyResult<Self> {
        let mut headers = Self(Vec::with_capacity(OURS.len()));
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

    /// As the core takes them.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (*name, value.as_slice()))
    }

    fn add(&mut self, name: Given<'_, '_>, value: Given<'_, '_>) {
        let Some(name) = ours(name) else { return };
        // One header that came several times is a list in some frameworks.
        if let Ok(values) = value.cast::<PyList>() {
            self.0.extend(values.iter().map(|value| (name, bytes(&value))));
        } else if let Ok(values) = value.cast::<PyTuple>() {
            self.0.extend(values.iter().map(|value| (name, bytes(&value))));
        } else if !value.is_none() {
            self.0.push((name, bytes(value)));
        }
    }
}

fn ours(name: Given<'_, '_>) -> Option<&'static str> {
    let given = match name.cast::<PyString>() {
        Ok(name) => name.to_str().ok()?.as_bytes(),
        Err(_) => name.cast::<PyBytes>().ok()?.as_bytes(),
    };
    OURS.into_iter().find(|ours| ours.as_bytes().eq_ignore_ascii_case(given))
}

/// A header's value. What is neither text nor bytes, or no Unicode, becomes what the core rejects.
fn bytes(value: Given<'_, '_>) -> Vec<u8> {
    let bytes = match value.cast::<PyString>() {
        Ok(text) => text.to_str().map_or(&[0xff][..], str::as_bytes),
        Err(_) => value.cast::<PyBytes>().map_or(&[0xff][..], |bytes| bytes.as_bytes()),
    };
    bytes[..bytes.len().min(TOO_LONG)].to_vec()
}
