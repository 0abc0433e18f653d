//! The ledger as the platform keeps it: every account once, and postings that only point at accounts.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Account, Ledger, Posting};

/// All postings and what they add up to. [`Books::ledger`] shows them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    places: BTreeMap<Account, u32>,
    balances: Vec<Decimal>,
    entries: Vec<Entry>,
    /// Kept beside the balances, so that checking it costs nothing.
    total: Decimal,
}

/// A posting in a third of the room.
#[derive(Debug, Clone)]
struct Entry {
    time_ms: i64,
    amount: Decimal,
    memo: Memo,
    from: u32,
    to: u32,
}

/// Almost every memo is a few words and one of the platform's numbers.
#[derive(Debug, Clone)]
enum Memo {
    Of(&'static str, u64),
    Other(Box<str>),
}

/// What the memos of the sandbox begin with.
const WORDS: [&str; 10] = [
    "transfer",
    "hold",
    "settle",
    "release",
    "fees",
    "opening fee",
    "management fee",
    "seeded consumption",
    "Refund",
    "Reversal",
];

impl Memo {
    fn new(text: &str) -> Self {
        let parts = text.rsplit_once(' ').and_then(|(words, number)| {
            let words = WORDS.iter().find(|known| **known == words)?;
            number
                .parse()
                .ok()
                .filter(|parsed: &u64| parsed.to_string() == number)
                .map(|number| Self::Of(words, number))
        });
        parts.unwrap_or_else(|| Self::Other(text.into()))
    }

    fn text(&self) -> String {
        match self {
            Self::Of(words, number) => format!("{words} {number}"),
            Self::Other(text) => text.as_ref().to_owned(),
        }
    }
}

impl Books {
    /// Books one movement.
    ///
    /// # Panics
    ///
    /// If the balances no longer add up to zero. That would be a mistake in the sandbox, and tests must see it.
    pub(crate) fn post(&mut self, posting: Posting) {
        let Posting { time_ms, memo, from, to, amount } = posting;
        let from = self.move_by(from, -amount);
        let to = self.move_by(to, amount);
        assert!(self.total.is_zero(), "unbalanced: {memo}");
        self.entries.push(Entry { time_ms, amount, memo: Memo::new(&memo), from, to });
    }

    /// Changes the balance of an account and gives its place.
    fn move_by(&mut self, account: Account, amount: Decimal) -> u32 {
        // As many accounts as that fit into no memory.
        let next = u32::try_from(self.balances.len()).unwrap_or(u32::MAX);
        let place = *self.places.entry(account).or_insert(next);
        if place == next {
            self.balances.push(Decimal::ZERO);
        }
        self.balances[place as usize] += amount;
        self.total += amount;
        place
    }

    /// What an account holds; zero if it never moved.
    pub(crate) fn balance(&self, account: &Account) -> Decimal {
        self.places.get(account).map_or(Decimal::ZERO, |place| self.balances[*place as usize])
    }

    /// A copy for whoever wants to look into it.
    pub(crate) fn ledger(&self) -> Ledger {
        let mut accounts: Vec<_> = self.places.iter().collect();
        let balances = accounts.iter().map(|(account, place)| ((*account).clone(), self.balances[**place as usize]));
        let balances = balances.collect();
        accounts.sort_unstable_by_key(|(_, place)| **place);
        let account = |place: u32| accounts[place as usize].0.clone();
        let postings = self.entries.iter().map(|entry| Posting {
            time_ms: entry.time_ms,
            memo: entry.memo.text(),
            from: account(entry.from),
            to: account(entry.to),
            amount: entry.amount,
        });
        Ledger::new(balances, postings.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postings_come_back_as_they_were_booked() {
        let posting = |memo: &str, from: Account, to: Account, cents| Posting {
            time_ms: cents,
            memo: memo.to_owned(),
            from,
            to,
            amount: Decimal::new(cents, 2),
        };
        let holder = || Account::Cardholder("17".to_owned());
        let booked = vec![
            posting("opening reserve", Account::Outside, Account::MerchantReserve, 100),
            posting("transfer 1700000000000000001", Account::MerchantReserve, holder(), 70),
            posting("hold 0017", holder(), Account::Hold("0017".to_owned()), 30),
            posting("fees 99999999999999999999999", holder(), Account::Fees, 5),
        ];
        let mut books = Books::default();
        booked.iter().cloned().for_each(|posting| books.post(posting));
        let ledger = books.ledger();
        assert_eq!(booked, ledger.postings());
        assert_eq!("0.35", ledger.balance(&holder()).to_string());
        assert_eq!(ledger.balance(&holder()), books.balance(&holder()));
        assert_eq!(5, ledger.balances().len());
        assert!(ledger.total().is_zero());
    }
}
