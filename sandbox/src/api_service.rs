//! The platform's HTTP side: finds the call, runs it, commits it, answers, and lets faults happen on the way.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use crate::callback::ask;
use crate::config::HttpStatuses;
use crate::fault::{FaultKind, Outgoing, shape, success};
use crate::http::{Head, Origin, Reply, Response, Service};
use crate::log::Entry;
use crate::platform::body::Body;
use crate::platform::codes::{Language, Refusal, strict_status};
use crate::platform::routes::{self, Found, Route};
use crate::platform::{Answer, Call, admit, run};
use crate::shared::{Shared, World};

/// Name of requests that are no call of the platform.
const UNKNOWN: &str = "unknown";

/// The service behind `base_url`.
pub(crate) struct Front(pub(crate) Arc<Shared>);

impl Service for Front {
    type Ticket = (Found, Option<FaultKind>);

    fn now_ms(&self) -> i64 {
        self.0.lock().state.clock.now_ms()
    }

    fn arrives(&self) -> bool {
        let mut world = self.0.lock();
        let now_ms = world.state.clock.now_ms();
        !world.faults.refuses(now_ms)
    }

    fn begin(&self, origin: Origin, head: &Head<'_>) -> Option<Self::Ticket> {
        let mut world = self.0.lock();
        let now_ms = world.state.clock.now_ms();
        let found = routes::find(head.method, head.path);
        let fault = world.faults.next(now_ms, operation(found));
        if fault == Some(FaultKind::DropBeforeRead) {
            world.log.push(entry(origin, head, found, now_ms, fault));
            return None;
        }
        Some((found, fault))
    }

    fn answer(&self, origin: Origin, head: &Head<'_>, body: &[u8], (found, fault): Self::Ticket) -> Reply {
        if let Some(FaultKind::Stall(time)) = fault {
            self.0.stop.sleep(time);
        }
        let mut world = self.0.lock();
        let now_ms = world.state.clock.now_ms().saturating_add(skew(fault));
        let (answer, committed) = match (found, refused_by(fault)) {
            (_, Some(code)) => (Err(Refusal::code(code)), false),
            (Found::Route(route), None) => {
                let call = self.call(origin, head, route, now_ms);
                match (admit(route, &call, &world.state), fault) {
                    (Err(refusal), _) => (Err(refusal), false),
                    // Nobody gets this answer.
                    (Ok(()), Some(FaultKind::LateCommit(_))) => (Ok(Vec::new()), false),
                    (Ok(()), _) => {
                        let (after, answer, committed) = self.execute(world, route, call, body);
                        world = after;
                        (answer, committed)
                    }
                }
            }
            (Found::WrongMethod, None) => (Err(Refusal::parameter("method", "is wrong for this path")), false),
            (Found::Nothing, None) => (Err(Refusal::parameter("path", "is no call of the platform")), false),
        };
        let answer = match fault {
            Some(FaultKind::CodeAfterCommit(code)) => Err(Refusal::code(code)),
            _ => answer,
        };
        let code = answer.as_ref().map_or_else(|refusal| refusal.code, |_| 0);
        let name = world.log.push(Entry {
            body: Entry::body_to_keep(body),
            code: fault.is_none_or(FaultKind::sends_envelope).then_some(code),
            committed,
            ..entry(origin, head, found, now_ms, fault)
        });
        drop(world);
        if let (Some(FaultKind::LateCommit(after)), Found::Route(route), Ok(_)) = (fault, found, &answer) {
            self.execute_later(after, name, origin, head, route, body);
        }
        if let Some(FaultKind::StallAfterCommit(time)) = fault {
            self.0.stop.sleep(time);
        }
        self.reply(head, found, now_ms, fault, &answer)
    }
}

impl Front {
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

