//! The operations that must be done exactly once.

use std::collections::{BTreeMap, HashMap};

use keysecure::{ApplyCard, Client, EnsureOptions, Error, Transfer, TransferType};

use super::random::Random;
use crate::{cents, virtual_card};

/// One operation of the merchant: a transfer or a card.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// The merchant reference without the version.
    pub(crate) name: String,
    pub(crate) cardholder_no: String,
    /// `None` for a card.
    pub(crate) cents: Option<i64>,
    /// How many devices of an app make the first calls at the same time.
    pub(crate) callers: usize,
}

/// A job under one reference: the first, or a later version after the platform refused the earlier one.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Transfer(Transfer),
    Card(Box<ApplyCard>),
}

impl Job {
    /// Creates the jobs of a phase, transfers and cards mixed. Cardholders of cards get no transfers, so that fees are visible.
    pub(crate) fn list(seed: u64, prefix: &str, transfers: usize, cards: usize, holders: &[String]) -> Vec<Self> {
        let mut random = Random::new(seed, 0x10B5);
        let (mut transfers_left, mut cards_left) = (transfers, cards);
        let (for_transfers, for_cards) = holders.split_at(holders.len() / 2);
        let mut jobs = Vec::with_capacity(transfers + cards);
        while transfers_left + cards_left > 0 {
            let left = u64::try_from(transfers_left + cards_left).unwrap_or(1);
            let is_card = random.below(left) < u64::try_from(cards_left).unwrap_or(0);
            let among = if is_card { for_cards } else { for_transfers };
            let holder = random.below(u64::try_from(among.len()).unwrap_or(1));
            let cents = i64::try_from(random.below(5_000)).unwrap_or(0) + 1;
            jobs.push(Self {
                name: format!("{prefix}-{}-{}", if is_card { "Card" } else { "Transfer" }, jobs.len()),
                cardholder_no: usize::try_from(holder).ok().and_then(|at| among.get(at)).cloned().unwrap_or_default(),
                cents: (!is_card).then_some(cents),
                callers: 1,
            });
            *(if is_card { &mut cards_left } else { &mut transfers_left }) -= 1;
        }
        jobs
    }

    /// Has one in three taps made by two or three devices at the same time.
    pub(crate) fn with_several_devices(mut jobs: Vec<Self>, seed: u64) -> Vec<Self> {
        let mut random = Random::new(seed, 0x00DE_71CE);
        for job in &mut jobs {
            if random.one_in(3) {
                job.callers = if random.one_in(3) { 3 } else { 2 };
            }
        }
        jobs
    }

    /// The limits of a day in cents, by cardholder: a third has none, a third the sum of its transfers, a third less; or all have
    /// half of it.
    pub(crate) fn limits(jobs: &[Self], seed: u64, half: bool) -> HashMap<String, i64> {
        let mut random = Random::new(seed, 0x0011_7175);
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for job in jobs {
            *sums.entry(&job.cardholder_no).or_default() += job.cents.unwrap_or(0);
        }
        let mut limit = |sum: i64| match random.below(3) {
            _ if half => Some(sum / 2),
            0 => None,
            1 => Some(sum),
            _ => Some(sum * 85 / 100),
        };
        sums.into_iter().filter_map(|(number, sum)| Some((number.to_owned(), limit(sum)?))).collect()
    }

    /// The merchant reference of a version.
    pub(crate) fn reference(&self, version: u32) -> String {
        format!("{}/{version}", self.name)
    }

    pub(crate) fn target(&self, version: u32) -> Target {
        match self.cents {
            Some(amount) => Target::Transfer(Transfer {
                cardholder_no: self.cardholder_no.clone(),
                transfer_unique_no: self.reference(version),
                r#type: TransferType::In,
                amount: cents(amount),
            }),
            None => Target::Card(Box::new(virtual_card(&self.cardholder_no, &self.reference(version)))),
        }
    }

    /// The call that makes it.
    pub(crate) fn operation(&self) -> &'static str {
        if self.cents.is_some() { "accounts.transfer" } else { "cards.apply" }
    }

    /// The call that looks it up.
    pub(crate) fn lookup(&self) -> &'static str {
        if self.cents.is_some() { "accounts.transfers" } else { "cards.list" }
    }

    /// The job as words for a process of a fleet.
    #[cfg(unix)]
    pub(crate) fn to_words(&self) -> String {
        format!("{} {} {}", self.name, self.cardholder_no, self.cents.unwrap_or(0))
    }

    #[cfg(unix)]
    pub(crate) fn from_words(name: &str, cardholder_no: &str, cents: &str) -> Option<Self> {
        let cents: i64 = cents.parse().ok()?;
        let (name, cardholder_no) = (name.to_owned(), cardholder_no.to_owned());
        Some(Self { name, cardholder_no, cents: (cents > 0).then_some(cents), callers: 1 })
    }
}

impl Target {
    pub(crate) fn reference(&self) -> &str {
        match self {
            Self::Transfer(transfer) => &transfer.transfer_unique_no,
            Self::Card(card) => &card.card_unique_no,
        }
    }

    /// Makes the plain call. Returns the platform's number.
    pub(crate) fn send(&self, client: &Client) -> Result<String, Error> {
        match self {
            Self::Transfer(transfer) => client.accounts().transfer(transfer).map(|made| made.transfer_no),
            Self::Card(card) => client.cards().apply(card).map(|made| made.card_no),
        }
    }

    /// Makes the exactly-once call. Returns the platform's number, and whether this call created the target.
    pub(crate) fn ensure(&self, client: &Client, options: &EnsureOptions) -> Result<(String, bool), Error> {
        match self {
            Self::Transfer(transfer) => {
                client.accounts().ensure_transfer(transfer, options).map(|made| (made.value.transfer_no, made.created))
            }
            Self::Card(card) => {
                client.cards().ensure_card(card, options).map(|made| (made.value.card_no, made.created))
            }
        }
    }
}
