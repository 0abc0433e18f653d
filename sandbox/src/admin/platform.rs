//! Steering and looking into a running sandbox.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::{self, Clock};
use crate::config::{HttpStatuses, KeyState, ListRules, MerchantState, Mode};
use crate::error::SandboxError;
use crate::fault::{Fault, FiredFault};
use crate::log::{Entry, RequestRecord};
use crate::platform::{cardholders, cards, routes, rows, simulation};
use crate::shared::Shared;
use crate::state::{
    By, Card, CardRecord, CardStatus, CardholderRecord, CardholderStatus, Change, ConsumptionRecord, Fee, Ledger,
    State, Status, Transaction, TransferRecord,
};

/// The platform from behind the counter: what its staff would do, what a test wants to see, and what goes wrong.
#[derive(Debug, Clone)]
pub struct Platform {
    pub(crate) shared: Arc<Shared>,
}

/// A copy of the sandbox's memory, made by [`Platform::snapshot`].
#[derive(Clone)]
pub struct Snapshot(State);

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Snapshot")
    }
}

/// Where it is and who may call.
impl Platform {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Where the platform's calls go, without `/open-api`.
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// Where the steering calls go that other languages use.
    pub fn control_url(&self) -> &str {
        &self.shared.control_url
    }

    /// The merchant's Api-Key.
    pub fn api_key(&self) -> &str {
        &self.shared.setup.api_key
    }

    /// The merchant's apiSecret.
    pub fn api_secret(&self) -> &str {
        &self.shared.api_secret
    }

    /// The merchant's mode.
    pub fn mode(&self) -> Mode {
        self.shared.setup.mode
    }

    /// Origin of the hosted card page: what `Origin` must be on `pci.card_detail`.
    pub fn hosted_origin(&self) -> &str {
        &self.shared.setup.hosted_origin
    }

    /// What a client in another process needs to know, as the program prints it.
    pub fn info(&self) -> serde_json::Value {
        serde_json::json!({
            "base_url": self.base_url(),
            "control_url": self.control_url(),
            "api_key": self.api_key(),
            "api_secret": self.api_secret(),
            "mode": self.mode(),
            "hosted_origin": self.hosted_origin(),
            "parent_origin": self.parent_origin(),
        })
    }

    /// The whitelisted origin of the merchant's page around it.
    pub fn parent_origin(&self) -> &str {
        &self.shared.setup.parent_origin
    }
}

/// Time.
impl Platform {
    /// Virtual time in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.shared.lock().state.clock.now_ms()
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.clock(|clock| clock.shift(clock::to_ms(by)));
    }

    /// Moves the clock back.
    pub fn rewind(&self, by: Duration) {
        self.clock(|clock| clock.shift(-clock::to_ms(by)));
    }

    /// Stops the clock.
    pub fn freeze(&self) {
        self.clock(Clock::freeze);
    }

    /// Lets the clock go on from where it stands.
    pub fn unfreeze(&self) {
        self.clock(Clock::unfreeze);
    }

    fn clock(&self, change: impl FnOnce(&mut Clock)) {
        let mut world = self.shared.lock();
        change(&mut world.state.clock);
        // Callbacks may have become due.
        world.outbox.notify();
    }
}

/// Decisions.
impl Platform {
    /// Approves a cardholder that is not decided yet or was rejected.
    pub fn approve_cardholder(&self, no: &str) -> Result<(), SandboxError> {
        self.decide(no, CardholderStatus::Approved, "")
    }

    /// Begins to look at a cardholder's papers: Pending becomes `In_progress`.
    pub fn start_review(&self, no: &str) -> Result<(), SandboxError> {
        self.decide(no, CardholderStatus::InProgress, "")
    }

    /// Rejects a cardholder that is not decided yet.
    pub fn reject_cardholder(&self, no: &str, reason: &str) -> Result<(), SandboxError> {
        self.decide(no, CardholderStatus::Rejected, reason)
    }

