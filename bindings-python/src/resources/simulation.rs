//! The simulation calls of the platform's sandbox.

use keysecure::{MerchantInfo, SimulatedFee, SimulationRequest, SimulationResult};
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};

use crate::client::Client;
use crate::json::to_json;
use crate::values::{FromArgument, Mismatch, read, read_optional};

/// The simulation calls: `client.simulation`. Refused in production.
///
/// All take the same keywords; each call names those that it needs. Their bodies are inferred: they have the fields of the
/// webhook's data. Amounts are positive, with at most 2 decimals; `merchant_info` is a `MerchantInfo` or a dict,
/// `fee_detail` an iterable of dicts with `fee_type` and `amount`, `time` a datetime with a time zone, `extra` a dict of
/// further fields.
#[pyclass(frozen, module = "keysecure")]
pub struct Simulation(pub Py<Client>);

/// A `MerchantInfo`, or a mapping with its fields.
impl FromArgument for MerchantInfo {
    fn read(name: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        const RULE: &str = "must be a MerchantInfo or a dict with its fields";
        if let Ok(info) = value.cast::<Self>() {
            return Ok(info.get().clone());
        }
        value.cast::<PyMapping>().map_err(|_| Mismatch::Rule(RULE))?;
        Self::from_json(to_json(name, value)?.as_str()).map_err(|_| Mismatch::Rule(RULE))
    }
}

/// Dicts with `fee_type` and `amount`.
impl FromArgument for Vec<SimulatedFee> {
    fn read(_: &str, value: &Bound<'_, PyAny>) -> Result<Self, Mismatch> {
        const RULE: &str = "must hold dicts with fee_type and amount";
        let fees = value.try_iter().map_err(|_| Mismatch::Rule(RULE))?;
        let fee = |fee: PyResult<Bound<'_, PyAny>>| {
            let part = |name| fee.as_ref().ok()?.get_item(name).ok();
            let (Some(kind), Some(amount)) = (part("fee_type"), part("amount")) else {
                return Err(Mismatch::Rule(RULE));
            };
            Ok(SimulatedFee { fee_type: read("fee_type", &kind)?, amount: read("amount", &amount)? })
        };
        fees.map(fee).collect()
    }
}

/// The request that the keywords of a simulation call make.
fn request(keywords: Option<&Bound<'_, PyDict>>) -> PyResult<SimulationRequest> {
    let mut request = SimulationRequest::default();
    for (name, value) in keywords.into_iter().flatten() {
        let name = name.extract::<String>()?;
        let value = Some(&value);
        match name.as_str() {
            "consume_no" => request.consume_no = read_optional(&name, value)?,
            "consume_relate_no" => request.consume_relate_no = read_optional(&name, value)?,
            "card_no" => request.card_no = read_optional(&name, value)?,
            "cardholder_no" => request.cardholder_no = read_optional(&name, value)?,
            "type" => request.r#type = read_optional(&name, value)?,
            "amount" => request.amount = read_optional(&name, value)?,
            "local_amount" => request.local_amount = read_optional(&name, value)?,
            "local_currency" => request.local_currency = read_optional(&name, value)?,
            "merchant_info" => request.merchant_info = read_optional(&name, value)?,
            "fee_detail" => request.fee_detail = read_optional(&name, value)?.unwrap_or_default(),
            "remark" => request.remark = read_optional(&name, value)?,
            "detail" => request.detail = read_optional(&name, value)?,
            "time" => request.time = read_optional(&name, value)?,
            "extra" => request.extra = read_optional(&name, value)?.unwrap_or_default(),
            _ => return Err(PyTypeError::new_err(format!("unexpected keyword argument '{name}'"))),
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
                    let request = request(fields)?;
                    self.0.get().run(py, move |client| client.simulation().$name(&request))
                }
            )+

            fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
                visit.call(&self.0)
            }
        }
    };
}

simulation! {
    /// Simulates a purchase that asks for approval. Needs `card_no` and `amount`.
    auth;
    /// Clears a purchase: `Pending` becomes `Success`. Needs `consume_no`; `amount` may differ from the purchase's.
    consumption_clear;
    /// Fails a purchase: `Pending` becomes `Fail`. Needs `consume_no`.
    consumption_fail;
    /// Reverses an authorization. Needs `consume_relate_no`; without `amount` the whole amount.
    reversal;
    /// Refunds a cleared purchase. Needs `consume_relate_no`; without `amount` the whole amount.
    refund;
}
