//! Table of the platform's calls: path, headers, mode, and whether a call may be retried.

use crate::transport::Method;

/// Effect of a call at the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Read-only. May be retried.
    Read,
    /// Changes data. Never sent again while its outcome is unknown.
    Mutation,
}

/// Standard headers of a call (platform documentation, request headers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Auth {
    /// Headers `Api-Key`, `Timestamp` and `Access-Token`.
    Token,
    /// Headers `Api-Key` and `Timestamp`, for the token call.
    ApiKey,
    /// No authentication headers.
    Open,
}

/// Modes of the merchant in which the platform allows a call. In other modes it refuses the call with code 1012.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Credit and authorization mode.
    Both,
    /// Credit mode only (`CREDIT_EXTENSION`).
    Credit,
    /// Authorization mode only (`AUTHORIZATION`).
    Authorization,
    /// The sandbox environment only.
    SandboxOnly,
    /// Any mode; called by the hosted card page.
    HostedPage,
}

/// Call of the platform. [`OPERATIONS`] lists all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// Number in the platform's API list.
    pub number: u8,
    /// Name in errors, logs and records, such as `cards.apply`.
    pub name: &'static str,
    /// Method of the Rust API, such as `cards().apply`.
    pub rust: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path after `/open-api`, with its variable in braces.
    pub path: &'static str,
    /// Effect of the call.
    pub effect: Effect,
    /// Standard headers of the call.
    pub auth: Auth,
    /// Modes in which it is allowed.
    pub mode: Mode,
    /// Whether it requires a time window, and so sends the header `Timezone`.
    pub window: bool,
}

/// Names each operation and collects all of them in [`OPERATIONS`].
macro_rules! operations {
    ($($constant:ident: $number:literal $resource:ident.$call:ident $method:ident $path:literal $effect:ident $auth:ident $mode:ident $($window:ident)?;)+) => {
        $(
            pub(crate) const $constant: &Operation = &Operation {
                number: $number,
                name: operations!(@name $resource $call),
                rust: operations!(@rust $resource $call),
                method: Method::$method,
                path: $path,
                effect: Effect::$effect,
                auth: Auth::$auth,
                mode: Mode::$mode,
                window: operations!(@window $($window)?),
            };
        )+

        /// All calls of the platform, in the order of its API list.
        pub const OPERATIONS: &[&Operation] = &[$($constant),+];
    };
    // The token call is a method of the client itself.
    (@name client access_token) => { "token" };
    (@name $resource:ident $call:ident) => { concat!(stringify!($resource), ".", stringify!($call)) };
    (@rust client $call:ident) => { stringify!($call) };
    (@rust $resource:ident $call:ident) => { concat!(stringify!($resource), "().", stringify!($call)) };
    (@window) => { false };
    (@window window) => { true };
}

operations! {
    TOKEN: 1 client.access_token Get "/v1/merchant/token" Read ApiKey Both;
    CARDHOLDERS_APPLY: 2 cardholders.apply Post "/v1/cardholder/apply" Mutation Token Both;
    CARDHOLDERS_LIST: 3 cardholders.list Post "/v1/cardholder/list" Read Token Both window;
    CARDHOLDERS_GET: 4 cardholders.get Get "/v1/cardholder/{cardholder_no}/info" Read Token Both;
    CARDS_APPLY: 5 cards.apply Post "/v1/card/apply" Mutation Token Both;
    CARDS_LIST: 6 cards.list Post "/v1/card/list" Read Token Both window;
    CARDS_GET: 7 cards.get Get "/v1/card/{card_no}/detail" Read Token Both;
    CARDS_PRIVATE_INFO: 8 cards.private_info Get "/v1/card/{card_no}/private/info" Read Token Both;
    CARDS_ACTIVATE: 9 cards.activate Post "/v1/card/active" Mutation Token Both;
    CARDS_UPDATE_STATUS: 10 cards.update_status Post "/v1/card/status/update" Mutation Token Both;
    CARDS_SET_PIN: 11 cards.set_pin Post "/v1/card/pin/set" Mutation Token Both;
    CONSUMPTIONS_GET: 12 consumptions.get Get "/v1/card/consume/{consume_no}/info" Read Token Both;
    CONSUMPTIONS_LIST: 13 consumptions.list Post "/v1/card/consume/list" Read Token Both window;
    PCI_CLIENT_TOKEN: 14 pci.client_token Get "/v1/merchant/client/{card_no}/token" Read Token Both;
    ACCOUNTS_TRANSFER: 15 accounts.transfer Post "/v1/account/transfer" Mutation Token Credit;
    ACCOUNTS_GET: 16 accounts.get Get "/v1/account/{cardholder_no}/info" Read Token Credit;
    ACCOUNTS_TRANSFERS: 17 accounts.transfers Post "/v1/account/transfer/list" Read Token Credit window;
    CARDS_PACKAGES: 18 cards.packages Post "/v1/card/package/list" Read Token Credit;
    CARDS_BINS: 19 cards.bins Post "/v1/card/support/bins" Read Token Authorization;
    SIMULATION_AUTH: 20 simulation.auth Post "/v1/simulate/auth" Mutation Open SandboxOnly;
    SIMULATION_CLEAR: 21 simulation.consumption_clear Post "/v1/simulate/consumption_clear" Mutation Open SandboxOnly;
    SIMULATION_FAIL: 22 simulation.consumption_fail Post "/v1/simulate/consumption_fail" Mutation Open SandboxOnly;
    SIMULATION_REVERSAL: 23 simulation.reversal Post "/v1/simulate/reversal" Mutation Open SandboxOnly;
    SIMULATION_REFUND: 24 simulation.refund Post "/v1/simulate/refund" Mutation Open SandboxOnly;
    PCI_CARD_DETAIL: 25 pci.card_detail Post "/v1/merchant/pci/card/detail" Mutation Open HostedPage;
}

