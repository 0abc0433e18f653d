//! What requests contain: connections, languages, paths; and refusals that name a field.

use std::collections::BTreeSet;

use keysecure::{ApplyCard, Client, Environment, ErrorKind, Json, Language, Method, Outcome};
use keysecure_tests::{TestEnv, address, virtual_card};

use super::calls::purchase;

#[test]
fn one_connection_serves_all_calls_of_one_thread() {
    let env = TestEnv::credit().unwrap();
    for _ in 0..20 {
        env.client.accounts().get(&env.cardholder_no).unwrap();
    }
    let connections: BTreeSet<_> = env.sandbox.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 1);
    assert_eq!(env.count(), 21);
}

#[test]
fn messages_are_in_the_clients_language() {
    let env = TestEnv::credit().unwrap();
    let chinese = env.builder().language(Language::Chinese).build().unwrap();
    let error = chinese.cardholders().get("17").unwrap_err();
    assert_eq!((error.kind(), error.code(), error.msg()), (ErrorKind::NotFound, Some(2002), Some("持卡人不存在")));
    let error = env.client.cardholders().get("17").unwrap_err();
    assert_eq!(error.msg(), Some("cardholder does not exist"));
    assert_eq!(error.operation(), Some("cardholders.get"));
    assert_eq!((error.attempts(), error.http_status(), error.outcome()), (1, Some(200), Outcome::Rejected));
}

#[test]
fn a_refusal_names_the_platforms_field() {
    let env = TestEnv::credit().unwrap();
    let no_such_package = ApplyCard { package_no: Some("17".into()), ..virtual_card(&env.cardholder_no, "card-1") };
    let error = env.client.cards().apply(&no_such_package).unwrap_err();
    assert_eq!((error.code(), error.field()), (Some(1004), Some("package_no")));
    let mut elsewhere = address();
    elsewhere.country = "ZZ".into();
    let abroad = ApplyCard { address_info: Some(elsewhere), ..virtual_card(&env.cardholder_no, "card-1") };
    let error = env.client.cards().apply(&abroad).unwrap_err();
    assert_eq!((error.code(), error.field()), (Some(2009), Some("country")));
    assert!(env.sandbox.cards().is_empty());
}

#[test]
fn a_number_reaches_the_platform_as_one_segment_of_the_path() {
    let env = TestEnv::credit().unwrap();
    for number in ["17", "C-1_2.3~", "...", "x".repeat(300).as_str()] {
        let error = env.client.cards().get(number).unwrap_err();
        assert_eq!(error.outcome(), Outcome::Rejected, "{number}: {error}");
        let request = env.sandbox.requests().pop().unwrap();
        assert_eq!((&*request.operation, &*request.path), ("cards.get", "/open-api/v1/card/{}/detail"), "{number}");
    }
}

#[test]
fn simulation_is_refused_in_production_at_every_address() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let client: Client = env.builder().environment(Environment::Production).build().unwrap();
    let error = client.simulation().auth(&purchase(&card_no)).unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Config, Outcome::NotSent, 0));
    let body = Json::new("{}").unwrap();
    let error = client.call(Method::Post, "/v1/simulate/auth", Some(&body)).unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent));
    assert_eq!(env.count(), 0);
}
