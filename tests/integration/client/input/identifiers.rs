//! Wrong identifiers, tokens, PINs and CVVs.

use keysecure::{
    ActivateCard, ApplyCard, ApplyCardholder, CardDetail, CardStatus, CardType, Cvv, Pin, SetPin, Transfer,
    TransferType,
};
use keysecure_tests::virtual_card;

use super::{Case, case, transfer};

fn apply_cardholder(unique_no: &str, token: &str, no: Option<&str>) -> ApplyCardholder {
    ApplyCardholder {
        cardholder_unique_no: unique_no.into(),
        sumsub_share_token: token.into(),
        cardholder_no: no.map(str::to_owned),
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

pub fn identifiers() -> Vec<Case> {
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

pub fn secrets() -> Vec<Case> {
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
