//! The address of a cardholder.

use keysecure::Address as Core;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyType};

use crate::errors::invalid_input;
use crate::values::{Given, text};

/// Declares the class from the names of the fields, which are the core's.
macro_rules! address {
    ($($(#[$doc:meta])* $field:ident),+) => {
        /// The address of a cardholder, in English letters. `address_line2` may be left out.
        #[pyclass(frozen, eq, hash, module = "keysecure")]
        #[derive(PartialEq, Eq, Hash)]
        pub struct Address(Core);

        #[pymethods]
        impl Address {
            #[new]
            #[pyo3(signature = (*, $($field),+, address_line2=None))]
            fn new($($field: Given<'_, '_>,)+ address_line2: Option<Given<'_, '_>>) -> PyResult<Self> {
                Ok(Self(Core {
                    $($field: text(stringify!($field), $field)?,)+
                    address_line2: address_line2.map_or(Ok(String::new()), |line| text("address_line2", line))?,
                }))
            }

            $(
                $(#[$doc])*
                #[getter]
                fn $field(&self) -> &str {
                    &self.0.$field
                }
            )+

            /// More of the address; may be empty.
            #[getter]
            fn address_line2(&self) -> &str {
                &self.0.address_line2
            }

            /// The address as a dict of its attributes.
            fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                let fields = PyDict::new(py);
                $(fields.set_item(stringify!($field), &self.0.$field)?;)+
                fields.set_item("address_line2", &self.0.address_line2)?;
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

        /// The fields of an address, for the error about one that is not.
        const FIELDS: &[&str] = &[$(stringify!($field),)+ "address_line2"];

        fn set(address: &mut Core, field: &str, value: String) {
            match field {
                $(stringify!($field) => address.$field = value,)+
                _ => address.address_line2 = value,
            }
        }
    };
}

address!(
    /// Given name.
    first_name,
    /// Family name.
    last_name,
    /// Country code of the phone number, digits without `+`.
    phone_code,
    /// The phone number without its country code.
    phone,
    /// Postal code, which must fit the country.
    postal_code,
    /// Country, in two letters.
    country,
    /// State or province.
    state,
    /// City.
    city,
    /// Street and number.
    address_line1
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
        if !FIELDS.contains(&name.as_str()) {
            return Err(invalid_input(py, "address_info", "has a field that an address does not have"));
        }
        set(&mut address, &name, text(&name, &value)?);
    }
    Ok(address)
}
