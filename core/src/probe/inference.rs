//! The list of inferences about the platform, with what the probe examines of each.

/// How an inference is examined.
pub(super) enum Examined {
    /// What the probe does.
    By(&'static str),
    /// What the probe does with an option of the caller.
    With(&'static str),
    /// Why the probe cannot examine it.
    Not(&'static str),
}

/// Declares the list once: value, name, question, assumption and examination.
macro_rules! inferences {
    ($( $(#[$meta:meta])* $value:ident = $name:literal: $question:literal, $assumed:literal, $how:ident $text:literal; )+) => {
        /// Fact about the platform that its documentation leaves open and this crate infers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Inference { $( $(#[$meta])* $value, )+ }

        impl Inference {
            /// All inferences.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The name, such as `aes_key`.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$value => $name, )+ }
            }

            /// Returns what the platform's documentation leaves open.
            pub fn question(self) -> &'static str {
                match self { $( Self::$value => $question, )+ }
            }

            /// Returns what this crate assumes.
            pub fn assumption(self) -> &'static str {
                match self { $( Self::$value => $assumed, )+ }
            }

            pub(super) fn examined(self) -> Examined {
                match self { $( Self::$value => Examined::$how($text), )+ }
            }
        }
    };
}

inferences! {
    /// The HTTP status of refusals.
    HttpStatuses = "http_statuses":
        "HTTP status of a refusal",
        "200; other statuses are understood too",
        By "requests that are refused before acting: a page of 0 rows, no token, a wrong token";
    /// Whether every response has the platform's envelope.
    Envelope = "envelope":
        "whether refusals under another status than 200 have the envelope",
        "every refusal has it; a bare 401 or 403 is understood too",
        By "the same requests";
    /// Whether every response has a `Date` header.
    DateHeader = "date_header":
        "whether responses have a `Date` header",
        "they do; the client learns the platform's clock from it",
        By "all responses of the probe";
    /// How long an access token is valid.
    TokenLifetime = "token_lifetime":
        "lifetime of an access token",
        "24 hours, as in the examples; the client follows `expired_time`",
        By "fetches a token";
    /// What a new access token does to an older one.
    TokenReplacement = "token_replacement":
        "whether a new access token invalidates the older one",
        "it does, so workers share one token",
        By "fetches two tokens and reads with the first";
    /// The code for an object that does not exist.
    MissingObjectCode = "missing_object_code":
        "code for a card or a consumption that does not exist",
        "one from 1000 to 4999, which means that nothing was done",
        By "looks up random numbers";
    /// How many rows a page of a list has at most.
    PageCap = "page_cap":
        "whether a page may be shorter than asked for although more rows follow",
        "it may not, but the pager asks for the next page after 10, 20, 25 or 50 rows",
        By "reads the first two pages of 100 rows of each list";
    /// What a list has beside its rows.
    ListTotal = "list_total":
        "whether a list has a total or a mark of its end",
        "it has none",
        By "the names of the fields beside the rows";
    /// Which rows a window includes.
    WindowEnds = "window_ends":
        "ends of a window",
        "both included, compared by whole seconds; adjacent windows still share a second",
        By "lists the second of a row as the start of a window and as its end";
    /// What the filter of a list does.
    Filter = "filter":
        "whether a filter by merchant reference matches the whole reference",
        "only rows with exactly this reference are returned",
        By "lists with a random reference";
    /// The fields of a row of the cardholder list.
    CardholderRow = "cardholder_row":
        "fields of a row of the cardholder list",
        "those of the documentation",
        By "the names of the fields of the newest row";
    /// The fields of a row of the card list.
    CardRow = "card_row":
        "fields of a row of the card list",
        "those of the example",
        By "the names of the fields of the newest row";
    /// The fields of a row of the consumption list.
    ConsumptionRow = "consumption_row":
        "fields of a row of the consumption list",
        "those of the example",
        By "the names of the fields of the newest row";
    /// The fields of a row of the transfer list.
    TransferRow = "transfer_row":
        "fields of a transfer in the transfer list",
        "the fields of the transfer, and `time` (that it has a `status` is documented)",
        By "the names of the fields of the newest row";
    /// The further fields of a consumption, and those of its fees.
    ConsumptionFields = "consumption_fields":
        "further fields of a consumption, and of a fee in `fee_list`",
        "those of the `Consumption` webhook",
        By "reads the newest consumption";
    /// The fields of a card in the card list of a cardholder.
    CardholderCards = "cardholder_cards":
        "status of a card in `card_list` of a cardholder",
        "the card's lifecycle status",
        By "reads the newest cardholder who has a card";
    /// How the apiSecret becomes the AES key.
    AesKey = "aes_key":
        "how the apiSecret becomes the AES key",
        "its UTF-8 bytes; other schemes are a setting",
        With "decrypts the private information of the card that the caller names, with every scheme";
    /// The app id and the secret that sign webhooks.
    WebhookSigning = "webhook_signing":
        "`appId` and the secret of webhooks",
        "the Api-Key and the apiSecret; both are arguments",
        With "verifies a captured webhook that the caller gives";
    /// Bodies and responses of the simulation calls.
    Simulation = "simulation":
        "bodies and responses of the simulation calls",
        "the `data` of the webhook that the platform then sends, amounts as numbers; the number of the consumption \
         in the response",
        With "simulates a purchase of 1.00 and its failure, only if the caller asks for it";
    /// What a merchant reference that was used before does.
    RepeatedReference = "repeated_reference":
        "what a merchant reference that was used before does",
        "nothing is assumed: the client looks the reference up first",
        Not "a second application or transfer may be carried out";
    /// Characters that an address may have.
    EnglishAddress = "english_address":
        "\"English\" in an address",
        "printable ASCII; `address_line2` may be empty or absent",
        Not "only an application for a card shows it";
    /// Request and response of the hosted card page.
    CardDetail = "card_detail":
        "request and response of `pci/card/detail`",
        "a one-time token, a nonce and the origins of the pages in; the card's secrets out",
        Not "only the hosted card page may call it";
    /// How many requests the platform allows.
    RateLimit = "rate_limit":
        "number of requests that the platform allows",
        "nothing is assumed: code 1009 is answered with a pause",
        Not "finding it takes a load that is not harmless";
    /// How often the platform sends a webhook again.
    WebhookRetries = "webhook_retries":
        "how often the platform sends a webhook again",
        "at least once; a webhook that comes twice is recognised",
        Not "it shows only at a receiver that fails for hours";
    /// What a late decision on a purchase does.
    LateDecision = "late_decision":
        "what the platform does after a late decision on a purchase",
        "nothing is assumed: a late decision is a decline, and is logged",
        Not "it shows only at a receiver that answers a real purchase too late";
}

impl Inference {
    /// Returns how the probe examines it: what it does, or `cannot be probed` with the reason.
    pub fn examination(self) -> String {
        match self.examined() {
            Examined::By(how) | Examined::With(how) => how.to_owned(),
            Examined::Not(why) => format!("cannot be probed: {why}"),
        }
    }

    /// Returns whether the probe can examine it.
    pub fn can_be_probed(self) -> bool {
        !matches!(self.examined(), Examined::Not(_))
    }
}
