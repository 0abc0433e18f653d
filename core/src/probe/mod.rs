//! The probe: settles what the platform's documentation leaves open, in the platform's sandbox environment.

mod inference;
mod lists;
mod refusals;
mod report;
mod secrets;
mod session;
mod shape;
mod simulation;

use crate::engine::Caller;
use crate::error::Error;

use inference::Examined;
pub use inference::Inference;
pub use report::{ProbeFinding, ProbeReport, Verdict};
use session::Session;

/// What the probe may use beside reads. The default is reads alone.
#[derive(Clone, Default)]
pub struct ProbeOptions {
    /// Number of an activated card, to find the AES scheme.
    pub card_no: Option<String>,
    /// A webhook that the merchant received, to find how webhooks are signed.
    pub webhook: Option<CapturedWebhook>,
    /// Whether to simulate a purchase of 1.00 with `card_no`, and its failure.
    pub simulate: bool,
}

/// A webhook as it was received.
#[derive(Clone)]
pub struct CapturedWebhook {
    /// Headers as names and values, with `Timestamp` and `Signature`.
    pub headers: Vec<(String, String)>,
    /// Body, byte for byte.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for ProbeOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ProbeOptions")
            .field("card_no", &self.card_no)
            .field("webhook", &self.webhook)
            .field("simulate", &self.simulate)
            .finish()
    }
}

impl std::fmt::Debug for CapturedWebhook {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CapturedWebhook").finish_non_exhaustive()
    }
}

/// Examines the platform. Refused in production and through a relay.
pub(crate) fn run(caller: &Caller, options: &ProbeOptions) -> Result<ProbeReport, Error> {
    caller.engine.settings.credentials()?;
    if caller.engine.is_production() {
        return Err(Error::config("the probe is refused in production: it is for the platform's sandbox environment"));
    }
    if options.simulate && options.card_no.is_none() {
        return Err(Error::invalid_input("simulate", "needs card_no"));
    }
    let mut session = Session::new(caller)?;
    refusals::examine(&mut session);
    lists::examine(&mut session);
    if let Some(card_no) = &options.card_no {
        secrets::card(&mut session, card_no);
        if options.simulate {
            simulation::examine(&mut session, card_no);
        }
    }
    if let Some(webhook) = &options.webhook {
        secrets::webhook(&mut session, webhook);
    }
    Ok(session.report())
}

/// Why an inference has no finding.
fn not_seen(inference: Inference) -> String {
    match inference.examined() {
        Examined::By(_) => "nothing that shows it was seen".to_owned(),
        Examined::With(_) => match inference {
            Inference::WebhookSigning => "not asked for: it needs a captured webhook".to_owned(),
            Inference::Simulation => "not asked for: it needs `simulate` and the number of a card".to_owned(),
            _ => "not asked for: it needs the number of an activated card".to_owned(),
        },
        Examined::Not(_) => inference.examination(),
    }
}
