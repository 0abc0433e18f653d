//! The HTTP service of the platform: finds the call, runs it, commits it, applies faults, and responds.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use crate::config::HttpStatuses;
use crate::exchange::Exchange;
use crate::fault::kinds::FaultKind;
use crate::fault::responses::{IntendedResponse, faulty_response, success};
use crate::http::request::{Head, Origin, OwnedHead};
use crate::http::response::{EncodedResponse, Response};
use crate::http::service::Service;
use crate::log::Entry;
use crate::platform::body::Body;
use crate::platform::call::{Call, CallResult};
use crate::platform::codes::{Language, Refusal, strict_status};
use crate::platform::dispatch::{admit, run};
use crate::platform::route::Route;
use crate::platform::routes::{self, Found};
use crate::shared::{SandboxState, Shared};
use crate::webhook::send::request_decision;

/// The operation of requests with an unknown path.
pub(crate) const UNKNOWN: &str = "unknown";
/// The `User-Agent` of calls that the console makes.
pub(crate) const CONSOLE_AGENT: &str = "keysecure-console";

/// The service of `base_url`: the platform's calls.
pub(crate) struct ApiService(pub(crate) Arc<Shared>);

/// The route and the fault of a request, decided when its head arrived.
pub(crate) struct Ticket {
    found: Found,
    fault: Option<FaultKind>,
    started: Instant,
}

impl Service for ApiService {
    type Ticket = Ticket;

    fn now_ms(&self) -> i64 {
        self.0.lock().state.clock.now_ms()
    }

    fn arrives(&self) -> bool {
        let mut sandbox = self.0.lock();
        let now_ms = sandbox.state.clock.now_ms();
        !sandbox.faults.refuses(now_ms)
    }

    fn begin(&self, origin: Origin, head: &Head<'_>) -> Option<Self::Ticket> {
        let started = Instant::now();
        let mut sandbox = self.0.lock();
        let now_ms = sandbox.state.clock.now_ms();
        let found = routes::find(head.method, head.path);
        let fault = sandbox.faults.next(now_ms, operation(found));
        if fault == Some(FaultKind::DropBeforeRead) {
            sandbox.log.push(entry(origin, head, found, now_ms, fault));
            return None;
        }
        Some(Ticket { found, fault, started })
    }

    fn respond(&self, origin: Origin, head: &Head<'_>, body: &[u8], ticket: Ticket) -> EncodedResponse {
        let Ticket { found, fault, started } = ticket;
        if let Some(FaultKind::Stall(time)) = fault {
            self.0.stop.sleep(time);
        }
        let mut sandbox = self.0.lock();
        let now_ms = sandbox.state.clock.now_ms().saturating_add(skew(fault));
        let (result, committed) = match (found, refused_by(fault)) {
            (_, Some(code)) => (Err(Refusal::code(code)), false),
            (Found::Route(route), None) => {
                let call = self.call(origin, head, route, now_ms);
                match (admit(route, &call, &sandbox.state), fault) {
                    (Err(refusal), _) => (Err(refusal), false),
                    // This result is not sent.
                    (Ok(()), Some(FaultKind::LateCommit(_))) => (Ok(Vec::new()), false),
                    (Ok(()), _) => {
                        let (relocked, result, committed) = self.execute(sandbox, route, call, body);
                        sandbox = relocked;
                        (result, committed)
                    }
                }
            }
            (Found::WrongMethod, None) => (Err(Refusal::parameter("method", "is wrong for this path")), false),
            (Found::Nothing, None) => (Err(Refusal::parameter("path", "is not a call of the platform")), false),
        };
        let result = match fault {
            Some(FaultKind::CodeAfterCommit(code)) => Err(Refusal::code(code)),
            _ => result,
        };
        let code = result.as_ref().map_or_else(|refusal| refusal.code, |_| 0);
        let entry_id = sandbox.log.push(Entry {
            body: Entry::body_to_keep(body),
            code: fault.is_none_or(FaultKind::sends_envelope).then_some(code),
            committed,
            ..entry(origin, head, found, now_ms, fault)
        });
        drop(sandbox);
        if let (Some(FaultKind::LateCommit(after)), Found::Route(route), Ok(_)) = (fault, found, &result) {
            self.execute_later(after, entry_id, origin, head, route, body);
        }
        if let Some(FaultKind::StallAfterCommit(time)) = fault {
            self.0.stop.sleep(time);
        }
        let response = self.encode(head, found, now_ms, fault, &result);
        self.0.lock().log.responded(entry_id, &response, started.elapsed());
        response
    }
}

