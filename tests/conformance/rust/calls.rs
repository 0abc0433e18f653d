//! The calls by their names, with arguments from JSON.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use keysecure::{
    ActivateCard, Address, ApplyCard, ApplyCardholder, CardDetail, CardStatus, CardType, Client, Cvv, Decimal,
    EnsureOptions, Error, FeeType, Json, ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages,
    ListTransfers, MerchantInfo, Method, Pin, SetPin, SimulatedFee, SimulationRequest, Transfer, WindowBound,
};
use keysecure_tests::millis;
use serde_json::{Map, Value};

use crate::json;
use crate::values::seconds;

/// The arguments of one call. Each must be used, so that a misspelled one is found.
pub struct Args<'a> {
    values: &'a Map<String, Value>,
    now_ms: i64,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Args<'a> {
    pub fn new(values: &'a Map<String, Value>, now_ms: i64) -> Self {
        Self { values, now_ms, used: RefCell::default() }
    }

    pub fn assert_all_used(&self, call: &str) {
        let unused: Vec<_> = self.values.keys().filter(|name| !self.used.borrow().contains(*name)).collect();
        assert!(unused.is_empty(), "{call} takes no {unused:?}");
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.used.borrow_mut().insert(name.to_owned());
        self.values.get(name)
    }

    fn some(&self, name: &str) -> Option<String> {
        self.value(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    fn text(&self, name: &str) -> String {
        self.some(name).unwrap_or_default()
    }

    fn decimal(&self, name: &str) -> Option<Decimal> {
        self.some(name).map(|text| text.parse().unwrap())
    }

    fn when(&self, name: &str) -> Option<WindowBound> {
        let text = self.some(name)?;
        Some(match seconds(&text) {
            Some(ahead) => millis(self.now_ms + ahead * 1000).into(),
            None => text.parse::<keysecure::Date>().unwrap().into(),
        })
    }

    fn window(&self) -> (WindowBound, WindowBound) {
        (self.when("start").unwrap(), self.when("end").unwrap())
    }

    fn page(&self) -> (u32, u32) {
        let number = |name| self.text(name).parse().unwrap();
        (number("page"), number("size"))
    }

    fn ensure(&self) -> EnsureOptions {
        let duration = |name| self.value(name).map(|value| Duration::from_secs_f64(value.as_f64().unwrap()));
        EnsureOptions {
            deadline: duration("deadline"),
            settle: duration("settle"),
            since: self.when("since"),
            first_attempt: self.value("first_attempt").is_some_and(|value| *value == true),
            ..EnsureOptions::default()
        }
    }
}

/// Makes a call and returns its result as JSON.
pub fn make(client: &Client, name: &str, args: &Args<'_>) -> Result<Value, Error> {
    let number = |field: &str| args.text(field);
    let nothing = |done: Result<(), Error>| done.map(|()| Value::Null);
    let (resource, call) = name.split_once('.').unwrap_or(("", name));
    match resource {
        "cardholders" => return cardholders(client, call, args),
        "accounts" => return accounts(client, call, args),
        "simulation" => return simulation(client, call, args),
        _ => {}
    }
    match name {
        "access_token" => client.access_token().map(|token| json::access_token(&token)),
        "doctor" => Ok(json::report(&client.doctor(args.some("card_no").as_deref()))),
        "call" => raw(client, args),
        "cards.apply" => client.cards().apply(&card(args)).map(|applied| json::object(&applied)),
        "cards.ensure_card" => {
            client.cards().ensure_card(&card(args), &args.ensure()).map(|ensured| json::ensured(&ensured))
        }
        "cards.list" => json::rows(client.cards().list(&cards(args))?),
        "cards.list_page" => {
            let (page, size) = args.page();
            client.cards().list_page(&cards(args), page, size).map(|page| json::page(&page))
        }
        "cards.get" => client.cards().get(&number("card_no")).map(|card| json::object(&card)),
        "cards.private_info" => client.cards().private_info(&number("card_no")).map(|secrets| json::secrets(&secrets)),
        "cards.activate" => {
            let (card_no, cardholder_no) = (number("card_no"), number("cardholder_no"));
            let (cvv, card_last_no) = (Cvv::new(number("cvv")), number("card_last_no"));
            nothing(client.cards().activate(&ActivateCard { card_no, cardholder_no, cvv: cvv?, card_last_no }))
        }
        "cards.update_status" => {
            let status = CardStatus::from(args.text("status"));
            nothing(client.cards().update_status(&number("card_no"), status))
        }
        "cards.freeze" => nothing(client.cards().freeze(&number("card_no"))),
        "cards.unfreeze" => nothing(client.cards().unfreeze(&number("card_no"))),
        "cards.delete" => nothing(client.cards().delete(&number("card_no"))),
        "cards.set_pin" => {
            let (card_no, cardholder_no, pin) = (number("card_no"), number("cardholder_no"), Pin::new(number("pin")));
            nothing(client.cards().set_pin(&SetPin { card_no, cardholder_no, pin: pin? }))
        }
        "cards.packages" => json::rows(client.cards().packages(&packages(args))),
        "cards.packages_page" => {
            let (page, size) = args.page();
            client.cards().packages_page(&packages(args), page, size).map(|page| json::page(&page))
        }
        "cards.bins" => json::rows(client.cards().bins(&bins(args))),
        "cards.bins_page" => {
            let (page, size) = args.page();
            client.cards().bins_page(&bins(args), page, size).map(|page| json::page(&page))
        }
        "consumptions.get" => client.consumptions().get(&number("consume_no")).map(|one| json::object(&one)),
        "consumptions.list" => json::rows(client.consumptions().list(&consumptions(args))?),
        "consumptions.list_page" => {
            let (page, size) = args.page();
            client.consumptions().list_page(&consumptions(args), page, size).map(|page| json::page(&page))
        }
        "pci.client_token" => client.pci().client_token(&number("card_no")).map(|token| json::client_token(&token)),
        "pci.card_detail" => {
            let request = CardDetail {
                client_access_token: args.text("client_access_token").into(),
                origin: args.text("origin"),
                parent_origin: args.text("parent_origin"),
                nonce: args.text("nonce"),
                ..CardDetail::default()
            };
            client.pci().card_detail(&request).map(|secrets| json::secrets(&secrets))
        }
        other => panic!("there is no call {other}"),
    }
}

fn cardholders(client: &Client, call: &str, args: &Args<'_>) -> Result<Value, Error> {
    let application = || ApplyCardholder {
        cardholder_unique_no: args.text("cardholder_unique_no"),
        sumsub_share_token: args.text("sumsub_share_token").into(),
        cardholder_no: args.some("cardholder_no"),
    };
    let query = || {
        let (start, end) = args.window();
        ListCardholders {
            cardholder_no: args.some("cardholder_no"),
            cardholder_unique_no: args.some("cardholder_unique_no"),
            ..ListCardholders::between(start, end)
        }
    };
    let cardholders = client.cardholders();
    match call {
        "apply" => cardholders.apply(&application()).map(|applied| json::object(&applied)),
        "ensure_cardholder" => {
            cardholders.ensure_cardholder(&application(), &args.ensure()).map(|ensured| json::ensured(&ensured))
        }
        "list" => json::rows(cardholders.list(&query())?),
        "list_page" => {
            let (page, size) = args.page();
            cardholders.list_page(&query(), page, size).map(|page| json::page(&page))
        }
        "get" => cardholders.get(&args.text("cardholder_no")).map(|holder| json::object(&holder)),
        other => panic!("there is no call cardholders.{other}"),
    }
}

fn accounts(client: &Client, call: &str, args: &Args<'_>) -> Result<Value, Error> {
    let transfer = || Transfer {
        cardholder_no: args.text("cardholder_no"),
        transfer_unique_no: args.text("transfer_unique_no"),
        r#type: args.text("type").into(),
        amount: args.decimal("amount").unwrap(),
    };
    let query = || {
        let (start, end) = args.window();
        ListTransfers {
            cardholder_no: args.some("cardholder_no"),
            transfer_no: args.some("transfer_no"),
            transfer_unique_no: args.some("transfer_unique_no"),
            ..ListTransfers::between(start, end)
        }
    };
    let accounts = client.accounts();
    match call {
        "transfer" => accounts.transfer(&transfer()).map(|moved| json::object(&moved)),
        "ensure_transfer" => {
            accounts.ensure_transfer(&transfer(), &args.ensure()).map(|ensured| json::ensured(&ensured))
        }
        "get" => accounts.get(&args.text("cardholder_no")).map(|info| json::object(&info)),
        "transfers" => json::rows(accounts.transfers(&query())?),
        "transfers_page" => {
            let (page, size) = args.page();
            accounts.transfers_page(&query(), page, size).map(|page| json::page(&page))
        }
        other => panic!("there is no call accounts.{other}"),
    }
}

fn simulation(client: &Client, call: &str, args: &Args<'_>) -> Result<Value, Error> {
    let fee = |fee: &Value| SimulatedFee {
        fee_type: FeeType::from(fee["fee_type"].as_str().unwrap()),
        amount: fee["amount"].as_str().unwrap().parse().unwrap(),
    };
    let request = SimulationRequest {
        consume_no: args.some("consume_no"),
        consume_relate_no: args.some("consume_relate_no"),
        card_no: args.some("card_no"),
        cardholder_no: args.some("cardholder_no"),
        r#type: args.some("type").map(Into::into),
        amount: args.decimal("amount"),
        local_amount: args.decimal("local_amount"),
        local_currency: args.some("local_currency"),
        merchant_info: args.value("merchant_info").map(|info| MerchantInfo::from_json(&info.to_string()).unwrap()),
        fee_detail: args.value("fee_detail").and_then(Value::as_array).into_iter().flatten().map(fee).collect(),
        remark: args.some("remark"),
        ..SimulationRequest::default()
    };
    let simulation = client.simulation();
    let done = match call {
        "auth" => simulation.auth(&request),
        "consumption_clear" => simulation.consumption_clear(&request),
        "consumption_fail" => simulation.consumption_fail(&request),
        "reversal" => simulation.reversal(&request),
        "refund" => simulation.refund(&request),
        other => panic!("there is no call simulation.{other}"),
    };
    done.map(|result| json::object(&result))
}

fn raw(client: &Client, args: &Args<'_>) -> Result<Value, Error> {
    let method = if args.text("method") == "GET" { Method::Get } else { Method::Post };
    let body = args.value("body").map(|body| Json::new(&body.to_string()).unwrap());
    let data = client.call(method, &args.text("path"), body.as_ref())?;
    Ok(serde_json::from_str(data.as_str()).unwrap())
}

fn card(args: &Args<'_>) -> ApplyCard {
    let address = |address: &Value| {
        let some = |name: &str| address[name].as_str().map(str::to_owned);
        let text = |name: &str| some(name).unwrap_or_default();
        Address {
            first_name: some("first_name"),
            last_name: some("last_name"),
            phone_code: some("phone_code"),
            phone: some("phone"),
            postal_code: text("postal_code"),
            country: text("country"),
            state: text("state"),
            city: text("city"),
            address_line1: text("address_line1"),
            address_line2: some("address_line2"),
        }
    };
    ApplyCard {
        cardholder_no: args.text("cardholder_no"),
        card_unique_no: args.text("card_unique_no"),
        card_type: CardType::from(args.text("card_type")),
        package_no: args.some("package_no"),
        card_bin_no: args.some("card_bin_no"),
        address_info: args.value("address_info").map(address),
    }
}

fn cards(args: &Args<'_>) -> ListCards {
    let (start, end) = args.window();
    ListCards {
        cardholder_no: args.some("cardholder_no"),
        card_unique_no: args.some("card_unique_no"),
        card_no: args.some("card_no"),
        ..ListCards::between(start, end)
    }
}

fn consumptions(args: &Args<'_>) -> ListConsumptions {
    let (start, end) = args.window();
    ListConsumptions {
        cardholder_no: args.some("cardholder_no"),
        card_no: args.some("card_no"),
        consume_no: args.some("consume_no"),
        ..ListConsumptions::between(start, end)
    }
}

fn packages(args: &Args<'_>) -> ListPackages {
    ListPackages { r#type: args.some("type").map(Into::into), package_no: args.some("package_no") }
}

fn bins(args: &Args<'_>) -> ListBins {
    ListBins { card_bin_no: args.some("card_bin_no") }
}
