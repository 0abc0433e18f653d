//! Everything the platform remembers, and the one place where it changes.

mod books;
mod card_life;
mod ledger;
mod ordered;
mod rows;
mod table;
mod words;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

pub(crate) use books::Books;
pub(crate) use card_life::By;
pub use ledger::{Account, Ledger, Posting};
pub(crate) use rows::Card;
pub use rows::{CardRecord, CardholderRecord, ConsumptionRecord, Fee, MerchantInfo, TransferRecord};
pub(crate) use table::{Key, Row, Table};
pub use words::{CallbackAction, CardStatus, CardType, CardholderStatus, ConsumptionType, Status, TransferType};

use crate::callback::CallbackSettings;
use crate::clock::Clock;
use crate::config::{HttpStatuses, KeyState, ListRules, MerchantState};
use crate::random::Numbers;

/// The platform's memory. A snapshot is a copy of it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    numbers: Numbers,
    /// Valid tokens and when they expire.
    access_tokens: HashMap<String, i64>,
    client_tokens: HashMap<String, ClientToken>,
    nonces: HashSet<String>,
    cardholders: Table<CardholderRecord>,
    cards: Table<Card>,
    consumptions: Table<ConsumptionRecord>,
    transfers: Table<TransferRecord>,
    books: Books,
}

/// What the platform's own staff would set for the merchant.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) key_state: KeyState,
    pub(crate) merchant_state: MerchantState,
    pub(crate) pci_enabled: bool,
    /// Empty: every address may call.
    pub(crate) ip_whitelist: Vec<IpAddr>,
    pub(crate) callbacks: CallbackSettings,
    pub(crate) lists: ListRules,
    pub(crate) http_statuses: HttpStatuses,
    /// Whether the fees and limits of packages and card BINs are applied.
    pub(crate) tariffs: bool,
}

/// A token of the hosted card page.
#[derive(Debug, Clone)]
pub(crate) struct ClientToken {
    pub(crate) token: String,
    pub(crate) card_no: String,
    pub(crate) expires_ms: i64,
}

/// One change of the state. A row stands for its whole new content.
#[derive(Debug)]
pub(crate) enum Change {
    AccessToken {
        token: String,
        expires_ms: i64,
        voids_previous: bool,
    },
    ClientToken(ClientToken),
    /// A client token was spent, with this nonce.
    ClientTokenUsed {
        token: String,
        nonce: String,
    },
    Cardholder(CardholderRecord),
    Card(Box<Card>),
    Consumption(Box<ConsumptionRecord>),
    Transfer(TransferRecord),
    Posting(Posting),
}

/// The changes one call wants. Nothing happens before [`State::commit`]: a call that fails half-way leaves no trace,
/// and the fault plan can tell exactly whether a call was carried out.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) numbers: Numbers,
    changes: Vec<Change>,
    question: Option<Box<ConsumptionRecord>>,
    untold: bool,
}

/// A committed change that the merchant is to be told.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A card has another status.
    Card { before: CardStatus, card: Box<CardRecord> },
    /// A consumption is new, or has another status or other fees.
    Consumption(Box<ConsumptionRecord>),
}

impl Transaction {
    /// The merchant is to be asked about this purchase before anything is committed.
    pub(crate) fn ask(&mut self, purchase: &ConsumptionRecord) {
        self.question = Some(Box::new(purchase.clone()));
    }

    pub(crate) fn question(&self) -> Option<&ConsumptionRecord> {
        self.question.as_deref()
    }

    /// The merchant is told nothing of all this.
    pub(crate) fn keep_untold(&mut self) {
        self.untold = true;
    }

    pub(crate) fn add(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl State {
    pub(crate) fn new(numbers: Numbers, settings: Settings) -> Self {
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
            books: Books::default(),
        }
    }

    pub(crate) fn transaction(&self) -> Transaction {
        Transaction { numbers: self.numbers, changes: Vec::new(), question: None, untold: false }
    }

    /// Carries out a transaction: the only place where business state changes. Gives what the merchant is to be told.
    pub(crate) fn commit(&mut self, transaction: Transaction) -> Vec<Notice> {
        self.numbers = transaction.numbers;
        let told = !transaction.untold && self.settings.callbacks.target.is_some();
        let mut notices = Vec::new();
        let now_ms = self.clock.now_ms();
        for mut change in transaction.changes {
            if !transaction.untold {
                self.stamp(&mut change, now_ms);
            }
            if told {
                notices.extend(self.notice(&change));
            }
            self.carry_out(change);
        }
        notices
    }

    /// Gives out no number again that this transaction has used, though nothing of it is committed.
    pub(crate) fn keep_numbers(&mut self, transaction: &Transaction) {
        self.numbers = transaction.numbers;
    }

    /// A consumption says when it was last changed, and no two changes of one have the same time: a receiver
    /// of both must see which is newer, also within a millisecond, under a frozen clock, and when the clock goes back.
    fn stamp(&self, change: &mut Change, now_ms: i64) {
        if let Change::Consumption(row) = change {
            let before = self.consumptions.get(&row.consume_no);
            let earliest = before.map_or(row.updated_ms, |before| before.updated_ms.saturating_add(1));
            row.updated_ms = now_ms.max(earliest);
        }
    }

    /// What a change means to the merchant, before it is carried out.
    fn notice(&self, change: &Change) -> Option<Notice> {
        match change {
            Change::Card(card) => {
                let before = self.cards.get(&card.record.card_no)?.record.status;
                (before != card.record.status).then(|| Notice::Card { before, card: Box::new(card.record.clone()) })
            }
            Change::Consumption(row) => {
                let before = self.consumptions.get(&row.consume_no);
                let same = before.is_some_and(|before| before.status == row.status && before.fees == row.fees);
                (!same).then(|| Notice::Consumption(row.clone()))
            }
            _ => None,
        }
    }

    fn carry_out(&mut self, change: Change) {
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
            Change::Posting(posting) => self.books.post(posting),
        }
    }

    /// No access token is valid any more.
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

    pub(crate) fn books(&self) -> &Books {
        &self.books
    }
}
