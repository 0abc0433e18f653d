//! Calls succeed although the device's clock is wrong or the server's clock jumps.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{Client, Clock, Outcome, Transfer, TransferType};
use keysecure_sandbox::{Fault, FaultKind};
use keysecure_tests::{TestClock, TestEnv, cents};

const HOUR: Duration = Duration::from_secs(3600);

fn transfer(env: &TestEnv, unique_no: &str) -> Transfer {
    Transfer {
        cardholder_no: env.cardholder_no.clone(),
        transfer_unique_no: unique_no.to_owned(),
        r#type: TransferType::In,
        amount: cents(1_00),
    }
}

fn with_clock(env: &TestEnv, clock: &Arc<TestClock>) -> Client {
    env.builder().clock(clock.clone()).build().unwrap()
}

#[test]
fn a_device_with_a_wrong_clock_works_within_one_extra_request() {
    for offset_ms in [-3 * 3_600_000, -61_000, -1_000, 1, 1_000, 61_000, 3 * 3_600_000] {
        let env = TestEnv::credit().unwrap();
        let client = with_clock(&env, &Arc::new(TestClock::wrong_by(offset_ms)));
        client.accounts().transfer(&transfer(&env, "move-1")).unwrap();
        let sent = env.count();
        assert!((2..=3).contains(&sent), "{offset_ms} ms: {sent} requests");
        assert_eq!(env.sandbox.requests_to("accounts.transfer"), 1, "{offset_ms} ms");
        for call in 1..=3 {
            client.accounts().transfer(&transfer(&env, "move-2")).unwrap();
            assert_eq!(env.count(), sent + call, "{offset_ms} ms: the clock is learned once");
        }
        assert_eq!(env.sandbox.transfers().len(), 4);
    }
}

#[test]
fn only_a_clock_beyond_the_platforms_tolerance_costs_a_request() {
    for (offset_ms, sent) in [(-30_000, 2), (0, 2), (-120_000, 3), (120_000, 3)] {
        let env = TestEnv::credit().unwrap();
        let client = with_clock(&env, &Arc::new(TestClock::wrong_by(offset_ms)));
        client.accounts().get(&env.cardholder_no).unwrap();
        assert_eq!(env.count(), sent, "{offset_ms} ms");
    }
}

#[test]
fn setting_the_devices_clock_in_mid_session_has_no_effect() {
    let env = TestEnv::credit().unwrap();
    let clock = Arc::new(TestClock::wrong_by(0));
    let client = with_clock(&env, &clock);
    client.accounts().get(&env.cardholder_no).unwrap();
    for offset_ms in [-86_400_000, 86_400_000, 3_600_000] {
        clock.set_wrong_by(offset_ms);
        client.accounts().get(&env.cardholder_no).unwrap();
    }
    assert_eq!(env.count(), 5, "a token and four calls");
}

#[test]
fn a_jump_of_the_servers_clock_costs_one_request_and_no_double_transfer() {
    for jump in [Duration::from_secs(5), Duration::from_secs(90), 3 * HOUR] {
        for forward in [true, false] {
            let env = TestEnv::credit().unwrap();
            env.client.accounts().transfer(&transfer(&env, "move-1")).unwrap();
            if forward {
                env.sandbox.advance(jump);
            } else {
                env.sandbox.rewind(jump);
            }
            let before = env.count();
            env.client.accounts().transfer(&transfer(&env, "move-2")).unwrap();
            let sent = env.count() - before;
            assert!(sent <= 2, "{jump:?} forward {forward}: {sent} requests");
            assert_eq!(env.sandbox.transfers().len(), 2, "{jump:?} forward {forward}");
            let before = env.count();
            env.client.accounts().transfer(&transfer(&env, "move-3")).unwrap();
            assert_eq!(env.count() - before, 1, "{jump:?} forward {forward}: learned");
        }
    }
}

#[test]
fn a_jump_beyond_the_tokens_lifetime_fetches_one_token() {
    let env = TestEnv::credit().unwrap();
    env.client.accounts().get(&env.cardholder_no).unwrap();
    env.sandbox.advance(25 * HOUR);
    env.client.accounts().transfer(&transfer(&env, "move-1")).unwrap();
    assert_eq!(env.sandbox.requests_to("token"), 2);
    assert_eq!(env.sandbox.requests_to("accounts.transfer"), 2);
    assert_eq!(env.sandbox.transfers().len(), 1);
}

