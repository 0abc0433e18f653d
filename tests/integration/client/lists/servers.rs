//! Lists of servers that page worse than the sandbox: each row is given exactly once, or an error says that some may be
//! missing.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Mutex;

use keysecure::{Client, Error, ErrorKind, ListConsumptions, ListPackages, Package};
use keysecure_tests::{MockResponse, MockServer, RecordedRequest, envelope, http, millis};

/// The page number and the page size of a request.
fn asked(request: &RecordedRequest) -> (usize, usize) {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let number = |name: &str| usize::try_from(body[name].as_u64().unwrap()).unwrap();
    (number("page"), number("size"))
}

/// A server whose `data` is a function of page and size.
pub(crate) fn server(data: impl Fn(usize, usize) -> String + Send + Sync + 'static) -> (MockServer, Client) {
    let server = MockServer::platform(move |request| {
        let (page, size) = asked(request);
        MockResponse::Keep(envelope(&data(page, size)))
    })
    .unwrap();
    let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
    (server, client)
}

/// A page with rows of these numbers, followed by `more` fields.
pub(crate) fn rows(numbers: impl Iterator<Item = usize>, more: &str) -> String {
    let rows: Vec<String> = numbers.map(|number| format!(r#"{{"package_no":"p{number}"}}"#)).collect();
    format!(r#"{{"list":[{}]{more}}}"#, rows.join(","))
}

/// At most `most` numbers of 0..`total`, from an offset.
pub(crate) fn cut(offset: usize, most: usize, total: usize) -> Range<usize> {
    offset.min(total)..(offset + most).min(total)
}

pub(crate) fn list(client: &Client) -> Vec<Result<Package, Error>> {
    // A list that does not end is a failed test, not an endless one.
    client.cards().packages(&ListPackages::default()).take(100_000).collect()
}

/// Checks that the list gives the rows 0..`total` once each and in order, and no error.
fn gives_all(name: &str, client: &Client, total: usize) {
    let listed: Vec<String> = list(client).into_iter().map(|row| row.expect(name).package_no).collect();
    assert_eq!(listed, (0..total).map(|number| format!("p{number}")).collect::<Vec<_>>(), "{name}");
}

/// Checks that the list gives rows once each, and then the error that some may be missing.
fn gives_some(name: &str, client: &Client, some: usize) -> Error {
    let mut listed = list(client);
    let error = listed.pop().unwrap().expect_err(name);
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{name}: {error}");
    assert!(error.to_string().contains("may be missing"), "{name}: {error}");
    assert_eq!(error.operation(), Some("cards.packages"), "{name}");
    let numbers: HashSet<String> = listed.into_iter().map(|row| row.expect(name).package_no).collect();
    assert_eq!(numbers.len(), some, "{name}");
    error
}

const TOTALS: [usize; 14] = [0, 1, 9, 10, 20, 49, 50, 51, 99, 100, 120, 150, 330, 500];

#[test]
fn a_server_that_caps_pages_at_a_common_length_gives_every_row() {
    for cap in [10, 20, 25, 50, 100] {
        for total in TOTALS {
            let name = format!("{total} rows in pages of {cap}");
            // The offset counts in the server's page size, or in the requested one.
            let (_own, client) = server(move |page, size| rows(cut(page * size.min(cap), size.min(cap), total), ""));
            gives_all(&name, &client, total);
            let (_asked, client) = server(move |page, size| rows(cut(page * size, size.min(cap), total), ""));
            gives_all(&name, &client, total);
            // Always the same number of rows, regardless of the requested size.
            let (_fixed, client) = server(move |page, _| rows(cut(page * cap, cap, total), ""));
            gives_all(&name, &client, total);
        }
    }
}

#[test]
fn a_server_that_caps_pages_and_reports_more_rows_gives_every_row() {
    type Fields = fn(usize, usize, usize) -> String;
    // The fields next to the rows, from the page number, its real size and the number of all rows.
    let hints: [(&str, Fields); 15] = [
        ("total", |_, _, total| format!(r#","total":{total}"#)),
        ("total as text", |_, _, total| format!(r#","total":"{total}""#)),
        ("total_count", |_, _, total| format!(r#","total_count":{total}"#)),
        ("totalCount", |_, _, total| format!(r#","totalCount":{total}"#)),
        ("count", |_, _, total| format!(r#","count":{total}"#)),
        ("a total and a count of the page", |page, size, total| {
            format!(r#","count":{},"total":{total}"#, cut(page * size, size, total).len())
        }),
        ("total in an object", |page, _, total| format!(r#","page":{{"current":{page},"total":{total}}}"#)),
        ("has_more", |page, size, total| format!(r#","has_more":{}"#, (page + 1) * size < total)),
        ("hasNextPage as text", |page, size, total| format!(r#","hasNextPage":"{}""#, (page + 1) * size < total)),
        ("has_more as a number", |page, size, total| format!(r#","has_more":{}"#, u8::from((page + 1) * size < total))),
        ("last", |page, size, total| format!(r#","last":{}"#, (page + 1) * size >= total)),
        ("pages", |_, size, total| format!(r#","pages":{}"#, total.div_ceil(size))),
        ("total_page", |_, size, total| format!(r#","total_page":{}"#, total.div_ceil(size))),
        ("the page size", |_, size, _| format!(r#","page_size":{size}"#)),
        ("all of them", |page, size, total| {
            let (pages, more) = (total.div_ceil(size), (page + 1) * size < total);
            format!(r#","total":{total},"size":{size},"pages":{pages},"current":{page},"has_more":{more}"#)
        }),
    ];
    for (hint, more) in hints {
        for cap in [7, 30, 50, 64] {
            for total in TOTALS {
                let name = format!("{total} rows in pages of {cap} with {hint}");
                let (_own, client) = server(move |page, size| {
                    let size = size.min(cap);
                    rows(cut(page * size, size, total), &more(page, size, total))
                });
                gives_all(&name, &client, total);
                let (_asked, client) = server(move |page, size| {
                    rows(cut(page * size, size.min(cap), total), &more(page, size.min(cap), total))
                });
                gives_all(&name, &client, total);
            }
        }
    }
}

#[test]
fn paging_fields_outside_the_data_count_like_those_within() {
    for (before, after) in
        [(r#""total":120,"#, ""), ("", r#","total":120"#), ("", r#","page":{"total":"120"},"trace":"x""#)]
    {
        let server = MockServer::platform(move |request| {
            let (page, size) = asked(request);
            let data = rows(cut(page * size.min(30), size.min(30), 120), r#","own":1"#);
            let body = format!(r#"{{{before}"code":0,"msg":"ok","data":{data}{after}}}"#);
            MockResponse::Keep(http("200 OK", &[], body.as_bytes()))
        })
        .unwrap();
        let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
        gives_all(&format!("{before} {after}"), &client, 120);
        let page = client.cards().packages_page(&ListPackages::default(), 0, 30).unwrap();
        assert!(page.extra.get("own").is_some() && page.extra.len() >= 2, "{:?}", page.extra);
    }
}

#[test]
fn no_page_is_requested_twice_or_without_need() {
    for (total, more, pages) in [
        (120, r#","total":120"#, vec![(0, 100), (1, 50), (2, 50)]),
        (120, "", vec![(0, 100), (1, 50), (2, 50), (7, 20), (8, 20)]),
        (49, "", vec![(0, 100)]),
        (50, r#","has_more":false"#, vec![(0, 100)]),
    ] {
        let (server, client) = server(move |page, size| rows(cut(page * size.min(50), size.min(50), total), more));
        gives_all(more, &client, total);
        let requests: Vec<_> = server.requests().iter().map(asked).collect();
        assert_eq!(&requests[..pages.len().min(3)], &pages[..pages.len().min(3)], "{total} {more}");
        assert!(requests.len() <= pages.len(), "{total} {more}: {requests:?}");
    }
}

#[test]
fn a_server_that_ignores_the_page_number_ends_the_list() {
    for (count, more) in [
        (50, r#","total":50"#),
        (100, r#","total":"100""#),
        (100, r#","has_more":false"#),
        (100, r#","pages":1"#),
        (137, r#","total":137"#),
    ] {
        let (server, client) = server(move |_, _| rows(0..count, more));
        gives_all(more, &client, count);
        assert!(server.requests().len() <= 4, "{more}: {}", server.requests().len());
    }
    for (count, more) in [
        (50, ""),
        (100, ""),
        (500, ""),
        (100, r#","total":120"#),
        (50, r#","total":120"#),
        (50, r#","count":50"#),
        (30, r#","has_more":true"#),
    ] {
        let (server, client) = server(move |_, _| rows(0..count, more));
        gives_some(more, &client, count);
        assert!(server.requests().len() <= 12, "{more}: {}", server.requests().len());
    }
    // A short page is complete if its length is no common cap.
    let (server, client) = server(|_, _| rows(0..3, ""));
    gives_all("three", &client, 3);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_server_that_reports_more_rows_but_gives_none_ends_in_an_error() {
    for (some, more) in [
        (0, r#","has_more":true"#),
        (0, r#","pages":9999"#),
        (0, r#","total":10"#),
        (70, r#","has_more":true"#),
        (70, r#","total":5000"#),
    ] {
        let (server, client) = server(move |page, size| rows(cut(page * size, size, some), more));
        let error = gives_some(more, &client, some);
        assert!(server.requests().len() <= 10, "{more}: {} requests", server.requests().len());
        if more.contains("5000") {
            assert!(error.to_string().contains("5000 rows and gives 70"), "{error}");
        }
    }
    // Two pages in alternation.
    let (server, client) = server(|page, _| rows(page % 2 * 100..page % 2 * 100 + 100, ""));
    gives_some("by turns", &client, 200);
    assert!(server.requests().len() <= 12, "{}", server.requests().len());
}

#[test]
fn a_window_with_missing_rows_is_an_error_and_the_list_continues() {
    let server = MockServer::platform(|request| {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let start = body["start_time"].as_str().unwrap().to_owned();
        let rows = format!(r#"{{"list":[{{"consume_no":"{start}"}}],"total":2}}"#);
        MockResponse::Keep(envelope(if body["page"] == 0 { &rows } else { r#"{"list":[],"total":2}"# }))
    })
    .unwrap();
    let client = Client::builder("key", "0123456789abcdef").base_url(server.base_url()).build().unwrap();
    let day = 86_400_000;
    let query = ListConsumptions::between(millis(1_700_000_000_000), millis(1_700_000_000_000 + 200 * day));
    let listed: Vec<_> = client.consumptions().list(&query).unwrap().take(100).collect();
    let shown: Vec<_> =
        listed.iter().map(|row| row.as_ref().map_or_else(ToString::to_string, |row| row.consume_no.clone())).collect();
    assert_eq!(listed.len(), 6, "{shown:?}");
    assert!(listed.iter().step_by(2).all(Result::is_ok) && listed.iter().skip(1).step_by(2).all(Result::is_err));
    assert_eq!(shown[0], "2024-05-13 06:13:20", "the newest window first");
    assert_eq!(
        shown[1],
        "consumptions.list: rows between 2024-05-13 06:13:20 and 2024-06-02 06:13:20 may be missing: the platform says \
         that there are 2 rows and gives 1 (unknown, attempts: 1)"
    );
}

#[test]
fn rows_removed_while_a_list_with_a_total_is_read_hide_no_other_row() {
    for removed in [0, 50, 99, 100, 150] {
        let table: Mutex<Vec<usize>> = Mutex::new((0..250).collect());
        let (_server, client) = server(move |page, size| {
            let mut table = table.lock().unwrap();
            let shown =
                rows(table.iter().copied().skip(page * size).take(size), &format!(r#","total":{}"#, table.len()));
            if page == 0 {
                table.retain(|number| *number != removed);
            }
            shown
        });
        let listed: Vec<String> = list(&client).into_iter().map(|row| row.unwrap().package_no).collect();
        let numbers: HashSet<&String> = listed.iter().collect();
        assert_eq!(numbers.len(), listed.len(), "none twice");
        let missing: Vec<_> = (0..250).filter(|number| !numbers.contains(&format!("p{number}"))).collect();
        assert!(missing.is_empty() || missing == [removed], "{removed} removed, {missing:?} missing");
    }
    // Rows that keep being removed: the list ends with an error.
    let table: Mutex<usize> = Mutex::new(0);
    let (server, client) = server(move |page, size| {
        let mut gone = table.lock().unwrap();
        *gone += 1;
        rows((*gone..1_000).skip(page * size).take(size), &format!(r#","total":{}"#, 1_000 - *gone))
    });
    let error = list(&client).pop().unwrap().unwrap_err();
    assert!(error.to_string().contains("rows are removed while the list is read"), "{error}");
    assert!(server.requests().len() <= 44, "{}", server.requests().len());
}

#[test]
fn a_short_page_in_mid_list_ends_it_only_without_a_total() {
    // Rows are removed from a page after it was cut: some rows are left, and further pages follow.
    for left in [99, 50, 47, 10, 3] {
        let (_server, client) = server(move |page, size| {
            let all: Vec<usize> =
                cut(page * size, size, 350).filter(|number| !(100 + left..200).contains(number)).collect();
            rows(all.into_iter(), &format!(r#","total":{}"#, 250 + left))
        });
        let listed: Vec<String> = list(&client).into_iter().map(|row| row.unwrap().package_no).collect();
        let numbers: HashSet<&String> = listed.iter().collect();
        assert_eq!((listed.len(), numbers.len()), (250 + left, 250 + left), "{left}");
    }
}

#[test]
fn more_new_rows_than_a_page_holds_between_two_pages_are_no_repeated_page() {
    for (new, total) in [(101, 300), (250, 1_000), (37, 230)] {
        // The newest first: 1,000,000 minus the ordinal. New rows arrive before each page.
        let calls = Mutex::new(0);
        let (_server, client) = server(move |page, size| {
            let mut calls = calls.lock().unwrap();
            *calls += 1;
            let before = 1_000_000 - if *calls < 4 { new * (*calls - 1) } else { new * 3 };
            rows((before..1_000_000 + total).skip(page * size).take(size), "")
        });
        let listed: Vec<String> = list(&client).into_iter().map(|row| row.unwrap().package_no).collect();
        let numbers: HashSet<&String> = listed.iter().collect();
        assert_eq!(numbers.len(), listed.len(), "none twice");
        assert!((1_000_000..1_000_000 + total).all(|number| numbers.contains(&format!("p{number}"))), "none missed");
    }
}
