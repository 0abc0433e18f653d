//! The simulation calls of the platform's sandbox.

use std::time::SystemTime;

use rust_decimal::Decimal;

use super::consumptions::{ConsumptionType, FeeType, MerchantInfo};
use crate::codec::to_bytes;
use crate::codec::{DecimalFormat, model, request};
use crate::engine::Call;
use crate::engine::Caller;
use crate::engine::operation::{self, Operation};
use crate::error::Error;
use crate::validate;

/// The simulation calls: what happens at a shop, made to happen. Refused in production.
///
/// They carry none of the merchant's headers. Our reading (inferred): the body is the `data` of the callback to be
/// produced, and the platform then sends that callback.
#[derive(Debug, Clone, Copy)]
pub struct Simulation<'a>(pub(crate) &'a Caller);

request! {
    /// A consumption to simulate: the fields of the Consumption callback. Each call says which it needs.
    pub struct SimulationRequest {
        /// The consumption: a new number for `auth`, or none; the one meant for `consumption_clear` and `consumption_fail`.
        pub consume_no: Option<String> = None,
        /// The consumption to give back, for `reversal` and `refund`.
        pub consume_relate_no: Option<String> = None,
        /// The card.
        pub card_no: Option<String> = None,
        /// Its cardholder.
        pub cardholder_no: Option<String> = None,
        /// What it is.
        pub r#type: Option<ConsumptionType> = None,
        /// The amount, positive, at most 2 decimals; a number on the wire.
        pub amount: Option<Decimal> = None,
        /// The amount in the merchant's currency, with at most as many decimals as that has; at most 3 when
        /// `local_currency` is absent.
        pub local_amount: Option<Decimal> = None,
        /// The currency of `local_amount`.
        pub local_currency: Option<String> = None,
        /// The shop.
        pub merchant_info: Option<MerchantInfo> = None,
        /// The fees.
        pub fee_detail: Vec<SimulatedFee> = [],
        /// A note.
        pub remark: Option<String> = None,
        /// A description.
        pub detail: Option<String> = None,
        /// When it happens.
        pub time: Option<SystemTime> = None,
        ..extra
    }
}

request! {
    /// One fee of a simulated consumption.
    pub struct SimulatedFee {
        /// What it is for.
        pub fee_type: FeeType,
        /// How much.
        pub amount: Decimal,
    }
}

model! {
    /// The answer of a simulation call.
    pub struct SimulationResult {
        /// The consumption that was made or changed.
        pub consume_no: Option<String>,
    }
}

impl Simulation<'_> {
    /// A purchase asks for approval. Needs `card_no` and `amount`.
    pub fn auth(&self, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        need("card_no", request.card_no.as_deref())?;
        if request.amount.is_none() {
            return Err(Error::invalid_input("amount", "is required"));
        }
        self.send(operation::SIMULATION_AUTH, request)
    }

    /// A purchase is cleared: `Pending` becomes `Success`. Needs `consume_no`; `amount` may differ from the purchase's.
    pub fn consumption_clear(&self, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        need("consume_no", request.consume_no.as_deref())?;
        self.send(operation::SIMULATION_CLEAR, request)
    }

    /// A purchase fails: `Pending` becomes `Fail`. Needs `consume_no`.
    pub fn consumption_fail(&self, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        need("consume_no", request.consume_no.as_deref())?;
        self.send(operation::SIMULATION_FAIL, request)
    }

    /// An authorization is given back. Needs `consume_relate_no`; without `amount` all of it.
    pub fn reversal(&self, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        need("consume_relate_no", request.consume_relate_no.as_deref())?;
        self.send(operation::SIMULATION_REVERSAL, request)
    }

    /// A cleared purchase is given back. Needs `consume_relate_no`; without `amount` all of it.
    pub fn refund(&self, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        need("consume_relate_no", request.consume_relate_no.as_deref())?;
        self.send(operation::SIMULATION_REFUND, request)
    }

    fn send(self, operation: &'static Operation, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        if let Some(amount) = request.amount {
            validate::amount("amount", amount)?;
        }
        if let Some(amount) = request.local_amount {
            validate::local_amount(amount, request.local_currency.as_deref())?;
        }
        let body = to_bytes(request, DecimalFormat::Number)?;
        self.0.run(&Call::new(operation, operation.path, &body))
    }
}

fn need(field: &str, number: Option<&str>) -> Result<(), Error> {
    validate::required(field, number.unwrap_or_default())
}
