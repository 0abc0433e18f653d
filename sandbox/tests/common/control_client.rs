//! A client of the control URL.

// Every test file uses a part of this; a helper of tests may panic as a test may.
#![allow(dead_code, clippy::unwrap_used, clippy::needless_pass_by_value)]

use serde_json::Value;

/// A client of the control URL.
pub struct Control {
    pub agent: ureq::Agent,
    pub url: String,
}

impl Control {
    pub fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        Self { agent: config.build().into(), url: url.to_owned() }
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        read(self.agent.get(format!("{}{path}", self.url)).call().unwrap())
    }

    pub fn post(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.agent.post(format!("{}{path}", self.url)).send(body.to_string().as_bytes()).unwrap())
    }

    /// The result of a call that must succeed.
    pub fn done(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.post(path, body);
        assert_eq!(200, status, "{path}: {value}");
        value
    }
}

/// The status and the JSON of a response.
pub fn read(mut response: ureq::http::Response<ureq::Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.body_mut().read_to_vec().unwrap()).unwrap())
}
