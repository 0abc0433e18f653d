//! What resources hold to make calls: the engine, and the limit that their caller puts on calls.

use std::fmt;
use std::sync::Arc;

use super::operation::Operation;
use super::{Call, Engine, Limit};
use crate::codec::{Body, DecimalFormat, Decode, to_bytes};
use crate::error::Error;
use crate::validate;

/// An engine with a limit on the calls that are made through this handle.
#[derive(Clone)]
pub(crate) struct Caller {
    pub engine: Arc<Engine>,
    limit: Limit,
}

impl Caller {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine: Arc::new(engine), limit: Limit::default() }
    }

    /// The same engine with a limit on its calls.
    pub(crate) fn limited(&self, limit: Limit) -> Self {
        Self { engine: Arc::clone(&self.engine), limit }
    }

    /// Makes a call.
    pub(crate) fn run<T: Decode>(&self, call: &Call<'_>) -> Result<T, Error> {
        self.run_with(call, Ok)
    }

    /// Makes a call whose data `accept` checks or converts; its error becomes the call's.
    pub(crate) fn run_with<T: Decode, U>(
        &self,
        call: &Call<'_>,
        accept: impl Fn(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        self.engine.run(call, self.limit, accept)
    }

    /// Makes a GET, with the path's variable filled in.
    pub(crate) fn get_with<T: Decode, U>(
        &self,
        operation: &'static Operation,
        field: &str,
        number: &str,
        accept: impl Fn(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        validate::path_number(field, number)?;
        let (before, variable) = operation.path.split_once('{').unwrap_or((operation.path, ""));
        let after = variable.split_once('}').map_or("", |(_, after)| after);
        let path = [before, number, after].concat();
        self.run_with(&Call::new(operation, &path, &[]), accept)
    }

    /// Makes a POST.
    pub(crate) fn post_with<T: Decode, U>(
        &self,
        operation: &'static Operation,
        body: &impl Body,
        accept: impl Fn(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        let body = to_bytes(body, DecimalFormat::Text)?;
        self.run_with(&Call::new(operation, operation.path, &body), accept)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.engine.fmt(formatter)
    }
}
