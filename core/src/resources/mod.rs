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

use serde::de::{Deserializer, MapAccess};

use crate::codec::{Decode, Fields, open_enum, or_missing, read_object, skip, value};
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

/// Response of calls without other data: `{"result": true}`.
struct ActionResult(bool);

impl ActionResult {
    /// Turns `{"result": false}` into an error, because a caller may ignore a `bool`.
    fn done(self) -> Result<(), Error> {
        if self.0 { Ok(()) } else { Err(Error::result_false()) }
    }
}

impl Decode for ActionResult {
    const EXPECTED: &'static str = "an object";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Partial(Option<bool>);
        impl Fields for Partial {
            type Whole = ActionResult;
            fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
                if name == "result" {
                    self.0 = Some(value(map)?);
                    return Ok(());
                }
                skip(map)
            }
            fn finish<E: serde::de::Error>(self) -> Result<ActionResult, E> {
                or_missing("result", self.0).map(ActionResult)
            }
        }
        read_object(deserializer, Partial(None))
    }
}
