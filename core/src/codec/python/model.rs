//! Models as Python classes.

use std::ffi::CString;

use pyo3::exceptions::PyDeprecationWarning;
use pyo3::prelude::*;

use crate::codec::json::Extra;
use crate::redact::scrub;

/// Implements the Python class of a model: attributes, `to_dict`, `to_json`, `from_json`, pickling and `repr`.
///
/// [`model!`](crate::codec::model) calls it with the fields and their documentation:
/// `python_model!(Fee { [#[doc = "The amount."]] amount: Decimal as money, })`. The name in JSON, if it is another, is a
/// deprecated attribute.
macro_rules! python_model {
    ($name:ident { $( [$($field_meta:tt)*] $field:ident: $type:ty $(as $wire:ident)?, )+ }) => {
        $crate::codec::python::converts!($name: $name::json_schema_of_dict());

        #[pyo3::pymethods]
        impl $name {
            $(
                $($field_meta)*
                #[getter]
                fn $field(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                    $crate::codec::python::ToPython::to_python(&self.$field, py)
                }

                $(
                    #[doc = concat!("Deprecated: use `", stringify!($field), "`.")]
                    #[getter]
                    fn $wire(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                        const NAMES: [&str; 3] = [stringify!($name), stringify!($wire), stringify!($field)];
                        $crate::codec::python::warn_of_former_name(py, NAMES)?;
                        $crate::codec::python::ToPython::to_python(&self.$field, py)
                    }
                )?
            )+

            /// Fields of the response that this version does not know, as a dict.
            #[getter]
            fn extra(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<pyo3::Py<pyo3::PyAny>> {
                $crate::codec::python::ToPython::to_python(&self.extra, py)
            }

            /// The object as a dict of its attributes; objects inside become dicts too. With `mode="json"` for
            /// `json.dumps`: an amount is text, a time is text in ISO 8601. With `extra=False` neither it nor an object
            /// inside has the field `extra`: for tables, such as Parquet's, which take no empty object.
            #[pyo3(signature = (*, mode=None, extra=true), text_signature = "($self, *, mode='python', extra=True)")]
            fn to_dict<'py>(
                slf: &pyo3::Bound<'py, Self>,
                mode: Option<$crate::codec::python::DictMode>,
                extra: bool,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::codec::python::to_dict(slf.as_any(), Self::ATTRIBUTES, mode.unwrap_or_default(), extra)
            }

            /// The object as JSON text in the platform's form: money as text, times in Unix milliseconds, and all of
            /// `extra`.
            #[pyo3(name = "to_json")]
            fn to_json_in_python(&self) -> String {
                self.to_json()
            }

            /// Reads the object from JSON text in the platform's form, such as `to_json` writes.
            #[classmethod]
            #[pyo3(name = "from_json")]
            fn from_json_in_python(_: &pyo3::Bound<'_, pyo3::types::PyType>, text: &str) -> Result<Self, $crate::Error> {
                Self::from_json(text)
            }

            #[classmethod]
            fn __get_pydantic_core_schema__<'py>(
                class: &pyo3::Bound<'py, pyo3::types::PyType>,
                source: pyo3::Bound<'py, pyo3::PyAny>,
                handler: pyo3::Bound<'py, pyo3::PyAny>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::codec::python::pydantic_schema(class, &source, &handler, &Self::json_schema_of_dict())
            }

            fn __reduce__<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<(pyo3::Bound<'py, pyo3::PyAny>, (String,))> {
                use pyo3::types::PyAnyMethods as _;
                Ok((slf.get_type().getattr("from_json")?, (slf.get().to_json(),)))
            }

            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                let model = slf.get();
                $crate::codec::python::repr(slf.as_any(), stringify!($name), Self::ATTRIBUTES, &model.extra)
            }
        }

        impl $name {
            const ATTRIBUTES: &'static [&'static str] = &[$( $crate::codec::wire_name(stringify!($field)), )+ "extra"];

            fn json_schema_of_dict() -> String {
                use $crate::codec::{Decode as _, name_in_json, python::FieldSchema, python::ToPython as _, wire_name};
                let fields = [$( FieldSchema {
                    name: wire_name(stringify!($field)),
                    name_in_json: name_in_json!($field $($wire)?),
                    schema: <$type>::json_schema(),
                    is_required: <$type>::missing().is_none(),
                }, )+];
                $crate::codec::python::object_schema(stringify!($name), &fields)
            }
        }
    };
}
pub(crate) use python_model;

/// Warns at the caller's line that an attribute (class, former name, present name) has another name now.
#[cold]
pub(crate) fn warn_of_former_name(py: Python<'_>, [class, former, present]: [&str; 3]) -> PyResult<()> {
    let text = CString::new(format!("{class}.{former} is deprecated: use {present}"))?;
    PyErr::warn(py, &py.get_type::<PyDeprecationWarning>(), &text, 1)
}

/// The `repr` of a model: without attributes that are `None`, free text with PANs masked, the platform's identifiers
/// (`card_no`) unchanged.
pub(crate) fn repr(model: &Bound<'_, PyAny>, name: &str, fields: &[&str], extra: &Extra) -> PyResult<String> {
    let mut shown = Vec::with_capacity(fields.len());
    for field in fields.iter().filter(|field| **field != "extra") {
        let value = model.getattr(*field)?;
        if !value.is_none() {
            let text = value.repr()?.to_string();
            let text = if field.ends_with("_no") { text } else { scrub(&text).into_owned() };
            shown.push(format!("{field}={text}"));
        }
    }
    if !extra.is_empty() {
        shown.push(format!("extra={extra:?}"));
    }
    Ok(format!("{name}({})", shown.join(", ")))
}
