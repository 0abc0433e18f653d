//! Resources of the platform, one module each: calls with their request and response models and enums.

pub mod accounts;
pub mod cardholders;
pub mod cards;
pub mod consumptions;
pub mod pci;
mod reference;
pub mod simulation;

pub use accounts::Accounts;
pub use cardholders::Cardholders;
pub use cards::Cards;
pub use consumptions::Consumptions;
pub use pci::Pci;
pub(crate) use reference::{Referenced, identifier, referenced};
pub use simulation::Simulation;

use crate::codec::{model, open_enum};
use crate::error::Error;

open_enum! {
    /// Status of a consumption or a transfer (platform documentation, constants 8.1).
    pub enum Status {
        /// Not final yet.
        Pending = "Pending",
        /// Successful.
        Success = "Success",
        /// Failed.
        Fail = "Fail",
    }
}

model! {
    /// Response of calls without other data: `{"result": true}`.
    secret struct ActionResult {
        result: bool,
    }
}

impl ActionResult {
    /// Turns `{"result": false}` into an error, because a caller may ignore a `bool`.
    fn done(self) -> Result<(), Error> {
        if self.result { Ok(()) } else { Err(Error::result_false()) }
    }
}
