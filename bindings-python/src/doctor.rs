//! What the doctor found.

use keysecure::{Check, CheckStatus};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};

use crate::values::{Pickle, pickle};

/// One finding of the doctor.
#[pyclass(frozen, eq, hash, module = "keysecure")]
#[derive(PartialEq, Eq, Hash, Clone)]
pub struct CheckResult(keysecure::CheckResult);

#[pymethods]
impl CheckResult {
    /// What was looked at, such as `"ip_whitelist"`.
    #[getter]
    fn check(&self) -> &'static str {
        self.0.check.as_str()
    }

    /// How it ended: `"good"`, `"warning"`, `"bad"` or `"skipped"`.
    #[getter]
    fn health(&self) -> &'static str {
        self.0.health.as_str()
    }

    /// What was found.
    #[getter]
    fn found(&self) -> &str {
        &self.0.found
    }

    /// What to do next; empty when there is nothing to do.
    #[getter]
    fn advice(&self) -> &str {
        &self.0.advice
    }

    /// The platform's code, when there was one.
    #[getter]
    fn code(&self) -> Option<i64> {
        self.0.code
    }

    /// The finding as a dict of its fields.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = PyDict::new(py);
        fields.set_item("check", self.check())?;
        fields.set_item("health", self.health())?;
        fields.set_item("found", self.found())?;
        fields.set_item("advice", self.advice())?;
        fields.set_item("code", self.code())?;
        Ok(fields)
    }

    #[classmethod]
    fn _of(
        _: &Bound<'_, PyType>,
        check: &str,
        health: &str,
        found: String,
        advice: String,
        code: Option<i64>,
    ) -> PyResult<Self> {
        let check = Check::ALL.into_iter().find(|known| known.as_str() == check);
        let health = CheckStatus::ALL.into_iter().find(|known| known.as_str() == health);
        let (Some(check), Some(health)) = (check, health) else {
            return Err(PyValueError::new_err("this version does not know this finding"));
        };
        Ok(Self(keysecure::CheckResult { check, health, found, advice, code }))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Pickle<'py>> {
        pickle(slf, slf.get().to_dict(slf.py())?.values().to_tuple())
    }

    fn __repr__(&self) -> String {
        format!("Finding(check={:?}, health={:?}, found={:?})", self.check(), self.health(), self.found())
    }
}

/// All findings, one for each check, in order. `print(report)` is read at a glance.
#[pyclass(frozen, eq, hash, module = "keysecure")]
#[derive(PartialEq, Eq, Hash)]
pub struct Report(pub keysecure::Report);

#[pymethods]
impl Report {
    /// The findings.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.0.findings.iter().cloned().map(CheckResult))
    }

    /// Whether nothing is bad.
    #[getter]
    fn is_healthy(&self) -> bool {
        self.0.is_healthy()
    }

    /// The finding of one check, such as `"clock"`; `None` for a check that there is not.
    fn of(&self, check: &str) -> Option<CheckResult> {
        self.0.findings.iter().find(|finding| finding.check.as_str() == check).cloned().map(CheckResult)
    }

    /// The findings as a list of dicts.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let findings = self.0.findings.iter().cloned().map(|finding| CheckResult(finding).to_dict(py));
        PyList::new(py, findings.collect::<PyResult<Vec<_>>>()?)
    }

    /// The findings as a JSON array of objects.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    #[classmethod]
    fn _of(_: &Bound<'_, PyType>, findings: Vec<PyRef<'_, CheckResult>>) -> Self {
        Self(keysecure::Report { findings: findings.iter().map(|finding| finding.0.clone()).collect() })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Pickle<'py>> {
        pickle(slf, (slf.get().findings(slf.py())?,).into_pyobject(slf.py())?)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        let findings: Vec<_> = self.0.findings.iter().cloned().map(|finding| CheckResult(finding).__repr__()).collect();
        format!("Report([{}])", findings.join(", "))
    }
}
