//! Mutations that carry a merchant reference, and the check of their responses.

use crate::codec::{Body, DecimalFormat, Decode, to_bytes};
use crate::engine::operation::Operation;
use crate::engine::{Call, Caller};
use crate::error::Error;

/// The response to a mutation that carries a merchant reference.
pub(crate) trait Referenced: Decode {
    /// Name of the field with the number that the platform assigns.
    const NUMBER: &'static str;
    /// Name of the field with the merchant reference.
    const REFERENCE: &'static str;

    /// The number that the platform assigned.
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

/// Makes a POST that carries a merchant reference. Its response must hold the platform's number and, when it echoes a
/// reference, the one that was sent: any other response belongs to another request.
pub(super) fn post<T: Referenced>(
    caller: &Caller,
    operation: &'static Operation,
    reference: &str,
    body: &impl Body,
) -> Result<T, Error> {
    let body = to_bytes(body, DecimalFormat::String)?;
    let call = Call { reference: Some(reference), ..Call::new(operation, operation.path, &body) };
    caller.engine.execute(&call, caller.limit, |response: T| {
        identifier(T::NUMBER, response.number())?;
        if response.echo().is_some_and(|echo| echo != reference) {
            return Err(Error::invalid_response(format!("{} in the response is not the one sent", T::REFERENCE)));
        }
        Ok(response)
    })
}

/// Refuses a response whose identifier is empty: nothing can be looked up by it.
pub(crate) fn identifier(field: &str, value: &str) -> Result<(), Error> {
    if value.trim().is_empty() {
        Err(Error::invalid_response(format!("{field} in the response is empty")))
    } else {
        Ok(())
    }
}
