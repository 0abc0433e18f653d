//! Checks of an integration, with advice for each failure.

mod report;

use crate::crypto::{AesSettings, Cipher, CipherMode, KeyScheme};
use crate::engine::Caller;
use crate::engine::{ImplausibleLifetime, operation};
use crate::error::TransportFault;
use crate::error::{Error, ErrorKind, Outcome};
use crate::resources::cards::{Cards, ListBins, ListPackages};
use crate::secrets::CardSecrets;
pub use report::{Check, CheckResult, CheckStatus, Report, Setting};

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
    if caller.engine.settings.is_relayed() {
        return doctor.relayed();
    }
    if doctor.connectivity() {
        doctor.mode();
        if let Some(card_no) = card_no {
            doctor.card(card_no);
        }
    }
    doctor.clock();
    doctor.report(|check| card_no.is_some() || !matches!(check, Check::Pci | Check::Aes))
}

struct Doctor<'a> {
    caller: &'a Caller,
    results: Vec<CheckResult>,
}

/// Recommended action, and the settings that it concerns.
#[derive(Clone, Copy)]
struct Advice(&'static str, &'static [Setting]);

const NONE: Advice = Advice("", &[]);
const AGAIN: Advice = Advice("try again in a minute", &[]);
/// The finding on reachability when a response has no code.
const SOME_RESPONSE: &str = "something responds, the platform or a proxy before it";
const WHITELIST: Advice = Advice("add this machine's public address to the whitelist of the Api-Key", &[]);

