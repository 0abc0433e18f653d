//! Requests and responses, as a server has them.

use std::fmt;

use keysecure::RelayRequest as Request;

/// A header. Prints without its value.
#[derive(Clone, uniffi::Record)]
pub struct RelayHeader {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl fmt::Debug for RelayHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RelayHeader").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A request of an app. Prints without its contents.
#[derive(Clone, uniffi::Record)]
pub struct RelayRequest {
    /// The method in capital letters.
    pub method: String,
    /// The path as it was received, with its query.
    pub path: String,
    /// All headers.
    pub headers: Vec<RelayHeader>,
    /// The body.
    pub body: Vec<u8>,
}

impl RelayRequest {
    /// Passes the request to the core.
    pub(crate) fn pass<R>(&self, to: impl FnOnce(&Request<'_>) -> R) -> R {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|header| (header.name.as_str(), header.value.as_str())).collect();
        to(&Request { method: &self.method, path: &self.path, headers: &headers, body: &self.body })
    }
}

impl fmt::Debug for RelayRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RelayRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// A response to an app. Prints without its body.
#[derive(Clone, uniffi::Record)]
pub struct RelayResponse {
    /// The HTTP status.
    pub status: i32,
    /// The headers but `Content-Length`.
    pub headers: Vec<RelayHeader>,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for RelayResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RelayResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

impl From<keysecure::RelayResponse> for RelayResponse {
    fn from(response: keysecure::RelayResponse) -> Self {
        let headers = response.headers.into_iter();
        Self {
            status: i32::from(response.status),
            headers: headers.map(|(name, value)| RelayHeader { name: name.to_owned(), value }).collect(),
            body: response.body.to_vec(),
        }
    }
}
