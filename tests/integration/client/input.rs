//! What a caller gets wrong is refused before anything is sent, by the field's name and without its value.

use std::time::{Duration, SystemTime};

use keysecure::{
    ActivateCard, ApplyCard, ApplyCardholder, CardDetail, CardStatus, CardType, Client, Cvv, Date, Error, ErrorKind,
    Extra, Json, ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers, Outcome, Pin, SetPin,
    SimulationRequest, Transfer, TransferType, UtcOffset,
};
use keysecure_tests::{TestEnv, address, virtual_card};

type Part = fn(&mut keysecure::Address, &str);
type Wrong = Box<dyn Fn(&Client) -> Result<(), Error>>;

/// A field, a value that must not be repeated (or nothing), and a call that is wrong in it.
struct Case {
    field: &'static str,
    value: &'static str,
    call: Wrong,
}

fn case(field: &'static str, value: &'static str, call: impl Fn(&Client) -> Result<(), Error> + 'static) -> Case {
    Case { field, value, call: Box::new(call) }
}

fn apply_cardholder(unique_no: &str, token: &str, no: Option<&str>) -> ApplyCardholder {
    ApplyCardholder {
        cardholder_unique_no: unique_no.into(),
        sumsub_share_token: token.into(),
        cardholder_no: no.map(str::to_owned),
    }
}

fn transfer() -> Transfer {
    Transfer {
        cardholder_no: "17".into(),
        transfer_unique_no: "move-1".into(),
        r#type: TransferType::In,
        amount: "1.00".parse().unwrap(),
    }
}

fn physical() -> ApplyCard {
    ApplyCard { card_type: CardType::Physical, address_info: Some(address()), ..virtual_card("17", "card-1") }
}

fn simulated() -> SimulationRequest {
    SimulationRequest {
        card_no: Some("17".into()),
        amount: Some("1.00".parse().unwrap()),
        ..SimulationRequest::default()
    }
}

fn detail() -> CardDetail {
    CardDetail {
        client_access_token: "token".into(),
        origin: "https://page.example".into(),
        parent_origin: "https://merchant.example".into(),
        nonce: "nonce".into(),
        ..CardDetail::default()
    }
}

const LONG: &str = "00000000000000000000000000000000000000000000000000000000000000065";