    /// Runs an admitted call and commits what it wants. This is the only path from a request to a change of the state.
    ///
    /// The lock is let go only to ask the merchant; the call then runs once more, with the decision.
    fn execute<'g, 'a>(
        &'g self,
        mut world: MutexGuard<'g, World>,
        route: &Route,
        call: Call<'a>,
        body: &'a [u8],
    ) -> (MutexGuard<'g, World>, Answer, bool) {
        let mut transaction = world.state.transaction();
        let mut answer = run(route, call.clone(), body, &world.state, &mut transaction);
        if answer.is_ok()
            && let Some(purchase) = transaction.question()
            && world.state.settings.callbacks.target.is_some()
        {
            world.state.keep_numbers(&transaction);
            drop(world);
            let decision = ask(&self.0, purchase);
            world = self.0.lock();
            transaction = world.state.transaction();
            answer = run(route, Call { decision: Some(&decision), ..call }, body, &world.state, &mut transaction);
        }
        let committed = answer.is_ok() && !transaction.is_empty();
        if answer.is_ok() {
            world.commit(transaction);
        }
        (world, answer, committed)
    }

    /// Executes an admitted call when its client has long given up; `name` is its entry in the log.
    fn execute_later(
        &self,
        after: Duration,
        name: usize,
        origin: Origin,
        head: &Head<'_>,
        route: &'static Route,
        body: &[u8],
    ) {
        let front = Self(Arc::clone(&self.0));
        let (head, body) = (head.keep(), body.to_vec());
        self.0.later.run(after, move || {
            head.with(|head| {
                let world = front.0.lock();
                let call = front.call(origin, head, route, world.state.clock.now_ms());
                let (mut world, _, committed) = front.execute(world, route, call, &body);
                if committed {
                    world.log.committed_late(name);
                }
            });
        });
    }

    fn reply(&self, head: &Head<'_>, found: Found, now_ms: i64, fault: Option<FaultKind>, answer: &Answer) -> Reply {
        let envelope = match answer {
            Ok(data) => success(data),
            Err(refusal) => refused(refusal, Language::from_header(head.header("language"))),
        };
        let plain = match (found, answer) {
            (Found::Nothing, _) => Response { status: 404, ..Response::json(now_ms, &envelope) },
            (Found::WrongMethod, _) => Response { status: 405, ..Response::json(now_ms, &envelope) },
            (Found::Route(_), Err(refusal)) => {
                let wanted = self.0.lock().state.settings.http_statuses;
                refused_response(wanted, refusal.code, Response::json(now_ms, &envelope))
            }
            (Found::Route(_), Ok(_)) => Response::json(now_ms, &envelope),
        };
        match fault {
            None => Reply::new(&plain),
            Some(fault) => shape(fault, &Outgoing { plain, data: answer.as_deref().ok(), trap_url: &self.0.trap_url }),
        }
    }
}

/// The response to a refused call, with the status that the code has under the setting.
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

fn refused(refusal: &Refusal, language: Language) -> Vec<u8> {
    // JSON text of a string: serde_json escapes it, `Value` prints it.
    let msg = serde_json::Value::from(refusal.message(language));
    format!(r#"{{"code":{},"msg":{msg}}}"#, refusal.code).into_bytes()
}

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
    }
}

fn operation(found: Found) -> &'static str {
    match found {
        Found::Route(route) => route.operation,
        Found::WrongMethod | Found::Nothing => UNKNOWN,
    }
}

fn skew(fault: Option<FaultKind>) -> i64 {
    match fault {
        Some(FaultKind::SkewClock(by_ms)) => by_ms,
        _ => 0,
    }
}

/// The code of a request that a fault keeps from being executed. For a redirect and an HTTP status nobody sees it.
fn refused_by(fault: Option<FaultKind>) -> Option<i64> {
    match fault? {
        FaultKind::Code(code) => Some(code),
        FaultKind::ExpiredToken => Some(1007),
        FaultKind::Redirect | FaultKind::HttpStatus(..) => Some(1001),
        _ => None,
    }
}
