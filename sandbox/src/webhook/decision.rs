//! The merchant's decision on a purchase.

/// The merchant's decision on a purchase, from its response to an `Auth` webhook.
#[derive(Debug)]
pub(crate) struct Decision {
    /// The number that the webhook named.
    pub(crate) consume_no: String,
    /// The reason for a decline; `None` if the purchase is approved.
    pub(crate) refusal: Option<&'static str>,
}
