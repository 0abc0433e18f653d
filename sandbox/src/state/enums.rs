//! The platform's enums (section 7 of its documentation).

/// Declares an enum and the text of its values on the wire: `Name { Variant = "text", ... }`.
macro_rules! wire_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// The text on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            #[allow(dead_code)] // some enums are only written
            pub(crate) fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

wire_enum! {
    /// Status of a cardholder's verification.
    CardholderStatus {
        /// Submitted.
        Pending = "Pending",
        /// Under review.
        InProgress = "In_progress",
        /// Approved: the cardholder may have cards.
        Approved = "Approved",
        /// Rejected: the cardholder may submit new documents.
        Rejected = "Rejected",
    }
}

wire_enum! {
    /// Lifecycle status of a card.
    CardStatus {
        /// Applied for.
        Pending = "Pending",
        /// A physical card that was mailed but is not yet activated.
        ToActivate = "ToActivate",
        /// Active.
        Activated = "Activated",
        /// Could not be issued.
        Fail = "Fail",
        /// Frozen: purchases are declined.
        Frozen = "Frozen",
        /// Deleted for good.
        Delete = "Delete",
    }
}

wire_enum! {
    /// Type of a card.
    CardType {
        /// A card number without a physical card.
        Virtual = "Virtual",
        /// A physical card.
        Physical = "Physical",
    }
}

wire_enum! {
    /// Type of a consumption.
    ConsumptionType {
        /// Opening fee of a card.
        OpenCard = "Open_card",
        /// A purchase.
        Consumption = "Consumption",
        /// ATM withdrawal.
        Atm = "Atm",
        /// Management fee of a card.
        ManageFee = "Manage_fee",
        /// A purchase reversed by the channel.
        Reversal = "Reversal",
        /// A refund by the merchant where the card was used.
        Refund = "Refund",
    }
}

wire_enum! {
    /// Status of a consumption or transfer.
    Status {
        /// Not yet decided.
        Pending = "Pending",
        /// Succeeded.
        Success = "Success",
        /// Failed.
        Fail = "Fail",
    }
}

wire_enum! {
    /// Direction of a transfer.
    TransferType {
        /// From the merchant's reserve to the cardholder.
        In = "In",
        /// From the cardholder back to the merchant's reserve.
        Out = "Out",
    }
}

wire_enum! {
    /// The action of a webhook.
    WebhookAction {
        /// Requests the merchant's decision on a purchase.
        Auth = "Auth",
        /// A consumption was created or changed.
        Consumption = "Consumption",
        /// The status of a card changed.
        CardUpdate = "Card_update",
    }
}

impl TransferType {
    /// Parses the value in any case, as the platform does for this enum only.
    pub(crate) fn parse_any_case(text: &str) -> Option<Self> {
        [Self::In, Self::Out].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text))
    }
}
