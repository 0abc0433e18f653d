//! The report of the probe, for people and for programs.

use std::fmt;

use serde_json::{Value, json};

use super::inference::Inference;
use crate::settings::Environment;

/// What the probe found about an inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The platform behaves as inferred.
    Confirmed,
    /// The platform behaves otherwise.
    Refuted,
    /// Nothing showed it: no row, no option that it needs, or the platform did not respond.
    NotSeen,
}

impl Verdict {
    /// The name: `confirmed`, `refuted` or `not_seen`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refuted => "refuted",
            Self::NotSeen => "not_seen",
        }
    }
}

/// What the probe found about one inference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProbeFinding {
    /// The inference.
    pub inference: Inference,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was seen, in words. Holds no value of the platform.
    pub found: String,
    /// Setting of the client that follows from it, such as `aes`.
    pub setting: Option<String>,
    /// Value of `setting`, such as `md5/cbc`.
    pub value: Option<String>,
}

/// Report of the probe: one finding for each [`Inference`], and a recording of the exchanges. Its text form is for people.
///
/// It holds names of keys, kinds of values, codes and HTTP statuses; no value of a person or a card, no key, no secret and no
/// token. It can be sent to the maintainers of this crate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProbeReport {
    /// Environment that was examined.
    pub environment: Environment,
    /// Findings, in the order of [`Inference::ALL`].
    pub findings: Vec<ProbeFinding>,
    /// Recording of the exchanges as JSON text: an array of objects with `operation`, `case`, `http_status`, `code`, `request` and
    /// `response`. The last two are shapes.
    pub recording: String,
}

impl ProbeReport {
    /// Returns the finding on an inference.
    pub fn get(&self, inference: Inference) -> Option<&ProbeFinding> {
        self.findings.iter().find(|finding| finding.inference == inference)
    }

    /// Returns the findings of a verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &ProbeFinding> {
        self.findings.iter().filter(move |finding| finding.verdict == verdict)
    }

    /// Returns the settings of the client that follow from the findings, as names and values.
    pub fn settings(&self) -> Vec<(&str, &str)> {
        let settings = self.findings.iter().filter_map(|found| found.setting.as_deref().zip(found.value.as_deref()));
        settings.collect()
    }

    /// Returns the report as a JSON object with `version`, `environment`, `findings`, `settings` and `recording`.
    pub fn to_json(&self) -> String {
        let findings: Vec<Value> = self
            .findings
            .iter()
            .map(|found| {
                json!({
                    "inference": found.inference.as_str(),
                    "question": found.inference.question(),
                    "inferred": found.inference.assumption(),
                    "examined": found.inference.examination(),
                    "verdict": found.verdict.as_str(),
                    "found": found.found,
                    "setting": found.setting,
                    "value": found.value,
                })
            })
            .collect();
        let settings: serde_json::Map<_, _> =
            self.settings().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "environment": self.environment.as_str(),
            "findings": findings,
            "settings": settings,
            "recording": serde_json::from_str::<Value>(&self.recording).unwrap_or_default(),
        })
        .to_string()
    }
}

impl fmt::Display for ProbeReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (verdict, title) in [
            (Verdict::Refuted, "Different from what is inferred"),
            (Verdict::Confirmed, "As inferred"),
            (Verdict::NotSeen, "Not seen"),
        ] {
            writeln!(formatter, "{title}: {}", self.with(verdict).count())?;
            for finding in self.with(verdict) {
                writeln!(formatter, "  {:<20} {}", finding.inference.as_str(), finding.found)?;
            }
        }
        match self.settings().as_slice() {
            [] => formatter.write_str("Settings to use: the defaults."),
            settings => {
                formatter.write_str("Settings to use:")?;
                settings.iter().try_for_each(|(name, value)| write!(formatter, "\n  {name} = {value}"))
            }
        }
    }
}
