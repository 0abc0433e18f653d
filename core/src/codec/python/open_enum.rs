//! Open enums in Python: plain strings, and classes that name the known ones.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use super::pydantic::pydantic_text_schema;

/// Implements the Python form of an open enum: values become `str`, and `python_class` makes the class of constants.
///
/// [`open_enum!`](crate::codec::open_enum) calls it with the attributes of the enum and its variants:
/// `python_enum!(CardType { [doc = "The type of a card."] Virtual, Physical, })`.
macro_rules! python_enum {
    ($name:ident { $( [doc = $doc:literal] )* $( $variant:ident, )+ }) => {
        impl<'py> pyo3::IntoPyObject<'py> for $name {
            type Target = pyo3::types::PyString;
            type Output = pyo3::Bound<'py, pyo3::types::PyString>;
            type Error = std::convert::Infallible;

            fn into_pyobject(self, py: pyo3::Python<'py>) -> Result<Self::Output, Self::Error> {
                self.as_str().into_pyobject(py)
            }
        }

        $crate::codec::python::converts!($name: r#"{"type":"string"}"#);

        impl $name {
            /// Creates the Python class with the known values as constants.
            ///
            /// # Errors
            ///
            /// Any exception of Python while it creates the class.
            pub fn python_class(py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Bound<'_, pyo3::types::PyType>> {
                let values = &[$( (stringify!($variant), Self::$variant.as_str()), )+];
                $crate::codec::python::class_of_constants(py, stringify!($name), concat!($($doc),*), values)
            }
        }
    };
}
pub(crate) use python_enum;

/// Creates a class with one attribute for each value, its name in capitals, and `KNOWN` with all values.
pub(crate) fn class_of_constants<'py>(
    py: Python<'py>,
    name: &str,
    doc: &str,
    values: &[(&str, &str)],
) -> PyResult<Bound<'py, PyType>> {
    let body = PyDict::new(py);
    for (variant, value) in values {
        body.set_item(in_capitals(variant), value)?;
    }
    body.set_item("KNOWN", PyTuple::new(py, values.iter().map(|(_, value)| value))?)?;
    body.set_item("__doc__", format!("{} The platform may add values: each is a plain str.", doc.trim()))?;
    body.set_item("__module__", "keysecure")?;
    body.set_item("__slots__", PyTuple::empty(py))?;
    let schema = pyo3::wrap_pyfunction!(pydantic_text_schema, py)?;
    let class_method = py.import("builtins")?.getattr("classmethod")?;
    body.set_item("__get_pydantic_core_schema__", class_method.call1((schema,))?)?;
    Ok(py.get_type::<PyType>().call1((name, PyTuple::empty(py), body))?.cast_into()?)
}

/// Converts the name of a variant to capitals: `ToActivate` becomes `TO_ACTIVATE`.
fn in_capitals(variant: &str) -> String {
    let mut name = String::with_capacity(variant.len() + 4);
    for letter in variant.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
