//! The read-only part, for the real platform.

use std::time::{Duration, SystemTime};

use keysecure::{Client, ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers};

use crate::Outcome;

const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many rows of each list are read: a look, not an export.
const ROWS: usize = 1_000;

/// Reads a little of everything.
pub fn take(client: &Client) -> Outcome {
    client.access_token()?;
    println!("Got an access token.");

    let (end, start) = (SystemTime::now(), SystemTime::now() - MONTH);
    let packages = count(client.cards().packages(&ListPackages::default()));
    match packages {
        Err(error) if error.code() == Some(1012) => {
            let bins = count(client.cards().bins(&ListBins::default()))?;
            println!("The merchant is in authorization mode and may open cards from {bins} BINs.");
        }
        packages => {
            println!("The merchant is in credit mode and may open cards from {} packages.", packages?);
            let transfers = count(client.accounts().transfers(&ListTransfers::between(start, end))?)?;
            println!("Transfers of the last 30 days: {transfers}.");
        }
    }
    let cardholders = count(client.cardholders().list(&ListCardholders::between(start, end))?)?;
    println!("Cardholders of the last 30 days: {cardholders}.");
    let cards: Vec<_> = client.cards().list(&ListCards::between(start, end))?.take(ROWS).collect::<Result<_, _>>()?;
    println!("Cards of the last 30 days: {}.", cards.len());
    if let Some(card) = cards.first() {
        println!("The first of them: {:?}", client.cards().get(&card.card_no)?);
    }
    let consumptions = count(client.consumptions().list(&ListConsumptions::between(start, end))?)?;
    println!("Consumptions of the last 30 days: {consumptions}.");
    println!("(Lists are cut off at {ROWS} rows here.)");
    Ok(())
}

fn count<T>(list: keysecure::Pager<T>) -> Result<usize, keysecure::Error> {
    list.take(ROWS).try_fold(0, |count, row| row.map(|_| count + 1))
}
