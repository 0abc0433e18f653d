//! The table of the platform's calls.

use super::call::Handler;
use super::cards::{apply, read, secrets, status};
use super::route::{Access, Route};
use super::{accounts, cardholders, catalog, consumptions, pci, simulation, token};
use crate::config::Mode;
use Access::{Key, Open, Token};

const BOTH: &[Mode] = &[Mode::Credit, Mode::Authorization];
const CREDIT: &[Mode] = &[Mode::Credit];
const AUTHORIZATION: &[Mode] = &[Mode::Authorization];

const fn get(
    operation: &'static str,
    path: &'static str,
    modes: &'static [Mode],
    access: Access,
    handler: Handler,
) -> Route {
    Route { operation, method: "GET", path, modes, access, handler }
}

const fn post(
    operation: &'static str,
    path: &'static str,
    modes: &'static [Mode],
    access: Access,
    handler: Handler,
) -> Route {
    Route { operation, method: "POST", path, modes, access, handler }
}

/// All calls, in the order of the platform's list.
#[rustfmt::skip] // a table
pub(crate) static ROUTES: &[Route] = &[
    get("token", "/open-api/v1/merchant/token", BOTH, Key, token::issue),
    post("cardholders.apply", "/open-api/v1/cardholder/apply", BOTH, Token, cardholders::apply),
    post("cardholders.list", "/open-api/v1/cardholder/list", BOTH, Token, cardholders::list),
    get("cardholders.get", "/open-api/v1/cardholder/{}/info", BOTH, Token, cardholders::get),
    post("cards.apply", "/open-api/v1/card/apply", BOTH, Token, apply::apply),
    post("cards.list", "/open-api/v1/card/list", BOTH, Token, read::list),
    get("cards.get", "/open-api/v1/card/{}/detail", BOTH, Token, read::get),
    get("cards.private_info", "/open-api/v1/card/{}/private/info", BOTH, Token, secrets::private_info),
    post("cards.activate", "/open-api/v1/card/active", BOTH, Token, status::activate),
    post("cards.update_status", "/open-api/v1/card/status/update", BOTH, Token, status::update_status),
    post("cards.set_pin", "/open-api/v1/card/pin/set", BOTH, Token, status::set_pin),
    get("consumptions.get", "/open-api/v1/card/consume/{}/info", BOTH, Token, consumptions::get),
    post("consumptions.list", "/open-api/v1/card/consume/list", BOTH, Token, consumptions::list),
    get("pci.client_token", "/open-api/v1/merchant/client/{}/token", BOTH, Token, pci::client_token),
    post("accounts.transfer", "/open-api/v1/account/transfer", CREDIT, Token, accounts::transfer),
    get("accounts.get", "/open-api/v1/account/{}/info", CREDIT, Token, accounts::get),
    post("accounts.transfers", "/open-api/v1/account/transfer/list", CREDIT, Token, accounts::transfers),
    post("cards.packages", "/open-api/v1/card/package/list", CREDIT, Token, catalog::packages),
    post("cards.bins", "/open-api/v1/card/support/bins", AUTHORIZATION, Token, catalog::bins),
    post("simulation.auth", "/open-api/v1/simulate/auth", BOTH, Open, simulation::auth),
    post("simulation.consumption_clear", "/open-api/v1/simulate/consumption_clear", BOTH, Open, simulation::consumption_clear),
    post("simulation.consumption_fail", "/open-api/v1/simulate/consumption_fail", BOTH, Open, simulation::consumption_fail),
    post("simulation.reversal", "/open-api/v1/simulate/reversal", BOTH, Open, simulation::reversal),
    post("simulation.refund", "/open-api/v1/simulate/refund", BOTH, Open, simulation::refund),
    post("pci.card_detail", "/open-api/v1/merchant/pci/card/detail", BOTH, Open, pci::card_detail),
];

/// The result of looking up a method and a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found {
    /// The route with this method and path.
    Route(&'static Route),
    /// A route has the path, but with another method.
    WrongMethod,
    /// No route has the path.
    Nothing,
}

/// Looks up a method and a path.
pub(crate) fn find(method: &str, path: &str) -> Found {
    let mut found = Found::Nothing;
    for route in ROUTES {
        if route.path_no(path).is_some() {
            if route.method == method {
                return Found::Route(route);
            }
            found = Found::WrongMethod;
        }
    }
    found
}

/// The route of an operation; `None` if the name is unknown.
pub(crate) fn by_operation(operation: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.operation == operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_finds_its_own_route() {
        for route in ROUTES {
            let path = route.path.replace("{}", "17");
            assert!(matches!(find(route.method, &path), Found::Route(found) if std::ptr::eq(found, route)), "{path}");
        }
    }

    #[test]
    fn a_wrong_method_differs_from_an_unknown_path() {
        assert!(matches!(find("DELETE", "/open-api/v1/card/list"), Found::WrongMethod));
        assert!(matches!(find("GET", "/open-api/v1/card/1/2/detail"), Found::Nothing));
        assert!(matches!(find("GET", "/open-api/v1/card//detail"), Found::Nothing));
    }
}
