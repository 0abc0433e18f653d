//! All calls of the platform, made once each in both modes, with the values of their responses.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use keysecure::{
    ApplyCard, ApplyCardholder, Auth, CardDetail, CardStatus, CardType, CardholderStatus, ConsumptionType, Decimal,
    ErrorKind, FeeType, ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers,
    MerchantInfo, OPERATIONS, Outcome, Page, Pin, SetPin, SimulatedFee, SimulationRequest, Status, Transfer,
    TransferType,
};
use keysecure_sandbox::{Account, RequestRecord};
use keysecure_tests::{TestEnv, address, cents, virtual_card};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn around_now() -> (SystemTime, SystemTime) {
    (SystemTime::now() - DAY, SystemTime::now() + DAY)
}

fn single<T>(page: Page<T>) -> T {
    assert_eq!(page.list.len(), 1);
    page.list.into_iter().next().unwrap()
}

/// A purchase of 40.00 with that card.
pub fn purchase(card_no: &str) -> SimulationRequest {
    SimulationRequest {
        card_no: Some(card_no.to_owned()),
        r#type: Some(ConsumptionType::Atm),
        amount: Some(cents(40_00)),
        local_amount: Some(cents(312_50)),
        local_currency: Some("HKD".to_owned()),
        merchant_info: Some(
            MerchantInfo::from_json(r#"{"merchant_name":"Corner Books","merchant_mcc":"5942","city":"Bath"}"#).unwrap(),
        ),
        ..SimulationRequest::default()
    }
}

/// Makes calls 1 to 4: a token, and a cardholder who is approved. Returns the cardholder number.
fn cardholder_calls(env: &TestEnv) -> String {
    let client = &env.client;
    let token = client.access_token().unwrap();
    assert!(token.expose().len() >= 32);
    let life = token.expires_at().duration_since(SystemTime::now()).unwrap();
    assert!(life > DAY - Duration::from_secs(60) && life <= DAY, "{life:?}");
    assert_eq!(client.access_token().unwrap(), token, "the token in use, not a new one");

    let applied = client
        .cardholders()
        .apply(&ApplyCardholder {
            cardholder_unique_no: "customer-1".into(),
            sumsub_share_token: "share-token".into(),
            cardholder_no: None,
        })
        .unwrap();
    assert_eq!(applied.cardholder_unique_no.as_deref(), Some("customer-1"));
    let no = applied.cardholder_no;
    let kept = env.sandbox.cardholders().into_iter().find(|kept| kept.cardholder_no == no).unwrap();

    let (start, end) = around_now();
    let query = ListCardholders { cardholder_no: Some(no.clone()), ..ListCardholders::between(start, end) };
    let listed = single(client.cardholders().list_page(&query, 0, 10).unwrap());
    assert_eq!(listed.status, CardholderStatus::Pending);
    assert_eq!(listed.email.as_deref(), Some(&*format!("holder-{no}@example.com")));
    assert_eq!(listed.fail_reason.as_deref(), Some(""));
    assert_eq!(listed.time.unwrap(), keysecure_tests::millis(kept.time_ms));
    assert_eq!(listed.total_balance, None);

    env.sandbox.reject_cardholder(&no, "blurred photo").unwrap();
    let listed = single(client.cardholders().list_page(&query, 0, 10).unwrap());
    assert_eq!((listed.status, listed.fail_reason.as_deref()), (CardholderStatus::Rejected, Some("blurred photo")));
    env.sandbox.approve_cardholder(&no).unwrap();
    let got = client.cardholders().get(&no).unwrap();
    assert_eq!((got.status, got.total_balance), (CardholderStatus::Approved, Some(Decimal::ZERO)));
    assert!(got.card_list.is_empty());
    assert!(got.extra.get("account_list").is_some(), "a field that is not modelled is kept");
    no
}

/// Makes calls 6 to 11, 14 and 25 with a new physical card.
fn physical_card_calls(env: &TestEnv, holder: &str, card_no: &str) {
    let (client, sandbox) = (&env.client, &env.sandbox);
    let kept = || sandbox.cards().into_iter().find(|card| card.card_no == card_no).unwrap();
    let (start, end) = around_now();
    let query = ListCards { card_no: Some(card_no.to_owned()), ..ListCards::between(start, end) };
    let listed = single(client.cards().list_page(&query, 0, 1).unwrap());
    assert_eq!(listed.status, CardStatus::ToActivate);
    assert_eq!(listed.card_unique_no.as_deref(), Some("plastic-1"));
    assert_eq!(listed.cardholder_no.as_deref(), Some(holder));
    assert_eq!(listed.card_type, Some(CardType::Physical));
    assert_eq!(listed.card_last_no, Some(kept().card_last_no));
    assert_eq!(listed.organization, Some(kept().organization));

    let refused = client.cards().private_info(card_no).unwrap_err();
    assert_eq!((refused.code(), refused.outcome()), (Some(4005), Outcome::Rejected));

    let cvv = sandbox.cvv_for_tests(card_no).unwrap();
    let mut request = keysecure::ActivateCard {
        card_no: card_no.to_owned(),
        cardholder_no: holder.to_owned(),
        cvv: keysecure::Cvv::new(if cvv == "000" { "001" } else { "000" }).unwrap(),
        card_last_no: kept().card_last_no,
    };
    let refused = client.cards().activate(&request).unwrap_err();
    assert_eq!((refused.code(), refused.field()), (Some(4010), Some("cvv")), "{refused}");
    request.cvv = keysecure::Cvv::new(cvv.as_str()).unwrap();
    client.cards().activate(&request).unwrap();
    assert_eq!(kept().status, keysecure_sandbox::CardStatus::Activated);

    let card = client.cards().get(card_no).unwrap();
    assert_eq!((card.status, card.card_name.as_deref()), (CardStatus::Activated, Some("Ada Lovelace")));
    let tariff = card.fee_detail.unwrap();
    assert_eq!(tariff.atm_rate, Some(cents(2)));
    assert_eq!(tariff.cross_consume_rate.unwrap().to_string(), "0.015");
    assert_eq!(tariff.free_small_excuse_type, Some(keysecure::FeeWaiver::Day));
    assert_eq!(tariff.free_small_excuse_days, Some(30));

    let secrets = client.cards().private_info(card_no).unwrap();
    assert_eq!(secrets.expose_pan(), sandbox.pan_for_tests(card_no).unwrap());
    assert_eq!(secrets.expose_cvv(), cvv);
    assert_eq!(secrets.card_no(), card_no);
    assert_eq!(secrets.card_unique_no(), Some("plastic-1"));
    assert_eq!((secrets.exp_year(), secrets.exp_month()), (&*kept().exp_year, &*kept().exp_month));
    assert_eq!(secrets.masked_pan(), kept().masked_pan);

    let pin = Pin::new("739251").unwrap();
    let request = SetPin { card_no: card_no.to_owned(), cardholder_no: holder.to_owned(), pin };
    client.cards().set_pin(&request).unwrap();
    assert!(sandbox.pin_matches(card_no, "739251") && !sandbox.pin_matches(card_no, "739252"));

    client.cards().freeze(card_no).unwrap();
    assert_eq!(kept().status, keysecure_sandbox::CardStatus::Frozen);
    client.cards().unfreeze(card_no).unwrap();
    assert_eq!(kept().status, keysecure_sandbox::CardStatus::Activated);

    let token = client.pci().client_token(card_no).unwrap();
    assert_eq!(token.expires_in(), 300);
    let page = CardDetail {
        client_access_token: token.expose().into(),
        origin: sandbox.hosted_origin().to_owned(),
        parent_origin: sandbox.parent_origin().to_owned(),
        nonce: "nonce-1".to_owned(),
        ..CardDetail::default()
    };
    let shown = client.pci().card_detail(&page).unwrap();
    assert_eq!(shown, secrets);
    let again = client.pci().card_detail(&page).unwrap_err();
    assert_eq!(again.code(), Some(1017));
    let spent = client.pci().card_detail(&CardDetail { nonce: "nonce-2".to_owned(), ..page.clone() }).unwrap_err();
    assert_eq!(spent.code(), Some(1014));
    let elsewhere = CardDetail { origin: "https://elsewhere.example".to_owned(), ..page.clone() };
    assert_eq!(client.pci().card_detail(&elsewhere).unwrap_err().code(), Some(1016));
    let framed = CardDetail { parent_origin: "https://elsewhere.example".to_owned(), ..page };
    assert_eq!(client.pci().card_detail(&framed).unwrap_err().code(), Some(1015));

    client.cards().delete(card_no).unwrap();
    assert_eq!(client.cards().get(card_no).unwrap().status, CardStatus::Delete);
    let gone = client.cards().unfreeze(card_no).unwrap_err();
    assert_eq!((gone.kind(), gone.code()), (ErrorKind::State, Some(4005)));
}

/// Makes calls 12, 13 and 20 to 24 with a virtual card. Returns the settled total.
fn consumption_calls(env: &TestEnv, holder: &str, card_no: &str) -> Decimal {
    let (client, sandbox) = (&env.client, &env.sandbox);
    let kept = |no: &str| sandbox.consumptions().into_iter().find(|kept| kept.consume_no == no).unwrap();
    let bought = client.simulation().auth(&purchase(card_no)).unwrap().consume_no.unwrap();
    assert_eq!(kept(&bought).status, keysecure_sandbox::Status::Pending);
    let cleared = SimulationRequest {
        consume_no: Some(bought.clone()),
        amount: Some(cents(38_75)),
        fee_detail: vec![SimulatedFee { fee_type: FeeType::AtmFee, amount: cents(1_25) }],
        ..SimulationRequest::default()
    };
    let cleared = client.simulation().consumption_clear(&cleared).unwrap();
    assert_eq!(cleared.consume_no, Some(bought.clone()));

    let got = client.consumptions().get(&bought).unwrap();
    assert_eq!(got.status, Some(Status::Success));
    assert_eq!(got.r#type, Some(ConsumptionType::Atm));
    assert_eq!((got.amount, got.local_amount), (Some(cents(38_75)), Some(cents(312_50))));
    assert_eq!(got.local_currency.as_deref(), Some("HKD"));
    assert_eq!(got.amount.unwrap().to_string(), "38.75");
    assert_eq!((got.fee, got.fee_list.len()), (Some(cents(1_25)), 1));
    assert_eq!(got.fee_list[0].fee_type, Some(FeeType::AtmFee));
    assert_eq!((got.card_no.as_deref(), got.cardholder_no.as_deref()), (Some(card_no), Some(holder)));
    let shop = got.merchant_info.unwrap();
    assert_eq!((shop.merchant_name.as_deref(), shop.merchant_mcc.as_deref()), (Some("Corner Books"), Some("5942")));

    let failed = client.simulation().auth(&purchase(card_no)).unwrap().consume_no;
    let reason = SimulationRequest {
        consume_no: failed.clone(),
        remark: Some("no response".into()),
        ..SimulationRequest::default()
    };
    client.simulation().consumption_fail(&reason).unwrap();
    let failed = client.consumptions().get(&failed.unwrap()).unwrap();
    assert_eq!((failed.status, failed.remark.as_deref()), (Some(Status::Fail), Some("no response")));

    let held = client.simulation().auth(&purchase(card_no)).unwrap().consume_no;
    let back = SimulationRequest { consume_relate_no: held.clone(), ..SimulationRequest::default() };
    let reversed = client.simulation().reversal(&back).unwrap().consume_no.unwrap();
    let reversal = client.consumptions().get(&reversed).unwrap();
    assert_eq!((reversal.r#type, reversal.consume_relate_no), (Some(ConsumptionType::Reversal), held));

    let part = SimulationRequest {
        consume_relate_no: Some(bought.clone()),
        amount: Some(cents(8_75)),
        ..SimulationRequest::default()
    };
    let refunded = client.simulation().refund(&part).unwrap().consume_no.unwrap();
    assert_eq!(kept(&refunded).amount, cents(8_75));
    assert_eq!(kept(&bought).returned, cents(8_75));

    let (start, end) = around_now();
    let query = ListConsumptions { card_no: Some(card_no.to_owned()), ..ListConsumptions::between(start, end) };
    let mut listed = BTreeMap::new();
    for row in client.consumptions().list(&query).unwrap() {
        let row = row.unwrap();
        let kept = kept(&row.consume_no);
        assert_eq!(row.amount, Some(kept.amount));
        assert_eq!(row.time, Some(keysecure_tests::millis(kept.time_ms)));
        listed.insert(row.consume_no, row.r#type.unwrap());
    }
    assert_eq!(listed.len(), 5);
    assert_eq!(listed[&refunded], ConsumptionType::Refund);
    assert_eq!(sandbox.ledger().holds_total(), Decimal::ZERO);
    cents(38_75) + cents(1_25) - cents(8_75)
}

/// Makes the calls of credit mode: 15 to 18 and those of both modes.
fn credit_mode_calls() -> Vec<RequestRecord> {
    let env = TestEnv::credit().unwrap();
    let client = &env.client;
    let holder = cardholder_calls(&env);

    let packages: Vec<_> = client.cards().packages(&ListPackages::default()).map(Result::unwrap).collect();
    assert_eq!(packages.len(), 4);
    assert_eq!(packages[1].fee_detail.as_ref().unwrap().open_cost.unwrap().to_string(), "1.50");
    assert_eq!(packages[1].consumption_limit.as_ref().unwrap().limit_balance, Some(cents(10_000_00)));
    assert_eq!(packages[0].package_cn_name.as_deref(), Some("虚拟基础卡"));
    assert_eq!(packages[0].en_tag_list, ["Online", "Free"]);
    let physical = ListPackages { r#type: Some(CardType::Physical), ..ListPackages::default() };
    let physical = client.cards().packages_page(&physical, 0, 1).unwrap();
    let package_no = single(physical).package_no;
    assert_eq!(package_no, packages[2].package_no);

    let plastic_card = client
        .cards()
        .apply(&ApplyCard {
            card_type: CardType::Physical,
            package_no: Some(package_no),
            address_info: Some(address()),
            ..virtual_card(&holder, "plastic-1")
        })
        .unwrap();
    assert_eq!(plastic_card.card_unique_no.as_deref(), Some("plastic-1"));
    physical_card_calls(&env, &holder, &plastic_card.card_no);

    let moved = |kind: TransferType, unique_no: &str, amount| {
        let request =
            Transfer { cardholder_no: holder.clone(), transfer_unique_no: unique_no.to_owned(), r#type: kind, amount };
        client.accounts().transfer(&request)
    };
    let first = moved(TransferType::In, "move-1", cents(250_00)).unwrap();
    assert_eq!((first.before_balance, first.after_balance), (Some(Decimal::ZERO), Some(cents(250_00))));
    assert_eq!(first.after_balance.unwrap().to_string(), "250.00");
    assert_eq!(first.transfer_unique_no.as_deref(), Some("move-1"));
    let second = moved(TransferType::Out, "move-2", "0.5".parse().unwrap()).unwrap();
    assert_eq!((second.before_balance, second.after_balance), (Some(cents(250_00)), Some(cents(249_50))));
    let poor = moved(TransferType::Out, "move-3", cents(300_00)).unwrap_err();
    assert_eq!((poor.kind(), poor.code(), poor.outcome()), (ErrorKind::Api, Some(3001), Outcome::Rejected));

    let card = client.cards().apply(&virtual_card(&holder, "online-1")).unwrap().card_no;
    let spent = consumption_calls(&env, &holder, &card);
    let left = cents(249_50) - spent;
    let account = client.accounts().get(&holder).unwrap().list.remove(0);
    assert_eq!((account.balance, account.usd_balance), (Some(left), Some(left)));
    assert_eq!((account.symbol.as_deref(), account.bonus_balance), (Some("TUSDT"), Some(Decimal::ZERO)));
    assert_eq!(env.sandbox.ledger().balance(&Account::Cardholder(holder.clone())), left);
    assert_eq!(client.cardholders().get(&holder).unwrap().total_balance, Some(left));
    let cards = client.cardholders().get(&holder).unwrap().card_list;
    assert_eq!(cards.len(), 2);
    assert!(cards.iter().any(|held| held.card_no == card && held.status == Some(CardStatus::Activated)));

    let (start, end) = around_now();
    let query = ListTransfers { transfer_unique_no: Some("move-2".into()), ..ListTransfers::between(start, end) };
    let record = single(client.accounts().transfers_page(&query, 0, 100).unwrap());
    assert_eq!(record.transfer_no, second.transfer_no);
    assert_eq!((record.r#type, record.amount), (Some(TransferType::Out), Some(cents(50))));
    assert_eq!((record.status, record.after_balance), (Some(Status::Success), Some(cents(249_50))));
    assert_eq!(client.accounts().transfers(&ListTransfers::between(start, end)).unwrap().count(), 2);

    let bins = client.cards().bins(&ListBins::default()).next().unwrap().unwrap_err();
    assert_eq!((bins.kind(), bins.code()), (ErrorKind::Permission, Some(1012)));
    env.sandbox.requests()
}

fn authorization_mode_calls() -> Vec<RequestRecord> {
    let env = TestEnv::authorization().unwrap();
    let client = &env.client;
    let holder = cardholder_calls(&env);
    let bins: Vec<_> = client.cards().bins(&ListBins::default()).map(Result::unwrap).collect();
    assert_eq!(bins.len(), 3);
    assert_eq!((bins[1].support_physical, bins[1].support_virtual), (Some(false), Some(true)));
    assert_eq!(bins[1].currencies, ["USD", "EUR", "HKD"]);
    assert_eq!(bins[1].balance_limit.as_ref().unwrap().limit_atm_day_balance, Some(cents(1000_00)));
    let one = ListBins { card_bin_no: Some(bins[2].card_bin_no.clone()) };
    assert_eq!(single(client.cards().bins_page(&one, 0, 10).unwrap()), bins[2]);

    let of_bin = |unique_no: &str, card_type| ApplyCard {
        package_no: None,
        card_bin_no: Some(bins[0].card_bin_no.clone()),
        address_info: (card_type == CardType::Physical).then(address),
        card_type,
        ..virtual_card(&holder, unique_no)
    };
    let plastic_card = client.cards().apply(&of_bin("plastic-1", CardType::Physical)).unwrap();
    physical_card_calls(&env, &holder, &plastic_card.card_no);
    let card = client.cards().apply(&of_bin("online-1", CardType::Virtual)).unwrap().card_no;
    let before = env.sandbox.ledger().balance(&Account::MerchantReserve);
    let spent = consumption_calls(&env, &holder, &card);
    assert_eq!(before - env.sandbox.ledger().balance(&Account::MerchantReserve), spent);

    for refused in [
        client.accounts().get(&holder).unwrap_err(),
        client.cards().packages_page(&ListPackages::default(), 0, 10).unwrap_err(),
        client
            .accounts()
            .transfer(&Transfer {
                cardholder_no: holder,
                transfer_unique_no: "move-1".into(),
                r#type: TransferType::In,
                amount: Decimal::ONE,
            })
            .unwrap_err(),
    ] {
        assert_eq!(
            (refused.kind(), refused.code(), refused.outcome()),
            (ErrorKind::Permission, Some(1012), Outcome::Rejected)
        );
    }
    env.sandbox.requests()
}

#[test]
fn every_call_of_both_modes_is_sent_as_documented() {
    let mut requests = credit_mode_calls();
    requests.extend(authorization_mode_calls());
    let accepted: BTreeSet<&str> =
        requests.iter().filter(|request| request.code == Some(0)).map(|request| &*request.operation).collect();
    for operation in OPERATIONS {
        assert!(accepted.contains(operation.name), "{} never succeeded", operation.name);
    }
    for request in &requests {
        let operation = OPERATIONS.iter().find(|operation| operation.name == request.operation).unwrap();
        let name = operation.name;
        assert_eq!(request.method, operation.method.as_str(), "{name}");
        let path = format!("/open-api{}", operation.path);
        let template = match (path.find('{'), path.find('}')) {
            (Some(open), Some(close)) => format!("{}{{}}{}", &path[..open], &path[close + 1..]),
            _ => path,
        };
        assert_eq!(request.path, template, "{name}");
        let has = |header: &str| request.headers.iter().filter(|sent| sent.eq_ignore_ascii_case(header)).count();
        assert_eq!(has("Content-Type"), 1, "{name}");
        assert_eq!(has("Language"), 1, "{name}");
        let keyed = usize::from(operation.auth != Auth::Open);
        assert_eq!((has("Api-Key"), has("Timestamp")), (keyed, keyed), "{name}");
        assert_eq!(has("Access-Token"), usize::from(operation.auth == Auth::Token), "{name}");
        assert_eq!(has("Timezone"), usize::from(operation.window), "{name}");
        assert_eq!(has("Authorization") + has("Cookie"), 0, "{name}");
    }
    let windows: BTreeSet<_> = OPERATIONS.iter().filter(|one| one.window).map(|one| one.name).collect();
    assert_eq!(windows, ["accounts.transfers", "cardholders.list", "cards.list", "consumptions.list"].into());
    let open: Vec<_> = OPERATIONS.iter().filter(|one| one.auth == Auth::Open).map(|one| one.number).collect();
    assert_eq!(open, [20, 21, 22, 23, 24, 25]);
}
