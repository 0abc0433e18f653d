//! Types of secrets: wiped when dropped, never printed, never serialized.

mod card;

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use card::CardSecrets;

use crate::error::Error;
use crate::validate;

/// Secret text: an apiSecret, a token or a PAN.
///
/// It prints as `***`, is wiped from memory when dropped and compares in constant time. Only [`Secret::expose`] returns the text.
/// Copies outside this type (a header inside the HTTP library, a `String` of the caller) are not wiped.
///
/// # Examples
///
/// ```
/// use keysecure::Secret;
///
/// let secret = Secret::from("my-api-secret");
/// assert_eq!(format!("{secret:?}"), "***");
/// assert_eq!(secret.expose(), "my-api-secret");
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Returns the text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl Default for Secret {
    fn default() -> Self {
        Self::from(String::new())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// CVV of a card: the three digits on its back. `Debug` hides them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cvv(Secret);

impl Cvv {
    /// Creates a CVV from exactly three digits.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) for any other text. The error does not repeat it.
    pub fn new(digits: impl Into<Secret>) -> Result<Self, Error> {
        let digits = digits.into();
        validate::cvv(digits.expose())?;
        Ok(Self(digits))
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }

    /// Returns the digits.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// PIN of a physical card. `Debug` hides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin(Secret);

impl Pin {
    /// Creates a PIN from exactly six digits, of which no three neighbours are identical, rising by one or falling by one.
    ///
    /// That is the platform's rule (platform documentation, card): it refuses `111111` and `123456`.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) for any other text. The error does not repeat it.
    ///
    /// # Examples
    ///
    /// ```
    /// use keysecure::{ErrorKind, Pin};
    ///
    /// assert!(Pin::new("739251").is_ok());
    /// assert_eq!(Pin::new("123456").unwrap_err().kind(), ErrorKind::InvalidInput);
    /// ```
    pub fn new(digits: impl Into<Secret>) -> Result<Self, Error> {
        let digits = digits.into();
        validate::pin(digits.expose())?;
        Ok(Self(digits))
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }

    /// Returns the digits.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let shown =
            format!("{:?} {:?} {:?}", Secret::from("hunter2"), Cvv::new("739").unwrap(), Pin::new("739251").unwrap());
        assert_eq!(shown, "*** Cvv(***) Pin(***)");
    }

    #[test]
    fn secrets_compare_by_value() {
        assert_eq!(Secret::from("a"), Secret::from("a"));
        assert_ne!(Secret::from("a"), Secret::from("b"));
        assert_ne!(Secret::from("a"), Secret::from("ab"));
    }
}
