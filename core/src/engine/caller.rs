//! The handle by which resources make calls: the engine, and the limit on the calls.

use std::fmt;
use std::sync::Arc;

use super::operation::Operation;
use super::{Call, Engine, Limit};
use crate::codec::{Body, DecimalFormat, Decode, to_bytes};
use crate::error::Error;
use crate::validate;

/// A handle of an engine with a limit on the calls that are made through it.
#[derive(Clone)]
pub(crate) struct Caller {
    pub engine: Arc<Engine>,
    pub limit: Limit,
}

impl Caller {
    /// Creates a handle without a limit.
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine: Arc::new(engine), limit: Limit::default() }
    }

    /// The same engine with a limit on its calls.
    pub(crate) fn limited(&self, limit: Limit) -> Self {
        Self { engine: Arc::clone(&self.engine), limit }
    }

    /// Makes a GET with `number` as the variable of the path; `accept` checks or converts the data, and its error becomes the
    /// call's.
    pub(crate) fn get<T: Decode, U>(
        &self,
        operation: &'static Operation,
        field: &str,
        number: &str,
        accept: impl FnOnce(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        validate::path_number(field, number)?;
        let (before, variable) = operation.path.split_once('{').unwrap_or((operation.path, ""));
        let after = variable.split_once('}').map_or("", |(_, after)| after);
        let path = [before, number, after].concat();
        self.engine.execute(&Call::new(operation, &path, &[]), self.limit, accept)
    }

    /// Makes a POST; `accept` checks or converts the data.
    pub(crate) fn post<T: Decode, U>(
        &self,
        operation: &'static Operation,
        body: &impl Body,
        accept: impl FnOnce(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        let body = to_bytes(body, DecimalFormat::String)?;
        self.engine.execute(&Call::new(operation, operation.path, &body), self.limit, accept)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.engine.fmt(formatter)
    }
}
