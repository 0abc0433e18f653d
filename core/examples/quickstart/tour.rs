//! Read-only calls, for the real platform.

use std::time::{Duration, SystemTime};

use keysecure::{Client, ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers};

use crate::Outcome;

const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
/// Maximum number of rows that are read of each list.
const ROWS: usize = 1_000;

/// Reads from every list.
pub fn run(client: &Client) -> Outcome {
    client.access_token()?;
    println!("The platform issued an access token.");

    let (end, start) = (SystemTime::now(), SystemTime::now() - MONTH);
    let packages = count(client.cards().packages(&ListPackages::default()));
    match packages {
        Err(error) if error.code() == Some(1012) => {
            let bins = count(client.cards().bins(&ListBins::default()))?;
            println!("The merchant is in authorization mode and can open cards from {bins} BINs.");
        }
        packages => {
            println!("The merchant is in credit mode and can open cards from {} packages.", packages?);
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
    println!("(At most {ROWS} rows of each list are read.)");
    Ok(())
}

fn count<T>(list: keysecure::Pager<T>) -> Result<usize, keysecure::Error> {
    list.take(ROWS).try_fold(0, |count, row| row.map(|_| count + 1))
}
