//! One run of the probe: its exchanges, their recording, and the findings.

use serde_json::{Value, json};

use super::inference::Inference;
use super::not_seen;
use super::report::{ProbeFinding, ProbeReport, Verdict};
use super::shape::shape;
use crate::engine::operation::{self, Auth, Operation};
use crate::engine::{BareRequest, BareResponse, Caller};
use crate::error::Error;
use crate::secrets::Secret;

/// The state of a run.
pub(super) struct Session<'a> {
    pub caller: &'a Caller,
    token: Secret,
    findings: Vec<ProbeFinding>,
    recording: Vec<Value>,
    /// Responses, and those of them with a `Date` header.
    dates: (usize, usize),
}

/// Which access token a request carries.
#[derive(Clone, Copy)]
pub(super) enum Token<'a> {
    Valid,
    None,
    Other(&'a str),
}

impl<'a> Session<'a> {
    /// Starts a run with the client's token.
    pub(super) fn new(caller: &'a Caller) -> Result<Self, Error> {
        let token = caller.engine.access_token(caller.limit)?.secret.clone();
        Ok(Self { caller, token, findings: Vec::new(), recording: Vec::new(), dates: (0, 0) })
    }

    /// Makes a read with the body and the current token.
    pub(super) fn read(&mut self, operation: &'static Operation, case: &str, body: &Value) -> Option<BareResponse> {
        self.send(operation, case, "", body, Token::Valid)
    }

    /// Makes a read of the object with this number.
    pub(super) fn get(&mut self, operation: &'static Operation, case: &str, number: &str) -> Option<BareResponse> {
        self.send(operation, case, number, &Value::Null, Token::Valid)
    }

    /// Makes an exchange and records its shape. `None` without a response.
    pub(super) fn send(
        &mut self,
        operation: &'static Operation,
        case: &str,
        number: &str,
        body: &Value,
        token: Token<'_>,
    ) -> Option<BareResponse> {
        let path = match operation.path.split_once('{').zip(operation.path.split_once('}')) {
            Some(((before, _), (_, after))) => [before, number, after].concat(),
            None => operation.path.to_owned(),
        };
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let own = self.token.clone();
        let token = match token {
            Token::Valid if operation.auth == Auth::Token => Some(own.expose()),
            Token::Other(other) => Some(other),
            Token::Valid | Token::None => None,
        };
        let request = BareRequest { operation, path: &path, body: text.as_bytes(), token };
        let result = self.caller.engine.exchange(&request);
        let mut recorded = json!({"operation": operation.name, "case": case, "request": shape(body)});
        match &result {
            Ok(response) => {
                self.dates.0 += 1;
                self.dates.1 += usize::from(response.has_date);
                recorded["http_status"] = response.http_status.into();
                recorded["code"] = response.code().into();
                let envelope = response.envelope.as_ref().map(|fields| shape(&Value::Object(fields.clone())));
                recorded["response"] = envelope.unwrap_or_else(|| "no JSON object".into());
            }
            Err(error) => recorded["error"] = error.kind().as_str().into(),
        }
        self.recording.push(recorded);
        result.ok()
    }

    /// Fetches a new token, uses it from here on, and returns the one before with the response.
    pub(super) fn new_token(&mut self) -> Option<(Secret, BareResponse)> {
        let mut response = self.send(operation::TOKEN, "a new token", "", &Value::Null, Token::None)?;
        let fetched = response.envelope.as_mut()?.get_mut("data")?.get_mut("access_token")?.take();
        let Value::String(fetched) = fetched else { return None };
        Some((std::mem::replace(&mut self.token, fetched.into()), response))
    }

    pub(super) fn confirm(&mut self, inference: Inference, found: impl Into<String>) {
        self.record(inference, Verdict::Confirmed, found, None);
    }

    pub(super) fn refute(&mut self, inference: Inference, found: impl Into<String>) {
        self.record(inference, Verdict::Refuted, found, None);
    }

    /// Records a finding. The latest on an inference counts, but a refutation stays.
    pub(super) fn record(
        &mut self,
        inference: Inference,
        verdict: Verdict,
        found: impl Into<String>,
        setting: Option<(&str, String)>,
    ) {
        let (setting, value) = setting.map(|(name, value)| (name.to_owned(), value)).unzip();
        let finding = ProbeFinding { inference, verdict, found: found.into(), setting, value };
        match self.findings.iter_mut().find(|known| known.inference == inference) {
            Some(known) if known.verdict != Verdict::Refuted && verdict != Verdict::NotSeen => *known = finding,
            Some(_) => {}
            None => self.findings.push(finding),
        }
    }

    /// Whether there is a finding on an inference.
    pub(super) fn has_found(&self, inference: Inference) -> bool {
        self.findings.iter().any(|finding| finding.inference == inference)
    }

    /// The report, with a finding for each inference.
    pub(super) fn report(mut self) -> ProbeReport {
        let (responses, dated) = self.dates;
        if dated == responses && responses > 0 {
            self.confirm(Inference::DateHeader, format!("all {responses} responses have one"));
        } else if responses > 0 {
            self.refute(Inference::DateHeader, format!("{dated} of {responses} responses have one"));
        }
        for inference in Inference::ALL.iter().copied() {
            if !self.has_found(inference) {
                self.record(inference, Verdict::NotSeen, not_seen(inference), None);
            }
        }
        let order = |finding: &ProbeFinding| Inference::ALL.iter().position(|known| *known == finding.inference);
        self.findings.sort_by_key(order);
        ProbeReport {
            environment: self.caller.engine.settings.environment,
            findings: self.findings,
            recording: Value::Array(self.recording).to_string(),
        }
    }
}