    fn decide(&self, no: &str, status: CardholderStatus, reason: &str) -> Result<(), SandboxError> {
        use CardholderStatus::{Approved, InProgress, Pending, Rejected};
        self.change(|state, transaction| {
            let known = state
                .cardholders()
                .get(no)
                .ok_or_else(|| SandboxError::NotFound { what: "cardholder", number: no.to_owned() })?;
            let allowed = match status {
                Approved => known.status != Approved,
                InProgress => known.status == Pending,
                Rejected => matches!(known.status, Pending | InProgress),
                Pending => false,
            };
            if !allowed {
                return Err(SandboxError::WrongState { what: "cardholder", state: known.status.as_str() });
            }
            transaction.add(Change::Cardholder(cardholders::decided(known.clone(), status, reason)));
            Ok(())
        })
    }

    /// Hands out a Pending card: a virtual one becomes Activated, a physical one `ToActivate`.
    pub fn issue_card(&self, no: &str) -> Result<(), SandboxError> {
        self.change_card(no, cards::issued)
    }

    /// Fails a card that is Pending or `ToActivate`.
    pub fn fail_card(&self, no: &str, reason: &str) -> Result<(), SandboxError> {
        self.change_card(no, |card| card.with_status(CardStatus::Fail, By::Platform, reason))
    }

    fn change_card(&self, no: &str, changed: impl FnOnce(&Card) -> Option<Card>) -> Result<(), SandboxError> {
        self.change(|state, transaction| {
            let card = card(state, no)?;
            let changed =
                changed(card).ok_or(SandboxError::WrongState { what: "card", state: card.record.status.as_str() })?;
            transaction.add(Change::Card(Box::new(changed)));
            Ok(())
        })
    }

    /// Adds fees to a consumption in Success, as a channel does that knows them late. Its payer pays them.
    ///
    /// # Errors
    ///
    /// If there is no such consumption, or it is not in Success.
    pub fn complete_fees(&self, consume_no: &str, fees: Vec<Fee>) -> Result<(), SandboxError> {
        let (mode, now_ms) = (self.mode(), self.now_ms());
        self.change(|state, transaction| {
            let row = state
                .consumptions()
                .get(consume_no)
                .ok_or_else(|| SandboxError::NotFound { what: "consumption", number: consume_no.to_owned() })?;
            if row.status != Status::Success {
                return Err(SandboxError::WrongState { what: "consumption", state: row.status.as_str() });
            }
            simulation::add_fees(mode, transaction, row, fees, now_ms);
            Ok(())
        })
    }

    /// Runs a change the same way a call of the platform runs: all of it or nothing.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&State, &mut Transaction) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        let mut world = self.shared.lock();
        let mut transaction = world.state.transaction();
        let result = change(&world.state, &mut transaction)?;
        world.commit(transaction);
        Ok(result)
    }
}

/// Settings.
impl Platform {
    /// No access token is valid any more.
    pub fn revoke_tokens(&self) {
        self.shared.lock().state.revoke_tokens();
    }

    /// Sets the state of the Api-Key.
    pub fn set_key_state(&self, to: KeyState) {
        self.shared.lock().state.settings.key_state = to;
    }

    /// Sets the state of the merchant.
    pub fn set_merchant_state(&self, to: MerchantState) {
        self.shared.lock().state.settings.merchant_state = to;
    }

    /// Sets whether card numbers may be shown.
    pub fn set_pci_enabled(&self, enabled: bool) {
        self.shared.lock().state.settings.pci_enabled = enabled;
    }

    /// Sets the addresses that may call; empty for all.
    pub fn set_ip_whitelist(&self, addresses: Vec<IpAddr>) {
        self.shared.lock().state.settings.ip_whitelist = addresses;
    }

    /// Sets which HTTP statuses refusals have.
    pub fn set_http_statuses(&self, to: HttpStatuses) {
        self.shared.lock().state.settings.http_statuses = to;
    }

    /// Sets whether the fees and limits of packages and card BINs are applied.
    pub fn set_tariffs(&self, applied: bool) {
        self.shared.lock().state.settings.tariffs = applied;
    }

    /// How list calls differ from what the platform documents.
    pub fn list_rules(&self) -> ListRules {
        self.shared.lock().state.settings.lists.clone()
    }

    /// Sets how list calls differ from what the platform documents.
    ///
    /// # Errors
    ///
    /// If no list row has a field that is to be left out: such a rule would do nothing, and a test would prove nothing.
    pub fn set_list_rules(&self, rules: ListRules) -> Result<(), SandboxError> {
        if let Some(field) = rules.left_out.iter().find(|field| !rows::FIELDS.contains(&field.as_str())) {
            return Err(SandboxError::UnknownField { field: field.clone() });
        }
        self.shared.lock().state.settings.lists = rules;
        Ok(())
    }
}

