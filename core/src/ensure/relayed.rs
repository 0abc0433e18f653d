//! Exactly-once calls through a relay, which carries them out with its own store.

use std::time::Duration;

use serde::de::{Deserializer, MapAccess};
use serde::ser::SerializeMap;

use super::{EnsureOptions, EnsureTarget, Ensured};
use crate::clock::MAX_DURATION;
use crate::codec::{Body, DecimalFormat, Decode, Fields, OnMismatch, or_missing, read_object, skip, to_bytes, value};
use crate::engine::{Call, Caller, Limit};
use crate::error::{Error, Outcome};
use crate::store::OnStoreFailure;

/// Time limit of a call without a [`deadline`](EnsureOptions::deadline).
const DEADLINE: Duration = Duration::from_secs(60);

/// Asks the relay to find or create a target. The request is sent again while its outcome is unknown: the relay recognises it by
/// its merchant reference.
pub(super) fn ensure<T: EnsureTarget>(
    caller: &Caller,
    target: &T,
    options: &EnsureOptions,
) -> Result<Ensured<T::Row>, Error> {
    for (option, is_set) in [
        ("settle", options.settle.is_some()),
        ("since", options.since.is_some()),
        ("on_store_failure", options.on_store_failure != OnStoreFailure::default()),
    ] {
        if is_set {
            return Err(Error::invalid_input(option, "belongs to the relay, on the server: leave it out"));
        }
    }
    let deadline = options.deadline.unwrap_or(DEADLINE).min(MAX_DURATION);
    let body = to_bytes(&Request { target, deadline }, DecimalFormat::String)?;
    let call = Call { reference: Some(target.reference()), ..Call::new(T::CALL, T::CALL.path, &body) };
    let limit = Limit { timeout: Some(deadline), ..caller.limit };
    let result = caller.engine.execute(&call, limit, |Response { value, created }: Response<T::Row>| {
        if T::unique_no(&value).is_some_and(|echo| echo != target.reference()) {
            return Err(Error::invalid_response("the merchant reference in the response is not the one sent"));
        }
        Ok(Ensured { value, created })
    });
    // The outcome is about the reference: a request that never reached the relay, or that the relay refused before it looked at
    // the reference, does not show that an earlier one was not carried out.
    result.map_err(|error| {
        let is_known = options.first_attempt || error.is_about_reference();
        if is_known { error } else { error.with_outcome(Outcome::Unknown) }
    })
}

struct Request<'a, T> {
    target: &'a T,
    deadline: Duration,
}

impl<T: Body> Body for Request<'_, T> {
    fn fields<S: SerializeMap>(&self, map: &mut S, money: DecimalFormat) -> Result<(), S::Error> {
        self.target.fields(map, money)?;
        map.serialize_entry("deadline_ms", &u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The data of a response: `{"value": ..., "created": ...}`.
struct Response<T> {
    value: T,
    created: bool,
}

struct Partial<T> {
    on_mismatch: OnMismatch,
    value: Option<T>,
    created: Option<bool>,
}

impl<T: Decode> Decode for Response<T> {
    const EXPECTED: &'static str = "an object";

    fn read<'de, D: Deserializer<'de>>(deserializer: D, on_mismatch: OnMismatch) -> Result<Self, D::Error> {
        read_object(deserializer, Partial { on_mismatch, value: None, created: None })
    }
}

impl<T: Decode> Fields for Partial<T> {
    type Whole = Response<T>;

    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "value" => self.value = Some(value(map, self.on_mismatch)?),
            "created" => self.created = Some(value(map, self.on_mismatch)?),
            _ => skip(map)?,
        }
        Ok(())
    }

    fn finish<E: serde::de::Error>(self) -> Result<Response<T>, E> {
        Ok(Response { value: or_missing("value", self.value)?, created: or_missing("created", self.created)? })
    }
}
