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

/// A field of an object.
pub(crate) struct FieldSchema {
    /// The name of the attribute.
    pub name: &'static str,
    /// The platform's name, which `_pydantic.py` needs to read a dict.
    pub name_in_json: &'static str,
    pub schema: String,
    pub is_required: bool,
}

/// The JSON schema of an object's dict. Fields that the platform names otherwise are in `renamed`, which is no part of it.
pub(crate) fn object_schema(name: &str, fields: &[FieldSchema]) -> String {
    let (mut properties, mut required, mut renamed) = (String::new(), Vec::new(), Vec::new());
    for FieldSchema { name, name_in_json, schema, is_required } in fields {
        let _ = write!(properties, "\"{name}\":{schema},");
        if *is_required {
            required.push(format!("\"{name}\""));
        }
        if name != name_in_json {
            renamed.push(format!("\"{name}\":\"{name_in_json}\""));
        }
    }
    let required = required.join(",");
    let renamed = if renamed.is_empty() { String::new() } else { format!(",\"renamed\":{{{}}}", renamed.join(",")) };
    format!(
        r#"{{"title":"{name}","type":"object","properties":{{{properties}"extra":{{"type":"object"}}}},"required":[{required}]{renamed}}}"#
    )
}