impl ApiService {
    /// Executes a call for the console: without credentials, and without the faults planned for the merchant's requests. It
    /// is recorded like any request. Returns the envelope and the id of the record.
    pub(crate) fn call_from_console(&self, route: &'static Route, path_no: &str, body: &[u8]) -> (Vec<u8>, usize) {
        let started = Instant::now();
        let headers = [("User-Agent", CONSOLE_AGENT), ("Content-Type", "application/json"), ("Timezone", "UTC")];
        OwnedHead::new(route.method, route.path.replace("{}", path_no), &headers).with(|head| {
            let origin = Origin { connection: 0, address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
            let sandbox = self.0.lock();
            let now_ms = sandbox.state.clock.now_ms();
            let call = self.call(origin, head, route, now_ms);
            let (mut sandbox, result, committed) = if route.modes.contains(&self.0.setup.mode) {
                self.execute(sandbox, route, call, body)
            } else {
                (sandbox, Err(Refusal::code(1012)), false)
            };
            let code = result.as_ref().map_or_else(|refusal| refusal.code, |_| 0);
            let entry_id = sandbox.log.push(Entry {
                body: Entry::body_to_keep(body),
                code: Some(code),
                committed,
                ..entry(origin, head, Found::Route(route), now_ms, None)
            });
            drop(sandbox);
            let envelope = match &result {
                Ok(data) => success(data),
                Err(refusal) => refused(refusal, Language::English),
            };
            let response = EncodedResponse::new(&Response::json(now_ms, &envelope));
            self.0.lock().log.responded(entry_id, &response, started.elapsed());
            (envelope, entry_id)
        })
    }

    fn call<'a>(&'a self, origin: Origin, head: &'a Head<'a>, route: &Route, now_ms: i64) -> Call<'a> {
        Call {
            setup: &self.0.setup,
            head,
            address: origin.address,
            now_ms,
            path_no: route.path_no(head.path).unwrap_or_default(),
            body: Body::default(),
            decision: None,
        }
    }

    /// Runs an admitted call and commits its changes. This is the only path from a request to a change of the state.
    ///
    /// The lock is released only to request the merchant's decision; the call then runs once more, with the decision.
    fn execute<'g, 'a>(
        &'g self,
        mut sandbox: MutexGuard<'g, SandboxState>,
        route: &Route,
        call: Call<'a>,
        body: &'a [u8],
    ) -> (MutexGuard<'g, SandboxState>, CallResult, bool) {
        let mut transaction = sandbox.state.transaction();
        let mut result = run(route, call.clone(), body, &sandbox.state, &mut transaction);
        if result.is_ok()
            && let Some(purchase) = transaction.authorization_request()
            && sandbox.state.settings.webhooks.target.is_some()
        {
            sandbox.state.keep_numbers(&transaction);
            drop(sandbox);
            let decision = request_decision(&self.0, purchase);
            sandbox = self.0.lock();
            transaction = sandbox.state.transaction();
            result = run(route, Call { decision: Some(&decision), ..call }, body, &sandbox.state, &mut transaction);
        }
        let committed = result.is_ok() && !transaction.is_empty();
        if result.is_ok() {
            sandbox.commit(transaction);
        }
        (sandbox, result, committed)
    }

    /// Executes an admitted call after a delay, when its client has given up; `entry_id` is its entry in the log.
    fn execute_later(
        &self,
        after: Duration,
        entry_id: usize,
        origin: Origin,
        head: &Head<'_>,
        route: &'static Route,
        body: &[u8],
    ) {
        let service = Self(Arc::clone(&self.0));
        let (head, body) = (head.to_owned(), body.to_vec());
        self.0.delay_queue.run(after, move || {
            head.with(|head| {
                let sandbox = service.0.lock();
                let call = service.call(origin, head, route, sandbox.state.clock.now_ms());
                let (mut sandbox, _, committed) = service.execute(sandbox, route, call, &body);
                if committed {
                    sandbox.log.committed_late(entry_id);
                }
            });
        });
    }

    /// Encodes the response to a request, or the faulty one.
    fn encode(
        &self,
        head: &Head<'_>,
        found: Found,
        now_ms: i64,
        fault: Option<FaultKind>,
        result: &CallResult,
    ) -> EncodedResponse {
        let envelope = match result {
            Ok(data) => success(data),
            Err(refusal) => refused(refusal, Language::from_header(head.header("language"))),
        };
        let plain = match (found, result) {
            (Found::Nothing, _) => Response { status: 404, ..Response::json(now_ms, &envelope) },
            (Found::WrongMethod, _) => Response { status: 405, ..Response::json(now_ms, &envelope) },
            (Found::Route(_), Err(refusal)) => {
                let wanted = self.0.lock().state.settings.http_statuses;
                refused_response(wanted, refusal.code, Response::json(now_ms, &envelope))
            }
            (Found::Route(_), Ok(_)) => Response::json(now_ms, &envelope),
        };
        match fault {
            None => EncodedResponse::new(&plain),
            Some(fault) => faulty_response(
                fault,
                &IntendedResponse { plain, data: result.as_deref().ok(), redirect_url: &self.0.redirect_url },
            ),
        }
    }
}

