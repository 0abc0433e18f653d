//! Objects that hold a secret. They print without it; only methods named `expose` reveal it.

use std::time::SystemTime;

/// The PAN, CVV and expiry date of a card. Prints masked.
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
    /// The platform's number of the card; not the PAN.
    pub fn card_no(&self) -> String {
        self.0.card_no().to_owned()
    }

    /// The merchant reference of the card.
    pub fn card_unique_no(&self) -> Option<String> {
        self.0.card_unique_no().map(str::to_owned)
    }

    /// Returns the full PAN.
    pub fn expose_pan(&self) -> String {
        self.0.expose_pan().to_owned()
    }

    /// Returns the three digits of the CVV.
    pub fn expose_cvv(&self) -> String {
        self.0.expose_cvv().to_owned()
    }

    /// The PAN with at most its first six and last four digits.
    pub fn masked_pan(&self) -> String {
        self.0.masked_pan()
    }

    /// The expiry year, four digits such as `2028`.
    pub fn exp_year(&self) -> String {
        self.0.exp_year().to_owned()
    }

    /// The expiry month, two digits from `01` to `12`.
    pub fn exp_month(&self) -> String {
        self.0.exp_month().to_owned()
    }
}

/// A token with which the hosted card page shows one card, once. Prints masked.
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
    /// Returns the token, for the hosted page.
    pub fn expose(&self) -> String {
        self.0.expose().to_owned()
    }

    /// How long the token is valid, in seconds.
    pub fn expires_in(&self) -> i64 {
        self.0.expires_in()
    }
}

/// An access token and its expiry. Prints masked.
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
    /// Returns the token.
    pub fn expose(&self) -> String {
        self.0.expose().to_owned()
    }

    /// When the token expires.
    pub fn expires_at(&self) -> SystemTime {
        self.0.expires_at()
    }
}