impl Doctor<'_> {
    fn record(
        &mut self,
        check: Check,
        status: CheckStatus,
        found: impl Into<String>,
        advice: Advice,
        code: Option<i64>,
    ) {
        let Advice(advice, settings) = advice;
        let (found, advice, settings) = (found.into(), advice.to_owned(), settings.to_vec());
        self.results.push(CheckResult { check, status, found, advice, settings, value: None, code });
    }

    fn pass(&mut self, check: Check, found: impl Into<String>) {
        self.record(check, CheckStatus::Pass, found, NONE, None);
    }

    /// Records an error that says nothing about the integration as a check that could not be made, any other as failed.
    fn fail(&mut self, check: Check, error: &Error, advice: Advice) {
        let (status, advice) =
            if passes_with_time(error) { (CheckStatus::Unfinished, AGAIN) } else { (CheckStatus::Fail, advice) };
        self.record(check, status, error.to_string(), advice, error.code());
    }

    /// Sorts the results and adds one for every check that was not reached.
    fn report(mut self, asked_for: impl Fn(Check) -> bool) -> Report {
        for check in ORDER {
            if self.results.iter().any(|result| result.check == check) {
                continue;
            }
            if asked_for(check) {
                let found = match check {
                    Check::Clock => "unknown: no response has a Date header",
                    _ => "not reached: an earlier check did not pass",
                };
                self.record(check, CheckStatus::Unfinished, found, NONE, None);
            } else {
                let found = "not asked for: it needs the number of an activated card";
                self.record(check, CheckStatus::Skipped, found, NONE, None);
            }
        }
        let results_of = |check: Check| self.results.iter().filter(move |result| result.check == check);
        let settings = &self.caller.engine.settings;
        Report {
            environment: settings.environment,
            base_url: settings.base_url.clone(),
            api_key: settings
                .credentials()
                .map_or_else(|_| String::new(), |found| report::masked(found.api_key.expose())),
            findings: ORDER.into_iter().flat_map(results_of).cloned().collect(),
        }
    }

    /// The report on a client of a relay, which can make none of the checks.
    fn relayed(mut self) -> Report {
        let advice = Advice("run the doctor on the server, where the merchant's client is", &[]);
        for check in ORDER {
            self.record(check, CheckStatus::Unfinished, "this client calls through a relay", advice, None);
        }
        self.report(|_| true)
    }

    /// Checks reachability, Api-Key, whitelist and token with one call that needs a token. Returns whether to continue.
    fn connectivity(&mut self) -> bool {
        // Any call that needs a token: only the way in which it fails matters.
        let error = match Cards::new(self.caller).packages_page(&ListPackages::default(), 0, 1) {
            Ok(_) => None,
            // HTTP 401 and 403 without a code may come from the platform itself.
            Err(error) if error.code().is_none() && error.kind() == ErrorKind::Authentication => {
                let advice = Advice(
                    "check the Api-Key, that it belongs to this environment, and the proxies in between",
                    &[Setting::ApiKey, Setting::Environment, Setting::BaseUrl],
                );
                self.record(Check::Reachability, CheckStatus::Unfinished, SOME_RESPONSE, NONE, None);
                self.record(Check::ApiKey, CheckStatus::Fail, error.to_string(), advice, None);
                return false;
            }
            Err(error) if error.code().is_none() && error.kind() == ErrorKind::Permission => {
                let advice = Advice(
                    "add this machine's public address to the whitelist of the Api-Key; if it is there, check the \
                     platform's address and the proxies in between",
                    &[Setting::BaseUrl, Setting::Proxy],
                );
                self.record(Check::Reachability, CheckStatus::Unfinished, SOME_RESPONSE, NONE, None);
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
        self.pass(Check::Reachability, "the platform responds");
        let code = error.as_ref().and_then(Error::code);
        let msg = error.as_ref().and_then(Error::msg).unwrap_or_default().to_owned();
        if let Some(advice) = code.and_then(api_key_advice) {
            self.record(Check::ApiKey, CheckStatus::Fail, format!("refused: {msg}"), advice, code);
            return false;
        }
        if code == Some(1003) {
            self.pass(Check::ApiKey, "known and enabled");
            self.record(Check::IpWhitelist, CheckStatus::Fail, format!("refused: {msg}"), WHITELIST, code);
            return false;
        }
        self.pass(Check::ApiKey, "known and enabled");
        self.pass(Check::IpWhitelist, "this machine may use the Api-Key");
        match code {
            Some(1005) => {
                let advice = Advice(
                    "the platform refuses every timestamp: check the proxies in between for a wrong Date header",
                    &[Setting::Proxy],
                );
                self.record(Check::Token, CheckStatus::Fail, format!("refused: {msg}"), advice, code);
                false
            }
            Some(1006 | 1007) => {
                let advice = Advice(
                    "another process keeps fetching tokens, and each new one invalidates this one: share one token through \
                     a store",
                    &[Setting::Store],
                );
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
                self.record(Check::Token, CheckStatus::Unfinished, format!("the platform is busy: {msg}"), AGAIN, code);
                false
            }
            _ => {
                match self.caller.engine.token_lifetime.last() {
                    None => self.pass(Check::Token, "issued and accepted"),
                    Some(implausible) => {
                        let found = format!("issued and accepted, but {}", implausible.describe());
                        self.record(
                            Check::Token,
                            CheckStatus::Warn,
                            found,
                            Advice(ImplausibleLifetime::ADVICE, &[]),
                            None,
                        );
                    }
                }
                true
            }
        }
    }

    fn unreachable(&mut self, error: &Error) {
        let advice = match error.transport_fault() {
            Some(TransportFault::Dns) => {
                Advice("check the host name in the platform's address, and this machine's DNS", &[Setting::BaseUrl])
            }
            Some(TransportFault::Connect) => Advice(
                "check the platform's address, the firewall, and whether a proxy is needed",
                &[Setting::BaseUrl, Setting::Proxy],
            ),
            Some(TransportFault::Tls) => Advice(
                "the certificate is not trusted: if the network inspects TLS, give its root certificate",
                &[Setting::CaPem],
            ),
            Some(TransportFault::Proxy) => Advice("check the proxy's address and credentials", &[Setting::Proxy]),
            Some(TransportFault::Timeout) => Advice(
                "the network or the platform is too slow: check the firewall, or allow more time",
                &[Setting::Timeout],
            ),
            _ if error.kind() == ErrorKind::InvalidResponse || error.code().is_some() => Advice(
                "something other than the platform responds: check the platform's address and the proxies in between",
                &[Setting::BaseUrl, Setting::Proxy],
            ),
            _ => {
                Advice("try again; if it fails again, check the network and the proxies in between", &[Setting::Proxy])
            }
        };
        self.record(Check::Reachability, CheckStatus::Fail, error.to_string(), advice, error.code());
    }

    /// Checks the machine's clock against the `Date` headers of the responses.
    fn clock(&mut self) {
        let reached = self.results.iter().any(|result| result.status == CheckStatus::Pass);
        let Some(offset) = self.caller.engine.clock_offset() else {
            if reached {
                let advice = Advice("check that this machine's clock is set (NTP)", &[]);
                let found = "unknown: the responses have no Date header";
                self.record(Check::Clock, CheckStatus::Warn, found, advice, None);
            }
            return;
        };
        // `Date` headers have a resolution of one second.
        let (seconds, side) = (offset.abs() / 1000, if offset > 0 { "behind" } else { "ahead of" });
        let text = if seconds <= 2 {
            "correct".to_owned()
        } else {
            format!("this machine's clock is about {seconds} s {side} the platform's")
        };
        if seconds < 30 {
            self.pass(Check::Clock, text);
        } else {
            let advice =
                Advice("set the clock (NTP); calls still work, because the client follows the platform's clock", &[]);
            self.record(Check::Clock, CheckStatus::Warn, text, advice, None);
        }
    }

    fn mode(&mut self) {
        let credit = Cards::new(self.caller).packages_page(&ListPackages::default(), 0, 1);
        let authorization = Cards::new(self.caller).bins_page(&ListBins::default(), 0, 1);
        match (credit, authorization) {
            (Ok(_), _) => self.pass(Check::Mode, "credit: cards are opened from packages"),
            (_, Ok(_)) => self.pass(Check::Mode, "authorization: cards are opened from BINs"),
            (Err(credit), Err(authorization)) => {
                // One is refused because of the mode; the other says why the mode is not known.
                let error = if passes_with_time(&authorization) { authorization } else { credit };
                self.fail(Check::Mode, &error, Advice("ask the platform which mode the merchant has", &[]));
            }
        }
    }

    /// Checks PCI display and the AES settings with the secrets of a card. The report does not contain them.
    fn card(&mut self, card_no: &str) {
        let encrypted: Result<String, Error> = self.caller.get(operation::CARDS_PRIVATE_INFO, "card_no", card_no, Ok);
        match encrypted {
            Ok(encrypted) => {
                self.pass(Check::Pci, "card secrets may be shown");
                self.aes(&encrypted);
            }
            Err(error) if error.code() == Some(1013) => {
                self.fail(Check::Pci, &error, Advice("ask the platform to enable PCI display for the merchant", &[]));
            }
            Err(error) => {
                self.fail(Check::Pci, &error, Advice("give the number of a card that exists and is activated", &[]));
            }
        }
    }

    fn aes(&mut self, encrypted: &str) {
        let Ok(credentials) = self.caller.engine.settings.credentials() else { return };
        let opens = |cipher: &Cipher| {
            cipher.decrypt(encrypted).is_ok_and(|plain| CardSecrets::from_json(plain.expose()).is_ok())
        };
        if opens(&credentials.cipher) {
            return self.pass(Check::Aes, "the aes setting decrypts card secrets");
        }
        let all = KeyScheme::ALL
            .into_iter()
            .flat_map(|scheme| [CipherMode::Ecb, CipherMode::Cbc].map(|mode| AesSettings { scheme, mode }));
        let matching =
            all.filter(|aes| Cipher::new(*aes, credentials.api_secret.expose()).is_ok_and(|cipher| opens(&cipher)));
        let matching = matching.map(|aes| (aes.scheme.as_str(), aes.mode)).next();
        if let Some((scheme, mode)) = matching {
            let right = if mode == CipherMode::Cbc { format!("{scheme}/cbc") } else { scheme.to_owned() };
            let found = format!("the apiSecret is right, but card secrets are encrypted with {right}");
            self.record(Check::Aes, CheckStatus::Fail, found, Advice("change the AES scheme", &[Setting::Aes]), None);
            if let Some(result) = self.results.last_mut() {
                result.value = Some(right);
            }
        } else {
            let advice = Advice(
                "check that the apiSecret is complete, belongs to this Api-Key and is the current one",
                &[Setting::ApiSecret, Setting::ApiKey],
            );
            self.record(Check::Aes, CheckStatus::Fail, "no known scheme decrypts card secrets", advice, None);
        }
    }
}

/// Whether an error may be gone in a minute, so that it says nothing about the integration.
fn passes_with_time(error: &Error) -> bool {
    matches!(error.code(), Some(1001 | 1009)) || error.transport_fault().is_some()
}

/// Advice for a code that concerns the Api-Key or the merchant.
fn api_key_advice(code: i64) -> Option<Advice> {
    Some(match code {
        1002 => Advice("a proxy removes the Api-Key header: call the platform directly", &[Setting::Proxy]),
        1008 => Advice(
            "the platform does not know this Api-Key: check it, and that it belongs to this environment",
            &[Setting::ApiKey, Setting::Environment, Setting::BaseUrl],
        ),
        1010 => Advice("enable the Api-Key in the merchant console", &[]),
        1011 => Advice("the Api-Key has expired: create a new one in the merchant console", &[Setting::ApiKey]),
        1021 => Advice(
            "the merchant does not exist in this environment: check the environment and the address",
            &[Setting::Environment, Setting::BaseUrl],
        ),
        1022 => Advice("the merchant's status is abnormal: ask the platform", &[]),
        _ => return None,
    })
}
