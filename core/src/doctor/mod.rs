//! Checks of an integration, with advice for each failure.

mod report;

use crate::crypto::{AesSettings, Cipher, CipherMode, KeyScheme};
use crate::engine::Caller;
use crate::engine::{ImplausibleLifetime, operation};
use crate::error::TransportFault;
use crate::error::{Error, ErrorKind, Outcome};
use crate::resources::cards::{Cards, ListBins, ListPackages};
use crate::secrets::CardSecrets;
pub use report::{Check, CheckResult, CheckStatus, Report};

/// Order of the results in a report.
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

/// Runs all checks. They only read from the platform, and may fetch an access token.
pub(crate) fn run_checks(caller: &Caller, card_no: Option<&str>) -> Report {
    let mut doctor = Doctor { caller, results: Vec::new() };
    if doctor.connectivity() {
        doctor.mode();
        doctor.card(card_no);
    }
    doctor.clock();
    doctor.report()
}

struct Doctor<'a> {
    caller: &'a Caller,
    results: Vec<CheckResult>,
}

impl Doctor<'_> {
    fn record(&mut self, check: Check, status: CheckStatus, found: impl Into<String>, advice: &str, code: Option<i64>) {
        self.results.push(CheckResult { check, status, found: found.into(), advice: advice.to_owned(), code });
    }

    fn pass(&mut self, check: Check, found: impl Into<String>) {
        self.record(check, CheckStatus::Pass, found, "", None);
    }

    /// Sorts the results and adds a skipped result for every check that was not reached.
    fn report(mut self) -> Report {
        for check in ORDER {
            if !self.results.iter().any(|result| result.check == check) {
                self.record(check, CheckStatus::Skipped, "not reached: fix the failed checks first", "", None);
            }
        }
        let results_of = |check: Check| self.results.iter().filter(move |result| result.check == check);
        Report { findings: ORDER.into_iter().flat_map(results_of).cloned().collect() }
    }

    /// Checks reachability, Api-Key, whitelist and token with one call that needs a token. Returns whether to continue.
    fn connectivity(&mut self) -> bool {
        // Any call that needs a token: only the way in which it fails matters.
        let error = match Cards(self.caller).packages_page(&ListPackages::default(), 0, 1) {
            Ok(_) => None,
            // HTTP 401 and 403 without a code may come from the platform itself.
            Err(error) if error.code().is_none() && error.kind() == ErrorKind::Authentication => {
                let advice = "check the Api-Key, that it belongs to this environment, and the proxies in between";
                self.record(Check::ApiKey, CheckStatus::Fail, error.to_string(), advice, None);
                return false;
            }
            Err(error) if error.code().is_none() && error.kind() == ErrorKind::Permission => {
                let advice = "add this machine's public address to the whitelist of the Api-Key; if it is there, check \
                              base_url and the proxies in between";
                self.record(Check::IpWhitelist, CheckStatus::Fail, error.to_string(), advice, None);
                return false;
            }
            // An undocumented code, or none: the response may not come from the platform.
            Err(error)
                if error.code().is_none() || (error.outcome() == Outcome::Unknown && error.code() != Some(1001)) =>
            {
                self.unreachable(&error);
                return false;
            }
            Err(error) => Some(error),
        };
        self.pass(Check::Reachability, "the platform responds over a connection that meets the security rules");
        let code = error.as_ref().and_then(Error::code);
        let msg = error.as_ref().and_then(Error::msg).unwrap_or_default().to_owned();
        if let Some(advice) = code.and_then(api_key_advice) {
            self.record(Check::ApiKey, CheckStatus::Fail, format!("refused: {msg}"), advice, code);
            return false;
        }
        if code == Some(1003) {
            self.pass(Check::ApiKey, "known and enabled");
            let advice = "add this machine's public address to the whitelist of the Api-Key";
            self.record(Check::IpWhitelist, CheckStatus::Fail, format!("refused: {msg}"), advice, code);
            return false;
        }
        self.pass(Check::ApiKey, "known and enabled");
        self.pass(Check::IpWhitelist, "this machine may use the Api-Key");
        match code {
            Some(1005) => {
                let advice =
                    "the platform refuses every timestamp: check the proxies in between for a wrong Date header";
                self.record(Check::Token, CheckStatus::Fail, format!("refused: {msg}"), advice, code);
                false
            }
            Some(1006 | 1007) => {
                let advice = "another process keeps fetching tokens, and each new one invalidates this one: share one token through a store";
                self.record(
                    Check::Token,
                    CheckStatus::Fail,
                    format!("refused although it is new: {msg}"),
                    advice,
                    code,
                );
                false
            }
            Some(1001 | 1009) => {
                let advice = "try again in a minute";
                self.record(Check::Token, CheckStatus::Warn, format!("the platform is busy: {msg}"), advice, code);
                false
            }
            _ => {
                match self.caller.engine.token_lifetime.last() {
                    None => self.pass(Check::Token, "issued and accepted"),
                    Some(implausible) => {
                        let found = format!("issued and accepted, but {}", implausible.describe());
                        self.record(Check::Token, CheckStatus::Warn, found, ImplausibleLifetime::ADVICE, None);
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
                "the certificate is not trusted: if the network inspects TLS, set its root certificate as ca_pem"
            }
            Some(TransportFault::Proxy) => "check the proxy's address and credentials",
            Some(TransportFault::Timeout) => {
                "the network or the platform is too slow: check the firewall, or increase timeout"
            }
            _ if error.kind() == ErrorKind::InvalidResponse || error.code().is_some() => {
                "something other than the platform responds: check base_url and the proxies in between"
            }
            _ => "try again; if the failure persists, contact your network administrator",
        };
        self.record(Check::Reachability, CheckStatus::Fail, error.to_string(), advice, error.code());
    }

    /// Checks the device's clock against the `Date` headers of the responses.
    fn clock(&mut self) {
        let Some(offset) = self.caller.engine.clock_offset() else { return };
        // `Date` headers have a resolution of one second.
        let (seconds, side) = (offset.abs() / 1000, if offset > 0 { "behind" } else { "ahead of" });
        let text = if seconds <= 2 {
            "correct".to_owned()
        } else {
            format!("the device is about {seconds} s {side} the platform")
        };
        if seconds < 30 {
            self.pass(Check::Clock, text);
        } else {
            let advice =
                "calls still work, because the client follows the platform's clock; set the device's clock (NTP)";
            self.record(Check::Clock, CheckStatus::Warn, text, advice, None);
        }
    }

    fn mode(&mut self) {
        let credit = Cards(self.caller).packages_page(&ListPackages::default(), 0, 1);
        let authorization = Cards(self.caller).bins_page(&ListBins::default(), 0, 1);
        match (credit, authorization) {
            (Ok(_), _) => self.pass(Check::Mode, "credit: cards are opened from packages"),
            (_, Ok(_)) => self.pass(Check::Mode, "authorization: cards are opened from BINs"),
            (Err(error), Err(_)) => {
                let advice = "ask the platform which mode the merchant has";
                self.record(Check::Mode, CheckStatus::Fail, error.to_string(), advice, error.code());
            }
        }
    }

    /// Checks PCI display and the AES settings with the secrets of a card. The report does not contain them.
    fn card(&mut self, card_no: Option<&str>) {
        let Some(card_no) = card_no else {
            for check in [Check::Pci, Check::Aes] {
                self.record(check, CheckStatus::Skipped, "needs the number of an activated card", "", None);
            }
            return;
        };
        let encrypted: Result<String, Error> = self.caller.get(operation::CARDS_PRIVATE_INFO, "card_no", card_no, Ok);
        match encrypted {
            Ok(encrypted) => {
                self.pass(Check::Pci, "card secrets may be shown");
                self.aes(&encrypted);
            }
            Err(error) if error.code() == Some(1013) => {
                let advice = "ask the platform to enable PCI display for the merchant";
                self.record(Check::Pci, CheckStatus::Fail, error.to_string(), advice, error.code());
            }
            Err(error) => {
                let advice = "give the number of a card that exists and is activated";
                self.record(Check::Pci, CheckStatus::Fail, error.to_string(), advice, error.code());
            }
        }
    }

    fn aes(&mut self, encrypted: &str) {
        let settings = &self.caller.engine.settings;
        let opens = |cipher: &Cipher| {
            cipher.decrypt(encrypted).is_ok_and(|plain| CardSecrets::from_json(plain.expose()).is_ok())
        };
        if opens(&settings.cipher) {
            return self.pass(Check::Aes, "the aes setting decrypts card secrets");
        }
        let all = KeyScheme::ALL
            .into_iter()
            .flat_map(|scheme| [CipherMode::Ecb, CipherMode::Cbc].map(|mode| AesSettings { scheme, mode }));
        let matching =
            all.filter(|aes| Cipher::new(*aes, settings.api_secret.expose()).is_ok_and(|cipher| opens(&cipher)));
        let matching = matching.map(|aes| format!("scheme {}, mode {}", aes.scheme.as_str(), aes.mode.as_str())).next();
        if let Some(right) = matching {
            let found = format!("the aes setting does not decrypt card secrets, but {right} does");
            self.record(Check::Aes, CheckStatus::Fail, found, "change the aes setting to it", None);
        } else {
            let advice = "check that the apiSecret belongs to this Api-Key and is the current one";
            self.record(Check::Aes, CheckStatus::Fail, "no known scheme decrypts card secrets", advice, None);
        }
    }
}

/// Advice for a code that concerns the Api-Key or the merchant.
fn api_key_advice(code: i64) -> Option<&'static str> {
    match code {
        1002 => Some("a proxy strips the Api-Key header: call the platform directly"),
        1008 => Some("the platform does not know this Api-Key: check it, and that it belongs to this environment"),
        1010 => Some("enable the Api-Key in the merchant console"),
        1011 => Some("the Api-Key has expired: create a new one in the merchant console"),
        1021 => Some("the merchant does not exist in this environment: check environment and base_url"),
        1022 => Some("the merchant's status is abnormal: ask the platform"),
        _ => None,
    }
}
