//! Starting and stopping.

use std::io;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rust_decimal::Decimal;

use crate::callback::{CallbackNulls, CallbackSettings, Courier, Outbox, SignStyle};
use crate::cipher::{CipherMode, FieldCipher, KeyScheme};
use crate::clock;
use crate::config::{Config, HttpStatuses, KeyState, ListRules, MerchantState, Mode, Repeat};
use crate::control::{self, Control, ControlError};
use crate::fault::Plan;
use crate::front::Front;
use crate::http::{Bind, Server, StopSignal};
use crate::late::Later;
use crate::log::Log;
use crate::platform::Setup;
use crate::random::{Numbers, Random};
use crate::shared::{Shared, World};
use crate::state::{Account, Change, Posting, Settings, State};
use crate::steering::Platform;

/// A running sandbox. Clones share it; dropping the last one stops its servers and joins their threads.
///
/// What it can do is in [`Platform`], which it dereferences to.
#[derive(Debug, Clone)]
pub struct Sandbox {
    platform: Platform,
    control: Control,
    _servers: Arc<Servers>,
}

/// Held for its drop.
#[derive(Debug)]
struct Servers {
    /// First: nothing may wait for the merchant while the servers are being joined.
    _waiting: EndWaiting,
    _platform: Server,
    _control: Server,
    /// Last: nothing can add to its work any more when the servers are gone.
    _late: StopLater,
}

/// Does at its drop what is still waiting.
#[derive(Debug)]
struct StopLater(Platform);

impl Drop for StopLater {
    fn drop(&mut self) {
        self.0.shared.later.stop();
        self.0.shared.courier.join();
    }
}

/// Ends at its drop what waits for callbacks.
#[derive(Debug)]
struct EndWaiting(Platform);

impl Drop for EndWaiting {
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
    /// Starts with the defaults: credit mode, seed 1, a free port of 127.0.0.1.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Starts otherwise.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// The steering part alone. It does not keep the servers running.
    pub fn platform(&self) -> Platform {
        self.platform.clone()
    }

    /// Makes a control call without HTTP: the same calls, bodies and answers as at the control URL, in JSON. This is what
    /// a face in another language needs; Rust has methods for all of it.
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
    /// If there is no such call, its body is not as it must be (an empty one counts as `{}`), or it could not be done.
    pub fn control(&self, method: &str, path: &str, body: &str) -> Result<String, ControlError> {
        self.control.call(method, path, body.as_bytes()).map(|answer| answer.to_string())
    }
}

/// What a sandbox starts with.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct SandboxBuilder {
    config: Config,
}

impl SandboxBuilder {
    /// The merchant's mode. Default: [`Mode::Credit`].
    pub fn mode(mut self, mode: Mode) -> Self {
        self.config.mode = mode;
        self
    }

    /// What all numbers, tokens and card data are made from. Default: 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// The port of the platform's listener. Default: 0, any free port.
    pub fn port(mut self, port: u16) -> Self {
        self.config.port = port;
        self
    }

    /// Lets other machines reach the platform's listener. The control listener stays on loopback.
    pub fn listen_on_all_interfaces(mut self) -> Self {
        self.config.all_interfaces = true;
        self
    }

