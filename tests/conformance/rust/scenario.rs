//! One scenario: a sandbox, a client, and the steps.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{
    Client, Environment, Error, Language, MemoryReplayStore, OnStoreFailure, Store, UtcOffset, WebhookVerifier,
};
use keysecure_sandbox::{Mode, Sandbox};
use keysecure_tests::{AgedStore, TestClock};
use serde_json::{Map, Value, json};

use crate::calls::{self, Args};
use crate::json;
use crate::pattern::assert_matches;
use crate::relayed::{self, Relayed};
use crate::values::{Names, at_path};

/// How the calls of a scenario are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// With the merchant's client.
    Direct,
    /// With the client of an app, if a relay serves the call.
    Relayed,
}

pub struct Scenario {
    steps: Vec<Value>,
    names: Names,
    client: Client,
    relay: Option<Relayed>,
    way: Way,
    verifier: Option<WebhookVerifier>,
    agent: ureq::Agent,
    control_url: String,
    sandbox: Sandbox,
}

impl Scenario {
    pub fn start(data: &Value, way: Way) -> Self {
        let options = &data["sandbox"];
        let mut builder = Sandbox::builder().seed(options["seed"].as_u64().unwrap());
        if options["mode"] == "authorization" {
            builder = builder.mode(Mode::Authorization);
        }
        if options["manual_cards"] == true {
            builder = builder.manual_cards();
        }
        let sandbox = builder.start().unwrap();
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let control_url = sandbox.control_url().to_owned();
        let mut names = Names::default();
        let info = control(&agent, &control_url, "GET", "/info", None);
        for (name, value) in info.as_object().unwrap() {
            names.save(name, value.clone());
        }
        let settings = data["client"].as_object().unwrap();
        let (client, relay) = clients(&names, settings, way, &sandbox).unwrap();
        let steps = data["steps"].as_array().unwrap().clone();
        Self { steps, names, client, relay, way, verifier: None, agent, control_url, sandbox }
    }

    pub fn run(mut self) {
        for (number, step) in std::mem::take(&mut self.steps).iter().enumerate() {
            let place = format!("step {number}: {step}");
            let differs = step.get("relay").filter(|_| self.way == Way::Relayed);
            let wanted = differs.unwrap_or(step);
            match (self.run_step(step), wanted.get("error")) {
                (Ok(response), None) => {
                    if let Some(expected) = wanted.get("expect") {
                        assert_matches(&self.names.fill(expected, None), &response, &place);
                    }
                    for (name, path) in step["save"].as_object().into_iter().flatten() {
                        let value = at_path(&response, path.as_str().unwrap());
                        self.names.save(name, value.unwrap_or_else(|| panic!("{place}\nno {path} in {response}")));
                    }
                }
                (Err(error), Some(expected)) => {
                    assert_matches(&self.names.fill(expected, None), &json::error(&error), &place);
                }
                (Ok(response), Some(_)) => panic!("{place}\nmust fail, but returned {response}"),
                (Err(error), None) => panic!("{place}\nfailed: {error}"),
            }
        }
    }

    fn run_step(&mut self, step: &Value) -> Result<Value, Error> {
        if let Some(call) = step["call"].as_str() {
            let with = self.names.fill(step.get("with").unwrap_or(&json!({})), None);
            return self.call(call, with.as_object().unwrap().clone());
        }
        if let Some(call) = step["control"].as_str() {
            let (method, path) = call.split_once(' ').unwrap();
            let body = step.get("body").map(|body| self.names.fill(body, Some(self.now_ms())));
            return Ok(control(&self.agent, &self.control_url, method, path, body.as_ref()));
        }
        if let Some(settings) = step.get("client") {
            let settings = self.names.fill(settings, None);
            (self.client, self.relay) = clients(&self.names, settings.as_object().unwrap(), self.way, &self.sandbox)?;
            return Ok(Value::Null);
        }
        let webhook = self.names.fill(&step["verify"], None);
        self.verify(webhook.as_object().expect("a step is a call, a control call, a client or a webhook"))
    }

