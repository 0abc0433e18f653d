//! What is wrong with an integration, in one call.

mod report;

use crate::crypto::{AesSettings, Cipher, CipherMode, KeyScheme};
use crate::engine::Caller;
use crate::engine::{OddLifetime, operation};
use crate::error::TransportFault;
use crate::error::{Error, ErrorKind, Outcome};
use crate::resources::cards::{Cards, ListBins, ListPackages};
use crate::secrets::CardSecrets;
pub use report::{Check, CheckResult, CheckStatus, Report};

/// The order of the report.
const ORDER: [Check; 8] = [
    Check::Clock,
    Check::Reachability,
    Check::ApiKey,
    Check::IpWhitelist,
    Check::Token,
    Check::Mode,
    Check::Pci,
    Check::Aes,
];

/// Examines a caller. Nothing is changed at the platform, save that a token may be fetched.
pub(crate) fn run_checks(caller: &Caller, card_no: Option<&str>) -> Report {
    let mut doctor = Doctor { caller, findings: Vec::new() };
    if doctor.door() {
        doctor.mode();
        doctor.card(card_no);
    }
    doctor.clock();
    doctor.report()
}

struct Doctor<'a> {
    caller: &'a Caller,
    findings: Vec<CheckResult>,
}

impl Doctor<'_> {
    fn note(&mut self, check: Check, status: CheckStatus, found: impl Into<String>, advice: &str, code: Option<i64>) {
        self.findings.push(CheckResult { check, status, found: found.into(), advice: advice.to_owned(), code });
    }

    fn good(&mut self, check: Check, found: impl Into<String>) {
        self.note(check, CheckStatus::Pass, found, "", None);
    }

    /// Puts the findings in order and fills in what was not reached.
    fn report(mut self) -> Report {
        for check in ORDER {
            if !self.findings.iter().any(|finding| finding.check == check) {
                self.note(check, CheckStatus::Skipped, "not reached: mend what is bad first", "", None);
            }
        }
        let of = |check: Check| self.findings.iter().filter(move |finding| finding.check == check);
        Report { findings: ORDER.into_iter().flat_map(of).cloned().collect() }
    }

    /// Reachability, Api-Key, whitelist and token, all from one call that needs a token. Whether to go on.
    fn door(&mut self) -> bool {
        // A call on nothing in particular: what matters is how far it gets.
        let error = match Cards(self.caller).packages_page(&ListPackages::default(), 0, 1) {
            Ok(_) => None,
            // HTTP 401 and 403 without a code may be the platform's own.
            Err(error) if error.code().is_none() && error.kind() == ErrorKind::Authentication => {
                let advice = "check the Api-Key, that it belongs to this environment, and the proxies in between";
                self.note(Check::ApiKey, CheckStatus::Fail, error.to_string(), advice, None);
                return false;
            }
            Err(error) if error.code().is_none() && error.kind() == ErrorKind::Permission => {
                let advice = "add this machine's public address to the whitelist of the Api-Key; if it is there, check \
                              base_url and the proxies in between";
                self.note(Check::IpWhitelist, CheckStatus::Fail, error.to_string(), advice, None);
                return false;
            }
            // A code that the platform does not document, or none: something else may have answered.
            Err(error)
                if error.code().is_none() || (error.outcome() == Outcome::Unknown && error.code() != Some(1001)) =>
            {
                self.unreachable(&error);
                return false;
            }
            Err(error) => Some(error),
        };
        self.good(Check::Reachability, "the platform answers, over a connection that is as safe as it must be");
        let code = error.as_ref().and_then(Error::code);
        let msg = error.as_ref().and_then(Error::msg).unwrap_or_default().to_owned();
        if let Some(advice) = code.and_then(api_key_advice) {
            self.note(Check::ApiKey, CheckStatus::Fail, format!("refused: {msg}"), advice, code);
            return false;
        }
        if code == Some(1003) {
            self.good(Check::ApiKey, "known and enabled");
            let advice = "add this machine's public address to the whitelist of the Api-Key";
            self.note(Check::IpWhitelist, CheckStatus::Fail, format!("refused: {msg}"), advice, code);
            return false;
        }
        self.good(Check::ApiKey, "known and enabled");
        self.good(Check::IpWhitelist, "this machine may use the Api-Key");
        match code {
            Some(1005) => {
                let advice =
                    "the platform refuses every timestamp: check the proxies in between for a wrong Date header";
                self.note(Check::Token, CheckStatus::Fail, format!("refused: {msg}"), advice, code);
                false
            }
            Some(1006 | 1007) => {
                let advice =
                    "another process fetches tokens all the time, and each new one voids this one: share one token";
                self.note(Check::Token, CheckStatus::Fail, format!("refused even when new: {msg}"), advice, code);
                false
            }
            Some(1001 | 1009) => {
                let advice = "try again in a minute";
                self.note(Check::Token, CheckStatus::Warn, format!("the platform is busy: {msg}"), advice, code);
                false
            }
            _ => {
                match self.caller.engine.token_lifetime.odd() {
                    None => self.good(Check::Token, "given and accepted"),
                    Some(odd) => {
                        let found = format!("given and accepted, but {}", odd.found());
                        self.note(Check::Token, CheckStatus::Warn, found, OddLifetime::ADVICE, None);
                    }
                }
                true
            }
        }
    }

    fn unreachable(&mut self, error: &Error) {
        let advice = match error.transport_fault() {
            Some(TransportFault::Dns) => "check the name in base_url and the machine's DNS",
            Some(TransportFault::Connect) => "check base_url, the firewall and whether a proxy is needed",
            Some(TransportFault::Tls) => {
                "the certificate is not trusted: if the network inspects TLS, give its root as ca_pem"
            }
            Some(TransportFault::Proxy) => "check the proxy's address and credentials",
            Some(TransportFault::Timeout) => {
                "the network or the platform is too slow: check the firewall, raise timeout"
            }
            _ if error.kind() == ErrorKind::InvalidResponse || error.code().is_some() => {
                "something else than the platform answers: check base_url and the proxies in between"
            }
            _ => "try again; if it stays, ask the network's keeper",
        };
        self.note(Check::Reachability, CheckStatus::Fail, error.to_string(), advice, error.code());
    }

    /// How wrong the device's clock is, as far as answers have shown.
    fn clock(&mut self) {
        let Some(offset) = self.caller.engine.clock_offset() else { return };
        // The platform's clock is known to about a second.
        let (seconds, side) = (offset.abs() / 1000, if offset > 0 { "behind" } else { "ahead of" });
        let text = if seconds <= 2 {
            "right".to_owned()
        } else {
            format!("the device is about {seconds} s {side} the platform")
        };
        if seconds < 30 {
            self.good(Check::Clock, text);
        } else {
            let advice = "calls work all the same, because the client follows the platform's clock; set the device's clock (NTP)";
            self.note(Check::Clock, CheckStatus::Warn, text, advice, None);
        }
    }

    fn mode(&mut self) {
        let credit = Cards(self.caller).packages_page(&ListPackages::default(), 0, 1);
        let authorization = Cards(self.caller).bins_page(&ListBins::default(), 0, 1);
        match (credit, authorization) {
            (Ok(_), _) => self.good(Check::Mode, "credit: cards are opened from packages"),
            (_, Ok(_)) => self.good(Check::Mode, "authorization: cards are opened from BINs"),
            (Err(error), Err(_)) => {
                let advice = "ask the platform which mode the merchant is in";
                self.note(Check::Mode, CheckStatus::Fail, error.to_string(), advice, error.code());
            }
        }
    }

    /// PCI display and the AES scheme, by the private information of a real card. Nothing of it is shown.
    fn card(&mut self, card_no: Option<&str>) {
        let Some(card_no) = card_no else {
            for check in [Check::Pci, Check::Aes] {
                self.note(
                    check,
                    CheckStatus::Skipped,
                    "give the number of an activated card to look at this",
                    "",
                    None,
                );
            }
            return;
        };
        let encrypted: Result<String, Error> = self.caller.get(operation::CARDS_PRIVATE_INFO, "card_no", card_no, Ok);
        match encrypted {
            Ok(encrypted) => {
                self.good(Check::Pci, "card secrets may be shown");
                self.aes(&encrypted);
            }
            Err(error) if error.code() == Some(1013) => {
                let advice = "ask the platform to enable PCI display for the merchant";
                self.note(Check::Pci, CheckStatus::Fail, error.to_string(), advice, error.code());
            }
            Err(error) => {
                let advice = "give the number of a card that exists and is activated";
                self.note(Check::Pci, CheckStatus::Fail, error.to_string(), advice, error.code());
            }
        }
    }

    fn aes(&mut self, encrypted: &str) {
        let settings = &self.caller.engine.settings;
        let opens = |cipher: &Cipher| {
            cipher.decrypt(encrypted).is_ok_and(|plain| CardSecrets::from_json(plain.expose()).is_ok())
        };
        if opens(&settings.cipher) {
            return self.good(Check::Aes, "the aes setting decrypts card secrets");
        }
        let all = KeyScheme::ALL
            .into_iter()
            .flat_map(|scheme| [CipherMode::Ecb, CipherMode::Cbc].map(|mode| AesSettings { scheme, mode }));
        let fitting =
            all.filter(|aes| Cipher::new(*aes, settings.api_secret.expose()).is_ok_and(|cipher| opens(&cipher)));
        let fitting = fitting.map(|aes| format!("scheme {}, mode {}", aes.scheme.as_str(), aes.mode.as_str())).next();
        if let Some(right) = fitting {
            let found = format!("the aes setting does not decrypt card secrets, but {right} does");
            self.note(Check::Aes, CheckStatus::Fail, found, "set aes to that", None);
        } else {
            let advice = "check that the apiSecret belongs to this Api-Key and is the current one";
            self.note(Check::Aes, CheckStatus::Fail, "no known scheme decrypts card secrets", advice, None);
        }
    }
}

/// What to do about a code that concerns the Api-Key or the merchant.
fn api_key_advice(code: i64) -> Option<&'static str> {
    match code {
        1002 => Some("a proxy strips the Api-Key header: call the platform directly"),
        1008 => Some("the platform does not know this Api-Key: check it, and that it belongs to this environment"),
        1010 => Some("enable the Api-Key in the merchant console"),
        1011 => Some("the Api-Key has expired: make a new one in the merchant console"),
        1021 => Some("the merchant does not exist in this environment: check environment and base_url"),
        1022 => Some("the merchant's status is abnormal: ask the platform"),
        _ => None,
    }
}
