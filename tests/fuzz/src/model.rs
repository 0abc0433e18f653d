//! Models and their JSON: what is read and written again is the same.
//!
//! Input: a byte that chooses the model, then JSON.

use std::fmt::Debug;

use keysecure::{
    AccountInfo, AuthEvent, Bin, Card, CardUpdateEvent, Cardholder, Consumption, ConsumptionEvent, Error, Extra,
    Package, TransferRecord,
};

pub fn run(input: &[u8]) {
    let Some((choice, json)) = input.split_first() else { return };
    let Ok(json) = std::str::from_utf8(json) else { return };
    macro_rules! models {
        ($($number:literal $model:ident)+) => {
            match choice % 11 {
                $($number => check(json, $model::from_json, $model::to_json),)+
                _ => check(json, Extra::from_json, Extra::to_json),
            }
        };
    }
    models! {
        0 Card 1 Cardholder 2 Consumption 3 ConsumptionEvent 4 AuthEvent 5 CardUpdateEvent 6 TransferRecord
        7 AccountInfo 8 Package 9 Bin
    }
}

fn check<T: Debug + PartialEq>(json: &str, read: impl Fn(&str) -> Result<T, Error>, write: impl Fn(&T) -> String) {
    let Ok(model) = read(json) else { return };
    let written = write(&model);
    let again = read(&written);
    assert_eq!(again.as_ref(), Ok(&model), "written as {written}");
    assert_eq!(write(&again.unwrap()), written);
}
