//! The platform's fixed words (section 7 of its documentation).

/// Declares an enum whose values are words on the wire.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            #[allow(dead_code)] // some words only go out
            pub(crate) fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// State of a cardholder's verification.
    CardholderStatus {
        /// Handed in.
        Pending = "Pending",
        /// Being looked at.
        InProgress = "In_progress",
        /// May have cards.
        Approved = "Approved",
        /// May hand in again.
        Rejected = "Rejected",
    }
}

words! {
    /// State of a card.
    CardStatus {
        /// Applied for.
        Pending = "Pending",
        /// A physical card on its way to its holder.
        ToActivate = "ToActivate",
        /// In use.
        Activated = "Activated",
        /// Not issued.
        Fail = "Fail",
        /// Stopped for now.
        Frozen = "Frozen",
        /// Gone for good.
        Delete = "Delete",
    }
}

words! {
    /// What a card is made of.
    CardType {
        /// Numbers only.
        Virtual = "Virtual",
        /// Plastic.
        Physical = "Physical",
    }
}

words! {
    /// Kind of a consumption.
    ConsumptionType {
        /// The fee for opening a card.
        OpenCard = "Open_card",
        /// A purchase.
        Consumption = "Consumption",
        /// Cash from a machine.
        Atm = "Atm",
        /// The fee for keeping a card.
        ManageFee = "Manage_fee",
        /// A purchase taken back by its channel.
        Reversal = "Reversal",
        /// Money given back by the merchant.
        Refund = "Refund",
    }
}

words! {
    /// Common status of consumptions and transfers.
    Status {
        /// Not decided yet.
        Pending = "Pending",
        /// Done.
        Success = "Success",
        /// Not done.
        Fail = "Fail",
    }
}

words! {
    /// Direction of a transfer.
    TransferType {
        /// From the merchant's reserve to the cardholder.
        In = "In",
        /// From the cardholder back to the merchant's reserve.
        Out = "Out",
    }
}

words! {
    /// What a callback is about.
    CallbackAction {
        /// May this purchase be made?
        Auth = "Auth",
        /// A consumption was created or changed.
        Consumption = "Consumption",
        /// A card has another status.
        CardUpdate = "Card_update",
    }
}

impl TransferType {
    /// The platform does not mind the case of this one word.
    pub(crate) fn parse_any_case(text: &str) -> Option<Self> {
        [Self::In, Self::Out].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text))
    }
}