impl Operation {
    /// Whether a relay may serve it: a call with an access token that acts for one cardholder.
    pub(crate) fn is_relayed(&self) -> bool {
        self.auth == Auth::Token && self.number != RAW_POST.number && self.number != CARDHOLDERS_APPLY.number
    }

    /// Whether it can be sent again whatever became of it: a read, or an exactly-once call of a relay.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.effect == Effect::Read || self.name == ENSURE_TRANSFER.name || self.name == ENSURE_CARD.name
    }

    /// The field of a mutation's body that holds the merchant reference, if it carries one.
    pub(crate) fn reference_field(&self) -> Option<&'static str> {
        [
            (ACCOUNTS_TRANSFER, "transfer_unique_no"),
            (CARDS_APPLY, "card_unique_no"),
            (CARDHOLDERS_APPLY, "cardholder_unique_no"),
        ]
        .into_iter()
        .find_map(|(operation, field)| (operation.number == self.number).then_some(field))
    }
}

/// The exactly-once calls, as a relay serves them. The platform has none.
pub(crate) const ENSURE_TRANSFER: &Operation =
    &Operation { name: "accounts.ensure_transfer", rust: "accounts().ensure_transfer", ..*ACCOUNTS_TRANSFER };
/// See [`ENSURE_TRANSFER`].
pub(crate) const ENSURE_CARD: &Operation =
    &Operation { name: "cards.ensure_card", rust: "cards().ensure_card", ..*CARDS_APPLY };
/// See [`ENSURE_TRANSFER`]. No scope grants it.
pub(crate) const ENSURE_CARDHOLDER: &Operation =
    &Operation { name: "cardholders.ensure_cardholder", rust: "cardholders().ensure_cardholder", ..*CARDHOLDERS_APPLY };

/// Operation of `client.call` with a POST to a path that is not in the table: it may change data.
const RAW_POST: &Operation = &Operation {
    number: 0,
    name: "call",
    rust: "call",
    method: Method::Post,
    path: "",
    effect: Effect::Mutation,
    auth: Auth::Token,
    mode: Mode::Both,
    window: false,
};
/// Operation of `client.call` with a GET of a path that is not in the table.
const RAW_GET: &Operation = &Operation { method: Method::Get, effect: Effect::Read, ..*RAW_POST };

/// Operation of `client.call` with a POST to a simulation path that is not in the table.
const RAW_SIMULATION: &Operation = &Operation { auth: Auth::Open, mode: Mode::SandboxOnly, ..*RAW_POST };
/// Operation of `client.call` with a GET of a simulation path that is not in the table.
const RAW_SIMULATION_GET: &Operation = &Operation { method: Method::Get, effect: Effect::Read, ..*RAW_SIMULATION };

