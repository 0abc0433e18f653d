//! Starts and stops a sandbox.

use std::io;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use rust_decimal::Decimal;

use crate::admin::platform::Platform;
use crate::api_service::ApiService;
use crate::cipher::{CipherMode, FieldCipher, KeyScheme};
use crate::clock;
use crate::config::{Config, HttpStatuses, KeyState, ListRules, MerchantState, Mode, Repeat};
use crate::console;
use crate::control::error::ControlError;
use crate::control::service::{Control, REDIRECT_PATH};
use crate::delay_queue::DelayQueue;
use crate::fault::plan::Plan;
use crate::http::server::{Bind, Server};
use crate::http::stop::StopSignal;
use crate::log::Log;
use crate::numbers::{self, NumberGenerator};
use crate::platform::call::Setup;
use crate::shared::{SandboxState, Shared};
use crate::state::ledger::{Account, Posting};
use crate::state::platform_state::{Settings, State};
use crate::state::transaction::Change;
use crate::webhook::dispatcher::WebhookDispatcher;
use crate::webhook::outbox::Outbox;
use crate::webhook::settings::WebhookSettings;
use crate::webhook::types::{NullFields, SignStyle};

/// A running sandbox. Dropping the last clone stops its servers and joins their threads.
///
/// It dereferences to [`Platform`], the administrative API.
#[derive(Debug, Clone)]
pub struct Sandbox {
    platform: Platform,
    control: Control,
    _servers: Arc<Servers>,
}

/// The servers and threads, which stop on drop, in the order of the fields.
#[derive(Debug)]
struct Servers {
    /// First: no thread may wait for the merchant while the servers are joined.
    _webhooks: StopWebhooks,
    _platform: Server,
    _control: Server,
    /// Last: without the servers no more jobs are added.
    _jobs: StopJobs,
}

/// Runs delayed jobs and joins the threads on drop.
#[derive(Debug)]
struct StopJobs(Platform);

impl Drop for StopJobs {
    fn drop(&mut self) {
        self.0.shared.delay_queue.stop();
        self.0.shared.dispatcher.join();
    }
}

/// Stops the delivery of webhooks on drop.
#[derive(Debug)]
struct StopWebhooks(Platform);

impl Drop for StopWebhooks {
    fn drop(&mut self) {
        self.0.shared.lock().outbox.begin_stop();
    }
}

impl Deref for Sandbox {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        &self.platform
    }
}

impl Sandbox {
    /// Starts a sandbox with the defaults: credit mode, seed 1, a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// As [`SandboxBuilder::start`].
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Creates a builder, to start a sandbox with other options.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// The administrative API alone. It does not keep the servers running.
    pub fn platform(&self) -> Platform {
        self.platform.clone()
    }

    /// Makes a control call without HTTP, with the same calls, bodies and responses as at the control URL. It is meant for
    /// language bindings; Rust has methods for all calls.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// sandbox.control("POST", "/clock/advance", r#"{"ms": 60000}"#)?;
    /// assert_eq!(404, sandbox.control("GET", "/weather", "").unwrap_err().status());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no such call, the body is invalid (an empty one counts as `{}`), or the call fails.
    pub fn control(&self, method: &str, path: &str, body: &str) -> Result<String, ControlError> {
        self.control.call(method, path, body.as_bytes()).map(|response| response.to_string())
    }
}

/// Builds a [`Sandbox`]: all options have defaults.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct SandboxBuilder {
    config: Config,
}

impl SandboxBuilder {
    /// Sets the merchant's mode. Default: [`Mode::Credit`].
    pub fn mode(mut self, mode: Mode) -> Self {
        self.config.mode = mode;
        self
    }

