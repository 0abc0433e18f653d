//! All headers of a request, from the types of any web framework.

use keysecure::Secret;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

/// Names and values, as often as they came. The values hold the session.
pub struct Headers(Vec<(String, Secret)>);

impl Headers {
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose()))
    }
}

impl FromPyObject<'_, '_> for Headers {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let wrong = || PyTypeError::new_err("headers must be a mapping or an iterable of (name, value) pairs of text");
        let pairs = match given.getattr_opt("items")? {
            Some(items) => items.call0()?,
            None => given.to_owned(),
        };
        let mut headers = Self(Vec::new());
        for pair in pairs.try_iter().map_err(|_| wrong())? {
            let pair = pair?;
            let pair = match pair.cast::<PyList>() {
                Ok(list) => list.to_tuple(),
                Err(_) => pair.cast_into::<PyTuple>().map_err(|_| wrong())?,
            };
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract().map_err(|_| wrong())?;
            let name = text(&name).ok_or_else(wrong)?;
            // A header that was sent several times is a list in some frameworks.
            let values = if let Ok(values) = value.cast::<PyList>() {
                values.iter().collect()
            } else if let Ok(values) = value.cast::<PyTuple>() {
                values.iter().collect()
            } else if value.is_none() {
                Vec::new()
            } else {
                vec![value]
            };
            for value in values {
                headers.0.push((name.clone(), text(&value).ok_or_else(wrong)?.into()));
            }
        }
        Ok(headers)
    }
}

/// Text, also as bytes, which HTTP reads as Latin-1.
fn text(value: &Bound<'_, PyAny>) -> Option<String> {
    match value.cast::<PyBytes>() {
        Ok(bytes) => Some(bytes.as_bytes().iter().copied().map(char::from).collect()),
        Err(_) => Some(value.cast::<PyString>().ok()?.to_str().ok()?.to_owned()),
    }
}
