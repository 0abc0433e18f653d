//! Requests that change an issued card: activation, PIN and status. CVV and PIN are encrypted before they are sent.

use super::card::CardStatus;
use crate::codec::body;
use crate::secrets::{Cvv, Pin, Secret};

/// Request to activate a physical card. See [`Cards::activate`](super::Cards::activate).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivateCard {
    /// Number of the card, which must have the status `ToActivate`.
    pub card_no: String,
    /// The cardholder, who must own the card.
    pub cardholder_no: String,
    /// The CVV: three digits on the back of the card.
    pub cvv: Cvv,
    /// The last four digits of the PAN, which must match.
    pub card_last_no: String,
}

/// Request to set the PIN of a physical card. See [`Cards::set_pin`](super::Cards::set_pin).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPin {
    /// Number of the card, which must be physical and activated.
    pub card_no: String,
    /// The cardholder, who must own the card.
    pub cardholder_no: String,
    /// The new PIN.
    pub pin: Pin,
}

pub(super) struct UpdateStatus {
    pub card_no: String,
    pub status: CardStatus,
}

body!(UpdateStatus { card_no, status });

pub(super) struct EncryptedCvv {
    pub card_no: String,
    pub cardholder_no: String,
    pub cvv: Secret,
    pub card_last_no: String,
}

body!(EncryptedCvv { card_no, cardholder_no, cvv, card_last_no });

pub(super) struct EncryptedPin {
    pub card_no: String,
    pub cardholder_no: String,
    pub pin: Secret,
}

body!(EncryptedPin { card_no, cardholder_no, pin });