    /// Sets the seed of all numbers, tokens and card data. Default: 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Sets the port of the platform. Default: 0, any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.config.port = port;
        self
    }

    /// Lets other machines connect to the platform. The control URL stays on loopback.
    pub fn listen_on_all_interfaces(mut self) -> Self {
        self.config.all_interfaces = true;
        self
    }

    /// Sets the Api-Key. Default: generated from the seed.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.config.api_key = Some(key.into());
        self
    }

    /// Sets the apiSecret. Default: 32 hexadecimal digits generated from the seed, which every key scheme accepts.
    pub fn api_secret(mut self, secret: impl Into<String>) -> Self {
        self.config.api_secret = Some(secret.into());
        self
    }

    /// Sets the derivation of the AES key and the cipher mode. Default: [`KeyScheme::Utf8`], [`CipherMode::Ecb`].
    pub fn aes(mut self, scheme: KeyScheme, mode: CipherMode) -> Self {
        self.config.key_scheme = scheme;
        self.config.cipher_mode = mode;
        self
    }

    /// Sets the lifetime of access tokens, in virtual time. Default: 24 hours.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.config.token_lifetime = lifetime;
        self
    }

    /// Sets whether a new access token invalidates earlier ones. Default: true.
    pub fn token_voids_previous(mut self, voids: bool) -> Self {
        self.config.token_voids_previous = voids;
        self
    }

    /// Sets the effect of a repeated `transfer_unique_no` or `card_unique_no`. Default: [`Repeat::Execute`].
    pub fn repeated_numbers(mut self, repeat: Repeat) -> Self {
        self.config.repeated_numbers = repeat;
        self
    }

    /// Keeps cards Pending until [`Platform::issue_card`] or [`Platform::fail_card`]. Default: cards are issued at once.
    pub fn manual_cards(mut self) -> Self {
        self.config.manual_cards = true;
        self
    }

    /// Sets the addresses that may call. Default: empty, for all addresses.
    pub fn ip_whitelist(mut self, addresses: Vec<IpAddr>) -> Self {
        self.config.ip_whitelist = addresses;
        self
    }

    /// Sets whether card numbers may be shown. Default: true.
    pub fn pci_enabled(mut self, enabled: bool) -> Self {
        self.config.pci_enabled = enabled;
        self
    }

    /// Sets the initial balance of the merchant's reserve. Default: 1 000 000.00.
    pub fn merchant_reserve(mut self, reserve: Decimal) -> Self {
        self.config.merchant_reserve = reserve;
        self
    }

    /// Sets the maximum number of recorded requests; the oldest are removed first. Default: 100 000.
    pub fn request_log(mut self, capacity: usize) -> Self {
        self.config.request_log = capacity;
        self
    }

    /// Sets the URL to which webhooks are sent: `http` on loopback. Default: none, and no webhooks are created.
    pub fn webhook_url(mut self, url: impl Into<String>) -> Self {
        self.config.webhook_url = Some(url.into());
        self
    }

    /// Sets the secret that signs webhooks. Default: the apiSecret.
    pub fn webhook_secret(mut self, secret: impl Into<String>) -> Self {
        self.config.webhook_secret = Some(secret.into());
        self
    }

    /// Sets the `appId` of signatures. Default: the Api-Key.
    pub fn webhook_app_id(mut self, app_id: impl Into<String>) -> Self {
        self.config.webhook_app_id = Some(app_id.into());
        self
    }

    /// Sets the form of the signed text. Default: [`SignStyle::JavaHashMap`].
    pub fn sign_style(mut self, style: SignStyle) -> Self {
        self.config.sign_style = style;
        self
    }

    /// Sets whether webhooks contain fields without a value. Default: [`NullFields::Omit`].
    pub fn null_fields(mut self, nulls: NullFields) -> Self {
        self.config.null_fields = nulls;
        self
    }

    /// Sets the deviations of list calls from the platform's documentation. Default: none.
    pub fn list_rules(mut self, rules: ListRules) -> Self {
        self.config.lists = rules;
        self
    }

    /// Sets the HTTP statuses of refused calls. Default: [`HttpStatuses::Ok`].
    pub fn http_statuses(mut self, statuses: HttpStatuses) -> Self {
        self.config.http_statuses = statuses;
        self
    }

    /// Applies the fees and limits of packages and card BINs. Default: only opening fees are charged.
    pub fn tariffs(mut self) -> Self {
        self.config.tariffs = true;
        self
    }

    /// Starts the sandbox.
    ///
    /// # Errors
    ///
    /// If the port cannot be bound; or `InvalidInput` if the scheme derives no AES key from the secret, the webhook URL is
    /// not allowed, or a list rule names a field that no row has.
    pub fn start(self) -> io::Result<Sandbox> {
        let config = self.config;
        let mut rng = Rng::with_seed(config.seed);
        let api_key = config.api_key.clone().unwrap_or_else(|| format!("sandbox-{}", numbers::hex(&mut rng, 24)));
        let api_secret = config.api_secret.clone().unwrap_or_else(|| numbers::hex(&mut rng, 32));
        let cipher = FieldCipher::new(&api_secret, config.key_scheme, config.cipher_mode).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "api_secret gives no AES key under the chosen key scheme")
        })?;
        let listener = Server::listener(Bind { port: config.port, any_interface: config.all_interfaces })?;
        let control_listener = Server::listener(Bind { port: 0, any_interface: false })?;
        let base_url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let control_url = format!("http://127.0.0.1:{}", control_listener.local_addr()?.port());
        let stop = Arc::new(StopSignal::default());
        let webhooks = WebhookSettings::new(
            config.webhook_app_id.clone().unwrap_or_else(|| api_key.clone()),
            config.webhook_secret.clone().unwrap_or_else(|| api_secret.clone()),
            config.sign_style,
            config.null_fields,
        );
        let shared = Arc::new(Shared {
            setup: Setup {
                mode: config.mode,
                api_key,
                cipher,
                token_lifetime: config.token_lifetime,
                token_voids_previous: config.token_voids_previous,
                repeated_numbers: config.repeated_numbers,
                manual_cards: config.manual_cards,
                // The platform itself serves the hosted card page.
                hosted_origin: base_url.clone(),
                parent_origin: "https://merchant.example".to_owned(),
            },
            redirect_url: format!("{control_url}{REDIRECT_PATH}"),
            base_url,
            console_url: format!("{control_url}{}", console::PATH),
            control_url,
            redirect_hits: 0.into(),
            stop: Arc::clone(&stop),
            delay_queue: Arc::new(DelayQueue::default()),
            dispatcher: WebhookDispatcher::default(),
            sandbox: Mutex::new(SandboxState {
                state: initial_state(&config, rng, webhooks),
                faults: Plan::default(),
                log: Log::new(config.request_log),
                outbox: Outbox::new(config.seed),
                commits: 0,
            }),
            api_secret,
        });
        let platform = Platform::new(Arc::clone(&shared));
        let control = Control::new(platform.clone());
        let servers = Servers {
            _webhooks: StopWebhooks(platform.clone()),
            _platform: Server::start("platform", listener, ApiService(shared), Arc::clone(&stop))?,
            _control: Server::start("control", control_listener, control.clone(), stop)?,
            _jobs: StopJobs(platform.clone()),
        };
        platform
            .set_list_rules(config.lists)
            .and_then(|()| platform.set_webhook_url(config.webhook_url.as_deref()))
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))?;
        Ok(Sandbox { platform, control, _servers: Arc::new(servers) })
    }
}

/// The state of a platform without rows, whose merchant has paid in its reserve.
fn initial_state(config: &Config, rng: Rng, webhooks: WebhookSettings) -> State {
    let settings = Settings {
        key_state: KeyState::Active,
        merchant_state: MerchantState::Active,
        pci_enabled: config.pci_enabled,
        ip_whitelist: config.ip_whitelist.clone(),
        webhooks,
        lists: ListRules::default(),
        http_statuses: config.http_statuses,
        tariffs: config.tariffs,
    };
    let mut state = State::new(NumberGenerator::new(rng), settings);
    let mut transaction = state.transaction();
    transaction.add(Change::Posting(Posting {
        time_ms: clock::real_ms(),
        memo: "opening reserve".to_owned(),
        from: Account::Outside,
        to: Account::MerchantReserve,
        amount: config.merchant_reserve.round_dp(2),
    }));
    state.commit(transaction);
    state
}
