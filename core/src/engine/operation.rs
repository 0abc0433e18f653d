//! The platform's calls, in one table: what each sends, what it may change, and whether it may be repeated.

use crate::transport::Method;

/// Whether a call changes anything at the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It only reads: repeating it is harmless.
    Read,
    /// It changes something: it is never repeated while its outcome is unknown.
    Mutation,
}

/// Which of the platform's standard headers a call carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Auth {
    /// `Api-Key`, `Timestamp` and `Access-Token`.
    Token,
    /// `Api-Key` and `Timestamp`: the token call itself.
    ApiKey,
    /// None of them.
    Open,
}

/// In which mode of the merchant the platform allows a call; elsewhere it answers 1012.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Both modes.
    Both,
    /// `CREDIT_EXTENSION` only.
    Credit,
    /// `AUTHORIZATION` only.
    Authorization,
    /// The platform's sandbox only.
    SandboxOnly,
    /// Made for the hosted card page.
    HostedPage,
}

/// One call of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// Its number in the platform's list.
    pub number: u8,
    /// Its name in errors, logs and records, such as `cards.apply`.
    pub name: &'static str,
    /// The method that makes it, in Rust.
    pub rust: &'static str,
    /// GET or POST.
    pub method: Method,
    /// The path behind `/open-api`, with its variable in braces.
    pub path: &'static str,
    /// Whether it changes anything.
    pub effect: Effect,
    /// Which headers it carries.
    pub auth: Auth,
    /// Where it is allowed.
    pub mode: Mode,
    /// Whether it needs a time window, and so sends `Timezone`.
    pub window: bool,
}

/// Names each operation and collects all of them in [`OPERATIONS`].
macro_rules! operations {
    ($($constant:ident: $number:literal $name:literal $rust:literal $method:ident $path:literal $effect:ident $auth:ident $mode:ident $($window:ident)?;)+) => {
        $(
            pub(crate) const $constant: &Operation = &Operation {
                number: $number,
                name: $name,
                rust: $rust,
                method: Method::$method,
                path: $path,
                effect: Effect::$effect,
                auth: Auth::$auth,
                mode: Mode::$mode,
                window: operations!(@window $($window)?),
            };
        )+

        /// All calls of the platform, in the order of its list.
        pub const OPERATIONS: &[&Operation] = &[$($constant),+];
    };
    (@window) => { false };
    (@window window) => { true };
}

operations! {
    TOKEN: 1 "token" "access_token" Get "/v1/merchant/token" Read ApiKey Both;
    CARDHOLDERS_APPLY: 2 "cardholders.apply" "cardholders().apply" Post "/v1/cardholder/apply" Mutation Token Both;
    CARDHOLDERS_LIST: 3 "cardholders.list" "cardholders().list" Post "/v1/cardholder/list" Read Token Both window;
    CARDHOLDERS_GET: 4 "cardholders.get" "cardholders().get" Get "/v1/cardholder/{cardholder_no}/info" Read Token Both;
    CARDS_APPLY: 5 "cards.apply" "cards().apply" Post "/v1/card/apply" Mutation Token Both;
    CARDS_LIST: 6 "cards.list" "cards().list" Post "/v1/card/list" Read Token Both window;
    CARDS_GET: 7 "cards.get" "cards().get" Get "/v1/card/{card_no}/detail" Read Token Both;
    CARDS_PRIVATE_INFO: 8 "cards.private_info" "cards().private_info" Get "/v1/card/{card_no}/private/info" Read Token Both;
    CARDS_ACTIVATE: 9 "cards.activate" "cards().activate" Post "/v1/card/active" Mutation Token Both;
    CARDS_UPDATE_STATUS: 10 "cards.update_status" "cards().update_status" Post "/v1/card/status/update" Mutation Token Both;
    CARDS_SET_PIN: 11 "cards.set_pin" "cards().set_pin" Post "/v1/card/pin/set" Mutation Token Both;
    CONSUMPTIONS_GET: 12 "consumptions.get" "consumptions().get" Get "/v1/card/consume/{consume_no}/info" Read Token Both;
    CONSUMPTIONS_LIST: 13 "consumptions.list" "consumptions().list" Post "/v1/card/consume/list" Read Token Both window;
    PCI_CLIENT_TOKEN: 14 "pci.client_token" "pci().client_token" Get "/v1/merchant/client/{card_no}/token" Read Token Both;
    ACCOUNTS_TRANSFER: 15 "accounts.transfer" "accounts().transfer" Post "/v1/account/transfer" Mutation Token Credit;
    ACCOUNTS_GET: 16 "accounts.get" "accounts().get" Get "/v1/account/{cardholder_no}/info" Read Token Credit;
    ACCOUNTS_TRANSFERS: 17 "accounts.transfers" "accounts().transfers" Post "/v1/account/transfer/list" Read Token Credit window;
    CARDS_PACKAGES: 18 "cards.packages" "cards().packages" Post "/v1/card/package/list" Read Token Credit;
    CARDS_BINS: 19 "cards.bins" "cards().bins" Post "/v1/card/support/bins" Read Token Authorization;
    SIMULATION_AUTH: 20 "simulation.auth" "simulation().auth" Post "/v1/simulate/auth" Mutation Open SandboxOnly;
    SIMULATION_CLEAR: 21 "simulation.consumption_clear" "simulation().consumption_clear" Post "/v1/simulate/consumption_clear" Mutation Open SandboxOnly;
    SIMULATION_FAIL: 22 "simulation.consumption_fail" "simulation().consumption_fail" Post "/v1/simulate/consumption_fail" Mutation Open SandboxOnly;
    SIMULATION_REVERSAL: 23 "simulation.reversal" "simulation().reversal" Post "/v1/simulate/reversal" Mutation Open SandboxOnly;
    SIMULATION_REFUND: 24 "simulation.refund" "simulation().refund" Post "/v1/simulate/refund" Mutation Open SandboxOnly;
    PCI_CARD_DETAIL: 25 "pci.card_detail" "pci().card_detail" Post "/v1/merchant/pci/card/detail" Mutation Open HostedPage;
}

/// `client.call` on a path that the table does not hold: a POST may change something.
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
const RAW_GET: &Operation = &Operation { method: Method::Get, effect: Effect::Read, ..*RAW_POST };

/// What is known of a raw call: the table's operation on that path, else a cautious guess.
pub(crate) fn of_raw_call(method: Method, path: &str) -> &'static Operation {
    let known =
        OPERATIONS.iter().find(|operation| operation.method == method && matches_template(operation.path, path));
    match (known, method) {
        (Some(operation), _) => operation,
        (None, Method::Get) => RAW_GET,
        (None, Method::Post) => RAW_POST,
    }
}

/// Whether a path has the form of a template, whose variable stands for one segment.
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
    fn the_table_holds_the_25_calls_in_order() {
        assert!(OPERATIONS.iter().map(|operation| usize::from(operation.number)).eq(1..=25));
    }

    #[test]
    fn raw_calls_are_recognised_by_their_path() {
        assert_eq!(of_raw_call(Method::Post, "/v1/card/list").effect, Effect::Read);
        assert_eq!(of_raw_call(Method::Get, "/v1/card/123/detail").name, "cards.get");
        assert_eq!(of_raw_call(Method::Get, "/v1/card//detail").name, "call");
        assert_eq!(of_raw_call(Method::Post, "/v1/card/new").effect, Effect::Mutation);
        assert_eq!(of_raw_call(Method::Get, "/v1/card/list").effect, Effect::Read);
    }
}
