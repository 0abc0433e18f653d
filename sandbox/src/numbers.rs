//! Seeded generation of numbers, tokens and card data: the same seed and the same calls give the same values.

use fastrand::Rng;

/// Generates the platform's numbers (unique over all kinds of rows, ascending, 19 digits) and other test data.
#[derive(Debug, Clone)]
pub(crate) struct NumberGenerator {
    rng: Rng,
    last: u64,
}

impl NumberGenerator {
    pub(crate) fn new(mut rng: Rng) -> Self {
        let last = 1_700_000_000_000_000_000 + rng.u64(..100_000_000_000_000_000);
        Self { rng, last }
    }

    /// The next number. It never passes the Luhn check, so that it is never mistaken for a card number.
    pub(crate) fn next(&mut self) -> String {
        self.last += 4096 + self.rng.u64(..4_000_000);
        while passes_luhn(&self.last.to_string()) {
            self.last += 1;
        }
        self.last.to_string()
    }

    /// A card number of 16 digits that starts with `bin` and passes the Luhn check.
    pub(crate) fn pan(&mut self, bin: &str) -> String {
        let body = format!("{bin}{}", self.digits(15_usize.saturating_sub(bin.len())));
        (0..10).map(|check| format!("{body}{check}")).find(|pan| passes_luhn(pan)).unwrap_or(body)
    }

    /// That many decimal digits.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| self.rng.digit(10)).collect()
    }

    /// That many lowercase hexadecimal digits.
    pub(crate) fn hex(&mut self, count: usize) -> String {
        hex(&mut self.rng, count)
    }

    /// An initialization vector. It depends on the seed, like everything here, so it is predictable.
    pub(crate) fn block(&mut self) -> [u8; 16] {
        self.rng.u128(..).to_be_bytes()
    }
}

/// That many lowercase hexadecimal digits.
pub(crate) fn hex(rng: &mut Rng, count: usize) -> String {
    (0..count).map(|_| rng.digit(16)).collect()
}

/// Whether the digits pass the Luhn check.
fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(position, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (position % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if doubled > 9 => doubled - 9,
                (_, doubled) => doubled,
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
        let mut numbers = NumberGenerator::new(Rng::with_seed(7));
        let generated: HashSet<String> = (0..5000).map(|_| numbers.next()).collect();
        assert_eq!(5000, generated.len());
        assert!(generated.iter().all(|number| number.len() == 19 && !passes_luhn(number)));
    }

    #[test]
    fn card_numbers_pass_the_luhn_check_and_keep_their_bin() {
        let mut numbers = NumberGenerator::new(Rng::with_seed(7));
        for _ in 0..200 {
            let pan = numbers.pan("411111");
            assert!(pan.len() == 16 && pan.starts_with("411111") && passes_luhn(&pan), "{pan}");
        }
        assert!(passes_luhn("4111111111111111"));
        assert!(!passes_luhn("4111111111111112"));
    }

    #[test]
    fn the_seed_decides_the_numbers() {
        let first = |seed| NumberGenerator::new(Rng::with_seed(seed)).next();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }
}
