//! The report of the probe.

use std::collections::HashMap;

use keysecure::CapturedWebhook;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// What the probe found about one inference.
#[pyclass(frozen, eq, hash, module = "keysecure")]
#[derive(PartialEq, Eq, Hash, Clone)]
pub struct ProbeFinding(keysecure::ProbeFinding);

#[pymethods]
impl ProbeFinding {
    /// The name of the inference, such as `"aes_key"`. `docs/inferred.md` of the project describes them.
    #[getter]
    fn inference(&self) -> &'static str {
        self.0.inference.as_str()
    }

    /// `"confirmed"`, `"refuted"` or `"not_seen"`.
    #[getter]
    fn verdict(&self) -> &'static str {
        self.0.verdict.as_str()
    }

    /// What was seen, in words. It holds no value of the platform.
    #[getter]
    fn found(&self) -> &str {
        &self.0.found
    }

    /// The keyword argument of `Client` that follows from it, such as `"aes"`.
    #[getter]
    fn setting(&self) -> Option<&str> {
        self.0.setting.as_deref()
    }

    /// The value of `setting`, such as `"md5/cbc"`.
    #[getter]
    fn value(&self) -> Option<&str> {
        self.0.value.as_deref()
    }

    fn __repr__(&self) -> String {
        let (inference, verdict, found) = (self.inference(), self.verdict(), self.found());
        format!("ProbeFinding(inference={inference:?}, verdict={verdict:?}, found={found:?})")
    }
}

/// The findings of the probe, one for each inference, and a recording without values. `print(report)` shows it as text.
#[pyclass(frozen, eq, hash, module = "keysecure")]
#[derive(PartialEq, Eq, Hash)]
pub struct ProbeReport(pub keysecure::ProbeReport);

#[pymethods]
impl ProbeReport {
    /// The environment that was examined: `"sandbox"`.
    #[getter]
    fn environment(&self) -> &'static str {
        self.0.environment.as_str()
    }

    /// The findings, in a fixed order.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.0.findings.iter().cloned().map(ProbeFinding))
    }

    /// The keyword arguments of `Client` that follow from the findings, as a dict of texts. Empty: the defaults are right.
    #[getter]
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let settings = PyDict::new(py);
        for (name, value) in self.0.settings() {
            settings.set_item(name, value)?;
        }
        Ok(settings)
    }

    /// The exchanges as JSON text: names of keys and kinds of values, codes and HTTP statuses.
    #[getter]
    fn recording(&self) -> &str {
        &self.0.recording
    }

    /// Returns the finding on an inference, such as `"page_cap"`; `None` for an unknown one.
    fn of(&self, inference: &str) -> Option<ProbeFinding> {
        self.0.findings.iter().find(|finding| finding.inference.as_str() == inference).cloned().map(ProbeFinding)
    }

    /// Returns the report as a JSON object with `version`, `environment`, `findings`, `settings` and `recording`.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        let findings =
            self.0.findings.iter().map(|found| format!("{}={}", found.inference.as_str(), found.verdict.as_str()));
        format!("ProbeReport({})", findings.collect::<Vec<_>>().join(", "))
    }
}

/// A captured webhook: its headers and its body.
#[derive(FromPyObject)]
pub struct Captured(HashMap<String, String>, Vec<u8>);

impl From<Captured> for CapturedWebhook {
    fn from(Captured(headers, body): Captured) -> Self {
        Self { headers: headers.into_iter().collect(), body }
    }
}