/// The operation of a raw call: the one in the table with that path, else a cautious guess. `None` for a path that
/// escapes through dot segments.
pub(crate) fn for_raw_call(method: Method, path: &str) -> Option<&'static Operation> {
    let path = plain_path(path)?;
    let known =
        OPERATIONS.iter().find(|operation| operation.method == method && matches_template(operation.path, &path));
    let simulation = path == SIMULATION || path.strip_prefix(SIMULATION).is_some_and(|rest| rest.starts_with('/'));
    Some(match (known, method) {
        (Some(operation), _) => operation,
        (None, Method::Get) if simulation => RAW_SIMULATION_GET,
        (None, Method::Post) if simulation => RAW_SIMULATION,
        (None, Method::Get) => RAW_GET,
        (None, Method::Post) => RAW_POST,
    })
}

/// Path prefix of the calls that production refuses.
const SIMULATION: &str = "/v1/simulate";

/// The path as the most lenient server reads it: percent-encoding decoded, even when it was encoded twice, in lower
/// case, without empty segments and without parameters (`;x=1`). `None` if a dot segment remains.
fn plain_path(path: &str) -> Option<String> {
    let mut bytes = path.as_bytes().to_vec();
    while let Some(decoded) = percent_decoded(&bytes) {
        bytes = decoded;
    }
    let decoded = String::from_utf8_lossy(&bytes).to_lowercase();
    let mut plain = String::with_capacity(decoded.len());
    for segment in decoded.split(['/', '\\']) {
        match segment.split(';').next().unwrap_or_default().trim() {
            "" => {}
            "." | ".." => return None,
            segment => plain.extend(["/", segment]),
        }
    }
    Some(plain)
}

/// Decodes one level of percent-encoding; `None` if there is none.
fn percent_decoded(bytes: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        let escape = match after {
            [high, low, after @ ..] if *first == b'%' => digit(*high).zip(digit(*low)).map(|pair| (pair, after)),
            _ => None,
        };
        if let Some(((high, low), after)) = escape {
            decoded.push(high * 16 + low);
            rest = after;
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    (decoded.len() < bytes.len()).then_some(decoded)
}

/// Whether a path matches a template, whose variable matches one segment.
fn matches_template(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_all_calls_in_order() {
        assert!(OPERATIONS.iter().map(|operation| usize::from(operation.number)).eq(1..=25));
    }

    #[test]
    fn raw_calls_are_recognised_by_their_path() {
        let of = |method, path| for_raw_call(method, path).unwrap();
        assert_eq!(of(Method::Post, "/v1/card/list").effect, Effect::Read);
        assert_eq!(of(Method::Get, "/v1/card/123/detail").name, "cards.get");
        assert_eq!(of(Method::Get, "/v1/card//detail").name, "call");
        assert_eq!(of(Method::Post, "/v1/card/new").effect, Effect::Mutation);
        assert_eq!(of(Method::Get, "/v1/card/list").effect, Effect::Read);
        assert_eq!(of(Method::Post, "/v1/Account//transfer/").name, "accounts.transfer");
    }

    #[test]
    fn everything_below_simulate_is_for_the_sandbox_however_it_is_written() {
        for path in [
            "/v1/simulate",
            "/v1/simulate/",
            "/v1/simulate/auth",
            "/v1/simulate/auth/",
            "/v1/simulate//auth",
            "//v1///simulate/auth",
            "/v1/Simulate/AUTH",
            "/V1/SIMULATE/refund",
            "/v1/%73imulate/auth",
            "/v1/%2573imulate/auth",
            "/v1%2Fsimulate%2fauth",
            "/v1/simulate%5Cauth",
            "/v1;a=b/simulate;jsessionid=1/auth",
            "/v1/simulate%3Bx/auth",
            "/v1/simulate%20/auth",
            "/v1/simulate/another/one",
        ] {
            for method in [Method::Get, Method::Post] {
                let operation = for_raw_call(method, path).unwrap();
                assert_eq!((operation.mode, operation.auth), (Mode::SandboxOnly, Auth::Open), "{path}");
            }
        }
        for path in ["/v1/simulated/auth", "/v2/simulate/auth", "/v1/card/simulate", "/v1/card/%zz/detail"] {
            assert_ne!(for_raw_call(Method::Post, path).unwrap().mode, Mode::SandboxOnly, "{path}");
        }
    }

    #[test]
    fn dot_segments_are_found_under_any_encoding() {
        for path in ["/v1/card/../simulate/auth", "/v1/%2e%2e/x", "/v1/%252E./x", "/v1/.;x/y", "/v1/x%2f..%2fy", "/."] {
            assert_eq!(for_raw_call(Method::Post, path), None, "{path}");
        }
        assert!(for_raw_call(Method::Post, "/v1/..x/.y./%").is_some());
    }
}