    /// The Api-Key. Default: made from the seed.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.config.api_key = Some(key.into());
        self
    }

    /// The apiSecret. Default: 32 hexadecimal letters made from the seed, which fit every key scheme.
    pub fn api_secret(mut self, secret: impl Into<String>) -> Self {
        self.config.api_secret = Some(secret.into());
        self
    }

    /// How the platform makes its AES key and chains its blocks. Default: [`KeyScheme::Utf8`], [`CipherMode::Ecb`].
    pub fn aes(mut self, scheme: KeyScheme, mode: CipherMode) -> Self {
        self.config.key_scheme = scheme;
        self.config.cipher_mode = mode;
        self
    }

    /// How long an access token is valid, in virtual time. Default: 24 hours.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.config.token_lifetime = lifetime;
        self
    }

    /// Whether a new access token voids the earlier ones. Default: true.
    pub fn token_voids_previous(mut self, voids: bool) -> Self {
        self.config.token_voids_previous = voids;
        self
    }

    /// What a repeated `transfer_unique_no` or `card_unique_no` does. Default: [`Repeat::Execute`].
    pub fn repeated_numbers(mut self, repeat: Repeat) -> Self {
        self.config.repeated_numbers = repeat;
        self
    }

    /// Cards stay Pending until [`Platform::issue_card`] or [`Platform::fail_card`]. Default: they are issued at once.
    pub fn manual_cards(mut self) -> Self {
        self.config.manual_cards = true;
        self
    }

    /// The addresses that may call; empty for all, which is the default.
    pub fn ip_whitelist(mut self, addresses: Vec<IpAddr>) -> Self {
        self.config.ip_whitelist = addresses;
        self
    }

    /// Whether card numbers may be shown. Default: true.
    pub fn pci_enabled(mut self, enabled: bool) -> Self {
        self.config.pci_enabled = enabled;
        self
    }

    /// The merchant's money at the start. Default: 1 000 000.00.
    pub fn merchant_reserve(mut self, reserve: Decimal) -> Self {
        self.config.merchant_reserve = reserve;
        self
    }

    /// How many requests are kept on record; the oldest go first. Default: 100 000.
    pub fn request_log(mut self, most: usize) -> Self {
        self.config.request_log = most;
        self
    }

    /// Where callbacks go: an `http` URL on loopback. Default: nowhere, and none are made.
    pub fn callback_url(mut self, url: impl Into<String>) -> Self {
        self.config.callback_url = Some(url.into());
        self
    }

    /// What signs callbacks. Default: the apiSecret.
    pub fn callback_secret(mut self, secret: impl Into<String>) -> Self {
        self.config.callback_secret = Some(secret.into());
        self
    }

    /// What is signed as `appId`. Default: the Api-Key.
    pub fn callback_app_id(mut self, app_id: impl Into<String>) -> Self {
        self.config.callback_app_id = Some(app_id.into());
        self
    }

    /// How the signed text is written. Default: [`SignStyle::JavaHashMap`].
    pub fn sign_style(mut self, style: SignStyle) -> Self {
        self.config.sign_style = style;
        self
    }

    /// What becomes of a callback's fields without a value. Default: [`CallbackNulls::LeftOut`].
    pub fn callback_nulls(mut self, nulls: CallbackNulls) -> Self {
        self.config.callback_nulls = nulls;
        self
    }

    /// How list calls differ from what the platform documents. Default: not at all.
    pub fn list_rules(mut self, rules: ListRules) -> Self {
        self.config.lists = rules;
        self
    }

    /// Which HTTP statuses refusals have. Default: [`HttpStatuses::Ok`].
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
    /// If the port cannot be bound; or (`InvalidInput`) if the secret gives no AES key under the chosen scheme,
    /// callbacks cannot go to their URL, or a list rule names a field that no row has.
    pub fn start(self) -> io::Result<Sandbox> {
        let config = self.config;
        let mut random = Random::new(config.seed);
        let api_key = config.api_key.clone().unwrap_or_else(|| format!("sandbox-{}", random.hex(24)));
        let api_secret = config.api_secret.clone().unwrap_or_else(|| random.hex(32));
        let cipher = FieldCipher::new(&api_secret, config.key_scheme, config.cipher_mode).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "api_secret gives no AES key under the chosen key scheme")
        })?;
        let listener = Server::listener(Bind { port: config.port, any_interface: config.all_interfaces })?;
        let control_listener = Server::listener(Bind { port: 0, any_interface: false })?;
        let base_url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let control_url = format!("http://127.0.0.1:{}", control_listener.local_addr()?.port());
        let stop = Arc::new(StopSignal::default());
        let callbacks = CallbackSettings::new(
            config.callback_app_id.clone().unwrap_or_else(|| api_key.clone()),
            config.callback_secret.clone().unwrap_or_else(|| api_secret.clone()),
            config.sign_style,
            config.callback_nulls,
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
                // The hosted card page is served by the platform itself.
                hosted_origin: base_url.clone(),
                parent_origin: "https://merchant.example".to_owned(),
            },
            trap_url: format!("{control_url}{}", control::TRAP),
            base_url,
            control_url,
            trapped: 0.into(),
            stop: Arc::clone(&stop),
            later: Arc::new(Later::default()),
            courier: Courier::default(),
            world: Mutex::new(World {
                state: first_state(&config, random, callbacks),
                faults: Plan::default(),
                log: Log::new(config.request_log),
                outbox: Outbox::new(config.seed),
            }),
            api_secret,
        });
        let platform = Platform::new(Arc::clone(&shared));
        let control = Control::new(platform.clone());
        let servers = Servers {
            _waiting: EndWaiting(platform.clone()),
            _platform: Server::start("platform", listener, Front(shared), Arc::clone(&stop))?,
            _control: Server::start("control", control_listener, control.clone(), stop)?,
            _late: StopLater(platform.clone()),
        };
        platform
            .set_list_rules(config.lists)
            .and_then(|()| platform.set_callback_url(config.callback_url.as_deref()))
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))?;
        Ok(Sandbox { platform, control, _servers: Arc::new(servers) })
    }
}

/// An empty platform whose merchant has paid in its reserve.
fn first_state(config: &Config, random: Random, callbacks: CallbackSettings) -> State {
    let settings = Settings {
        key_state: KeyState::Active,
        merchant_state: MerchantState::Active,
        pci_enabled: config.pci_enabled,
        ip_whitelist: config.ip_whitelist.clone(),
        callbacks,
        lists: ListRules::default(),
        http_statuses: config.http_statuses,
        tariffs: config.tariffs,
    };
    let mut state = State::new(Numbers::new(random), settings);
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
