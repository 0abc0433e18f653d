//! Responses to single calls: any body under any status, several in a row.
//!
//! Input: a byte that chooses the call, then the responses, separated; each begins with a byte that chooses its status or
//! its failure.

use keysecure::{
    ApplyCard, ApplyCardholder, CardType, Error, Json, Method, Outcome, Response, Transfer, TransferType,
    TransportError, TransportFault,
};

use super::SEPARATOR;
use super::json::{self, Meaning};
use super::pan::pans;
use super::platform::{Platform, response};

thread_local! {
    static PLATFORM: Platform = Platform::new();
}

const REFERENCE: &str = "order-7";

const STATUSES: [u16; 24] = [
    200, 200, 200, 200, 200, 201, 204, 206, 301, 302, 307, 400, 401, 403, 404, 408, 409, 422, 429, 500, 501, 502, 503,
    504,
];

const FAULTS: [TransportFault; 9] = [
    TransportFault::Timeout,
    TransportFault::Dns,
    TransportFault::Connect,
    TransportFault::Tls,
    TransportFault::Proxy,
    TransportFault::Closed,
    TransportFault::TooLarge,
    TransportFault::Protocol,
    TransportFault::Other,
];

/// What the platform does with one request.
#[derive(Clone, Copy)]
enum Reply<'a> {
    Response(u16, &'a [u8]),
    Failure(TransportError),
}

impl<'a> Reply<'a> {
    fn of(part: &'a [u8]) -> Self {
        let Some((choice, body)) = part.split_first() else { return Self::Response(200, b"") };
        let choice = usize::from(*choice);
        if choice >= 0xe0 {
            let fault = FAULTS[choice % FAULTS.len()];
            let sent = choice % 2 == 0;
            return Self::Failure(if sent {
                TransportError::maybe_sent(fault)
            } else {
                TransportError::not_sent(fault)
            });
        }
        Self::Response(STATUSES[choice % STATUSES.len()], body)
    }

    fn give(self) -> Result<Response, TransportError> {
        match self {
            Self::Response(status, body) => Ok(response(status, body.to_vec())),
            Self::Failure(error) => Err(error),
        }
    }
}

pub fn run(input: &[u8]) {
    let Some((call, rest)) = input.split_first() else { return };
    let replies: Vec<Reply<'_>> = rest.split(|byte| *byte == SEPARATOR).map(Reply::of).collect();
    PLATFORM.with(|platform| {
        let owned: Vec<Vec<u8>> = rest.split(|byte| *byte == SEPARATOR).map(<[u8]>::to_vec).collect();
        // The last one is repeated.
        platform.respond_with(move |number, _| Reply::of(&owned[number.min(owned.len() - 1)]).give());
        let (is_mutation, result) = make_call(platform, *call);
        let sends = platform.sent().len();
        assert!((1..=4).contains(&sends), "{sends} sends");
        let used: Vec<Reply<'_>> = (0..sends).map(|number| replies[number.min(replies.len() - 1)]).collect();
        let (last, earlier) = used.split_last().unwrap();
        if is_mutation {
            for reply in earlier {
                assert!(is_refused_before_acting(*reply), "sent again although it may have been carried out");
            }
        }
        match result {
            Ok(()) => assert!(says_success(*last), "success that the platform did not say"),
            Err(error) => check_error(&error, *last, is_mutation),
        }
    });
}

fn check_error(error: &Error, last: Reply<'_>, is_mutation: bool) {
    let (text, debug) = (error.to_string(), format!("{error:?}"));
    assert!(text.len() < 4 * 1024 && debug.len() < 16 * 1024, "texts in errors are cut");
    assert_eq!(pans(&text).next(), None, "a card number in an error");
    assert!(error.attempts() > 0 && error.operation().is_some());
    match error.outcome() {
        Outcome::NotSent => {
            assert!(matches!(last, Reply::Failure(failure) if !failure.may_have_been_sent), "it was sent: {error}");
        }
        Outcome::Rejected if is_mutation => assert!(says_refused(last), "not refused by the platform: {error}"),
        Outcome::Rejected | Outcome::Unknown => {}
    }
}

