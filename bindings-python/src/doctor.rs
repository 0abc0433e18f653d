//! The report of the doctor.

use keysecure::{Check, CheckStatus, DictMode, pydantic_schema};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};

use crate::deprecated::deprecated;
use crate::pickle::{Pickle, pickle};

/// The result of one check of the doctor.
#[pyclass(frozen, eq, hash, module = "keysecure")]
#[derive(PartialEq, Eq, Hash, Clone)]
pub struct CheckResult(keysecure::CheckResult);

#[pymethods]
impl CheckResult {
    /// The name of the check, such as `"ip_whitelist"`.
    #[getter]
    fn check(&self) -> &'static str {
        self.0.check.as_str()
    }

    /// The status: `"pass"`, `"warn"`, `"fail"` or `"skipped"`.
    #[getter]
    fn status(&self) -> &'static str {
        self.0.status.as_str()
    }

    /// Deprecated: use `status`. The values are those of earlier versions: `"good"`, `"warning"`, `"bad"`, `"skipped"`.
    #[getter]
    fn health(&self, py: Python<'_>) -> PyResult<&'static str> {
        deprecated(py, c"CheckResult.health is deprecated: use status, whose values are pass, warn, fail and skipped")?;
        Ok(match self.0.status {
            CheckStatus::Pass => "good",
            CheckStatus::Warn => "warning",
            CheckStatus::Fail => "bad",
            CheckStatus::Skipped => "skipped",
        })
    }

    /// The observation, in words.
    #[getter]
    fn found(&self) -> &str {
        &self.0.found
    }

    /// The next step; empty when there is none.
    #[getter]
    fn advice(&self) -> &str {
        &self.0.advice
    }

    /// The code in the platform's response, when there was one.
    #[getter]
    fn code(&self) -> Option<i64> {
        self.0.code
    }

    /// Returns the result as a dict of its fields, which are the same in either mode.
    #[pyo3(signature = (*, mode=None), text_signature = "($self, *, mode='python')")]
    fn to_dict<'py>(&self, py: Python<'py>, mode: Option<DictMode>) -> PyResult<Bound<'py, PyDict>> {
        let _ = mode;
        let fields = PyDict::new(py);
        fields.set_item("check", self.check())?;
        fields.set_item("status", self.status())?;
        fields.set_item("found", self.found())?;
        fields.set_item("advice", self.advice())?;
        fields.set_item("code", self.code())?;
        Ok(fields)
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
    fn _of(
        _: &Bound<'_, PyType>,
        check: &str,
        status: &str,
        found: String,
        advice: String,
        code: Option<i64>,
    ) -> PyResult<Self> {
        let check = Check::ALL.into_iter().find(|known| known.as_str() == check);
        let status = CheckStatus::ALL.into_iter().find(|known| known.as_str() == status);
        let (Some(check), Some(status)) = (check, status) else {
            return Err(PyValueError::new_err("this version does not know this check or status"));
        };
        Ok(Self(keysecure::CheckResult { check, status, found, advice, code }))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Pickle<'py>> {
        pickle(slf, slf.get().to_dict(slf.py(), None)?.values().to_tuple())
    }

    fn __repr__(&self) -> String {
        format!("CheckResult(check={:?}, status={:?}, found={:?})", self.check(), self.status(), self.found())
    }
}

/// The results of all checks, in order. `print(report)` shows them as a table.
#[pyclass(frozen, eq, hash, module = "keysecure")]
#[derive(PartialEq, Eq, Hash)]
pub struct Report(pub keysecure::Report);

#[pymethods]
impl Report {
    /// The results, one for each check.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.0.findings.iter().cloned().map(CheckResult))
    }

    /// Whether no check failed.
    #[getter]
    fn is_healthy(&self) -> bool {
        self.0.is_healthy()
    }

    /// Returns the result of one check, such as `"clock"`; `None` for an unknown check.
    fn of(&self, check: &str) -> Option<CheckResult> {
        self.0.findings.iter().find(|finding| finding.check.as_str() == check).cloned().map(CheckResult)
    }

    /// Returns the results as a list of dicts, which are the same in either mode.
    #[pyo3(signature = (*, mode=None), text_signature = "($self, *, mode='python')")]
    fn to_dict<'py>(&self, py: Python<'py>, mode: Option<DictMode>) -> PyResult<Bound<'py, PyList>> {
        let findings = self.0.findings.iter().cloned().map(|finding| CheckResult(finding).to_dict(py, mode));
        PyList::new(py, findings.collect::<PyResult<Vec<_>>>()?)
    }

    /// Returns the results as a JSON array of objects.
    fn to_json(&self) -> String {
        self.0.to_json()
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
