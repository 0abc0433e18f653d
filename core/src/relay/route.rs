//! The operations that a relay serves, each declared once.

use super::fields::Fields;
use super::response::{Data, Refusal};
use super::scope::Grant;
use super::work::Work;
use super::{lists, mutations, reads, transfers};

/// An operation.
pub(super) struct Route {
    /// Its name in the path, in errors and in records.
    pub name: &'static str,
    /// Grants of which the scope must have one. An operation with several checks the one that its fields ask for.
    pub grants: &'static [Grant],
    /// The fields that its body may have.
    pub fields: &'static [&'static str],
    pub is_mutation: bool,
    pub serve: fn(&mut Work<'_>, &Fields<'_>) -> Result<Data, Refusal>,
}

macro_rules! routes {
    ($($name:literal $effect:ident [$($grant:ident),+] { $($field:ident)* } $serve:path;)+) => {
        /// All operations.
        pub(super) const ROUTES: &[Route] = &[$(
            Route {
                name: $name,
                grants: &[$(Grant::$grant),+],
                fields: &[$($crate::codec::wire_name(stringify!($field))),*],
                is_mutation: routes!(@ $effect),
                serve: $serve,
            },
        )+];
    };
    (@ read) => { false };
    (@ mutation) => { true };
}

routes! {
    "cardholders.get" read [CardholdersGet] { cardholder_no } reads::cardholder;
    "cardholders.list" read [CardholdersList]
        { start_time end_time cardholder_no cardholder_unique_no page size } lists::cardholders;
    "cards.get" read [CardsGet] { card_no } reads::card;
    "cards.list" read [CardsList]
        { start_time end_time cardholder_no card_no card_unique_no page size } lists::cards;
    "cards.packages" read [CardsPackages] { r#type package_no page size } lists::packages;
    "cards.bins" read [CardsBins] { card_bin_no page size } lists::bins;
    "cards.private_info" read [CardsPrivateInfo] { card_no } reads::private_info;
    "cards.apply" mutation [CardsApply]
        { cardholder_no card_unique_no card_type package_no card_bin_no address_info } mutations::apply;
    "cards.ensure_card" mutation [CardsApply]
        { cardholder_no card_unique_no card_type package_no card_bin_no address_info deadline_ms } mutations::ensure_card;
    "cards.activate" mutation [CardsActivate] { card_no cardholder_no cvv card_last_no } mutations::activate;
    "cards.set_pin" mutation [CardsSetPin] { card_no cardholder_no pin } mutations::set_pin;
    "cards.update_status" mutation [CardsFreeze, CardsUnfreeze, CardsDelete] { card_no status } mutations::update_status;
    "consumptions.get" read [ConsumptionsGet] { consume_no } reads::consumption;
    "consumptions.list" read [ConsumptionsList]
        { start_time end_time cardholder_no card_no consume_no page size } lists::consumptions;
    "accounts.get" read [AccountsGet] { cardholder_no } reads::accounts;
    "accounts.transfers" read [AccountsTransfers]
        { start_time end_time cardholder_no transfer_no transfer_unique_no page size } lists::transfers;
    "accounts.transfer" mutation [AccountsTransferIn, AccountsTransferOut]
        { cardholder_no transfer_unique_no r#type balance } transfers::transfer;
    "accounts.ensure_transfer" mutation [AccountsTransferIn, AccountsTransferOut]
        { cardholder_no transfer_unique_no r#type balance deadline_ms } transfers::ensure_transfer;
    "pci.client_token" read [PciClientToken] { card_no } reads::client_token;
}

/// The operation with exactly this name.
pub(super) fn find(name: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.name == name)
}

/// The part of a path after the mount and the version. Only an exact path has one.
pub(super) fn name_in<'a>(mount: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(mount)?.strip_prefix("/v1/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::operation::{Effect, OPERATIONS};

    #[test]
    fn every_grant_but_the_events_opens_an_operation() {
        for grant in Grant::ALL {
            let is_used = ROUTES.iter().any(|route| route.grants.contains(&grant));
            assert_eq!(is_used, grant != Grant::Events, "{grant:?}");
        }
    }

    #[test]
    fn operations_have_the_effect_that_they_have_at_the_platform() {
        for route in ROUTES {
            let name = route.name.replace("ensure_card", "apply").replace("ensure_transfer", "transfer");
            let operation = OPERATIONS.iter().find(|operation| operation.name == name).unwrap();
            assert_eq!(route.is_mutation, operation.effect == Effect::Mutation, "{name}");
        }
    }

    #[test]
    fn what_no_scope_may_do_is_no_operation() {
        for name in [
            "call",
            "token",
            "cardholders.apply",
            "cardholders.ensure_cardholder",
            "simulation.auth",
            "pci.card_detail",
            "events",
            "",
            "cards",
            "Cards.get",
            "cards.get ",
        ] {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