#[test]
fn many_clock_jumps_back_and_forth_are_followed() {
    let env = TestEnv::credit().unwrap();
    for (number, seconds) in [300u64, 20, 7200, 1, 59, 61, 3600].into_iter().enumerate() {
        let jump = Duration::from_secs(seconds);
        if number % 2 == 0 {
            env.sandbox.advance(jump);
        } else {
            env.sandbox.rewind(jump);
        }
        env.client.accounts().transfer(&transfer(&env, &format!("move-{number}"))).unwrap();
    }
    assert_eq!(env.sandbox.transfers().len(), 7);
}

#[test]
fn a_frozen_server_clock_is_followed_while_real_time_passes() {
    let env = TestEnv::credit().unwrap();
    env.client.accounts().get(&env.cardholder_no).unwrap();
    env.sandbox.freeze();
    std::thread::sleep(Duration::from_millis(2_200));
    for number in 0..3 {
        env.client.accounts().transfer(&transfer(&env, &format!("move-{number}"))).unwrap();
    }
    env.sandbox.unfreeze();
    env.client.accounts().transfer(&transfer(&env, "move-3")).unwrap();
    assert_eq!(env.sandbox.transfers().len(), 4);
}

#[test]
fn one_response_with_a_slightly_wrong_date_is_tolerated() {
    for skew_ms in [-30_000, -5_000, -1_500, 1_500, 5_000, 30_000] {
        let env = TestEnv::credit().unwrap();
        env.client.accounts().get(&env.cardholder_no).unwrap();
        env.sandbox.fault(Fault::on("accounts.transfer", FaultKind::SkewClock(skew_ms)));
        for number in 0..3 {
            let before = env.count();
            env.client.accounts().transfer(&transfer(&env, &format!("move-{number}"))).unwrap();
            let sent = env.count() - before;
            assert!(sent <= 2, "{skew_ms} ms: {sent} requests");
        }
        assert_eq!(env.sandbox.transfers().len(), 3, "{skew_ms} ms");
    }
}

#[test]
fn one_response_with_a_date_wrong_by_hours_costs_at_most_that_call() {
    for skew_ms in [-3 * 3_600_000, 3 * 3_600_000] {
        let env = TestEnv::credit().unwrap();
        env.client.accounts().get(&env.cardholder_no).unwrap();
        env.sandbox.fault(Fault::on("accounts.transfer", FaultKind::SkewClock(skew_ms)));
        let first = env.client.accounts().transfer(&transfer(&env, "move-1"));
        let done = match first {
            Ok(_) => 1,
            Err(error) => {
                assert_eq!((error.code(), error.outcome()), (Some(1005), Outcome::Rejected), "{error}");
                0
            }
        };
        assert_eq!(env.sandbox.transfers().len(), done, "{skew_ms} ms");
        env.client.accounts().transfer(&transfer(&env, "move-2")).unwrap();
        assert_eq!(env.sandbox.transfers().len(), done + 1, "{skew_ms} ms");
    }
}

#[test]
fn a_server_whose_dates_are_all_wrong_is_followed() {
    // The timestamp check of these requests sees the same wrong clock.
    for skew_ms in [-40 * 60_000, 40 * 60_000] {
        let env = TestEnv::credit().unwrap();
        env.sandbox.fault(Fault::on_any(FaultKind::SkewClock(skew_ms)).times(u64::MAX));
        for number in 0..4 {
            env.client.accounts().transfer(&transfer(&env, &format!("move-{number}"))).unwrap();
        }
        assert_eq!(env.sandbox.transfers().len(), 4);
        assert_eq!(env.count(), 6, "one token refused, one given, four transfers");
    }
}

#[test]
fn a_virtual_sleep_of_the_test_clock_advances_the_platforms_clock() {
    let env = TestEnv::credit().unwrap();
    let clock = TestClock::virtual_sleeps(Some(env.sandbox.platform()));
    let (mine, theirs) = (clock.monotonic(), env.sandbox.now_ms());
    clock.sleep(HOUR).unwrap();
    assert!(clock.monotonic() - mine >= HOUR && env.sandbox.now_ms() - theirs >= 3_600_000);
}
