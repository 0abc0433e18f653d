//! The life cycle of cardholders and cards.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use common::{ApiResponse, TestEnv, address};
use keysecure_sandbox::{CardStatus, CardholderStatus, Sandbox, SandboxError};
use serde_json::json;

fn set_status(env: &TestEnv, card_no: &str, status: &str) -> ApiResponse {
    env.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": status}))
}

fn activate(env: &TestEnv, card_no: &str, cvv: &str, last_no: &str) -> ApiResponse {
    env.caller.post(
        "/v1/card/active",
        json!({"cardholder_no": env.holder, "card_no": card_no, "cvv": cvv, "card_last_no": last_no}),
    )
}

fn set_pin(env: &TestEnv, card_no: &str, pin: &str) -> ApiResponse {
    env.caller.post("/v1/card/pin/set", json!({"cardholder_no": env.holder, "card_no": card_no, "pin": pin}))
}

fn activated_physical(env: &TestEnv) -> String {
    let card_no = env.physical_card();
    let cvv = env.encrypt(&env.sandbox.cvv_for_tests(&card_no).unwrap());
    let pan = env.sandbox.pan_for_tests(&card_no).unwrap();
    assert_eq!(json!({"result": true}), *activate(env, &card_no, &cvv, &pan[12..]).data());
    card_no
}

#[test]
fn a_rejected_cardholder_may_apply_again() {
    let env = TestEnv::credit();
    let apply = |number: Option<&str>, token: &str| {
        let mut body = json!({"cardholder_unique_no": "u", "sumsub_share_token": token});
        if let Some(number) = number {
            body["cardholder_no"] = json!(number);
        }
        env.caller.post("/v1/cardholder/apply", body)
    };
    let no = apply(None, "documents").text("cardholder_no");
    let status = || env.caller.get(&format!("/v1/cardholder/{no}/info")).text("status");
    assert_eq!("Pending", status());
    env.sandbox.start_review(&no).unwrap();
    assert_eq!("In_progress", status());
    assert_eq!(2004, apply(Some(&no), "documents").code(), "documents under review cannot be replaced");
    env.sandbox.reject_cardholder(&no, "blurred").unwrap();
    assert_eq!("Rejected", status());
    assert_eq!("blurred", env.sandbox.cardholders()[1].fail_reason);
    assert_eq!(no, apply(Some(&no), "better documents").text("cardholder_no"));
    assert_eq!("Pending", status());
    assert_eq!("", env.sandbox.cardholders()[1].fail_reason);
    env.sandbox.approve_cardholder(&no).unwrap();
    assert_eq!("Approved", status());
    assert_eq!(2003, apply(Some(&no), "documents").code());
    assert_eq!(2002, apply(Some("17"), "documents").code());
}

#[test]
fn administrative_calls_check_the_state() {
    let env = TestEnv::credit();
    let approved = SandboxError::WrongState { what: "cardholder", state: "Approved" };
    assert_eq!(Err(approved), env.sandbox.reject_cardholder(&env.holder, "late"));
    assert!(matches!(env.sandbox.approve_cardholder("17"), Err(SandboxError::NotFound { .. })));
    assert!(matches!(env.sandbox.issue_card(&env.virtual_card()), Err(SandboxError::WrongState { .. })));
    assert!(env.sandbox.seed_virtual_card("17").is_err());
}

#[test]
fn the_prefix_of_a_share_token_decides_the_verification() {
    let env = TestEnv::credit();
    for (token, status) in [
        ("auto-approve", CardholderStatus::Approved),
        ("auto-reject-7", CardholderStatus::Rejected),
        ("approve-auto", CardholderStatus::Pending),
    ] {
        env.caller
            .post("/v1/cardholder/apply", json!({"cardholder_unique_no": token, "sumsub_share_token": token}))
            .data();
        assert_eq!(status, env.sandbox.cardholders().pop().unwrap().status, "{token}");
    }
}

