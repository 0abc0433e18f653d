//! The platform's resources, one file each: the calls, with their requests and answers beside them.

pub mod accounts;
pub mod cardholders;
pub mod cards;
pub mod consumptions;
pub mod pci;

pub use accounts::Accounts;
pub use cardholders::Cardholders;
pub use cards::Cards;
pub use consumptions::Consumptions;
pub use pci::Pci;

use serde::de::{Deserializer, MapAccess};

use crate::error::Error;
use crate::model::{Decode, Fields, or_missing, read_object, skip, value};

/// The response to a mutation that carries a merchant reference.
pub(crate) trait Referenced: Decode {
    /// Name of the field that holds the platform's number.
    const NUMBER: &'static str;
    /// Name of the field that holds the merchant reference.
    const REFERENCE: &'static str;

    /// The platform's number.
    fn number(&self) -> &str;

    /// The merchant reference, if the response repeats it.
    fn echo(&self) -> Option<&str>;
}

/// Implements [`Referenced`] by the names of the two fields.
macro_rules! referenced {
    ($name:ident { $number:ident, $reference:ident }) => {
        impl $crate::resources::Referenced for $name {
            const NUMBER: &'static str = stringify!($number);
            const REFERENCE: &'static str = stringify!($reference);

            fn number(&self) -> &str {
                &self.$number
            }

            fn echo(&self) -> Option<&str> {
                self.$reference.as_deref()
            }
        }
    };
}
pub(crate) use referenced;

/// Refuses a response whose identifier is empty: nothing can be looked up by it.
pub(crate) fn identifier(field: &str, value: &str) -> Result<(), Error> {
    if value.trim().is_empty() {
        Err(Error::invalid_response(format!("{field} in the response is empty")))
    } else {
        Ok(())
    }
}

/// The answer of calls that say only whether they did it: `{"result": true}`.
struct ActionResult(bool);

impl ActionResult {
    /// `{"result": false}` is an error, never a quiet `false`.
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
