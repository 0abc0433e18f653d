//! The test environment: a sandbox and a client.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::{ActivateCard, Address, ApplyCard, CardType, Client, ClientBuilder, Cvv, Decimal};
use keysecure_sandbox::{Mode, RequestRecord, Sandbox, SandboxBuilder};

use crate::TestClock;

/// Any error, as of a test environment that could not be set up.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// A sandbox with one approved cardholder, and a client that talks to it.
#[derive(Debug, Clone)]
pub struct TestEnv {
    /// The sandbox.
    pub sandbox: Sandbox,
    /// A client with default settings.
    pub client: Client,
    /// An approved cardholder.
    pub cardholder_no: String,
}

impl TestEnv {
    /// Starts a sandbox in credit mode.
    pub fn credit() -> Result<Self, BoxError> {
        Self::with(Sandbox::builder())
    }

    /// Starts a sandbox in authorization mode.
    pub fn authorization() -> Result<Self, BoxError> {
        Self::with(Sandbox::builder().mode(Mode::Authorization))
    }

    /// Starts a sandbox with those settings.
    pub fn with(builder: SandboxBuilder) -> Result<Self, BoxError> {
        let sandbox = builder.start()?;
        let client = Client::builder(sandbox.api_key(), sandbox.api_secret()).base_url(sandbox.base_url()).build()?;
        let cardholder_no = sandbox.seed_approved_cardholder();
        Ok(Self { sandbox, client, cardholder_no })
    }

    /// Creates a builder of another client of the same merchant.
    pub fn builder(&self) -> ClientBuilder {
        Client::builder(self.sandbox.api_key(), self.sandbox.api_secret()).base_url(self.sandbox.base_url())
    }

    /// A client whose back-off takes no time, with its clock.
    pub fn with_virtual_clock(&self) -> Result<(Client, Arc<TestClock>), BoxError> {
        let clock = Arc::new(TestClock::virtual_sleeps(Some(self.sandbox.platform())));
        let client = self.builder().clock(clock.clone()).build()?;
        Ok((client, clock))
    }

    /// The recorded requests without the first `skip`.
    pub fn requests_since(&self, skip: usize) -> Vec<RequestRecord> {
        self.sandbox.requests().split_off(skip)
    }

    /// How many requests the sandbox has received.
    pub fn count(&self) -> usize {
        self.sandbox.requests().len()
    }

    /// Creates a virtual card, which is active.
    pub fn virtual_card(&self) -> Result<String, BoxError> {
        Ok(self.sandbox.seed_virtual_card(&self.cardholder_no)?)
    }

    /// Creates a physical card; returns the request that activates it.
    pub fn card_to_activate(&self) -> Result<ActivateCard, BoxError> {
        let card_no = self.sandbox.seed_physical_card(&self.cardholder_no)?;
        let card = self.sandbox.cards().into_iter().find(|card| card.card_no == card_no).ok_or("the card is gone")?;
        Ok(ActivateCard {
            cvv: Cvv::new(self.sandbox.cvv_for_tests(&card_no)?)?,
            card_no,
            cardholder_no: self.cardholder_no.clone(),
            card_last_no: card.card_last_no,
        })
    }

    /// Creates and activates a physical card.
    pub fn physical_card(&self) -> Result<String, BoxError> {
        let request = self.card_to_activate()?;
        self.client.cards().activate(&request)?;
        Ok(request.card_no)
    }
}

/// An application for a virtual card of the first package of credit mode.
pub fn virtual_card(cardholder_no: &str, card_unique_no: &str) -> ApplyCard {
    ApplyCard {
        cardholder_no: cardholder_no.to_owned(),
        card_unique_no: card_unique_no.to_owned(),
        card_type: CardType::Virtual,
        package_no: Some("1600000000000000101".to_owned()),
        ..ApplyCard::default()
    }
}

/// A complete address in English.
pub fn address() -> Address {
    Address {
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        phone_code: Some("44".into()),
        phone: Some("2079460123".into()),
        postal_code: "SW1Y 4JH".into(),
        country: "GB".into(),
        state: "London".into(),
        city: "London".into(),
        address_line1: "12 St James's Square".into(),
        address_line2: None,
    }
}

/// An amount in cents.
pub fn cents(cents: i64) -> Decimal {
    Decimal::new(cents, 2)
}

/// The instant of that many Unix milliseconds, not negative.
pub fn millis(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.unsigned_abs())
}
