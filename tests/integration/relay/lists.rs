//! Lists hold the cardholder's rows, whatever the platform returns.

use keysecure::{Transfer, TransferType};
use keysecure_sandbox::{ListRules, Mode, Sandbox};
use keysecure_tests::logged;

use super::{Shop, window};

fn rows(shop: &Shop, operation: &str, filter: &str) -> (usize, serde_json::Value) {
    let response = shop.post(operation, &format!("{{{filter}{}}}", window()));
    let data = response.data().clone();
    (data["list"].as_array().unwrap().len(), data)
}

/// Lists without those fields; `all` ignores the filters. Each page has a total.
fn set_rules(shop: &Shop, all: bool, left_out: &[&str]) {
    let mut rules = ListRules::default();
    rules.ignore_filters = all;
    rules.total = true;
    rules.left_out = left_out.iter().map(|name| (*name).to_owned()).collect();
    shop.sandbox.set_list_rules(rules).unwrap();
}

#[test]
fn rows_of_others_are_dropped_if_the_platform_ignores_the_filter() {
    let shop = Shop::new();
    for cardholder_no in [&shop.own, &shop.other, &shop.other] {
        shop.card(cardholder_no);
        let now = shop.sandbox.now_ms() - 1000;
        shop.sandbox.seed_transfers(cardholder_no, &[now]).unwrap();
    }
    assert_eq!(rows(&shop, "cards.list", "").0, 1);
    set_rules(&shop, true, &[]);
    for (operation, all) in [("cards.list", 3), ("accounts.transfers", 3), ("cardholders.list", 2)] {
        let ((count, data), lines) = logged(|| rows(&shop, operation, ""));
        assert_eq!(count, 1, "{operation}: {data}");
        assert!(data.get("total").is_none() && data.get("has_more").is_none(), "{operation}: {data}");
        assert!(!data.to_string().contains(&shop.other), "{operation}: {data}");
        let warned: Vec<_> = lines.iter().filter(|line| line.field("rows").is_some()).collect();
        assert_eq!((warned.len(), warned[0].level), (1, log::Level::Warn), "{operation}");
        assert_eq!(warned[0].field("rows"), Some(&*(all - 1).to_string()));
    }
}

#[test]
fn a_full_page_with_dropped_rows_says_that_there_are_more() {
    let shop = Shop::new();
    shop.card(&shop.own);
    for _ in 0..3 {
        shop.card(&shop.other);
    }
    set_rules(&shop, true, &[]);
    let page = |page: u32| {
        let body =
            format!("{{{}}}", window().replace("\"page\":0,\"size\":100", &format!("\"page\":{page},\"size\":2")));
        shop.post("cards.list", &body).data().clone()
    };
    assert_eq!(page(0)["has_more"], true);
    assert!(page(0)["list"].as_array().unwrap().is_empty());
    let own = page(1);
    assert_eq!((own["list"].as_array().unwrap().len(), &own["has_more"]), (1, &true.into()));
    assert!(page(2).get("has_more").is_none());
}

#[test]
fn a_page_of_own_rows_keeps_the_platforms_total() {
    let shop = Shop::new();
    shop.card(&shop.own);
    set_rules(&shop, false, &[]);
    assert_eq!(rows(&shop, "cards.list", "").1["total"], 1);
}

#[test]
fn a_transfer_that_does_not_say_whose_it_is_makes_the_page_an_error() {
    let shop = Shop::new();
    shop.sandbox.seed_transfers(&shop.own, &[shop.sandbox.now_ms() - 1000]).unwrap();
    set_rules(&shop, false, &["cardholder_no"]);
    let response = shop.post("accounts.transfers", &format!("{{{}}}", window()));
    assert_eq!((response.status, response.error()), (502, ("invalid_response", "unknown")));
    assert!(!response.body.contains(&shop.own));
    // A card that does not say it is not shown.
    shop.card(&shop.own);
    assert_eq!(rows(&shop, "cards.list", "").0, 0);
}

#[test]
fn a_purchase_without_its_cardholder_belongs_to_the_owner_of_its_card() {
    let shop = Shop::with(Sandbox::builder().mode(Mode::Authorization), |relay| relay);
    let now = shop.sandbox.now_ms() - 1000;
    let (own, other) = (shop.card(&shop.own), shop.card(&shop.other));
    for card_no in [&own, &other] {
        shop.sandbox.seed_consumptions(card_no, &[now, now - 1000]).unwrap();
    }
    set_rules(&shop, true, &["cardholder_no"]);
    let (count, data) = rows(&shop, "consumptions.list", "");
    assert_eq!(count, 2, "{data}");
    assert!(!data.to_string().contains(&other));
    set_rules(&shop, true, &["cardholder_no", "card_no"]);
    assert_eq!(rows(&shop, "consumptions.list", "").0, 0);
}

#[test]
fn a_number_of_another_as_a_filter_is_as_empty_as_an_unknown_one() {
    let shop = Shop::new();
    let now = shop.sandbox.now_ms() - 1000;
    let foreign = shop.sandbox.seed_transfers(&shop.other, &[now]).unwrap().remove(0);
    let own = shop.sandbox.seed_transfers(&shop.own, &[now]).unwrap().remove(0);
    let unique = shop.sandbox.cardholders().into_iter().find(|found| found.cardholder_no == shop.other).unwrap();
    let list = |operation: &str, field: &str, number: &str| {
        let window = window().replace("\"size\":100", "\"size\":1");
        shop.post(operation, &format!(r#"{{"{field}":"{number}",{window}}}"#)).body
    };
    for (all, left_out) in [(false, &[][..]), (true, &[]), (true, &["cardholder_no"])] {
        set_rules(&shop, all, left_out);
        let none = list("accounts.transfers", "transfer_no", "9999999999999999999");
        assert_eq!(list("accounts.transfers", "transfer_no", &foreign), none);
        assert!(all || none == r#"{"code":0,"data":{"list":[]}}"#, "{none}");
        let none = list("cardholders.list", "cardholder_unique_no", "none");
        assert_eq!(list("cardholders.list", "cardholder_unique_no", &unique.cardholder_unique_no), none);
    }
    set_rules(&shop, false, &[]);
    assert!(list("accounts.transfers", "transfer_no", &own).contains(&own));
}

#[test]
fn references_of_the_merchant_are_not_found_by_a_tap() {
    let shop = Shop::new();
    let made = Transfer {
        cardholder_no: shop.other.clone(),
        transfer_unique_no: "salary-7".into(),
        r#type: TransferType::In,
        amount: 5.into(),
    };
    shop.client.accounts().transfer(&made).unwrap();
    assert_eq!(rows(&shop, "accounts.transfers", r#""transfer_unique_no":"salary-7","#).0, 0);
    assert_eq!(rows(&shop, "cards.list", r#""card_unique_no":"salary-7","#).0, 0);
}
