//! Objects that hold a secret. They print without it; only what is named `expose` reveals.

use std::time::SystemTime;

/// The PAN, CVV and expiry of a card.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Debug)]
pub struct CardSecrets(keysecure::CardSecrets);

impl From<keysecure::CardSecrets> for CardSecrets {
    fn from(secrets: keysecure::CardSecrets) -> Self {
        Self(secrets)
    }
}

#[uniffi::export]
impl CardSecrets {
    /// The platform's number of the card (not its PAN).
    pub fn card_no(&self) -> String {
        self.0.card_no().to_owned()
    }

    /// The merchant's own number of the card.
    pub fn card_unique_no(&self) -> Option<String> {
        self.0.card_unique_no().map(str::to_owned)
    }

    /// The whole card number.
    pub fn expose_pan(&self) -> String {
        self.0.expose_pan().to_owned()
    }

    /// The three digits on the back.
    pub fn expose_cvv(&self) -> String {
        self.0.expose_cvv().to_owned()
    }

    /// The card number with at most its first six and last four digits.
    pub fn masked_pan(&self) -> String {
        self.0.masked_pan()
    }

    /// Four digits, such as `2028`.
    pub fn exp_year(&self) -> String {
        self.0.exp_year().to_owned()
    }

    /// Two digits, `01` to `12`.
    pub fn exp_month(&self) -> String {
        self.0.exp_month().to_owned()
    }
}

/// A token that lets the hosted card page show one card, once.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Debug)]
pub struct ClientToken(keysecure::ClientToken);

impl From<keysecure::ClientToken> for ClientToken {
    fn from(token: keysecure::ClientToken) -> Self {
        Self(token)
    }
}

#[uniffi::export]
impl ClientToken {
    /// The token itself, for the hosted page.
    pub fn expose(&self) -> String {
        self.0.expose().to_owned()
    }

    /// How long it is good, in seconds.
    pub fn expires_in(&self) -> i64 {
        self.0.expires_in()
    }
}

/// An access token and its end.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Debug)]
pub struct AccessToken(keysecure::AccessToken);

impl From<keysecure::AccessToken> for AccessToken {
    fn from(token: keysecure::AccessToken) -> Self {
        Self(token)
    }
}

#[uniffi::export]
impl AccessToken {
    /// The token itself.
    pub fn expose(&self) -> String {
        self.0.expose().to_owned()
    }

    /// When the platform ends it.
    pub fn expires_at(&self) -> SystemTime {
        self.0.expires_at()
    }
}