fn numbers_and_tokens() -> Vec<Case> {
    let mut cases = vec![
        case("cardholder_unique_no", "", |c| c.cardholders().apply(&apply_cardholder("", "t", None)).map(drop)),
        case("cardholder_unique_no", "", |c| c.cardholders().apply(&apply_cardholder("  ", "t", None)).map(drop)),
        case("cardholder_unique_no", "left\nright", |c| {
            c.cardholders().apply(&apply_cardholder("left\nright", "t", None)).map(drop)
        }),
        case("sumsub_share_token", "", |c| c.cardholders().apply(&apply_cardholder("u", "", None)).map(drop)),
        case("cardholder_no", "", |c| c.cardholders().apply(&apply_cardholder("u", "t", Some(""))).map(drop)),
        case("cardholder_no", "", |c| c.cards().apply(&virtual_card("", "card-1")).map(drop)),
        case("card_unique_no", "", |c| c.cards().apply(&virtual_card("17", "")).map(drop)),
        case("card_unique_no", LONG, |c| c.cards().apply(&virtual_card("17", LONG)).map(drop)),
        case("card_type", "", |c| {
            c.cards().apply(&ApplyCard { card_type: CardType::default(), ..virtual_card("17", "card-1") }).map(drop)
        }),
        case("transfer_unique_no", LONG, |c| {
            c.accounts().transfer(&Transfer { transfer_unique_no: LONG.into(), ..transfer() }).map(drop)
        }),
        case("transfer_unique_no", "", |c| {
            c.accounts().transfer(&Transfer { transfer_unique_no: String::new(), ..transfer() }).map(drop)
        }),
        case("cardholder_no", "", |c| {
            c.accounts().transfer(&Transfer { cardholder_no: "\t".into(), ..transfer() }).map(drop)
        }),
        case("type", "", |c| {
            c.accounts().transfer(&Transfer { r#type: TransferType::default(), ..transfer() }).map(drop)
        }),
        case("card_no", "", |c| c.cards().update_status("", CardStatus::Frozen)),
        case("status", "", |c| c.cards().update_status("17", CardStatus::default())),
        case("card_no", "", |c| c.cards().freeze(" ")),
        case("card_no", "", |c| c.cards().unfreeze("")),
        case("card_no", "", |c| c.cards().delete("")),
        case("consume_no", "", |c| c.consumptions().get("").map(drop)),
        case("client_access_token", "", |c| {
            c.pci().card_detail(&CardDetail { client_access_token: "".into(), ..detail() }).map(drop)
        }),
        case("nonce", "", |c| c.pci().card_detail(&CardDetail { nonce: String::new(), ..detail() }).map(drop)),
        case("origin", "", |c| c.pci().card_detail(&CardDetail { origin: String::new(), ..detail() }).map(drop)),
        case("origin", "evil.example", |c| {
            let origin = "https://page.example\r\nX-Evil: evil.example".to_owned();
            c.pci().card_detail(&CardDetail { origin, ..detail() }).map(drop)
        }),
    ];
    let numbers = [
        "",
        " ",
        ".",
        "..",
        "a\u{0}b",
        "line\r\nbreak",
        "../x",
        "a/b?c#d",
        "a/b",
        "a?b=c",
        "a#bc",
        "a%2Fb",
        "%2e%2e",
        "a\\b",
        "a b c",
        "号号",
        "a;b=c",
        "a&b=c",
        "\"a\"",
        "a:b@c",
    ];
    for number in numbers {
        let value = if number.len() >= 4 { number } else { "" };
        cases.extend([
            case("cardholder_no", value, move |c| c.cardholders().get(number).map(drop)),
            case("card_no", value, move |c| c.cards().get(number).map(drop)),
            case("card_no", value, move |c| c.cards().private_info(number).map(drop)),
            case("consume_no", value, move |c| c.consumptions().get(number).map(drop)),
            case("card_no", value, move |c| c.pci().client_token(number).map(drop)),
            case("cardholder_no", value, move |c| c.accounts().get(number).map(drop)),
        ]);
    }
    cases
}

fn secrets() -> Vec<Case> {
    let mut cases = Vec::new();
    for pin in [
        "",
        "73925",
        "7392514",
        "73925a",
        "73 251",
        "７３９２５１",
        "111739",
        "739111",
        "123739",
        "739456",
        "987139",
        "000000",
        "-73925",
        "+73925",
        "73925\n",
    ] {
        cases.push(case("pin", pin, move |c| {
            let pin = Pin::new(pin)?;
            c.cards().set_pin(&SetPin { card_no: "17".into(), cardholder_no: "18".into(), pin })
        }));
    }
    for cvv in ["", "73", "7392", "73a", "７３９", " 73", "-73"] {
        cases.push(case("cvv", cvv, move |c| {
            c.cards().activate(&ActivateCard {
                card_no: "17".into(),
                cardholder_no: "18".into(),
                cvv: Cvv::new(cvv)?,
                card_last_no: "4242".into(),
            })
        }));
    }
    for last in ["", "424", "42424", "424x", "４２４２"] {
        cases.push(case("card_last_no", last, move |c| {
            c.cards().activate(&ActivateCard {
                card_no: "17".into(),
                cardholder_no: "18".into(),
                cvv: Cvv::new("739")?,
                card_last_no: last.to_owned(),
            })
        }));
    }
    for (card_no, cardholder_no, field) in [("", "18", "card_no"), ("17", "", "cardholder_no")] {
        cases.push(case(field, "", move |c| {
            let pin = Pin::new("739251")?;
            c.cards().set_pin(&SetPin { card_no: card_no.into(), cardholder_no: cardholder_no.into(), pin })
        }));
        cases.push(case(field, "", move |c| {
            c.cards().activate(&ActivateCard {
                card_no: card_no.into(),
                cardholder_no: cardholder_no.into(),
                cvv: Cvv::new("739")?,
                card_last_no: "4242".into(),
            })
        }));
    }
    cases
}

fn money() -> Vec<Case> {
    let mut cases = Vec::new();
    for amount in ["0", "0.00", "-0.01", "-250", "0.001", "12.345", "0.0000000000000000000000000001"] {
        let value = if amount.len() > 4 { amount } else { "" };
        cases.push(case("amount", value, move |c| {
            c.accounts().transfer(&Transfer { amount: amount.parse().unwrap(), ..transfer() }).map(drop)
        }));
        cases.push(case("amount", value, move |c| {
            let request = SimulationRequest { amount: Some(amount.parse().unwrap()), ..simulated() };
            c.simulation().auth(&request).map(drop)
        }));
        cases.push(case("local_amount", value, move |c| {
            let request = SimulationRequest {
                local_amount: Some(amount.parse().unwrap()),
                local_currency: Some("EUR".into()),
                ..simulated()
            };
            c.simulation().auth(&request).map(drop)
        }));
        cases.push(case("amount", value, move |c| {
            let request = SimulationRequest {
                consume_relate_no: Some("17".into()),
                amount: Some(amount.parse().unwrap()),
                ..SimulationRequest::default()
            };
            c.simulation().refund(&request).map(drop)
        }));
    }
    cases.extend([
        case("card_no", "", |c| c.simulation().auth(&SimulationRequest { card_no: None, ..simulated() }).map(drop)),
        case("amount", "", |c| c.simulation().auth(&SimulationRequest { amount: None, ..simulated() }).map(drop)),
        case("consume_no", "", |c| c.simulation().consumption_clear(&simulated()).map(drop)),
        case("consume_no", "", |c| c.simulation().consumption_fail(&simulated()).map(drop)),
        case("consume_relate_no", "", |c| c.simulation().reversal(&simulated()).map(drop)),
        case("consume_relate_no", "", |c| c.simulation().refund(&simulated()).map(drop)),
    ]);
    cases
}

fn cards() -> Vec<Case> {
    let mut cases = vec![
        case("package_no", "", |c| {
            c.cards().apply(&ApplyCard { package_no: None, ..virtual_card("17", "card-1") }).map(drop)
        }),
        case("package_no", "", |c| {
            c.cards().apply(&ApplyCard { card_bin_no: Some("7".into()), ..virtual_card("17", "card-1") }).map(drop)
        }),
        case("package_no", "", |c| {
            c.cards().apply(&ApplyCard { package_no: Some(String::new()), ..virtual_card("17", "card-1") }).map(drop)
        }),
        case("card_bin_no", "", |c| {
            let request = ApplyCard { package_no: None, card_bin_no: Some(" ".into()), ..virtual_card("17", "card-1") };
            c.cards().apply(&request).map(drop)
        }),
        case("address_info", "", |c| c.cards().apply(&ApplyCard { address_info: None, ..physical() }).map(drop)),
    ];
    let parts: [(&'static str, Part); 9] = [
        ("address_info.first_name", |a, text| a.first_name = Some(text.into())),
        ("address_info.last_name", |a, text| a.last_name = Some(text.into())),
        ("address_info.phone_code", |a, text| a.phone_code = Some(text.into())),
        ("address_info.phone", |a, text| a.phone = Some(text.into())),
        ("address_info.postal_code", |a, text| a.postal_code = text.into()),
        ("address_info.country", |a, text| a.country = text.into()),
        ("address_info.state", |a, text| a.state = text.into()),
        ("address_info.city", |a, text| a.city = text.into()),
        ("address_info.address_line1", |a, text| a.address_line1 = text.into()),
    ];
    let with = |request: &ApplyCard, change: &dyn Fn(&mut keysecure::Address)| {
        let mut address = address();
        change(&mut address);
        ApplyCard { address_info: Some(address), ..request.clone() }
    };
    let on_virtual = ApplyCard { card_type: CardType::Virtual, ..physical() };
    for (field, set) in parts {
        for text in ["", "   ", "北京市朝阳区", "Champs-Élysées", "two\nlines"] {
            let value = if text.trim().is_empty() { "" } else { text };
            for request in [&physical(), &on_virtual] {
                let request = with(request, &|address| set(address, text));
                cases.push(case(field, value, move |c| c.cards().apply(&request).map(drop)));
            }
        }
    }
    let whole: [(&'static str, Part); 4] = [
        ("address_info.first_name", |a, _| a.first_name = None),
        ("address_info.last_name", |a, _| a.last_name = None),
        ("address_info.phone_code", |a, _| a.phone_code = None),
        ("address_info.phone", |a, _| a.phone = None),
    ];
    for (field, clear) in whole {
        let request = with(&physical(), &|address| clear(address, ""));
        cases.push(case(field, "", move |c| c.cards().apply(&request).map(drop)));
    }
    let wrong: [(&'static str, &'static str, Part); 3] = [
        ("address_info.address_line2", "Straße 7", |a, text| a.address_line2 = Some(text.into())),
        ("address_info.phone_code", "+44", |a, text| a.phone_code = Some(text.into())),
        ("address_info.phone_code", "44a", |a, text| a.phone_code = Some(text.into())),
    ];
    for (field, text, set) in wrong {
        let request = with(&physical(), &|address| set(address, text));
        cases.push(case(field, text, move |c| c.cards().apply(&request).map(drop)));
    }
    cases
}

fn windows() -> Vec<Case> {
    let day = Duration::from_secs(24 * 3600);
    let now = SystemTime::now();
    let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let (early, late) = (second + Duration::from_millis(100), second + Duration::from_millis(900));
    let spans = [
        (now, now - day),
        (now, now),
        (second, second),
        (early, early),
        (late, early),
        (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH),
    ];
    let mut cases = Vec::new();
    for (start, end) in spans {
        cases.extend([
            case("end", "", move |c| c.cards().list(&ListCards::between(start, end)).map(drop)),
            case("end", "", move |c| c.cardholders().list(&ListCardholders::between(start, end)).map(drop)),
            case("end", "", move |c| c.consumptions().list(&ListConsumptions::between(start, end)).map(drop)),
            case("end", "", move |c| c.accounts().transfers(&ListTransfers::between(start, end)).map(drop)),
            case("end", "", move |c| c.cards().list_page(&ListCards::between(start, end), 0, 10).map(drop)),
        ]);
    }
    let date = |text: &str| text.parse::<Date>().unwrap();
    let backwards = ListCards::between(date("2026-03-02"), date("2026-03-01"));
    cases.push(case("end", "", move |c| c.cards().list(&backwards).map(drop)));
    let before_time = SystemTime::UNIX_EPOCH - day;
    cases.push(case("start", "", move |c| c.cards().list(&ListCards::between(before_time, now)).map(drop)));
    for size in [0, 101] {
        let year = now - 89 * day;
        cases.extend([
            case("size", "", move |c| c.cards().list_page(&ListCards::between(year, now), 0, size).map(drop)),
            case("size", "", move |c| {
                c.cardholders().list_page(&ListCardholders::between(year, now), 0, size).map(drop)
            }),
            case("size", "", move |c| {
                c.accounts().transfers_page(&ListTransfers::between(year, now), 0, size).map(drop)
            }),
            case("size", "", move |c| c.cards().packages_page(&ListPackages::default(), 0, size).map(drop)),
            case("size", "", move |c| c.cards().bins_page(&keysecure::ListBins::default(), 0, size).map(drop)),
        ]);
    }
    let too_long = now - 91 * day;
    cases.push(case("end", "", move |c| c.cards().list_page(&ListCards::between(too_long, now), 0, 10).map(drop)));
    cases
}

#[test]
fn what_breaks_a_rule_is_refused_by_its_field_without_its_value_and_nothing_is_sent() {
    let env = TestEnv::credit().unwrap();
    let mut cases = numbers_and_tokens();
    cases.extend(secrets());
    cases.extend(money());
    cases.extend(cards());
    cases.extend(windows());
    println!("{} wrong inputs", cases.len());
    for (number, case) in cases.iter().enumerate() {
        let error = (case.call)(&env.client).expect_err(&format!("case {number}: {}", case.field));
        let shown = format!("{error} {error:?}");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "case {number}: {shown}");
        assert_eq!(error.outcome(), Outcome::NotSent, "case {number}: {shown}");
        assert_eq!(error.field(), Some(case.field), "case {number}: {shown}");
        assert_eq!((error.attempts(), error.code(), error.http_status()), (0, None, None), "case {number}");
        let repeated = case.value.len() >= 3 && shown.contains(case.value);
        assert!(!repeated, "case {number} repeats its value: {shown}");
    }
    assert!(cases.len() > 150);
    assert_eq!(env.count(), 0, "not even a token request");
}

#[test]
fn values_that_just_keep_the_rules_are_sent() {
    let env = TestEnv::credit().unwrap();
    let unique_no = "号".repeat(64);
    env.client.cards().apply(&virtual_card(&env.cardholder_no, &unique_no)).unwrap();
    assert_eq!(env.sandbox.cards()[0].card_unique_no, unique_no);
    for amount in ["0.01", "10", "10.500", "1000.00"] {
        let request =
            Transfer { cardholder_no: env.cardholder_no.clone(), amount: amount.parse().unwrap(), ..transfer() };
        env.client.accounts().transfer(&request).unwrap();
    }
    let amounts: Vec<String> = env.sandbox.transfers().iter().map(|row| row.amount.to_string()).collect();
    assert_eq!(amounts, ["0.01", "10.00", "10.50", "1000.00"]);
    for pin in ["112233", "121212", "135790", "902468"] {
        Pin::new(pin).unwrap();
    }
}

#[test]
fn values_are_refused_where_they_are_made() {
    for (error, field) in [
        (Date::new(2026, 2, 30).unwrap_err(), "date"),
        ("2026-2-3".parse::<Date>().unwrap_err(), "date"),
        (Json::new("{oops").unwrap_err(), "json"),
        (Extra::from_json("[]").unwrap_err(), "extra"),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)));
        assert!(!error.to_string().contains("oops"));
    }
    assert_eq!("Mars/Olympus".parse::<UtcOffset>().unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn settings_that_no_call_could_use_are_refused_when_the_client_is_built() {
    let env = TestEnv::credit().unwrap();
    let build = |key: &str, secret: &str| Client::builder(key, secret).base_url(env.sandbox.base_url());
    let good = "0123456789abcdef";
    let wrong = [
        build("", good).build(),
        build("sp ace", good).build(),
        build("line\r\nbreak", good).build(),
        build("key", "").build(),
        build("key", "canary-of-17-byte").build(),
        build("key", good).timeout(Duration::ZERO).build(),
        build("key", good).connect_timeout(Duration::ZERO).build(),
        build("key", good).proxy("::canary::").build(),
        build("key", good).proxy("socks5://canary:1080").build(),
        build("key", good).ca_pem("canary").build(),
        build("key", good).base_url("http://canary.example").build(),
        build("key", good).base_url("https://canary:canary@example.com").build(),
        build("key", good).base_url("ftp://canary").build(),
    ];
    for (number, built) in wrong.into_iter().enumerate() {
        let error = built.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{number}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary") && !shown.contains("sp ace"), "{number}: {shown}");
    }
    assert_eq!(env.count(), 0);
}
