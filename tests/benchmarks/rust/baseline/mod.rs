//! The baseline: the same calls, written by hand with `ureq` and `serde_json`.
//!
//! One agent that keeps connections alive, all limits and timeouts set once on the agent, responses read into derived
//! structs with the fields of the client's models. No token renewal, no clock, no retries, no error texts, no unknown
//! fields: the token is fetched once, and anything unexpected is just an error.

mod responses;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure_sandbox::Sandbox;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;

use crate::Outcome;
pub(crate) use responses::ListBody;
use responses::{Card, List, Token};

const MAX_RESPONSE: u64 = 8 * 1024 * 1024;
const MAX_HEADERS: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The scope of the timeout of thirty seconds.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    /// The whole call, as in the client. For each call `ureq` then resolves the host in a new thread, even if the host is
    /// an address and a connection is open.
    WholeCall,
    /// Waiting for the response, and reading it: no thread, but no limit on looking the host up either.
    EachPhase,
}

/// A merchant's hand-made client.
pub(crate) struct Baseline {
    agent: Agent,
    base_url: String,
    api_key: String,
    token: String,
}

impl Baseline {
    /// Sets up the agent and fetches the token.
    pub(crate) fn new(sandbox: &Sandbox, base_url: &str, limit: Limit) -> Outcome<Self> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent("merchant/1.0.0")
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .input_buffer_size(16 * 1024)
            .output_buffer_size(16 * 1024)
            .max_response_header_size(MAX_HEADERS);
        let config = match limit {
            Limit::WholeCall => config.timeout_global(Some(TIMEOUT)).timeout_resolve(Some(CONNECT_TIMEOUT)),
            Limit::EachPhase => config.timeout_recv_response(Some(TIMEOUT)).timeout_recv_body(Some(TIMEOUT)),
        };
        let agent = config.build().new_agent();
        let mut baseline =
            Self { agent, base_url: base_url.to_owned(), api_key: sandbox.api_key().to_owned(), token: String::new() };
        let url = format!("{base_url}/open-api/v1/merchant/token");
        let mut response = baseline
            .agent
            .get(url)
            .header("Content-Type", "application/json")
            .header("Api-Key", &baseline.api_key)
            .header("Timestamp", timestamp()?)
            .call()?;
        baseline.token = token_of(&response.body_mut().read_to_vec()?)?;
        Ok(baseline)
    }

    pub(crate) fn card(&self, card_no: &str) -> Outcome<Card> {
        data_of(&self.get_card(card_no)?)
    }

    pub(crate) fn card_value(&self, card_no: &str) -> Outcome<Value> {
        parse(&self.get_card(card_no)?)
    }

    pub(crate) fn cards(&self, size: u32) -> Outcome<Vec<Card>> {
        data_of::<List>(&self.list_cards(size)?).map(|page| page.list)
    }

    pub(crate) fn cards_value(&self, size: u32) -> Outcome<Value> {
        parse(&self.list_cards(size)?)
    }

    fn get_card(&self, card_no: &str) -> Outcome<Vec<u8>> {
        let mut response = self
            .agent
            .get(format!("{}/open-api/v1/card/{card_no}/detail", self.base_url))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .header("Language", "en_US")
            .header("Api-Key", &self.api_key)
            .header("Timestamp", timestamp()?)
            .header("Access-Token", &self.token)
            .call()?;
        Ok(response.body_mut().with_config().limit(MAX_RESPONSE).read_to_vec()?)
    }

    fn list_cards(&self, size: u32) -> Outcome<Vec<u8>> {
        let body = serde_json::to_vec(&ListBody::of_page(size))?;
        let mut response = self
            .agent
            .post(format!("{}/open-api/v1/card/list", self.base_url))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .header("Language", "en_US")
            .header("Api-Key", &self.api_key)
            .header("Timestamp", timestamp()?)
            .header("Access-Token", &self.token)
            .header("Timezone", "UTC+8")
            .send(&body)?;
        Ok(response.body_mut().with_config().limit(MAX_RESPONSE).read_to_vec()?)
    }
}

/// The time in Unix milliseconds, a little late: the platform refuses timestamps in its future.
pub(crate) fn timestamp() -> Outcome<String> {
    Ok((SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() - 1).to_string())
}

pub(crate) fn token_of(response: &[u8]) -> Outcome<String> {
    data_of::<Token>(response).map(|token| token.access_token)
}

fn data_of<T: DeserializeOwned>(response: &[u8]) -> Outcome<T> {
    match parse(response)? {
        Envelope { code: 0, data: Some(data), .. } => Ok(data),
        Envelope { code, msg, .. } => Err(format!("refused with {code} {msg}").into()),
    }
}

/// Parses a response. UTF-8 is checked once for the whole text, which is faster than for each string.
fn parse<T: DeserializeOwned>(response: &[u8]) -> Outcome<T> {
    Ok(serde_json::from_str(std::str::from_utf8(response)?)?)
}

#[derive(Deserialize)]
struct Envelope<T> {
    code: i64,
    #[serde(default)]
    msg: String,
    data: Option<T>,
}
