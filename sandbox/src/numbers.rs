//! Seeded numbers: the same seed and the same calls give the same sandbox.

/// The `SplitMix64` generator. Good enough for test data, and small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is small against 2^64.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// That many decimal digits.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10).to_le_bytes()[0])).collect()
    }

    /// That many lowercase hexadecimal letters.
    pub(crate) fn hex(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b"0123456789abcdef"[(self.next() & 15).to_le_bytes()[0] as usize])).collect()
    }
}

impl Random {
    /// An initialisation vector. Seeded like everything here, so it is unpredictable to nobody.
    pub(crate) fn block(&mut self) -> [u8; 16] {
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes()
    }
}

/// Makes the platform's numbers: unique over all kinds, rising, 19 digits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) random: Random,
    last: u64,
}

impl Numbers {
    pub(crate) fn new(mut random: Random) -> Self {
        let last = 1_700_000_000_000_000_000 + random.below(100_000_000_000_000_000);
        Self { random, last }
    }

    /// The next number. It never passes the Luhn check, so that nothing takes it for a card number.
    pub(crate) fn next(&mut self) -> String {
        self.last += 4096 + self.random.below(4_000_000);
        while passes_luhn(&self.last.to_string()) {
            self.last += 1;
        }
        self.last.to_string()
    }

    /// A card number of 16 digits that starts with `bin` and passes the Luhn check.
    pub(crate) fn pan(&mut self, bin: &str) -> String {
        let body = format!("{bin}{}", self.random.digits(15_usize.saturating_sub(bin.len())));
        (0..10).map(|check| format!("{body}{check}")).find(|pan| passes_luhn(pan)).unwrap_or(body)
    }
}

/// The Luhn check over a text of digits.
pub(crate) fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, twice) if twice > 9 => twice - 9,
                (_, twice) => twice,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_are_unique_and_never_look_like_card_numbers() {
        let mut numbers = Numbers::new(Random::new(7));
        let made: HashSet<String> = (0..5000).map(|_| numbers.next()).collect();
        assert_eq!(5000, made.len());
        assert!(made.iter().all(|number| number.len() == 19 && !passes_luhn(number)));
    }

    #[test]
    fn card_numbers_pass_the_luhn_check_and_keep_their_bin() {
        let mut numbers = Numbers::new(Random::new(7));
        for _ in 0..200 {
            let pan = numbers.pan("411111");
            assert!(pan.len() == 16 && pan.starts_with("411111") && passes_luhn(&pan), "{pan}");
        }
        assert!(passes_luhn("4111111111111111"));
        assert!(!passes_luhn("4111111111111112"));
    }

    #[test]
    fn the_seed_decides() {
        let made = |seed| Numbers::new(Random::new(seed)).next();
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
    }
}