    fn call(&self, call: &str, with: Map<String, Value>) -> Result<Value, Error> {
        let now = self.now_ms();
        let relay = self.relay.as_ref().filter(|_| relayed::serves(call));
        let with = if relay.is_some() { relayed::arguments(with) } else { with };
        let args = Args::new(&with, now);
        let response = match relay {
            Some(relay) => calls::make(&relay.app(&self.names.holder()), call, &args),
            None => calls::make(&self.client, call, &args),
        };
        args.assert_all_used(call);
        response
    }

    fn verify(&mut self, webhook: &Map<String, Value>) -> Result<Value, Error> {
        let own = ["secrets", "app_id", "tolerance"].iter().any(|name| webhook.contains_key(*name));
        if own || self.verifier.is_none() {
            let text = |name: &str| webhook.get(name).and_then(Value::as_str).map(str::to_owned);
            let app_id = text("app_id").unwrap_or_else(|| self.names.text("api_key"));
            let secrets: Vec<String> = match webhook.get("secrets") {
                Some(secrets) => serde_json::from_value(secrets.clone()).unwrap(),
                None => vec![self.names.text("api_secret")],
            };
            let tolerance = webhook.get("tolerance").and_then(Value::as_u64).unwrap_or(300);
            let verifier = WebhookVerifier::new(&app_id, secrets)?
                .tolerance(Duration::from_secs(tolerance))
                .replay_guard(Arc::new(MemoryReplayStore::default()), OnStoreFailure::Reject);
            self.verifier = Some(verifier);
        }
        let as_text = |name: &str| match &webhook[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let headers =
            [("Timestamp", as_text("timestamp")), ("Signature", as_text("signature")), ("Sign-Version", "V1".into())];
        let received = self.verifier.as_ref().unwrap().verify(headers, as_text("body").as_bytes())?;
        Ok(json::received(&received))
    }

    fn now_ms(&self) -> i64 {
        control(&self.agent, &self.control_url, "GET", "/clock", None)["now_ms"].as_i64().unwrap()
    }
}

fn control(agent: &ureq::Agent, url: &str, method: &str, path: &str, body: Option<&Value>) -> Value {
    let address = format!("{url}{path}");
    let response = match method {
        "GET" => agent.get(&address).call(),
        _ => agent.post(&address).send(body.map(ToString::to_string).unwrap_or_default()),
    };
    let mut response = response.unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    assert_eq!(response.status(), 200, "{method} {path}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The merchant's client, and a relay that uses it.
fn clients(
    names: &Names,
    settings: &Map<String, Value>,
    way: Way,
    sandbox: &Sandbox,
) -> Result<(Client, Option<Relayed>), Error> {
    let mut builder = Client::builder(names.text("api_key"), names.text("api_secret")).base_url(names.text("base_url"));
    builder = match way {
        Way::Direct => builder.store(Store::memory()),
        // An app cannot shorten what the relay waits for before it sends again.
        Way::Relayed => {
            builder.store(AgedStore::default()).clock(Arc::new(TestClock::virtual_sleeps(Some(sandbox.platform()))))
        }
    };
    for (name, value) in settings {
        let text = value.as_str().unwrap_or_default();
        let seconds = || Duration::from_secs_f64(value.as_f64().unwrap());
        builder = match name.as_str() {
            "timeout" => builder.timeout(seconds()),
            "connect_timeout" => builder.connect_timeout(seconds()),
            "max_retries" => builder.max_retries(value.as_u64().unwrap().try_into().unwrap()),
            "timezone" => builder.timezone(text.parse::<UtcOffset>().unwrap()),
            "language" if text == "zh_CN" => builder.language(Language::Chinese),
            "language" => builder.language(Language::English),
            "base_url" => builder.base_url(text),
            "environment" if text == "production" => builder.environment(Environment::Production),
            other => panic!("unknown setting {other}"),
        };
    }
    let client = builder.build()?;
    let relay = (way == Way::Relayed).then(|| Relayed::start(&client, settings));
    Ok((client, relay))
}
