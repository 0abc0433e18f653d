//! The report of the doctor.

use keysecure::{Check, CheckStatus, DictMode, Environment, Setting, pydantic_schema};
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

    /// The status: `"pass"`; `"warn"`: passed, with advice; `"fail"`; `"unfinished"`: could not be made, because an earlier
    /// check failed or the platform was busy; `"skipped"`: not asked for, it needs a card number.
    #[getter]
    fn status(&self) -> &'static str {
        self.0.status.as_str()
    }

    /// Deprecated: use `status`. The values are those of earlier versions: `"good"`, `"warning"`, `"bad"`, `"skipped"`.
    #[getter]
    fn health(&self, py: Python<'_>) -> PyResult<&'static str> {
        deprecated(py, c"CheckResult.health is deprecated: use status, one of pass, warn, fail, unfinished, skipped")?;
        Ok(match self.0.status {
            CheckStatus::Pass => "good",
            CheckStatus::Warn => "warning",
            CheckStatus::Fail => "bad",
            CheckStatus::Unfinished | CheckStatus::Skipped => "skipped",
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

    /// The keyword arguments of `Client` that the advice concerns, the likeliest first, such as `["ca_pem"]`.
    #[getter]
    fn settings(&self) -> Vec<&'static str> {
        self.0.settings.iter().map(|setting| setting.as_str()).collect()
    }

    /// The value to give the first of `settings`, when it is known, such as `"md5/cbc"` for `aes`.
    #[getter]
    fn value(&self) -> Option<&str> {
        self.0.value.as_deref()
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
        fields.set_item("settings", self.settings())?;
        fields.set_item("value", self.value())?;
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
        settings: Vec<String>,
        value: Option<String>,
        code: Option<i64>,
    ) -> PyResult<Self> {
        let check = Check::ALL.into_iter().find(|known| known.as_str() == check);
        let status = CheckStatus::ALL.into_iter().find(|known| known.as_str() == status);
        let known = |name: &String| Setting::ALL.into_iter().find(|known| known.as_str() == name);
        let settings = settings.iter().map(known).collect::<Option<Vec<_>>>();
        let (Some(check), Some(status), Some(settings)) = (check, status, settings) else {
            return Err(PyValueError::new_err("this version does not know this check, status or setting"));
        };
        Ok(Self(keysecure::CheckResult { check, status, found, advice, settings, value, code }))
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
    /// The environment that was examined: `"sandbox"` or `"production"`.
    #[getter]
    fn environment(&self) -> &'static str {
        self.0.environment.as_str()
    }

    /// The address that was examined.
    #[getter]
    fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// The Api-Key that was examined, masked: at most its first and its last four characters.
    #[getter]
    fn api_key(&self) -> &str {
        &self.0.api_key
    }

    /// The results, one for each check.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.0.findings.iter().cloned().map(CheckResult))
    }

    /// Whether every check that was asked for was made, and none failed. Warnings do not count.
    #[getter]
    fn is_healthy(&self) -> bool {
        self.0.is_healthy()
    }

    /// Whether every check that was asked for was made: none is `"unfinished"`.
    #[getter]
    fn is_complete(&self) -> bool {
        self.0.is_complete()
    }

    /// The result of all checks in one sentence.
    #[getter]
    fn summary(&self) -> String {
        self.0.summary()
    }

    /// Returns the result of one check, such as `"clock"`; `None` for an unknown check.
    fn of(&self, check: &str) -> Option<CheckResult> {
        self.0.findings.iter().find(|finding| finding.check.as_str() == check).cloned().map(CheckResult)
    }

    /// Returns the report as a dict of its fields, with `findings` as a list of dicts. It is the same in either mode.
    #[pyo3(signature = (*, mode=None), text_signature = "($self, *, mode='python')")]
    fn to_dict<'py>(&self, py: Python<'py>, mode: Option<DictMode>) -> PyResult<Bound<'py, PyDict>> {
        let findings = self.0.findings.iter().cloned().map(|finding| CheckResult(finding).to_dict(py, mode));
        let fields = PyDict::new(py);
        fields.set_item("environment", self.environment())?;
        fields.set_item("base_url", self.base_url())?;
        fields.set_item("api_key", self.api_key())?;
        fields.set_item("is_healthy", self.is_healthy())?;
        fields.set_item("is_complete", self.is_complete())?;
        fields.set_item("findings", findings.collect::<PyResult<Vec<_>>>()?)?;
        Ok(fields)
    }

    /// Returns the report as a JSON object, with the fields of `to_dict`.
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
    fn _of(
        _: &Bound<'_, PyType>,
        environment: &str,
        base_url: String,
        api_key: String,
        findings: Vec<PyRef<'_, CheckResult>>,
    ) -> PyResult<Self> {
        let Ok(environment) = environment.parse::<Environment>() else {
            return Err(PyValueError::new_err("this version does not know this environment"));
        };
        let findings = findings.iter().map(|finding| finding.0.clone()).collect();
        Ok(Self(keysecure::Report { environment, base_url, api_key, findings }))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Pickle<'py>> {
        let report = slf.get();
        let fields = (report.environment(), report.base_url(), report.api_key(), report.findings(slf.py())?);
        pickle(slf, fields.into_pyobject(slf.py())?)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        let findings: Vec<_> = self.0.findings.iter().cloned().map(|finding| CheckResult(finding).__repr__()).collect();
        format!("Report(base_url={:?}, findings=[{}])", self.base_url(), findings.join(", "))
    }
}
