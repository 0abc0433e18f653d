//! The code of the guide "Lists and time zones".

use std::time::{Duration, SystemTime};

use keysecure::{Client, Date, Decimal, ListConsumptions};
use keysecure_sandbox::Sandbox;

use super::{Outcome, builder};

#[test]
fn rows_are_listed_by_days_and_by_times() -> Outcome {
    let sandbox = Sandbox::start()?;
    let client = builder(&sandbox).build()?;
    let card_no = sandbox.seed_virtual_card(&sandbox.seed_approved_cardholder())?;
    let before = sandbox.now_ms() - 60_000;
    sandbox.seed_consumptions(&card_no, &[before, before - 1, before - 2])?;
    // --8<-- [start:days]
    let year = ListConsumptions {
        card_no: Some(card_no.clone()),
        ..ListConsumptions::between(Date::new(2026, 1, 1)?, Date::new(2026, 12, 31)?)
    };
    let mut total = Decimal::ZERO;
    for row in client.consumptions().list(&year)? {
        let row = row?;
        println!("{:?} {:?} {:?}", row.time, row.r#type, row.amount);
        total += row.amount.unwrap_or_default();
    }
    // --8<-- [end:days]
    println!("{total}");
    let now = SystemTime::now();
    // --8<-- [start:times]
    let last_day = ListConsumptions::between(now - Duration::from_secs(24 * 3600), now);
    let recent: Vec<_> = client.consumptions().list(&last_day)?.collect::<Result<_, _>>()?;
    // --8<-- [end:times]
    assert_eq!(recent.len(), 3);
    // --8<-- [start:page]
    let page = client.consumptions().list_page(&last_day, 0, 2)?;
    println!("{}", page.list.len());
    // --8<-- [end:page]
    assert_eq!(page.list.len(), 2);
    Ok(())
}

#[test]
fn a_client_has_a_time_zone() -> Outcome {
    let (api_key, api_secret) = ("api-key", "api-secret-16-by");
    // --8<-- [start:timezone]
    let client = Client::builder(api_key, api_secret).timezone("UTC".parse()?).build()?; // a date is a day in UTC
    // --8<-- [end:timezone]
    drop(client);
    Ok(())
}
