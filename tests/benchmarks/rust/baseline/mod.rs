//! The yardstick: the same calls as a careful engineer would write them by hand, with `ureq` and `serde_json`.
//!
//! One agent that keeps connections alive, all limits and timeouts set once on the agent, answers read into derived
//! structs of exactly what the client's models hold. No token renewal, no clock, no retries, no error texts, no unknown
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

const LARGEST_ANSWER: u64 = 8 * 1024 * 1024;
const LARGEST_HEADER: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What may take at most thirty seconds.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    /// The whole call, as in the client. For each call `ureq` then resolves the host in a new thread, even if the host is
    /// an address and a connection stands.
    WholeCall,
    /// Waiting for the answer, and reading it: no thread, but no limit on looking the host up either.
    EachPhase,
}

/// A merchant's hand-made client.
pub(crate) struct Bare {
    agent: Agent,
    base_url: String,
    api_key: String,
    token: String,
}

impl Bare {
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
            .max_response_header_size(LARGEST_HEADER);
        let config = match limit {
            Limit::WholeCall => config.timeout_global(Some(TIMEOUT)).timeout_resolve(Some(CONNECT_TIMEOUT)),
            Limit::EachPhase => config.timeout_recv_response(Some(TIMEOUT)).timeout_recv_body(Some(TIMEOUT)),
        };
        let agent = config.build().new_agent();
        let mut bare =
            Self { agent, base_url: base_url.to_owned(), api_key: sandbox.api_key().to_owned(), token: String::new() };
        let url = format!("{base_url}/open-api/v1/merchant/token");
        let mut answer = bare
            .agent
            .get(url)
            .header("Content-Type", "application/json")
            .header("Api-Key", &bare.api_key)
            .header("Timestamp", timestamp()?)
            .call()?;
        bare.token = token_of(&answer.body_mut().read_to_vec()?)?;
        Ok(bare)
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
        let mut answer = self
            .agent
            .get(format!("{}/open-api/v1/card/{card_no}/detail", self.base_url))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .header("Language", "en_US")
            .header("Api-Key", &self.api_key)
            .header("Timestamp", timestamp()?)
            .header("Access-Token", &self.token)
            .call()?;
        Ok(answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec()?)
    }

    fn list_cards(&self, size: u32) -> Outcome<Vec<u8>> {
        let body = serde_json::to_vec(&ListBody::of_page(size))?;
        let mut answer = self
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
        Ok(answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec()?)
    }
}

/// Now in Unix milliseconds, a little late: the platform refuses what lies in its future.
pub(crate) fn timestamp() -> Outcome<String> {
    Ok((SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() - 1).to_string())
}

pub(crate) fn token_of(answer: &[u8]) -> Outcome<String> {
    data_of::<Token>(answer).map(|token| token.access_token)
}

fn data_of<T: DeserializeOwned>(answer: &[u8]) -> Outcome<T> {
    match parse(answer)? {
        Envelope { code: 0, data: Some(data), .. } => Ok(data),
        Envelope { code, msg, .. } => Err(format!("refused with {code} {msg}").into()),
    }
}

/// Checked for UTF-8 at once, which is a good deal faster than string by string.
fn parse<T: DeserializeOwned>(answer: &[u8]) -> Outcome<T> {
    Ok(serde_json::from_str(std::str::from_utf8(answer)?)?)
}

#[derive(Deserialize)]
struct Envelope<T> {
    code: i64,
    #[serde(default)]
    msg: String,
    data: Option<T>,
}