#[test]
fn manual_cards_stay_pending_until_they_are_issued_or_failed() {
    let env = TestEnv::new(Sandbox::builder().manual_cards());
    let apply = |unique_no: &str, kind: &str, package_no: &str| {
        let body = json!({"cardholder_no": env.holder, "card_unique_no": unique_no, "card_type": kind,
                          "package_no": package_no, "address_info": address()});
        env.caller.post("/v1/card/apply", body).text("card_no")
    };
    let status = |no: &str| env.caller.get(&format!("/v1/card/{no}/detail")).text("status");
    let virtual_card = apply("c1", "Virtual", "1600000000000000101");
    let physical = apply("c2", "Physical", "1600000000000000103");
    let failed = apply("c3", "Virtual", "1600000000000000101");
    assert_eq!("Pending", status(&virtual_card));
    assert_eq!(4005, set_status(&env, &virtual_card, "Frozen").code());
    env.sandbox.issue_card(&virtual_card).unwrap();
    env.sandbox.issue_card(&physical).unwrap();
    env.sandbox.fail_card(&failed, "no stock").unwrap();
    assert_eq!(("Activated", "ToActivate", "Fail"), (&*status(&virtual_card), &*status(&physical), &*status(&failed)));
    assert_eq!("no stock", env.sandbox.cards()[2].reason);
    assert_eq!("Ada Byron", env.caller.get(&format!("/v1/card/{physical}/detail")).text("card_name"));
}

#[test]
fn an_application_must_match_its_package() {
    let env = TestEnv::credit();
    let apply = |changes: serde_json::Value| {
        let mut body = json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Virtual",
                              "package_no": "1600000000000000101"});
        for (field, value) in changes.as_object().unwrap() {
            body[field] = value.clone();
        }
        env.caller.post("/v1/card/apply", body)
    };
    for (changes, field) in [
        (json!({"package_no": ""}), "package_no "),
        (json!({"package_no": "17"}), "package_no "),
        (json!({"card_type": "Physical"}), "card_type "),
        (json!({"card_type": "Wooden"}), "card_type "),
        (json!({"card_unique_no": "x".repeat(65)}), "card_unique_no "),
        (json!({"card_type": "Physical", "package_no": "1600000000000000103"}), "address_info "),
        (json!({"address_info": {"first_name": "Ada"}}), "address_info.postal_code "),
        (json!({"address_info": "Main St"}), "address_info "),
    ] {
        let response = apply(changes.clone());
        assert_eq!(1004, response.code(), "{changes}");
        assert!(response.msg().starts_with(field), "{changes}: {}", response.msg());
    }
    assert!(env.sandbox.cards().is_empty());
    assert_eq!(0, apply(json!({"card_unique_no": "x".repeat(64)})).code());
}

#[test]
fn in_authorization_mode_cards_are_opened_from_bins() {
    let env = TestEnv::authorization();
    let bins = env.caller.post("/v1/card/support/bins", json!({}));
    let only_physical = bins.list().iter().find(|bin| bin["support_virtual"] == false).unwrap();
    let apply = |bin_no: &serde_json::Value| {
        env.caller.post(
            "/v1/card/apply",
            json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Virtual", "card_bin_no": bin_no}),
        )
    };
    assert!(apply(&json!("")).msg().starts_with("card_bin_no "));
    assert!(apply(&only_physical["card_bin_no"]).msg().starts_with("card_type "));
    let card_no = apply(&bins.list()[0]["card_bin_no"]).text("card_no");
    let pan = env.sandbox.pan_for_tests(&card_no).unwrap();
    assert!(pan.starts_with(bins.list()[0]["card_bin"].as_str().unwrap()));
}

#[test]
fn status_changes_follow_the_transition_table() {
    let env = TestEnv::credit();
    for (path, last) in
        [(&["Frozen", "Activated", "Delete"][..], CardStatus::Delete), (&["Frozen", "Delete"], CardStatus::Delete)]
    {
        let card_no = env.virtual_card();
        for status in path {
            assert_eq!(json!({"result": true}), *set_status(&env, &card_no, status).data());
            assert_eq!(4005, set_status(&env, &card_no, status).code(), "not twice");
        }
        assert_eq!(last, env.sandbox.cards().pop().unwrap().status);
        assert_eq!(4005, set_status(&env, &card_no, "Activated").code(), "a deleted card stays deleted");
    }
    let card_no = env.physical_card();
    assert_eq!(4005, set_status(&env, &card_no, "Activated").code(), "a physical card needs its CVV");
    for status in ["Pending", "Fail", "ToActivate", "frozen", ""] {
        assert!(set_status(&env, &card_no, status).msg().starts_with("status "), "{status}");
    }
}

