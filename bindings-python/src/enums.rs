//! The platform's constants, as classes of plain strings.
//!
//! Objects carry these values as `str`, so that one the platform adds tomorrow is a value like any other; the classes
//! name those that this version knows.

use keysecure::{CardStatus, CardType, CardholderStatus, ConsumptionType, FeeType, FeeWaiver, Status, TransferType};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

/// Adds a class for each of the core's open enums.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    macro_rules! classes {
        ($($name:ident: $doc:literal),+) => {
            $({
                let known = $name::KNOWN.iter().map(|value| (format!("{value:?}"), value.as_str()));
                module.add(stringify!($name), class(module.py(), stringify!($name), $doc, known)?)?;
            })+
        };
    }
    classes!(
        CardStatus: "Where a card stands in its life.",
        CardType: "Virtual or physical.",
        CardholderStatus: "Where a cardholder stands in the verification of identity.",
        ConsumptionType: "What a consumption is.",
        FeeWaiver: "How long a fee is waived.",
        FeeType: "What a fee is for.",
        Status: "Where a consumption or a transfer stands.",
        TransferType: "The direction of a transfer: In to the cardholder, Out back from the cardholder."
    );
    Ok(())
}

/// A class whose attributes are the known values, by their names in capitals, and `KNOWN`, all of them.
fn class<'py, 'a>(
    py: Python<'py>,
    name: &str,
    doc: &str,
    known: impl Iterator<Item = (String, &'a str)>,
) -> PyResult<Bound<'py, PyAny>> {
    let body = PyDict::new(py);
    let mut values = Vec::new();
    for (variant, value) in known {
        body.set_item(in_capitals(&variant), value)?;
        values.push(value);
    }
    body.set_item("KNOWN", PyTuple::new(py, values)?)?;
    body.set_item("__doc__", format!("{doc} The platform may add values: each is a plain str."))?;
    body.set_item("__module__", "keysecure")?;
    body.set_item("__slots__", PyTuple::empty(py))?;
    py.get_type::<PyType>().call1((name, PyTuple::empty(py), body))
}

/// `ToActivate` as `TO_ACTIVATE`.
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
