//! A route: the HTTP method and path, the required credentials, and the handler.

use super::call::Handler;
use crate::config::Mode;

/// One call of the platform.
#[derive(Debug)]
pub(crate) struct Route {
    /// The name used in fault plans and request records.
    pub(crate) operation: &'static str,
    pub(crate) method: &'static str,
    /// The path, with `{}` for its variable part.
    pub(crate) path: &'static str,
    pub(crate) modes: &'static [Mode],
    pub(crate) access: Access,
    pub(crate) handler: Handler,
}

/// The credentials that a caller must present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The Api-Key.
    Key,
    /// The Api-Key and an access token.
    Token,
    /// No credentials by default; the handler may check its own.
    Open,
}

impl Route {
    /// The variable part of `path`, empty if the route has none; `None` if the path belongs to another route.
    pub(crate) fn path_no<'p>(&self, path: &'p str) -> Option<&'p str> {
        let Some((before, after)) = self.path.split_once("{}") else {
            return (self.path == path).then_some("");
        };
        path.strip_prefix(before)?.strip_suffix(after).filter(|no| !no.is_empty() && !no.contains('/'))
    }
}
