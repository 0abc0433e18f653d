//! What becomes of an answer's data: the only part of reading an answer that is made anew for each type.

use super::envelope::TakeData;
use crate::codec::json::Extra;
use crate::codec::{Decode, value_ahead};
use crate::error::Error;

/// Takes data and then accepts it.
pub(super) trait Accept: TakeData {
    /// Accepts what was taken, or says why not.
    fn accept(&mut self) -> Result<(), Error>;
}

/// Data of the type `T`, which `accept` turns into what the call gives.
pub(super) struct Answered<T, U, A> {
    data: Option<T>,
    accept: A,
    accepted: Option<U>,
}

impl<T, U, A> Answered<T, U, A> {
    pub(super) fn new(accept: A) -> Self {
        Self { data: None, accept, accepted: None }
    }

    /// What was accepted, if anything was.
    pub(super) fn accepted(self) -> Option<U> {
        self.accepted
    }
}

impl<T: Decode, U, A> TakeData for Answered<T, U, A> {
    fn take(&mut self, text: &str) -> Result<usize, serde_json::Error> {
        let (data, length) = value_ahead(text)?;
        self.data = Some(data);
        Ok(length)
    }

    fn take_none(&mut self) -> bool {
        self.data = T::missing();
        self.data.is_some()
    }

    fn take_beside(&mut self, beside: Extra) {
        if let Some(data) = &mut self.data {
            data.add_beside(beside);
        }
    }
}

impl<T: Decode, U, A: Fn(T) -> Result<U, Error>> Accept for Answered<T, U, A> {
    fn accept(&mut self) -> Result<(), Error> {
        let data = self.data.take().ok_or_else(|| Error::invalid_response("the answer was not read"))?;
        self.accepted = Some((self.accept)(data)?);
        Ok(())
    }
}
