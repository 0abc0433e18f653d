//! Models as types of fields in pydantic. The package depends on pydantic neither here nor in Python: pydantic itself calls
//! these functions, and `keysecure/_pydantic.py` describes the classes to it.

use std::fmt::Write as _;

use pyo3::prelude::*;
use pyo3::types::PyType;

/// Returns pydantic's schema of a class. `json_schema` describes the object's dict; it is empty for the classes that
/// `_pydantic.py` knows by name.
///
/// # Errors
///
/// Any exception of Python or pydantic.
pub fn pydantic_schema<'py>(
    class: &Bound<'py, PyType>,
    source: &Bound<'py, PyAny>,
    handler: &Bound<'py, PyAny>,
    json_schema: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let module = class.py().import("keysecure._pydantic")?;
    module.getattr("object_schema")?.call1((class, source, handler, json_schema))
}

/// Returns pydantic's schema of a class of constants, whose values are text.
#[pyfunction]
pub(super) fn pydantic_text_schema<'py>(
    class: &Bound<'py, PyType>,
    _source: &Bound<'py, PyAny>,
    handler: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let module = class.py().import("keysecure._pydantic")?;
    module.getattr("text_schema")?.call1((class, handler))
}

/// A field of an object: its name, its JSON schema, and whether an object must have it.
pub(crate) type FieldSchema = (&'static str, String, bool);

/// The JSON schema of an object's dict.
pub(crate) fn object_schema(name: &str, fields: &[FieldSchema]) -> String {
    let (mut properties, mut required) = (String::new(), Vec::new());
    for (field, schema, is_required) in fields {
        let _ = write!(properties, "\"{field}\":{schema},");
        if *is_required {
            required.push(format!("\"{field}\""));
        }
    }
    let required = required.join(",");
    format!(
        r#"{{"title":"{name}","type":"object","properties":{{{properties}"extra":{{"type":"object"}}}},"required":[{required}]}}"#
    )
}
