//! Lists over several pages and windows, from an honest server and from any other.
//!
//! Input: a byte that chooses the list and the kind of server, then for an honest server the number of rows, its page cap
//! and the fields beside the rows, then fields that every row has; for any other server its pages, separated.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::{
    Error, ListBins, ListCardholders, ListCards, ListConsumptions, ListPackages, ListTransfers, Request, Response,
};

use super::SEPARATOR;
use super::json;
use super::platform::{Platform, START, response};

thread_local! {
    static PLATFORM: Platform = Platform::new();
}

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A window has at most 90 days.
const WINDOW: Duration = Duration::from_secs(90 * 24 * 3600);

pub fn run(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    PLATFORM.with(|platform| {
        let list = Kind::of(choice % 6);
        if choice & 0x80 == 0 {
            honest(platform, list, rest);
        } else {
            hostile(platform, list, *choice, rest);
        }
    });
}

/// A list call of the client.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Cards,
    Cardholders,
    Consumptions,
    Transfers,
    Packages,
    Bins,
}

impl Kind {
    fn of(choice: u8) -> Self {
        [Self::Cards, Self::Cardholders, Self::Consumptions, Self::Transfers, Self::Packages, Self::Bins]
            [usize::from(choice)]
    }

    fn number(self) -> &'static str {
        match self {
            Self::Cards => "card_no",
            Self::Cardholders => "cardholder_no",
            Self::Consumptions => "consume_no",
            Self::Transfers => "transfer_no",
            Self::Packages => "package_no",
            Self::Bins => "card_bin_no",
        }
    }

    fn has_windows(self) -> bool {
        !matches!(self, Self::Packages | Self::Bins)
    }

    /// The numbers of the rows over that many windows.
    fn rows(self, platform: &Platform, windows: u32) -> Box<dyn Iterator<Item = Result<String, Error>>> {
        let client = &platform.client;
        let start: SystemTime = UNIX_EPOCH + Duration::from_millis(START);
        let end = start + WINDOW * windows - DAY;
        match self {
            Self::Cards => numbers(client.cards().list(&ListCards::between(start, end)), |row| row.card_no),
            Self::Cardholders => {
                numbers(client.cardholders().list(&ListCardholders::between(start, end)), |row| row.cardholder_no)
            }
            Self::Consumptions => {
                numbers(client.consumptions().list(&ListConsumptions::between(start, end)), |row| row.consume_no)
            }
            Self::Transfers => {
                numbers(client.accounts().transfers(&ListTransfers::between(start, end)), |row| row.transfer_no)
            }
            Self::Packages => numbers(Ok(client.cards().packages(&ListPackages::default())), |row| row.package_no),
            Self::Bins => numbers(Ok(client.cards().bins(&ListBins::default())), |row| row.card_bin_no),
        }
    }
}

fn numbers<T: 'static>(
    rows: Result<impl Iterator<Item = Result<T, Error>> + 'static, Error>,
    number: impl Fn(T) -> String + 'static,
) -> Box<dyn Iterator<Item = Result<String, Error>>> {
    Box::new(rows.unwrap().map(move |row| row.map(&number)))
}

/// The page and the window that the client requests.
struct Asked {
    window: Option<String>,
    page: usize,
    size: usize,
}

impl Asked {
    fn of(request: &Request<'_>) -> Self {
        let entries = json::entries(std::str::from_utf8(request.body).unwrap()).expect("an object");
        let field = |wanted: &str| entries.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
        let number = |name: &str| field(name).unwrap().parse().unwrap();
        Self { window: field("start_time").map(str::to_owned), page: number("page"), size: number("size") }
    }
}

/// How a page reports that there are more rows, if it does.
#[derive(Clone, Copy)]
enum Says {
    Nothing,
    Total,
}

fn page_of(list: Kind, numbers: Range<usize>, fields: &str, total: Option<usize>) -> Vec<u8> {
    let mut body = String::from("{\"code\":0,\"msg\":\"success\",\"data\":{\"list\":[");
    for (place, number) in numbers.enumerate() {
        let comma = if place == 0 { "" } else { "," };
        write!(body, "{comma}{{\"{}\":\"{number}\"{fields}}}", list.number()).unwrap();
    }
    body.push(']');
    if let Some(total) = total {
        write!(body, ",\"total\":{total}").unwrap();
    }
    body.push_str("}}");
    body.into_bytes()
}

/// Fields for a row, with a comma in front; none when the text is no JSON object or would replace the row's number.
fn fields_of(bytes: &[u8], list: Kind) -> Option<String> {
    let object = std::str::from_utf8(bytes).ok()?.trim();
    let entries = json::entries(object)?;
    let names: HashSet<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    if names.len() < entries.len() || names.contains(list.number()) || entries.is_empty() {
        return None;
    }
    Some(format!(",{}", &object[1..object.len() - 1]))
}

