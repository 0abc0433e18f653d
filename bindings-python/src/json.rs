//! JSON from Python values and back, exactly: no number goes through a float.

use keysecure::{Decimal, Json};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyList, PyMapping, PyString, PyTuple};

use crate::errors::{invalid_input, map_exception};
use crate::values::{as_int, is_decimal, is_float, read};

/// The deepest nesting: more than any body of the platform has, and little enough for any stack.
const MAX_DEPTH: usize = 100;

/// Writes a value as JSON. A `Decimal` becomes text of plain digits, as the platform writes money.
pub fn to_json(field: &str, value: &Bound<'_, PyAny>) -> PyResult<Json> {
    let mut writer = Writer { field, text: String::new() };
    writer.value(value, MAX_DEPTH)?;
    Ok(Json::new(&writer.text)?)
}

/// Reads JSON as Python values; numbers with a fraction become `Decimal`.
pub fn from_json<'py>(py: Python<'py>, json: &Json) -> PyResult<Bound<'py, PyAny>> {
    let options = PyDict::new(py);
    let decimal = py.import("decimal")?.getattr("Decimal")?;
    options.set_item("parse_float", &decimal)?;
    let loads = py.import("json")?.getattr("loads")?;
    loads.call((json.as_str(),), Some(&options)).or_else(|raised| {
        if !raised.is_instance_of::<PyValueError>(py) {
            return Err(raised);
        }
        // Python refuses to read whole numbers of many digits as an int.
        options.set_item("parse_int", &decimal)?;
        loads.call((json.as_str(),), Some(&options))
    })
}

const FLOAT: &str = "must not hold a float, which is not exact: give a Decimal, an int or a str";

struct Writer<'a> {
    field: &'a str,
    text: String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.refused(value, "must not be nested so deeply, or hold itself"));
        };
        if value.is_none() {
            self.text.push_str("null");
        } else if let Ok(flag) = value.cast::<PyBool>() {
            self.text.push_str(if flag.is_true() { "true" } else { "false" });
        } else if let Ok(text) = value.cast::<PyString>() {
            self.string(text)?;
        } else if let Ok(dict) = value.cast::<PyMapping>() {
            self.object(dict, depth)?;
        } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            self.array(value, depth)?;
        } else if is_decimal(value)? {
            self.text.push_str(&["\"", &read::<Decimal>(self.field, value)?.to_string(), "\""].concat());
        } else if value.is_instance_of::<PyFloat>() {
            return Err(self.refused(value, FLOAT));
        } else if let Some(whole) = as_int(value)? {
            self.whole_number(&whole)?;
        } else if is_float(value) {
            return Err(self.refused(value, FLOAT));
        } else {
            return Err(self.refused(value, "must hold values that JSON has"));
        }
        Ok(())
    }

    fn object(&mut self, dict: &Bound<'_, PyMapping>, depth: usize) -> PyResult<()> {
        self.text.push('{');
        for (place, item) in dict.items()?.iter().enumerate() {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            if place > 0 {
                self.text.push(',');
            }
            let name = name.cast::<PyString>().map_err(|_| self.refused(&name, "must have names that are str"))?;
            self.string(name)?;
            self.text.push(':');
            self.value(&value, depth)?;
        }
        self.text.push('}');
        Ok(())
    }

    fn array(&mut self, items: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        self.text.push('[');
        for (place, item) in items.try_iter()?.enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            self.value(&item?, depth)?;
        }
        self.text.push(']');
        Ok(())
    }

    fn string(&mut self, text: &Bound<'_, PyString>) -> PyResult<()> {
        let wrong = || self.refused(text, "must be valid Unicode");
        let text = text.to_str().map_err(|_| wrong())?;
        self.text.push_str(&serde_json::to_string(text).map_err(|_| wrong())?);
        Ok(())
    }

    /// Writes all digits of an int of any size.
    fn whole_number(&mut self, whole: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = whole.py();
        let digits = whole.call_method1(intern!(py, "__format__"), (intern!(py, "d"),));
        let digits = digits
            .map_err(|raised| map_exception(py, raised, || self.refused(whole, "has an int of too many digits")))?;
        self.text.push_str(digits.cast::<PyString>()?.to_str()?);
        Ok(())
    }

    fn refused(&self, value: &Bound<'_, PyAny>, rule: &str) -> PyErr {
        invalid_input(value.py(), self.field, rule)
    }
}
