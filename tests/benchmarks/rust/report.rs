//! The table of results.

use std::time::Duration;

use crate::race::Sample;
use crate::relay::{Cost, SESSIONS};
use crate::table::{row, table};

/// The budget of a call, against the baseline with a limit on the whole call.
const LIMITED_CALL_BUDGET: f64 = 0.60;
/// The budget of a call, against the baseline with a timeout for each phase only.
const CALL_BUDGET: f64 = 1.30;
/// The budget of a list of 100, against the baseline with a timeout for each phase only.
const LIST_BUDGET: f64 = 1.10;
/// The budget from the start of a sandbox to its first response, in milliseconds.
const START_BUDGET_MS: f64 = 5.0;

/// The results as a table. `get` and `list` have the samples of their runners in order.
pub(crate) fn report(
    get: &[Vec<Sample>],
    list: &[Vec<Sample>],
    starts: &[Duration],
    webhook: &[Vec<Sample>],
    relay: &Cost,
) -> String {
    let mut rows = vec![row!["what", "measured", "baseline", "ratio", "budget", "verdict"]];
    if let [client, typed, lean, untyped, client_8, typed_8] = get {
        rows.push(against("CPU of a call, against ureq + derive", CPU, client, typed, Some(LIMITED_CALL_BUDGET)));
        let what = "CPU of a call, against ureq without a limit on the whole";
        rows.push(against(what, CPU, client, lean, Some(CALL_BUDGET)));
        rows.push(against("CPU of a call, against ureq + Value", CPU, client, untyped, None));
        rows.push(whole_process("CPU of a call, whole process, against ureq + derive", client, typed));
        rows.extend(lists(list));
        rows.push(against("calls per second, 1 thread, against ureq", RATE, client, typed, None));
        rows.push(against("calls per second, 8 threads, against ureq", RATE, client_8, typed_8, None));
        rows.push(against("CPU of a call, 8 threads, against ureq", CPU, client_8, typed_8, None));
        rows.push(against("calls per second, 8 threads against 1", RATE, client_8, client, None));
        rows.push(against("CPU of a call, 8 threads against 1", CPU, client_8, client, None));
    }
    rows.extend(relayed(relay));
    rows.extend(sandbox(starts));
    let webhooks = ["CPU of verifying and typing a webhook of 1 KB", "CPU of refusing the worst body of 64 KiB"];
    rows.extend(webhook.iter().zip(webhooks).map(|(samples, what)| {
        let [_, median, _] = quartiles(samples.iter().map(|sample| sample.cpu));
        row![what, format!("{median:.1} us"), "-", "-", "-", "-"]
    }));
    let mut text = table(&rows);
    text += "\nCPU is user and system time of the calling threads, of the whole process where it says so; the server is\n\
             another process. A ratio is the median of the rounds' ratios, with its quartiles; rounds took turns.\n";
    text
}

fn relayed(relay: &Cost) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if let [get, direct_get, list, direct_list] = relay.samples.as_slice() {
        rows.push(against("CPU of an app's call through a relay, against a direct call", CPU, get, direct_get, None));
        rows.push(against("latency of a call through a relay, against a direct call", LATENCY, get, direct_get, None));
        rows.push(against("CPU of an app's list of 100 through a relay", CPU, list, direct_list, None));
        rows.push(against("latency of a list of 100 through a relay", LATENCY, list, direct_list, None));
    }
    let plain = |what: String, value: String| row![what, value, "-", "-", "-", "-"];
    let whats = ["CPU of the relay for a call", "CPU of the relay for a list of 100"];
    rows.extend(whats.iter().zip(relay.cpu).map(|(what, cpu)| plain((*what).to_owned(), format!("{cpu:.1} us"))));
    let whats = [
        "memory of a relay before its sessions".to_owned(),
        format!("memory of a relay after {SESSIONS} sessions"),
        format!("memory of a relay with {SESSIONS} open connections, a thread each"),
    ];
    rows.extend(whats.into_iter().zip(relay.memory).map(|(what, memory)| plain(what, format!("{memory} kB"))));
    rows
}

fn lists(list: &[Vec<Sample>]) -> Vec<Vec<String>> {
    let [client, typed, lean, untyped] = list else { return Vec::new() };
    vec![
        against("CPU of a list of 100, against ureq + derive", CPU, client, typed, None),
        against(
            "CPU of a list of 100, against ureq without a limit on the whole",
            CPU,
            client,
            lean,
            Some(LIST_BUDGET),
        ),
        against("CPU of a list of 100, against ureq + Value", CPU, client, untyped, None),
        whole_process("CPU of a list of 100, whole process, against ureq + derive", client, typed),
    ]
}

/// One of the numbers of a sample, with its format.
#[derive(Clone, Copy)]
struct Quantity {
    of: fn(&Sample) -> f64,
    unit: &'static str,
    decimals: usize,
}

const CPU: Quantity = Quantity { of: |sample| sample.cpu, unit: "us", decimals: 1 };
const LATENCY: Quantity = Quantity { of: |sample| 1e6 / sample.rate, unit: "us", decimals: 1 };
const RATE: Quantity = Quantity { of: |sample| sample.rate, unit: "/s", decimals: 0 };

fn against(
    what: &str,
    quantity: Quantity,
    measured: &[Sample],
    baseline: &[Sample],
    budget: Option<f64>,
) -> Vec<String> {
    let shown = |samples: &[Sample]| {
        let [_, median, _] = quartiles(samples.iter().map(quantity.of));
        format!("{median:.*} {}", quantity.decimals, quantity.unit)
    };
    let ratios = measured.iter().zip(baseline).map(|(one, other)| (quantity.of)(one) / (quantity.of)(other));
    let [low, ratio, high] = quartiles(ratios);
    row![
        what,
        shown(measured),
        shown(baseline),
        format!("{ratio:.2} ({low:.2} to {high:.2})"),
        budget.map_or_else(|| "-".to_owned(), |budget| format!("{budget:.2}")),
        budget.map_or("-", |budget| verdict(ratio, budget)),
    ]
}

/// A row for the whole process, threads of the HTTP library included. One ratio of the sums: the time of one round is too coarse.
fn whole_process(what: &str, measured: &[Sample], baseline: &[Sample]) -> Vec<String> {
    let mean = |samples: &[Sample]| {
        let sum: f64 = samples.iter().map(|sample| sample.process_cpu).sum();
        let count: f64 = samples.iter().map(|_| 1.0).sum();
        sum / count
    };
    let (measured, baseline) = (mean(measured), mean(baseline));
    row![
        what,
        format!("{measured:.1} us"),
        format!("{baseline:.1} us"),
        format!("{:.2}", measured / baseline),
        "-",
        "-"
    ]
}

fn sandbox(starts: &[Duration]) -> [Vec<String>; 2] {
    let millis = |time: &Duration| time.as_secs_f64() * 1000.0;
    let [_, median, _] = quartiles(starts.iter().map(millis));
    let best = starts.iter().map(millis).fold(f64::INFINITY, f64::min);
    [("median", median), ("best", best)].map(|(which, time)| {
        row![
            format!("sandbox from start to first response, {which}"),
            format!("{time:.2} ms"),
            "-",
            "-",
            format!("{START_BUDGET_MS} ms"),
            verdict(time, START_BUDGET_MS),
        ]
    })
}

fn verdict(measured: f64, budget: f64) -> &'static str {
    if measured <= budget { "ok" } else { "over" }
}

/// Lower quartile, median, upper quartile.
fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values.get(values.len() * quarter / 4).copied().unwrap_or(f64::NAN))
}
