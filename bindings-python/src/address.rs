//! The address of a cardholder.

use keysecure::Address as Core;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyType};

use crate::errors::invalid_input;
use crate::values::{Given, optional_text, text};

/// Declares the class from the names of the fields, which are the core's: first the required ones, then the others.
macro_rules! address {
    ($($(#[$doc:meta])* $field:ident),+; $($(#[$option_doc:meta])* $option:ident),+) => {
        /// The address of a cardholder, in English letters.
        ///
        /// A physical card needs all of it but `address_line2`. A virtual card needs `postal_code`, `country`, `state`,
        /// `city` and `address_line1` only.
        #[pyclass(frozen, eq, hash, module = "keysecure")]
        #[derive(PartialEq, Eq, Hash)]
        pub struct Address(Core);

        #[pymethods]
        impl Address {
            #[new]
            #[pyo3(signature = (*, $($field),+, $($option=None),+))]
            #[allow(clippy::too_many_arguments)] // one for each field
            fn new($($field: Given<'_, '_>,)+ $($option: Option<Given<'_, '_>>),+) -> PyResult<Self> {
                Ok(Self(Core {
                    $($field: text(stringify!($field), $field)?,)+
                    $($option: optional_text(stringify!($option), $option)?,)+
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

            /// The address as a dict of its attributes.
            fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                let fields = PyDict::new(py);
                $(fields.set_item(stringify!($field), &self.0.$field)?;)+
                $(fields.set_item(stringify!($option), &self.0.$option)?;)+
                Ok(fields)
            }

            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyDict>,))> {
                Ok((slf.get_type().getattr("_from_dict")?, (slf.get().to_dict(slf.py())?,)))
            }

            #[classmethod]
            fn _from_dict(_: &Bound<'_, PyType>, fields: Given<'_, '_>) -> PyResult<Self> {
                of(fields).map(Self)
            }

            /// Whose address it is stays out of logs.
            fn __repr__(&self) -> String {
                format!("Address(city={:?}, country={:?}, ...)", self.0.city, self.0.country)
            }
        }

        /// Sets the field of that name; `None` for a name that an address does not have.
        fn set(address: &mut Core, field: &str, value: Given<'_, '_>) -> Option<PyResult<()>> {
            match field {
                $(stringify!($field) => Some(text(field, value).map(|value| address.$field = value)),)+
                $(
                    stringify!($option) => {
                        let value = Some(value).filter(|value| !value.is_none());
                        Some(optional_text(field, value).map(|value| address.$option = value))
                    }
                )+
                _ => None,
            }
        }
    };
}

address!(
    /// Postal code, which must fit the country.
    postal_code,
    /// Country, in two letters.
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
    /// The phone number without its country code; needed for a physical card.
    phone,
    /// More of the address.
    address_line2
);

/// An `Address`, or a mapping with its fields.
pub fn of(value: Given<'_, '_>) -> PyResult<Core> {
    let py = value.py();
    if let Ok(address) = value.cast::<Address>() {
        return Ok(address.get().0.clone());
    }
    let mapping =
        value.cast::<PyMapping>().map_err(|_| invalid_input(py, "address_info", "must be an Address or a dict"))?;
    let mut address = Core::default();
    for item in mapping.items()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let name = text("address_info", &name)?;
        let Some(done) = set(&mut address, &name, &value) else {
            return Err(invalid_input(py, "address_info", "has a field that an address does not have"));
        };
        done?;
    }
    Ok(address)
}