#[test]
fn activation_checks_the_owner_the_last_digits_and_the_cvv() {
    let env = TestEnv::credit();
    let card_no = env.physical_card();
    let cvv = env.sandbox.cvv_for_tests(&card_no).unwrap();
    let pan = env.sandbox.pan_for_tests(&card_no).unwrap();
    let wrong_cvv = if cvv == "000" { "001" } else { "000" };
    for (cvv, last_no, code, msg) in [
        (env.encrypt(&cvv), "x", 4010, "card_last_no"),
        (env.encrypt(wrong_cvv), &pan[12..], 4010, "cvv"),
        (env.encrypt("12"), &pan[12..], 1004, "cvv"),
        (env.encrypt("1234"), &pan[12..], 1004, "cvv"),
        (env.encrypt("12a"), &pan[12..], 1004, "cvv"),
        (cvv.clone(), &pan[12..], 1004, "cvv"),
        ("AAAAAAAAAAAAAAAAAAAAAA==".to_owned(), &pan[12..], 1004, "cvv"),
        (String::new(), &pan[12..], 1004, "cvv"),
    ] {
        let response = activate(&env, &card_no, &cvv, last_no);
        assert_eq!(code, response.code(), "{cvv}");
        assert!(response.msg().contains(msg), "{}", response.msg());
    }
    let other = env.sandbox.seed_approved_cardholder();
    let body =
        json!({"cardholder_no": other, "card_no": card_no, "cvv": env.encrypt(&cvv), "card_last_no": &pan[12..]});
    assert!(env.caller.post("/v1/card/active", body).msg().starts_with("cardholder_no "));
    assert_eq!(0, activate(&env, &card_no, &env.encrypt(&cvv), &pan[12..]).code());
    assert_eq!(4005, activate(&env, &card_no, &env.encrypt(&cvv), &pan[12..]).code(), "only once");
}

#[test]
fn a_pin_is_decrypted_checked_and_stored() {
    let env = TestEnv::credit();
    let card_no = env.physical_card();
    assert_eq!(4005, set_pin(&env, &card_no, &env.encrypt("135791")).code(), "not active yet");
    let card_no = activated_physical(&env);
    for bad in ["111333", "123579", "975321", "13579", "1357913", "13579x"] {
        assert_eq!(4016, set_pin(&env, &card_no, &env.encrypt(bad)).code(), "{bad}");
    }
    assert!(set_pin(&env, &card_no, "135791").msg().starts_with("pin "));
    assert!(!env.sandbox.pin_matches(&card_no, "135791"));
    assert_eq!(json!({"result": true}), *set_pin(&env, &card_no, &env.encrypt("135791")).data());
    assert!(env.sandbox.pin_matches(&card_no, "135791"));
    assert!(env.sandbox.cards().pop().unwrap().has_pin);
}

#[test]
fn private_info_is_encrypted_and_needs_an_active_card() {
    let env = TestEnv::credit();
    let card_no = env.virtual_card();
    let path = format!("/v1/card/{card_no}/private/info");
    let secrets = env.decrypt(env.caller.get(&path).data().as_str().unwrap());
    let card = &env.sandbox.cards()[0];
    assert_eq!(
        json!({"card_no": card_no, "card_unique_no": card.card_unique_no,
               "pan": env.sandbox.pan_for_tests(&card_no).unwrap(),
               "cvv": env.sandbox.cvv_for_tests(&card_no).unwrap(),
               "exp_year": card.exp_year, "exp_month": card.exp_month}),
        secrets
    );
    set_status(&env, &card_no, "Frozen").data();
    assert_eq!(4005, env.caller.get(&path).code());
    assert!(env.caller.get("/v1/card/17/private/info").msg().starts_with("card_no "));
}

#[test]
fn the_detail_has_the_fee_schedule_of_the_package() {
    let env = TestEnv::credit();
    let detail = env.caller.get(&format!("/v1/card/{}/detail", env.virtual_card()));
    let package = &env.caller.post("/v1/card/package/list", json!({"type": "Virtual"})).list()[0].clone();
    assert_eq!(package["fee_detail"], detail.data()["fee_detail"]);
    assert_eq!(22, package["fee_detail"].as_object().unwrap().len());
    assert_eq!(package["package_en_name"], detail.data()["package_name_en"]);
}
