//! What a session may do with its own cardholder.

use keysecure::{Outcome, TransferType};
use keysecure_sandbox::{Mode, Sandbox};
use serde_json::Value;

use super::{Shop, civil, window};

#[test]
fn an_app_reads_its_own_cardholder_cards_and_balances() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    let cardholder = shop.post("cardholders.get", "{}");
    assert_eq!(cardholder.data()["cardholder_no"], shop.own);
    let named = shop.post("cardholders.get", &format!(r#"{{"cardholder_no":"{}"}}"#, shop.own));
    assert_eq!(named.body, cardholder.body);
    for _ in 0..2 {
        let card = shop.post("cards.get", &format!(r#"{{"card_no":"{card_no}"}}"#));
        assert_eq!((&card.data()["card_no"], &card.data()["status"]), (&Value::from(&*card_no), &"Activated".into()));
    }
    let cards = shop.post("cards.list", &format!("{{{}}}", window()));
    assert_eq!(cards.data()["list"].as_array().unwrap().len(), 1);
    assert!(shop.post("accounts.get", "{}").data()["list"].is_array());
    let packages = shop.post("cards.packages", r#"{"page":0,"size":10}"#);
    assert!(!packages.data()["list"].as_array().unwrap().is_empty());
    let record = shop.record();
    assert_eq!((record.operation, record.denial, record.http_status), (Some("cards.packages"), None, 200));
    assert_eq!(record.session, Some(format!("session-{}", shop.own)));
}

#[test]
fn a_card_has_its_tap_as_reference_in_every_response() {
    let shop = Shop::new();
    let body = r#"{"card_unique_no":"tap-1","card_type":"Virtual","package_no":"1600000000000000101"}"#;
    let card_no = shop.post("cards.ensure_card", body).data()["value"]["card_no"].as_str().unwrap().to_owned();
    for (operation, body) in [
        ("cardholders.get", "{}".to_owned()),
        ("cards.get", format!(r#"{{"card_no":"{card_no}"}}"#)),
        ("cards.list", format!("{{{}}}", window())),
    ] {
        let response = shop.post(operation, &body);
        assert!(response.body.contains(r#""card_unique_no":"tap-1""#), "{operation}: {}", response.body);
        assert!(!response.body.contains("app."), "{operation}: {}", response.body);
    }
}

#[test]
fn the_secrets_of_a_card_arrive_plain_and_are_never_shown() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    let secrets = shop.post("cards.private_info", &format!(r#"{{"card_no":"{card_no}"}}"#));
    let pan = shop.sandbox.pan_for_tests(&card_no).unwrap();
    assert_eq!(secrets.data()["pan"], pan);
    assert_eq!(secrets.data()["cvv"], shop.sandbox.cvv_for_tests(&card_no).unwrap());
    let names: Vec<_> = secrets.data().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["card_no", "card_unique_no", "cvv", "exp_month", "exp_year", "pan"]);
    assert!(secrets.headers.contains(&("Cache-Control", "no-store".to_owned())));
    assert!(!format!("{:?}", shop.record()).contains(&pan));
    let token = shop.post("pci.client_token", &format!(r#"{{"card_no":"{card_no}"}}"#));
    assert!(token.data()["client_access_token"].is_string() && token.data()["expires_in"].is_u64());
}

#[test]
fn a_physical_card_is_activated_and_gets_its_pin() {
    let shop = Shop::new();
    let card_no = shop.sandbox.seed_physical_card(&shop.own).unwrap();
    let card = shop.sandbox.cards().into_iter().find(|card| card.card_no == card_no).unwrap();
    let cvv = shop.sandbox.cvv_for_tests(&card_no).unwrap();
    let body = format!(r#"{{"card_no":"{card_no}","cvv":"{cvv}","card_last_no":"{}"}}"#, card.card_last_no);
    assert_eq!(shop.tap("cards.activate", "tap-1", &body).data()["result"], true);
    let body = format!(r#"{{"card_no":"{card_no}","cardholder_no":"{}","pin":"739251"}}"#, shop.own);
    assert_eq!(shop.tap("cards.set_pin", "tap-2", &body).data()["result"], true);
    assert!(shop.sandbox.pin_matches(&card_no, "739251"));
    let shown = format!("{:?}", shop.records.lock().unwrap());
    assert!(!shown.contains("739251") && !shown.contains(&format!("\"{cvv}\"")), "{shown}");
}

#[test]
fn a_card_is_frozen_unfrozen_and_deleted_and_gets_no_other_status() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    for (status, tap) in [("Frozen", "a"), ("Activated", "b"), ("Delete", "c")] {
        let body = format!(r#"{{"card_no":"{card_no}","status":"{status}"}}"#);
        assert_eq!(shop.tap("cards.update_status", tap, &body).status, 200);
        assert_eq!(shop.status(&card_no), status);
    }
    for status in ["frozen", "FROZEN", "Pending", "ToActivate", "Fail", " Frozen", "Deleted"] {
        let body = format!(r#"{{"card_no":"{card_no}","status":"{status}"}}"#);
        let response = shop.tap("cards.update_status", status.trim(), &body);
        assert_eq!((response.status, response.field()), (400, Some("status")), "{status}");
    }
}

#[test]
fn a_transfer_has_the_tap_as_its_reference_for_the_app_only() {
    let shop = Shop::new();
    let plain = shop.post("accounts.transfer", r#"{"transfer_unique_no":"tap-1","type":"In","balance":"25.00"}"#);
    assert_eq!(plain.data()["transfer_unique_no"], "tap-1");
    let names: Vec<_> = plain.data().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["after_balance", "before_balance", "transfer_no", "transfer_unique_no"]);
    let made = shop.transfer("own", "tap-2", "10.50");
    assert_eq!((&made.data()["created"], &made.data()["value"]["balance"]), (&true.into(), &"10.50".into()));
    assert_eq!(made.data()["value"]["transfer_unique_no"], "tap-2");
    let transfers = shop.sandbox.transfers();
    let references: Vec<_> = transfers.iter().map(|transfer| transfer.transfer_unique_no.clone()).collect();
    assert_eq!(references, [format!("app.{}.tap-1", shop.own), format!("app.{}.tap-2", shop.own)]);
    let listed = shop.post("accounts.transfers", &format!(r#"{{"transfer_unique_no":"tap-2",{}}}"#, window()));
    assert_eq!(listed.data()["list"].as_array().unwrap().len(), 1);
    assert_eq!(listed.data()["list"][0]["transfer_unique_no"], "tap-2");
    let record = shop.records.lock().unwrap()[1].clone();
    assert_eq!((record.tap.as_deref(), record.outcome), (Some("tap-2"), None::<Outcome>));
    assert_eq!(record.subject, Some(transfers[1].transfer_no.clone()));
}

#[test]
fn a_transfer_of_the_merchant_keeps_its_reference_in_lists() {
    let shop = Shop::new();
    let made = keysecure::Transfer {
        cardholder_no: shop.own.clone(),
        transfer_unique_no: "salary-7".into(),
        r#type: TransferType::In,
        amount: 5.into(),
    };
    shop.client.accounts().transfer(&made).unwrap();
    let listed = shop.post("accounts.transfers", &format!("{{{}}}", window()));
    assert_eq!(listed.data()["list"][0]["transfer_unique_no"], "salary-7");
    let sought = shop.post("accounts.transfers", &format!(r#"{{"transfer_unique_no":"salary-7",{}}}"#, window()));
    assert!(sought.data()["list"].as_array().unwrap().is_empty());
}

#[test]
fn a_card_is_applied_for_once_for_its_tap() {
    let shop = Shop::new();
    let body = r#"{"card_unique_no":"tap-1","card_type":"Virtual","package_no":"1600000000000000101"}"#;
    let made = shop.post("cards.ensure_card", body);
    assert_eq!((&made.data()["created"], &made.data()["value"]["card_unique_no"]), (&true.into(), &"tap-1".into()));
    let again = shop.post("cards.ensure_card", body);
    assert_eq!(again.data()["created"], false);
    let plain = shop.post("cards.apply", body);
    let names: Vec<_> = plain.data().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["card_no", "card_unique_no"]);
    assert_eq!(plain.data()["card_no"], made.data()["value"]["card_no"]);
    let cards = shop.sandbox.cards();
    assert_eq!((cards.len(), &cards[0].cardholder_no), (1, &shop.own));
    let address = r#"{"card_unique_no":"tap-2","card_type":"Physical","package_no":"1600000000000000102","address_info":
        {"first_name":"Ada","last_name":"Lovelace","phone_code":"44","phone":"2079460123","postal_code":"SW1Y","country":"GB",
        "state":"London","city":"London","address_line1":"12 St James's Square","address_line2":""}}"#;
    let physical = shop.post("cards.apply", address);
    assert!(physical.status == 200 || physical.error().0 == "api", "{}", physical.body);
    let wrong = shop.post("cards.apply", &address.replace("\"SW1Y\"", "7"));
    assert_eq!(wrong.field(), Some("address_info.postal_code"));
}

#[test]
fn purchases_are_read_by_number_and_as_a_list() {
    let shop = Shop::with(Sandbox::builder().mode(Mode::Authorization), |relay| relay);
    let card_no = shop.card(&shop.own);
    let consume_no = shop.sandbox.seed_consumptions(&card_no, &[shop.sandbox.now_ms() - 1000]).unwrap().remove(0);
    let one = shop.post("consumptions.get", &format!(r#"{{"consume_no":"{consume_no}"}}"#));
    assert_eq!(one.data()["card_no"], card_no);
    for filter in [format!(r#""card_no":"{card_no}","#), format!(r#""consume_no":"{consume_no}","#), String::new()] {
        let listed = shop.post("consumptions.list", &format!("{{{filter}{}}}", window()));
        assert_eq!(listed.data()["list"][0]["consume_no"], consume_no, "{filter}");
    }
    assert_eq!(shop.post("cards.bins", r#"{"page":0,"size":10}"#).status, 200);
}

#[test]
fn the_window_is_in_the_zone_of_the_header() {
    let shop = Shop::new();
    shop.card(&shop.own);
    let now = shop.sandbox.now_ms() / 1000;
    // A window of an hour around now, written in UTC.
    let body =
        format!(r#"{{"start_time":"{}","end_time":"{}","page":0,"size":10}}"#, civil(now - 1800), civil(now + 1800));
    let rows = |zone: &str| {
        let response = shop.send("own", "cards.list", &[("Timezone", zone)], &body);
        response.data()["list"].as_array().unwrap().len()
    };
    assert_eq!((rows("UTC"), rows("UTC+8")), (1, 0));
    let wrong = shop.send("own", "cards.list", &[("Timezone", "Europe/London")], &body);
    assert_eq!((wrong.status, wrong.field()), (400, Some("timezone")));
}
