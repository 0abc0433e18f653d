//! Simulated purchases in the platform's sandbox: calls and models (platform documentation, simulation).

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

/// Calls that simulate purchases. Created by [`Client::simulation`](crate::Client::simulation).
///
/// The client refuses them against production with an error of kind [`Config`](crate::ErrorKind::Config). They carry none of
/// the merchant's headers. The platform documents neither bodies nor responses; inferred: the body is the `data` of the
/// webhook that the platform then sends.
#[derive(Debug, Clone, Copy)]
pub struct Simulation<'a>(pub(crate) &'a Caller);

request! {
    /// Consumption to simulate. Its fields are those of the `Consumption` webhook (inferred); each call requires some of them.
    pub struct SimulationRequest {
        /// Number of the consumption to clear or fail. Optional for an authorization: the number of the new consumption.
        pub consume_no: Option<String> = None,
        /// Number of the consumption to reverse or refund.
        pub consume_relate_no: Option<String> = None,
        /// Number of the card.
        pub card_no: Option<String> = None,
        /// The cardholder.
        pub cardholder_no: Option<String> = None,
        /// Type of the consumption.
        pub r#type: Option<ConsumptionType> = None,
        /// Amount in the currency of the card: positive, at most 2 decimals.
        pub amount: Option<Decimal> = None,
        /// Amount in the currency of the purchase, with at most as many decimals as that currency has, or 3 if
        /// `local_currency` is absent.
        pub local_amount: Option<Decimal> = None,
        /// Currency of `local_amount`.
        pub local_currency: Option<String> = None,
        /// The merchant where the card is used.
        pub merchant_info: Option<MerchantInfo> = None,
        /// Fees of the consumption.
        pub fee_detail: Vec<SimulatedFee> = [],
        /// Remark.
        pub remark: Option<String> = None,
        /// Description.
        pub detail: Option<String> = None,
        /// Time of the consumption.
        pub time: Option<SystemTime> = None,
        ..extra
    }
}

request! {
    /// Fee of a simulated consumption.
    pub struct SimulatedFee {
        /// Type of the fee.
        pub fee_type: FeeType,
        /// Amount of the fee.
        pub amount: Decimal,
    }
}

model! {
    /// Response to a simulation call (inferred).
    pub struct SimulationResult {
        /// Number of the consumption that was created or changed.
        pub consume_no: Option<String>,
    }
}

impl Simulation<'_> {
    /// Simulates the authorization of a purchase. Requires `card_no` and `amount`.
    ///
    /// The new consumption has the status `Pending`. In authorization mode the platform sends an `Auth` webhook.
    ///
    /// # Errors
    ///
    /// Kind [`InvalidInput`](crate::ErrorKind::InvalidInput) if a required field is absent, [`Config`](crate::ErrorKind::Config)
    /// against production.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = keysecure_sandbox::Sandbox::start()?;
    /// # let builder = keysecure::Client::builder(sandbox.api_key(), sandbox.api_secret());
    /// # let client = builder.base_url(sandbox.base_url()).build()?;
    /// # let cardholder_no = sandbox.seed_approved_cardholder();
    /// # let card_no = sandbox.seed_virtual_card(&cardholder_no)?;
    /// # client.accounts().transfer(&keysecure::Transfer {
    /// #     cardholder_no,
    /// #     transfer_unique_no: "topup".into(),
    /// #     r#type: keysecure::TransferType::In,
    /// #     amount: "25.00".parse()?,
    /// # })?;
    /// use keysecure::SimulationRequest;
    ///
    /// let authorized = client.simulation().auth(&SimulationRequest {
    ///     card_no: Some(card_no),
    ///     amount: Some("12.50".parse()?),
    ///     ..SimulationRequest::default()
    /// })?;
    /// client.simulation().consumption_clear(&SimulationRequest {
    ///     consume_no: authorized.consume_no,
    ///     ..SimulationRequest::default()
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn auth(&self, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        need("card_no", request.card_no.as_deref())?;
        if request.amount.is_none() {
            return Err(Error::invalid_input("amount", "is required"));
        }
        self.send(operation::SIMULATION_AUTH, request)
    }

    /// Simulates the clearing of a purchase: its status changes from `Pending` to `Success`. Requires `consume_no`.
    ///
    /// `amount` may differ from the authorized amount. See [`auth`](Self::auth) for an example.
    ///
    /// # Errors
    ///
    /// As [`auth`](Self::auth).
    pub fn consumption_clear(&self, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        need("consume_no", request.consume_no.as_deref())?;
        self.send(operation::SIMULATION_CLEAR, request)
    }

    /// Simulates the failure of a purchase: its status changes from `Pending` to `Fail`. Requires `consume_no`.
    ///
    /// # Errors
    ///
    /// As [`auth`](Self::auth).
    pub fn consumption_fail(&self, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        need("consume_no", request.consume_no.as_deref())?;
        self.send(operation::SIMULATION_FAIL, request)
    }

    /// Simulates the reversal of an authorization. Requires `consume_relate_no`; `amount` defaults to the whole amount.
    ///
    /// # Errors
    ///
    /// As [`auth`](Self::auth).
    pub fn reversal(&self, request: &SimulationRequest) -> Result<SimulationResult, Error> {
        need("consume_relate_no", request.consume_relate_no.as_deref())?;
        self.send(operation::SIMULATION_REVERSAL, request)
    }

    /// Simulates the refund of a cleared purchase. Requires `consume_relate_no`; `amount` defaults to the whole amount.
    ///
    /// # Errors
    ///
    /// As [`auth`](Self::auth).
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
        self.0.engine.execute(&Call::new(operation, operation.path, &body), self.0.limit, Ok)
    }
}

fn need(field: &str, number: Option<&str>) -> Result<(), Error> {
    validate::required(field, number.unwrap_or_default())
}
