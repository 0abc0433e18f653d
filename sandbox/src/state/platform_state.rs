//! The platform's stored data: rows, ledger, tokens, settings and clock.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::compact_ledger::CompactLedger;
use super::rows::{Card, CardholderRecord, ConsumptionRecord, TransferRecord};
use super::table::Table;
use super::transaction::{Change, ClientToken, Notification, Transaction};
use crate::clock::Clock;
use crate::config::{HttpStatuses, KeyState, ListRules, MerchantState};
use crate::numbers::NumberGenerator;
use crate::webhook::settings::WebhookSettings;

/// The platform's stored data. A snapshot is a copy of it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    numbers: NumberGenerator,
    /// Valid tokens and their expiry in Unix milliseconds.
    access_tokens: HashMap<String, i64>,
    client_tokens: HashMap<String, ClientToken>,
    nonces: HashSet<String>,
    cardholders: Table<CardholderRecord>,
    cards: Table<Card>,
    consumptions: Table<ConsumptionRecord>,
    transfers: Table<TransferRecord>,
    ledger: CompactLedger,
}

/// The merchant's settings at the platform.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) key_state: KeyState,
    pub(crate) merchant_state: MerchantState,
    pub(crate) pci_enabled: bool,
    /// Empty: every address may call.
    pub(crate) ip_whitelist: Vec<IpAddr>,
    pub(crate) webhooks: WebhookSettings,
    pub(crate) lists: ListRules,
    pub(crate) http_statuses: HttpStatuses,
    /// Whether the fees and limits of packages and card BINs are applied.
    pub(crate) tariffs: bool,
}

impl State {
    pub(crate) fn new(numbers: NumberGenerator, settings: Settings) -> Self {
        Self {
            clock: Clock::default(),
            settings,
            numbers,
            access_tokens: HashMap::new(),
            client_tokens: HashMap::new(),
            nonces: HashSet::new(),
            cardholders: Table::new(),
            cards: Table::new(),
            consumptions: Table::new(),
            transfers: Table::new(),
            ledger: CompactLedger::default(),
        }
    }

    /// Starts a transaction on this state.
    pub(crate) fn transaction(&self) -> Transaction {
        Transaction::new(self.numbers.clone())
    }

    /// Applies a transaction: the only place where rows, tokens and money change. Returns the notifications for the
    /// merchant.
    pub(crate) fn commit(&mut self, transaction: Transaction) -> Vec<Notification> {
        self.numbers = transaction.numbers;
        let notify = !transaction.webhooks_suppressed && self.settings.webhooks.target.is_some();
        let mut notifications = Vec::new();
        let now_ms = self.clock.now_ms();
        for mut change in transaction.changes {
            if !transaction.webhooks_suppressed {
                self.stamp(&mut change, now_ms);
            }
            if notify {
                notifications.extend(self.notification(&change));
            }
            self.apply(change);
        }
        notifications
    }

    /// Marks the numbers of this transaction as used although nothing of it is committed.
    pub(crate) fn keep_numbers(&mut self, transaction: &Transaction) {
        self.numbers = transaction.numbers.clone();
    }

    /// Sets the time of the last change of a consumption. No two changes of one consumption have the same time: a
    /// receiver of both must see which is newer, even within a millisecond, under a frozen clock, or after the clock was
    /// moved back.
    fn stamp(&self, change: &mut Change, now_ms: i64) {
        if let Change::Consumption(row) = change {
            let before = self.consumptions.get(&row.consume_no);
            let earliest = before.map_or(row.updated_ms, |before| before.updated_ms.saturating_add(1));
            row.updated_ms = now_ms.max(earliest);
        }
    }

    /// The notification that a change brings about, before it is applied.
    fn notification(&self, change: &Change) -> Option<Notification> {
        match change {
            Change::Card(card) => {
                let before = self.cards.get(&card.record.card_no)?.record.status;
                (before != card.record.status)
                    .then(|| Notification::Card { before, card: Box::new(card.record.clone()) })
            }
            Change::Consumption(row) => {
                let before = self.consumptions.get(&row.consume_no);
                let same = before.is_some_and(|before| before.status == row.status && before.fees == row.fees);
                (!same).then(|| Notification::Consumption(row.clone()))
            }
            _ => None,
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::AccessToken { token, expires_ms, voids_previous } => {
                if voids_previous {
                    self.access_tokens.clear();
                }
                self.access_tokens.insert(token, expires_ms);
            }
            Change::ClientToken(token) => {
                self.client_tokens.insert(token.token.clone(), token);
            }
            Change::ClientTokenUsed { token, nonce } => {
                self.client_tokens.remove(&token);
                self.nonces.insert(nonce);
            }
            Change::Cardholder(row) => self.cardholders.put(row),
            Change::Card(row) => self.cards.put(*row),
            Change::Consumption(row) => self.consumptions.put(*row),
            Change::Transfer(row) => self.transfers.put(row),
            Change::Posting(posting) => self.ledger.post(posting),
        }
    }

    /// Invalidates all access tokens.
    pub(crate) fn revoke_tokens(&mut self) {
        self.access_tokens.clear();
    }

    pub(crate) fn token_is_valid(&self, token: &str, now_ms: i64) -> bool {
        self.access_tokens.get(token).is_some_and(|expires_ms| now_ms < *expires_ms)
    }

    pub(crate) fn client_token(&self, token: &str) -> Option<&ClientToken> {
        self.client_tokens.get(token)
    }

    pub(crate) fn nonce_is_used(&self, nonce: &str) -> bool {
        self.nonces.contains(nonce)
    }

    pub(crate) fn cardholders(&self) -> &Table<CardholderRecord> {
        &self.cardholders
    }

    pub(crate) fn cards(&self) -> &Table<Card> {
        &self.cards
    }

    pub(crate) fn consumptions(&self) -> &Table<ConsumptionRecord> {
        &self.consumptions
    }

    pub(crate) fn transfers(&self) -> &Table<TransferRecord> {
        &self.transfers
    }

    pub(crate) fn ledger(&self) -> &CompactLedger {
        &self.ledger
    }
}
