//! The environment of the tests: a sandbox, and a caller that sends plain HTTP without the client library.
// Every test file uses a part of this; a helper of tests may panic as a test may.
#![allow(dead_code, clippy::expect_used, clippy::unwrap_used, clippy::needless_pass_by_value)]

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keysecure_sandbox::{Account, Mode, Platform, Sandbox, SandboxBuilder};
use serde_json::{Value, json};

/// A response of the platform.
#[derive(Debug)]
pub struct ApiResponse {
    pub status: u16,
    pub date: String,
    pub body: Value,
}

impl ApiResponse {
    pub fn code(&self) -> i64 {
        self.body["code"].as_i64().expect("a code")
    }

    pub fn msg(&self) -> &str {
        self.body["msg"].as_str().expect("a msg")
    }

    /// `data` of a successful call.
    pub fn data(&self) -> &Value {
        assert_eq!(0, self.code(), "{}", self.body);
        &self.body["data"]
    }

    /// The text of a field of `data`.
    pub fn text(&self, field: &str) -> String {
        self.data()[field].as_str().expect("a string").to_owned()
    }

    pub fn list(&self) -> &Vec<Value> {
        self.data()["list"].as_array().expect("a list")
    }
}

/// Calls a sandbox as a client does.
#[derive(Clone)]
pub struct Caller {
    agent: ureq::Agent,
    pub platform: Platform,
    pub token: Option<String>,
    pub extra: Vec<(&'static str, String)>,
    /// Headers that are not sent.
    pub without: Vec<&'static str>,
}

impl Caller {
    pub fn new(sandbox: &Sandbox) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(std::time::Duration::from_secs(20)));
        Self {
            agent: config.build().into(),
            platform: sandbox.platform(),
            token: None,
            extra: Vec::new(),
            without: Vec::new(),
        }
    }

    /// A caller with an access token.
    pub fn with_token(sandbox: &Sandbox) -> Self {
        let mut caller = Self::new(sandbox);
        let token = caller.get("/v1/merchant/token").text("access_token");
        caller.token = Some(token);
        caller
    }

    /// The same caller with one header set.
    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut caller = self.clone();
        caller.extra.push((name, value.into()));
        caller
    }

    /// The same caller without one header.
    pub fn without(&self, name: &'static str) -> Self {
        let mut caller = self.clone();
        caller.without.push(name);
        caller
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("Api-Key", self.platform.api_key().to_owned()),
            ("Timestamp", (self.platform.now_ms()).to_string()),
            ("Content-Type", "application/json".to_owned()),
        ];
        headers.extend(self.token.clone().map(|token| ("Access-Token", token)));
        headers.retain(|(name, _)| !self.without.contains(name) && !self.extra.iter().any(|(other, _)| other == name));
        headers.extend(self.extra.iter().cloned());
        headers
    }

    fn url(&self, path: &str) -> String {
        format!("{}/open-api{path}", self.platform.base_url())
    }

    pub fn try_get(&self, path: &str) -> Result<ApiResponse, ureq::Error> {
        let mut request = self.agent.get(self.url(path));
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        read(request.call()?)
    }

    pub fn try_post(&self, path: &str, body: &[u8]) -> Result<ApiResponse, ureq::Error> {
        let mut request = self.agent.post(self.url(path));
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        read(request.send(body)?)
    }

    pub fn get(&self, path: &str) -> ApiResponse {
        self.try_get(path).expect("a response")
    }

    pub fn post(&self, path: &str, body: Value) -> ApiResponse {
        self.try_post(path, body.to_string().as_bytes()).expect("a response")
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<ApiResponse, ureq::Error> {
    let date = response.headers().get("date").and_then(|date| date.to_str().ok());
    Ok(ApiResponse {
        status: response.status().as_u16(),
        date: date.unwrap_or_default().to_owned(),
        body: serde_json::from_slice(&response.body_mut().read_to_vec()?).unwrap_or_default(),
    })
}

/// A sandbox, a caller with a token, and an approved cardholder.
pub struct TestEnv {
    pub sandbox: Sandbox,
    pub caller: Caller,
    pub holder: String,
}

impl TestEnv {
    pub fn new(builder: SandboxBuilder) -> Self {
        let sandbox = builder.start().expect("a sandbox");
        let caller = Caller::with_token(&sandbox);
        let holder = sandbox.seed_approved_cardholder();
        Self { sandbox, caller, holder }
    }

    pub fn credit() -> Self {
        Self::new(Sandbox::builder())
    }

    pub fn authorization() -> Self {
        Self::new(Sandbox::builder().mode(Mode::Authorization))
    }

    pub fn virtual_card(&self) -> String {
        self.sandbox.seed_virtual_card(&self.holder).expect("a card")
    }

    pub fn physical_card(&self) -> String {
        self.sandbox.seed_physical_card(&self.holder).expect("a card")
    }

    /// Transfers money to the cardholder.
    pub fn fund(&self, amount: &str) {
        self.transfer(&format!("fund-{}", self.sandbox.transfers().len()), "In", amount).data();
    }

    pub fn transfer(&self, unique_no: &str, kind: &str, amount: &str) -> ApiResponse {
        self.caller.post(
            "/v1/account/transfer",
            json!({"cardholder_no": self.holder, "transfer_unique_no": unique_no, "type": kind, "balance": amount}),
        )
    }

    pub fn balance(&self) -> String {
        format!("{:.2}", self.sandbox.ledger().balance(&Account::Cardholder(self.holder.clone())))
    }

    /// Encrypts a string with the sandbox's secret as the platform documents it; returns Base64.
    pub fn encrypt(&self, text: &str) -> String {
        let padding = 16 - text.len() % 16;
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(text.len() + padding, u8::try_from(padding).expect("at most 16"));
        let key = Aes256::new_from_slice(self.sandbox.api_secret().as_bytes()).expect("32 bytes");
        for block in bytes.chunks_exact_mut(16) {
            let mut array = Array::try_from(&*block).expect("16 bytes");
            key.encrypt_block(&mut array);
            block.copy_from_slice(&array);
        }
        STANDARD.encode(bytes)
    }

    /// Decrypts Base64 and parses the plaintext as JSON.
    pub fn decrypt(&self, text: &str) -> Value {
        let mut bytes = STANDARD.decode(text).expect("Base64");
        let key = Aes256::new_from_slice(self.sandbox.api_secret().as_bytes()).expect("32 bytes");
        for block in bytes.chunks_exact_mut(16) {
            let mut array = Array::try_from(&*block).expect("16 bytes");
            key.decrypt_block(&mut array);
            block.copy_from_slice(&array);
        }
        let padding = usize::from(*bytes.last().expect("some bytes"));
        bytes.truncate(bytes.len() - padding);
        serde_json::from_slice(&bytes).expect("JSON")
    }
}

/// A complete address in the United States.
pub fn address() -> Value {
    json!({
        "first_name": "Ada", "last_name": "Byron", "phone_code": "1", "phone": "5550100", "postal_code": "10001",
        "country": "US", "state": "NY", "city": "New York", "address_line1": "1 Main St", "address_line2": "",
    })
}

/// A time window around the sandbox's present.
pub fn today(platform: &Platform) -> Value {
    let now_ms = platform.now_ms();
    json!({"start_time": day(now_ms - 86_400_000), "end_time": day(now_ms + 86_400_000)})
}

/// The date of that time in UTC.
fn day(ms: i64) -> String {
    let date = time::OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).expect("a displayable time").date();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}
