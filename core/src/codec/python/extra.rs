//! Unknown fields as a dict.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::is_about_a_value;
use crate::codec::json::{Extra, Json};

/// The deepest nesting that becomes lists and dicts: what follows them there uses the stack, and Python's own limit
/// differs between versions.
const MAX_DEPTH: usize = 128;

/// Converts to a `dict`. Numbers with a fraction become `decimal.Decimal`, so that none goes through a float. A field that
/// Python cannot hold is its JSON text: it must not hide the others.
impl<'py> IntoPyObject<'py> for Extra {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        if self.is_empty() {
            return Ok(dict);
        }
        let reader = Reader::new(py)?;
        for (name, json) in self.iter() {
            dict.set_item(name, reader.read(json)?)?;
        }
        Ok(dict)
    }
}

/// Python's JSON reader with its options.
struct Reader<'py> {
    loads: Bound<'py, PyAny>,
    exact: Bound<'py, PyDict>,
    decimal: Bound<'py, PyAny>,
}

impl<'py> Reader<'py> {
    fn new(py: Python<'py>) -> PyResult<Self> {
        let decimal = py.import("decimal")?.getattr(intern!(py, "Decimal"))?;
        let exact = PyDict::new(py);
        exact.set_item(intern!(py, "parse_float"), &decimal)?;
        let loads = py.import("json")?.getattr(intern!(py, "loads"))?;
        Ok(Self { loads, exact, decimal })
    }

    fn read(&self, json: &Json) -> PyResult<Bound<'py, PyAny>> {
        let py = self.loads.py();
        let text = PyString::new(py, json.as_str());
        if depth(json.as_str()) > MAX_DEPTH {
            return Ok(text.into_any());
        }
        let value = self.loads.call((&text,), Some(&self.exact)).or_else(|raised| {
            if !is_about_a_value(py, &raised) {
                return Err(raised);
            }
            // Python refuses to read whole numbers of many digits as an int.
            let options = self.exact.copy()?;
            options.set_item(intern!(py, "parse_int"), &self.decimal)?;
            self.loads.call((&text,), Some(&options))
        });
        value.or_else(|raised| if is_about_a_value(py, &raised) { Ok(text.into_any()) } else { Err(raised) })
    }
}

/// How many arrays and objects of valid JSON are inside each other.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn depth_counts_arrays_and_objects_outside_of_text() {
        for (json, expected) in [("1", 0), ("[]", 1), (r#"{"a":[{}],"b":[]}"#, 3), (r#"["[[\"[[","\\",[]]"#, 2)] {
            assert_eq!(depth(json), expected, "{json}");
        }
    }
}