/// The response to a refused call, with the HTTP status of the code under the setting.
fn refused_response(wanted: HttpStatuses, code: i64, envelope: Response<'_>) -> Response<'_> {
    let status = strict_status(code);
    match wanted {
        HttpStatuses::Strict => Response { status, ..envelope },
        HttpStatuses::StrictBare if status != 200 => {
            Response { status, content_type: "text/plain", body: b"refused", ..envelope }
        }
        HttpStatuses::StrictBare | HttpStatuses::Ok => envelope,
    }
}

/// The envelope of a refused call.
fn refused(refusal: &Refusal, language: Language) -> Vec<u8> {
    // `Value` writes a string as JSON.
    let msg = serde_json::Value::from(refusal.message(language));
    format!(r#"{{"code":{},"msg":{msg}}}"#, refusal.code).into_bytes()
}

/// The log entry of a request, before it is executed.
fn entry(origin: Origin, head: &Head<'_>, found: Found, time_ms: i64, fault: Option<FaultKind>) -> Entry {
    Entry {
        operation: operation(found),
        method: match found {
            Found::Route(route) => route.method.into(),
            Found::WrongMethod | Found::Nothing => head.method.to_owned().into(),
        },
        path: match found {
            Found::Route(route) => route.path.into(),
            Found::WrongMethod | Found::Nothing => head.path.to_owned().into(),
        },
        connection: origin.connection,
        header_names: head.header_names().collect::<Vec<_>>().join("\n").into(),
        body: Box::default(),
        time_ms,
        code: None,
        fault,
        committed: false,
        took: None,
        status: None,
        exchange: Some(Box::new(Exchange::new(head))),
        change: 0,
    }
}

fn operation(found: Found) -> &'static str {
    match found {
        Found::Route(route) => route.operation,
        Found::WrongMethod | Found::Nothing => UNKNOWN,
    }
}

/// The offset of the clock for this request, in milliseconds.
fn skew(fault: Option<FaultKind>) -> i64 {
    match fault {
        Some(FaultKind::SkewClock(by_ms)) => by_ms,
        _ => 0,
    }
}

/// The code of a request that is not executed because of its fault. For a redirect or an HTTP status it is not sent.
fn refused_by(fault: Option<FaultKind>) -> Option<i64> {
    match fault? {
        FaultKind::Code(code) => Some(code),
        FaultKind::ExpiredToken => Some(1007),
        FaultKind::Redirect | FaultKind::HttpStatus(..) => Some(1001),
        _ => None,
    }
}