/// Makes a call; says whether it changes anything, and checks what a success must hold.
fn make_call(platform: &Platform, call: u8) -> (bool, Result<(), Error>) {
    let client = &platform.client;
    let echoes =
        |echoed: Option<&String>| assert!(echoed.is_none_or(|echoed| echoed == REFERENCE), "another's: {echoed:?}");
    let is_number = |number: &str| assert!(!number.is_empty(), "a success without its number");
    match call % 12 {
        0 | 1 => {
            let amount = "25.00".parse().unwrap();
            let request = Transfer {
                cardholder_no: "1001".into(),
                transfer_unique_no: REFERENCE.into(),
                r#type: TransferType::In,
                amount,
            };
            let made = client.accounts().transfer(&request).map(|made| {
                is_number(&made.transfer_no);
                echoes(made.transfer_unique_no.as_ref());
            });
            (true, made)
        }
        2 => {
            let request = ApplyCard {
                cardholder_no: "1001".into(),
                card_unique_no: REFERENCE.into(),
                card_type: CardType::Virtual,
                package_no: Some("P1".into()),
                ..Default::default()
            };
            let made = client.cards().apply(&request).map(|made| {
                is_number(&made.card_no);
                echoes(made.card_unique_no.as_ref());
            });
            (true, made)
        }
        3 => {
            let request = ApplyCardholder {
                cardholder_unique_no: REFERENCE.into(),
                sumsub_share_token: "share-token".into(),
                cardholder_no: None,
            };
            let made = client.cardholders().apply(&request).map(|made| {
                is_number(&made.cardholder_no);
                echoes(made.cardholder_unique_no.as_ref());
            });
            (true, made)
        }
        4 => (true, client.cards().freeze("2001")),
        5 => {
            let json = Json::new(r#"{"amount":10.50}"#).unwrap();
            (
                true,
                client
                    .call(Method::Post, "/v1/new/call", Some(&json))
                    .map(|data| assert!(Meaning::of(data.as_str()).is_some() || !data.as_str().is_empty())),
            )
        }
        6 => (false, client.cards().get("2001").map(|card| is_number(&card.card_no))),
        7 => (false, client.cardholders().get("1001").map(|cardholder| is_number(&cardholder.cardholder_no))),
        8 => (false, client.accounts().get("1001").map(drop)),
        9 => (false, client.consumptions().get("3001").map(|consumption| is_number(&consumption.consume_no))),
        10 => (false, client.pci().client_token("2001").map(|token| is_number(token.expose()))),
        _ => (false, client.cards().private_info("2001").map(drop)),
    }
}

/// The envelope's code, if the body is JSON that holds exactly one.
fn code_of(body: &[u8]) -> Option<i64> {
    let entries = json::entries(std::str::from_utf8(body).ok()?)?;
    let mut codes = entries.iter().filter(|(name, _)| name == "code");
    let (_, code) = codes.next()?;
    if codes.next().is_some() {
        return None;
    }
    let code = match Meaning::of(code)? {
        Meaning::Text(text) => Meaning::of(&text)?,
        other => other,
    };
    let Meaning::Number { negative, digits, exponent } = code else { return None };
    let digits = if digits.is_empty() { "0" } else { &digits };
    let zeros = "0".repeat(usize::try_from(exponent).ok().filter(|zeros| *zeros < 19)?);
    format!("{}{digits}{zeros}", if negative { "-" } else { "" }).parse().ok()
}

/// Whether a second send cannot repeat the mutation: it was refused before acting, or nothing was sent.
fn is_refused_before_acting(reply: Reply<'_>) -> bool {
    match reply {
        Reply::Failure(failure) => !failure.may_have_been_sent,
        Reply::Response(status, body) => match code_of(body) {
            Some(code) => matches!(code, 1005 | 1006 | 1007 | 1009),
            None => status == 401,
        },
    }
}

fn says_success(reply: Reply<'_>) -> bool {
    matches!(reply, Reply::Response(200..300, body) if code_of(body) == Some(0))
}

/// A second implementation of the rule for outcomes: whether a response proves that nothing was done.
fn says_refused(reply: Reply<'_>) -> bool {
    let Reply::Response(status, body) = reply else { return false };
    match code_of(body) {
        Some(0) => (200..300).contains(&status) && says_result_false(body),
        Some(1001) => false,
        Some(code) if is_documented(code) => true,
        Some(1000..=4999) => matches!(status, 200..=299 | 400..=407 | 409..=428 | 430..=499),
        Some(_) => false,
        // A bare refusal of the token or the address.
        None => matches!(status, 401 | 403),
    }
}

fn is_documented(code: i64) -> bool {
    matches!(code, 1001..=1022 | 2001..=2011 | 4005 | 4010 | 4016 | 4017)
}

fn says_result_false(body: &[u8]) -> bool {
    let data = std::str::from_utf8(body).ok().and_then(json::entries);
    let data = data.and_then(|entries| entries.into_iter().find(|(name, _)| name == "data"));
    let fields = data.and_then(|(_, data)| json::entries(data)).unwrap_or_default();
    fields.iter().any(|(name, value)| name == "result" && Meaning::of(value) == Some(Meaning::Bool(false)))
}
