//! What is only inferred about the platform, in one place, so that one edit corrects it.
//!
//! The platform does not document the bodies and answers of the simulation calls and of `pci/card/detail`. They are typed
//! here to our reading, with free extra fields; [`Client::call`](crate::Client::call) makes the same calls raw.
//!
//! | inferred | our reading | where |
//! |---|---|---|
//! | bodies of the simulation calls | the `data` of the callback to be produced, amounts as numbers | [`SimulatedFee`], [`Simulated`] |
//! | answers of the simulation calls | the number of the consumption, if anything | [`SimulationResult`] |
//! | `pci/card/detail` | a one-time token, a nonce and the page's origin in; the card's secrets out | [`CardDetail`] |
//! | fields of a transfer in the list | those of the transfer, `status` and `time` | [`TransferRecord`](crate::TransferRecord) |
//! | further fields of a consumption | those of the Consumption callback | [`Consumption`](crate::Consumption) |
//! | ends of a window | included, compared by whole seconds; windows share their seam second all the same | [`List`](crate::List) |
//! | the AES key | the UTF-8 bytes of the apiSecret, else a scheme by setting | [`AesSettings`](crate::AesSettings) |
//! | "English" in an address | printable ASCII; `address_line2` may be empty or absent | [`Address`](crate::Address) |

mod card_detail;
mod simulation;

pub use card_detail::CardDetail;
pub(crate) use card_detail::card_detail;
pub use simulation::{Simulated, SimulatedFee, Simulation, SimulationResult};
