//! The core's lists of names in Python.
//!
//! Models carry the platform's constants as `str`, so that one the platform adds tomorrow is a value like any other; the
//! classes name those that this version knows.

use keysecure::{
    CardStatus, CardType, CardholderStatus, Check, CheckStatus, CipherMode, ConsumptionType, Denial, Environment,
    ErrorKind, FeeType, FeeWaiver, Grant, KeyScheme, Language, Outcome, Rejection, Setting, Status, TransferType,
    TransportFault,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Adds the class of constants of each open enum.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    for class in [
        CardStatus::python_class(py)?,
        CardType::python_class(py)?,
        CardholderStatus::python_class(py)?,
        ConsumptionType::python_class(py)?,
        FeeType::python_class(py)?,
        FeeWaiver::python_class(py)?,
        Status::python_class(py)?,
        TransferType::python_class(py)?,
    ] {
        module.add(class.name()?, class)?;
    }
    add_names(module)
}

/// Adds `_NAMES`, the names of the core's closed enums. Exception classes and literal types, which Python must list itself to
/// be statically typed, are tested against it.
fn add_names(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let names = PyDict::new(module.py());
    names.set_item("Check", Check::ALL.map(Check::as_str))?;
    names.set_item("CheckStatus", CheckStatus::ALL.map(CheckStatus::as_str))?;
    names.set_item("CipherMode", CipherMode::ALL.map(CipherMode::as_str))?;
    names.set_item("Denial", Denial::ALL.map(Denial::as_str))?;
    names.set_item("Environment", Environment::ALL.map(Environment::as_str))?;
    names.set_item("ErrorKind", ErrorKind::ALL.map(ErrorKind::as_str))?;
    names.set_item("Grant", Grant::ALL.map(Grant::as_str))?;
    names.set_item("KeyScheme", KeyScheme::ALL.map(KeyScheme::as_str))?;
    names.set_item("Language", Language::ALL.map(Language::as_str))?;
    names.set_item("Outcome", Outcome::ALL.map(Outcome::as_str))?;
    names.set_item("Rejection", Rejection::ALL.map(Rejection::name))?;
    names.set_item("Setting", Setting::ALL.map(Setting::as_str))?;
    names.set_item("TransportFault", TransportFault::ALL.map(TransportFault::as_str))?;
    // Not `add`, which would put it into `__all__`.
    module.setattr("_NAMES", names)
}
