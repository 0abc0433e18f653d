//! The address of a cardholder.

use keysecure::{Address as Core, DictMode, pydantic_schema};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyType};

use crate::values::{FromArgument, Mismatch, read, read_optional};

/// Declares the class from the names of the core's fields: first the required ones, then the others.
macro_rules! address {
    ($($(#[$doc:meta])* $field:ident),+; $($(#[$option_doc:meta])* $option:ident),+) => {
        /// The address of a cardholder, in English letters.
        ///
        /// A physical card needs every field but `address_line2`. A virtual card needs `postal_code`, `country`, `state`,
        /// `city` and `address_line1` only.
        #[pyclass(frozen, eq, hash, module = "keysecure")]
        #[derive(PartialEq, Eq, Hash)]
        pub struct Address(Core);

        #[pymethods]
        impl Address {
            #[new]
            #[pyo3(signature = (*, $($field),+, $($option=None),+))]
            #[allow(clippy::too_many_arguments)] // one for each field
            fn new($($field: &Bound<'_, PyAny>,)+ $($option: Option<&Bound<'_, PyAny>>),+) -> PyResult<Self> {
                Ok(Self(Core {
                    $($field: read(stringify!($field), $field)?,)+
                    $($option: read_optional(stringify!($option), $option)?,)+
                }))
            }

            $(
                $(#[$doc])*
                #[getter]
                fn $field(&self) -> &str {
                    &self.0.$field
                }
            )+

            $(
                $(#[$option_doc])*
                #[getter]
                fn $option(&self) -> Option<&str> {
                    self.0.$option.as_deref()
                }
            )+

            /// Returns the address as a dict of its attributes. All of them are text in either mode.
            #[pyo3(signature = (*, mode=None), text_signature = "($self, *, mode='python')")]
            fn to_dict<'py>(&self, py: Python<'py>, mode: Option<DictMode>) -> PyResult<Bound<'py, PyDict>> {
                let _ = mode;
                let fields = PyDict::new(py);
                $(fields.set_item(stringify!($field), &self.0.$field)?;)+
                $(fields.set_item(stringify!($option), &self.0.$option)?;)+
                Ok(fields)
            }

            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyDict>,))> {
                Ok((slf.get_type().getattr("_from_dict")?, (slf.get().to_dict(slf.py(), None)?,)))
            }

            #[classmethod]
            fn __get_pydantic_core_schema__<'py>(
                class: &Bound<'py, PyType>,
                source: Bound<'py, PyAny>,
                handler: Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                pydantic_schema(class, &source, &handler, "")
            }

            #[classmethod]
            fn _from_dict(_: &Bound<'_, PyType>, fields: &Bound<'_, PyAny>) -> PyResult<Self> {
                read("address_info", fields).map(Self)
            }

            /// Leaves the person out: this text may go into logs.
            fn __repr__(&self) -> String {
                format!("Address(city={:?}, country={:?}, ...)", self.0.city, self.0.country)
            }
        }

        /// Sets a field by its name; `None` for a name that an address does not have.
        fn set(address: &mut Core, field: &str, value: &Bound<'_, PyAny>) -> Option<PyResult<()>> {
            match field {
                $(stringify!($field) => Some(read(field, value).map(|value| address.$field = value)),)+
                $(
                    stringify!($option) => {
                        Some(read_optional(field, Some(value)).map(|value| address.$option = value))
                    }
                )+
                _ => None,
            }
        }
    };
}

address!(
    /// Postal code, in the form of the country.
    postal_code,
    /// Country code of two letters.
    country,
    /// State or province.
    state,
    /// City.
    city,
    /// Street and number.
    address_line1;
    /// Given name; needed for a physical card.
    first_name,
    /// Family name; needed for a physical card.
    last_name,
    /// Country code of the phone number, digits without `+`; needed for a physical card.
    phone_code,
    /// Phone number without its country code; needed for a physical card.
    phone,
    /// Second address line.
    address_line2
);

/// The rule that a field of this name breaks. A name that may be a value in the wrong place is not repeated.
fn unknown_field(name: &str) -> Mismatch {
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.len() <= 40
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name {
        Mismatch::RuleForType(format!("has the unknown field {name}"))
    } else {
        Mismatch::Rule("has a field that an address does not have")
    }
}

/// An `Address`, or a mapping with its fields.
impl FromArgument for Core {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        if let Ok(address) = value.cast::<Address>() {
            return Ok(address.get().0.clone());
        }
        let mapping = value.cast::<PyMapping>().map_err(|_| Mismatch::Rule("must be an Address or a dict"))?;
        let mut address = Self::default();
        for item in mapping.items()? {
            let (field, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            let field = String::read(name, &field)?;
            let known = set(&mut address, &field, &value);
            known.ok_or_else(|| unknown_field(&field))??;
        }
        Ok(address)
    }
}
