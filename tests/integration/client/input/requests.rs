//! Wrong amounts, addresses, windows and page sizes.

use std::time::{Duration, SystemTime};

use keysecure::{
    ApplyCard, CardType, Date, ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers,
    SimulationRequest, Transfer,
};
use keysecure_tests::{address, virtual_card};

use super::{Case, case, transfer};

type Part = fn(&mut keysecure::Address, &str);

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

pub fn money() -> Vec<Case> {
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

pub fn cards() -> Vec<Case> {
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

pub fn windows() -> Vec<Case> {
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
