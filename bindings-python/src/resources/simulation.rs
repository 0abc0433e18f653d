//! The simulation calls of the platform's sandbox.

use keysecure::{MerchantInfo, SimulatedFee, SimulationRequest, SimulationResult};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};

use crate::client::Client;
use crate::errors::invalid_input;
use crate::json::to_json;
use crate::values::{Given, decimal, extra, optional_decimal, optional_instant, optional_text, text};

/// The simulation calls: `client.simulation`. Refused in production.
///
/// All take the same keywords, and each says which it needs. Their bodies are inferred: the data of the callback to be
/// produced. Amounts are positive, with at most 2 decimals; `merchant_info` is a `MerchantInfo` or a dict, `fee_detail`
/// an iterable of dicts with `fee_type` and `amount`, `extra` a dict of further fields.
#[pyclass(frozen, module = "keysecure")]
pub struct Simulation(pub Py<Client>);

fn merchant_info(value: Given<'_, '_>) -> PyResult<MerchantInfo> {
    if let Ok(info) = value.cast::<MerchantInfo>() {
        return Ok(info.get().clone());
    }
    let wrong = || invalid_input(value.py(), "merchant_info", "must be a MerchantInfo or a dict with its fields");
    value.cast::<PyMapping>().map_err(|_| wrong())?;
    MerchantInfo::from_json(to_json("merchant_info", value)?.as_str()).map_err(|_| wrong())
}

fn fees(value: Given<'_, '_>) -> PyResult<Vec<SimulatedFee>> {
    let wrong = || invalid_input(value.py(), "fee_detail", "must hold dicts with fee_type and amount");
    let mut fees = Vec::new();
    for fee in value.try_iter().map_err(|_| wrong())? {
        let part = |name| -> PyResult<Bound<'_, PyAny>> { fee.as_ref().map_err(|_| wrong())?.get_item(name) };
        let (kind, amount) = (part("fee_type").map_err(|_| wrong())?, part("amount").map_err(|_| wrong())?);
        fees.push(SimulatedFee { fee_type: text("fee_type", &kind)?.into(), amount: decimal("amount", &amount)? });
    }
    Ok(fees)
}

/// What a keyword of all simulation calls becomes.
fn simulated(keywords: Option<&Bound<'_, PyDict>>) -> PyResult<SimulationRequest> {
    let mut request = SimulationRequest::default();
    let Some(keywords) = keywords else { return Ok(request) };
    for (name, value) in keywords {
        let name = name.extract::<String>()?;
        let value = Some(&value).filter(|value| !value.is_none());
        match name.as_str() {
            "consume_no" => request.consume_no = optional_text(&name, value)?,
            "consume_relate_no" => request.consume_relate_no = optional_text(&name, value)?,
            "card_no" => request.card_no = optional_text(&name, value)?,
            "cardholder_no" => request.cardholder_no = optional_text(&name, value)?,
            "type" => request.r#type = optional_text(&name, value)?.map(Into::into),
            "amount" => request.amount = optional_decimal(&name, value)?,
            "local_amount" => request.local_amount = optional_decimal(&name, value)?,
            "local_currency" => request.local_currency = optional_text(&name, value)?,
            "merchant_info" => request.merchant_info = value.map(merchant_info).transpose()?,
            "fee_detail" => request.fee_detail = value.map_or(Ok(Vec::new()), fees)?,
            "remark" => request.remark = optional_text(&name, value)?,
            "detail" => request.detail = optional_text(&name, value)?,
            "time" => request.time = optional_instant(&name, value)?,
            "extra" => request.extra = extra(value)?,
            _ => {
                let text = format!("unexpected keyword argument '{name}'");
                return Err(pyo3::exceptions::PyTypeError::new_err(text));
            }
        }
    }
    Ok(request)
}

/// Declares the calls: all have the same keywords.
macro_rules! simulation {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        #[pymethods]
        impl Simulation {
            $(
                $(#[$doc])*
                #[pyo3(
                    signature = (**fields),
                    text_signature = "($self, *, consume_no=None, consume_relate_no=None, card_no=None, \
                        cardholder_no=None, type=None, amount=None, local_amount=None, local_currency=None, \
                        merchant_info=None, fee_detail=(), remark=None, detail=None, time=None, extra=None)",
                )]
                fn $name(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<SimulationResult> {
                    let request = simulated(fields)?;
                    self.0.get().run(py, move |client| client.simulation().$name(&request))
                }
            )+
        }
    };
}

simulation! {
    /// A purchase asks for approval. Needs `card_no` and `amount`.
    auth;
    /// A purchase is cleared: `Pending` becomes `Success`. Needs `consume_no`; `amount` may differ from the purchase's.
    consumption_clear;
    /// A purchase fails: `Pending` becomes `Fail`. Needs `consume_no`.
    consumption_fail;
    /// An authorization is given back. Needs `consume_relate_no`; without `amount` all of it.
    reversal;
    /// A cleared purchase is given back. Needs `consume_relate_no`; without `amount` all of it.
    refund;
}
