//! The ledger in memory: each account once, and postings that refer to accounts by index.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::ledger::{Account, Ledger, Posting};

/// All postings and balances. [`CompactLedger::to_ledger`] gives a readable copy.
#[derive(Debug, Clone, Default)]
pub(crate) struct CompactLedger {
    indexes: BTreeMap<Account, u32>,
    balances: Vec<Decimal>,
    entries: Vec<Entry>,
    /// The sum of the balances, kept so that checking it costs nothing.
    total: Decimal,
}

/// A [`Posting`] in a third of the memory.
#[derive(Debug, Clone)]
struct Entry {
    time_ms: i64,
    amount: Decimal,
    memo: Memo,
    from: u32,
    to: u32,
}

/// The memo of a posting: almost always a few known words and a number of the platform.
#[derive(Debug, Clone)]
enum Memo {
    Numbered(&'static str, u64),
    Other(Box<str>),
}

/// The words that memos of the sandbox start with.
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
                .map(|number| Self::Numbered(words, number))
        });
        parts.unwrap_or_else(|| Self::Other(text.into()))
    }

    fn text(&self) -> String {
        match self {
            Self::Numbered(words, number) => format!("{words} {number}"),
            Self::Other(text) => text.as_ref().to_owned(),
        }
    }
}

impl CompactLedger {
    /// Posts one movement of money.
    ///
    /// # Panics
    ///
    /// If the balances no longer add up to zero: that is a bug of the sandbox, which must not stay hidden.
    pub(crate) fn post(&mut self, posting: Posting) {
        let Posting { time_ms, memo, from, to, amount } = posting;
        let from = self.add_to(from, -amount);
        let to = self.add_to(to, amount);
        assert!(self.total.is_zero(), "unbalanced: {memo}");
        self.entries.push(Entry { time_ms, amount, memo: Memo::new(&memo), from, to });
    }

    /// Changes the balance of an account and returns the account's index.
    fn add_to(&mut self, account: Account, amount: Decimal) -> u32 {
        // 4 billion accounts do not fit into memory.
        let next = u32::try_from(self.balances.len()).unwrap_or(u32::MAX);
        let index = *self.indexes.entry(account).or_insert(next);
        if index == next {
            self.balances.push(Decimal::ZERO);
        }
        self.balances[index as usize] += amount;
        self.total += amount;
        index
    }

    /// The balance of an account; zero if nothing was posted to it.
    pub(crate) fn balance(&self, account: &Account) -> Decimal {
        self.indexes.get(account).map_or(Decimal::ZERO, |index| self.balances[*index as usize])
    }

    /// A readable copy.
    pub(crate) fn to_ledger(&self) -> Ledger {
        let mut accounts: Vec<_> = self.indexes.iter().collect();
        let balances = accounts.iter().map(|(account, index)| ((*account).clone(), self.balances[**index as usize]));
        let balances = balances.collect();
        accounts.sort_unstable_by_key(|(_, index)| **index);
        let account = |index: u32| accounts[index as usize].0.clone();
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
    fn postings_are_read_back_unchanged() {
        let posting = |memo: &str, from: Account, to: Account, cents| Posting {
            time_ms: cents,
            memo: memo.to_owned(),
            from,
            to,
            amount: Decimal::new(cents, 2),
        };
        let holder = || Account::Cardholder("17".to_owned());
        let posted = vec![
            posting("opening reserve", Account::Outside, Account::MerchantReserve, 100),
            posting("transfer 1700000000000000001", Account::MerchantReserve, holder(), 70),
            posting("hold 0017", holder(), Account::Hold("0017".to_owned()), 30),
            posting("fees 99999999999999999999999", holder(), Account::Fees, 5),
        ];
        let mut compact = CompactLedger::default();
        posted.iter().cloned().for_each(|posting| compact.post(posting));
        let ledger = compact.to_ledger();
        assert_eq!(posted, ledger.postings());
        assert_eq!("0.35", ledger.balance(&holder()).to_string());
        assert_eq!(ledger.balance(&holder()), compact.balance(&holder()));
        assert_eq!(5, ledger.balances().len());
        assert!(ledger.total().is_zero());
    }
}