/// Mostly few rows, for speed; else enough for a full page.
fn rows(choice: u8) -> usize {
    if choice < 0xe0 { usize::from(choice % 24) } else { usize::from(choice - 0xe0) * 4 + 80 }
}

/// A server that caps its pages and reports further rows as servers do: every row is given exactly once, whatever
/// other fields the rows have.
fn honest(platform: &Platform, list: Kind, rest: &[u8]) {
    let &[first, second, cap, flags, ref fields @ ..] = rest else { return };
    let says = if flags & 1 == 0 { Says::Nothing } else { Says::Total };
    let windows = if list.has_windows() { u32::from(flags >> 1 & 1) + 1 } else { 1 };
    let rows_in = [rows(first), rows(second)];
    // Without a report of further rows, only common caps can be distinguished from the end of a list.
    let cap = match says {
        Says::Total => usize::from(cap) % 100 + 1,
        Says::Nothing => [100, 50, 25, 20, 10][usize::from(cap) % 5],
    };
    let fields = fields_of(fields, list).unwrap_or_default();
    let mut seen: Vec<Option<String>> = Vec::new();
    platform.respond_with(move |_, request| {
        let asked = Asked::of(request);
        let window = seen.iter().position(|window| *window == asked.window).unwrap_or_else(|| {
            seen.push(asked.window.clone());
            seen.len() - 1
        });
        let count = rows_in[window % 2];
        let size = asked.size.min(cap);
        let place = |page: usize| window * 1_000 + (page * size).min(count);
        let total = matches!(says, Says::Total).then_some(count);
        Ok(response(200, page_of(list, place(asked.page)..place(asked.page + 1), &fields, total)))
    });
    let given: Vec<String> = list.rows(platform, windows).collect::<Result<_, _>>().expect("an honest server");
    let windows = usize::try_from(windows).unwrap();
    let expected: HashSet<usize> =
        (0..windows).flat_map(|window| window * 1_000..window * 1_000 + rows_in[window % 2]).collect();
    let distinct: HashSet<usize> = given.iter().map(|number| number.parse().unwrap()).collect();
    assert_eq!(given.len(), distinct.len(), "a row twice");
    assert_eq!(distinct, expected, "rows lost");
    let pages = |rows: usize| rows.div_ceil(cap.min(100)) + 1;
    let most = (0..windows).map(|window| pages(rows_in[window % 2])).sum::<usize>();
    let sent = platform.sent().len();
    assert!(sent <= most + windows, "{sent} requests");
}

/// A server that sends anything: the list ends, no row is given twice, none without its number.
fn hostile(platform: &Platform, list: Kind, choice: u8, rest: &[u8]) {
    let pages: Vec<Vec<u8>> = rest.split(|byte| *byte == SEPARATOR).map(|part| hostile_page(part, list)).collect();
    let windows = if list.has_windows() { u32::from(choice >> 5 & 1) + 1 } else { 1 };
    let again = choice & 0x40 != 0;
    let (count, windows_count) = (pages.len(), usize::try_from(windows).unwrap());
    let most = if again {
        // Each page that is not refused contains a new row, or ends its window.
        windows_count * (count + 2) + rest.len() * 8 + 1_000
    } else {
        windows_count * 2 + count + 2
    };
    platform.respond_with(move |number, _| Ok(response_from(&pages, number, again)));
    let (mut given, mut errors) = (HashSet::new(), 0);
    for row in list.rows(platform, windows) {
        match row {
            Ok(number) => {
                assert!(!number.is_empty(), "a row without its number");
                assert!(given.insert(number), "a row twice");
            }
            Err(error) => {
                errors += 1;
                assert!(!error.to_string().is_empty());
                assert!(errors <= most, "errors without end");
            }
        }
        assert!(given.len() <= 208 * (count + 1) + rest.len(), "rows without end");
    }
    let sent = platform.sent().len();
    assert!(sent <= most, "{sent} requests for {count} pages");
}

fn response_from(pages: &[Vec<u8>], number: usize, again: bool) -> Response {
    let page = if again { pages.get(number % pages.len()) } else { pages.get(number) };
    response(200, page.cloned().unwrap_or_else(|| br#"{"code":0,"data":{"list":[]}}"#.to_vec()))
}

/// A part that starts with a brace is a body; any other gives the number of rows, the first number, and their fields.
fn hostile_page(part: &[u8], list: Kind) -> Vec<u8> {
    match *part {
        [b'{', ..] => part.to_vec(),
        [count, first, flags, ref fields @ ..] => {
            let fields = fields_of(fields, list).unwrap_or_default();
            let total = (flags & 1 == 1).then(|| usize::from(flags));
            let first = usize::from(first);
            page_of(list, first..first + rows(count), &fields, total)
        }
        _ => part.to_vec(),
    }
}
