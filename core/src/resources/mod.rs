//! The platform's resources, one file each: the calls, with their requests and answers beside them.

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
    /// Where a consumption or a transfer stands (platform constants 8.1).
    pub enum Status {
        /// Not decided yet.
        Pending = "Pending",
        /// Done.
        Success = "Success",
        /// Refused or undone.
        Fail = "Fail",
    }
}

model! {
    /// The response of calls that say only whether they did it: `{"result": true}`.
    secret struct ActionResult {
        result: bool,
    }
}

impl ActionResult {
    /// `{"result": false}` is an error, never a quiet `false`.
    fn done(self) -> Result<(), Error> {
        if self.result { Ok(()) } else { Err(Error::result_false()) }
    }
}
