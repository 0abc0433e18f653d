//! Finds card numbers with code that is independent of the client's.

/// The whole PANs in a text: 13 to 19 digits in a row that pass the Luhn check.
pub fn pans(text: &str) -> impl Iterator<Item = &str> {
    digits(text).filter(|run| (13..=19).contains(&run.len()) && passes_luhn(run))
}

/// The rows of digits in a text.
pub fn digits(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_digit())
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|digit| digit.to_digit(10))
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => digit,
            _ if digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}