/// Faults.
impl Platform {
    /// Adds a fault to the plan.
    ///
    /// # Panics
    ///
    /// If there is no operation of that name: such a fault would never hit, and a test would prove nothing.
    pub fn fault(&self, fault: Fault) {
        if let Err(error) = self.try_fault(fault) {
            panic!("{error}");
        }
    }

    /// Adds a fault to the plan, or says that there is no operation of that name.
    pub fn try_fault(&self, fault: Fault) -> Result<(), SandboxError> {
        match &fault.operation {
            Some(name) if routes::by_operation(name).is_none() => {
                Err(SandboxError::UnknownOperation { operation: name.clone() })
            }
            _ => {
                self.shared.lock().faults.add(fault);
                Ok(())
            }
        }
    }

    /// Removes all faults from the plan.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// The faults that hit, oldest first.
    pub fn faults_fired(&self) -> Vec<FiredFault> {
        self.shared.lock().faults.fired().to_vec()
    }

    /// How often somebody followed the redirect of [`FaultKind::Redirect`](crate::FaultKind::Redirect).
    pub fn redirect_calls(&self) -> usize {
        self.shared.trapped.load(Ordering::Relaxed)
    }
}

/// Inspection.
impl Platform {
    /// The requests on record, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.lock().log.entries().map(Entry::record).collect()
    }

    /// How many requests on record went to that operation.
    pub fn requests_to(&self, operation: &str) -> usize {
        let world = self.shared.lock();
        world.log.entries().filter(|entry| entry.operation == operation).count()
    }

    /// All postings and balances.
    pub fn ledger(&self) -> Ledger {
        self.shared.lock().state.books().ledger()
    }

    /// All cardholders, oldest first.
    pub fn cardholders(&self) -> Vec<CardholderRecord> {
        self.shared.lock().state.cardholders().iter().cloned().collect()
    }

    /// All cards without their secrets, oldest first.
    pub fn cards(&self) -> Vec<CardRecord> {
        let world = self.shared.lock();
        world.state.cards().iter().map(|card| card.record.clone()).collect()
    }

    /// All consumptions, oldest first.
    pub fn consumptions(&self) -> Vec<ConsumptionRecord> {
        self.shared.lock().state.consumptions().iter().cloned().collect()
    }

    /// All transfers, oldest first.
    pub fn transfers(&self) -> Vec<TransferRecord> {
        self.shared.lock().state.transfers().iter().cloned().collect()
    }

    /// Whether the card's PIN is this one.
    pub fn pin_matches(&self, card_no: &str, pin: &str) -> bool {
        let world = self.shared.lock();
        card(&world.state, card_no).is_ok_and(|card| card.pin.as_deref() == Some(pin))
    }

    /// The card's CVV, which a test needs to activate it.
    pub fn cvv_for_tests(&self, card_no: &str) -> Result<String, SandboxError> {
        let world = self.shared.lock();
        card(&world.state, card_no).map(|card| card.cvv.clone())
    }

    /// The card's full number, which a test needs to compare.
    pub fn pan_for_tests(&self, card_no: &str) -> Result<String, SandboxError> {
        let world = self.shared.lock();
        card(&world.state, card_no).map(|card| card.pan.clone())
    }

    /// Copies the whole memory: rows, ledger, tokens, settings (those of callbacks too) and clock. Requests and deliveries
    /// on record, faults, and callbacks that wait are not part.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.shared.lock().state.clone())
    }

    /// Goes back to a snapshot of this sandbox. Callbacks that wait, and faults planned for callbacks, are forgotten;
    /// requests and deliveries stay on record.
    pub fn restore(&self, snapshot: &Snapshot) {
        let mut world = self.shared.lock();
        world.state = snapshot.0.clone();
        world.outbox.forget_waiting();
    }
}

pub(crate) fn card<'s>(state: &'s State, no: &str) -> Result<&'s Card, SandboxError> {
    state.cards().get(no).ok_or_else(|| SandboxError::NotFound { what: "card", number: no.to_owned() })
}
