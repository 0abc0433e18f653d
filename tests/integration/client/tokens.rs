//! The access token: fetched once for each expiry by any number of threads, renewed before it expires, replaced when revoked.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::Duration;

use keysecure::{Client, ErrorKind, Outcome, Transfer, TransferType};
use keysecure_sandbox::{Fault, FaultKind, KeyState, MerchantState, Sandbox};
use keysecure_tests::{TestEnv, cents};

fn transfer(env: &TestEnv, unique_no: String) -> Transfer {
    Transfer {
        cardholder_no: env.cardholder_no.clone(),
        transfer_unique_no: unique_no,
        r#type: TransferType::In,
        amount: cents(1_00),
    }
}

/// Lets 64 threads make a call each after every jump of the server's clock.
fn tokens_of_64_threads(life: Duration, jump: Duration, rounds: usize) {
    const THREADS: usize = 64;
    let env = TestEnv::with(Sandbox::builder().token_lifetime(life)).unwrap();
    let (begin, end) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    // Checked when all threads have finished: a thread that panics would leave the others at the barrier.
    let (failures, mut given) = (Mutex::new(Vec::new()), Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (env, begin, end, failures) = (&env, &begin, &end, &failures);
            scope.spawn(move || {
                for round in 0..rounds {
                    begin.wait();
                    if let Err(error) = env.client.accounts().transfer(&transfer(env, format!("{round}-{thread}"))) {
                        failures.lock().unwrap().push(error);
                    }
                    end.wait();
                }
            });
        }
        for _ in 0..rounds {
            begin.wait();
            end.wait();
            let requests = env.sandbox.requests();
            given.push(requests.iter().filter(|one| one.operation == "token" && one.code == Some(0)).count());
            env.sandbox.advance(jump);
        }
    });
    assert_eq!(failures.into_inner().unwrap(), []);
    assert!(given.iter().copied().eq(1..=rounds), "one token for each expiry: {given:?}");
    assert_eq!(env.sandbox.transfers().len(), rounds * THREADS);
}

#[test]
fn threads_that_find_the_token_expired_fetch_one() {
    // A jump within the minute for which a timestamp is valid: the platform responds with 1007.
    tokens_of_64_threads(Duration::from_secs(30), Duration::from_secs(45), 5);
}

#[test]
fn threads_that_find_clock_and_token_wrong_fetch_one_token() {
    tokens_of_64_threads(Duration::from_secs(24 * 3600), Duration::from_secs(25 * 3600), 4);
}

#[test]
fn tokens_that_are_revoked_in_mid_flight_fail_no_call() {
    const THREADS: usize = 16;
    const REVOCATIONS: usize = 8;
    let env = TestEnv::credit().unwrap();
    let stop = AtomicBool::new(false);
    let made: Vec<AtomicUsize> = (0..THREADS).map(|_| AtomicUsize::new(0)).collect();
    std::thread::scope(|scope| {
        for (thread, made) in made.iter().enumerate() {
            let (env, stop) = (&env, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let number = made.load(Ordering::SeqCst);
                    let moved = env.client.accounts().transfer(&transfer(env, format!("{thread}-{number}")));
                    if let Err(error) = moved {
                        stop.store(true, Ordering::SeqCst);
                        panic!("{error}");
                    }
                    made.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for _ in 0..REVOCATIONS {
            // Two whole calls of each thread between two revocations, so that no call is hit by both.
            let before: Vec<_> = made.iter().map(|made| made.load(Ordering::SeqCst)).collect();
            while made.iter().zip(&before).any(|(made, before)| made.load(Ordering::SeqCst) < before + 2) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            env.sandbox.revoke_tokens();
        }
        stop.store(true, Ordering::SeqCst);
    });
    let calls: usize = made.iter().map(|made| made.load(Ordering::SeqCst)).sum();
    assert_eq!(env.sandbox.transfers().len(), calls, "each transfer once");
    let tokens = env.sandbox.requests_to("token");
    assert!((REVOCATIONS..=REVOCATIONS + 1).contains(&tokens), "{tokens} tokens");
}

#[test]
fn a_token_is_renewed_before_it_expires_so_that_no_call_is_refused() {
    let env = TestEnv::with(Sandbox::builder().token_lifetime(Duration::from_secs(1000))).unwrap();
    for step in 0..60 {
        env.client.accounts().transfer(&transfer(&env, format!("move-{step}"))).unwrap();
        env.sandbox.advance(Duration::from_secs(50));
    }
    let requests = env.sandbox.requests();
    assert!(requests.iter().all(|request| request.code == Some(0)), "no call was refused");
    // 60 steps of 50 s with a token that is renewed after at most 1000 s and at least 900 s.
    let tokens = env.sandbox.requests_to("token");
    assert!((3..=4).contains(&tokens), "{tokens} tokens");
}

#[test]
fn an_old_token_is_used_while_its_renewal_fails() {
    let env = TestEnv::with(Sandbox::builder().token_lifetime(Duration::from_secs(100))).unwrap();
    let client = env.builder().max_retries(0).build().unwrap();
    client.accounts().get(&env.cardholder_no).unwrap();
    env.sandbox.advance(Duration::from_secs(57));
    client.accounts().get(&env.cardholder_no).unwrap();
    env.sandbox.advance(Duration::from_secs(38));
    // The client learns the time from this response: the token is due for renewal, but not expired.
    client.accounts().get(&env.cardholder_no).unwrap();
    env.sandbox.fault(Fault::on("token", FaultKind::HttpStatus(503, None)));
    client.accounts().transfer(&transfer(&env, "move-1".to_owned())).unwrap();
    assert_eq!(env.sandbox.requests_to("token"), 2);
    client.accounts().get(&env.cardholder_no).unwrap();
    assert_eq!(env.sandbox.requests_to("token"), 3, "and the next call renews it");
}

#[test]
fn a_failed_token_call_is_one_error_and_the_mutation_is_not_sent() {
    for kind in [
        FaultKind::DropBeforeRead,
        FaultKind::DropAfterCommit,
        FaultKind::Truncate,
        FaultKind::Malformed,
        FaultKind::WrongType,
        FaultKind::WrongFieldTypes,
        FaultKind::MissingData,
        FaultKind::Html,
        FaultKind::Oversize(9 << 20),
        FaultKind::GzipBomb,
        FaultKind::DeepNesting,
        FaultKind::InvalidUtf8,
        FaultKind::Redirect,
        FaultKind::HttpStatus(503, None),
        FaultKind::HttpStatus(404, None),
    ] {
        let env = TestEnv::credit().unwrap();
        let (client, _) = env.with_virtual_clock().unwrap();
        env.sandbox.fault(Fault::on("token", kind).times(1_000));
        let error = client.accounts().transfer(&transfer(&env, "move-1".to_owned())).unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotSent, "{kind:?}: {error}");
        assert_eq!((error.operation(), error.attempts()), (Some("accounts.transfer"), 0), "{kind:?}: {error}");
        assert!(error.to_string().contains("no access token"), "{kind:?}: {error}");
        assert_eq!(env.sandbox.requests_to("accounts.transfer"), 0, "{kind:?}");
        assert!((1..=3).contains(&env.sandbox.requests_to("token")), "{kind:?}");
        env.sandbox.clear_faults();
        client.accounts().transfer(&transfer(&env, "move-1".to_owned())).unwrap();
        assert_eq!(env.sandbox.transfers().len(), 1, "{kind:?}: it recovers");
        assert_eq!(env.sandbox.redirect_calls(), 0);
    }
}

#[test]
fn errors_about_the_merchant_reach_the_caller_with_kind_and_code() {
    type Spoil = fn(&Sandbox);
    let table: [(i64, ErrorKind, Spoil, Spoil); 5] = [
        (
            1010,
            ErrorKind::Authentication,
            |sandbox| sandbox.set_key_state(KeyState::NotEnabled),
            |sandbox| sandbox.set_key_state(KeyState::Active),
        ),
        (
            1011,
            ErrorKind::Authentication,
            |sandbox| sandbox.set_key_state(KeyState::Expired),
            |sandbox| sandbox.set_key_state(KeyState::Active),
        ),
        (
            1021,
            ErrorKind::Permission,
            |sandbox| sandbox.set_merchant_state(MerchantState::Missing),
            |sandbox| sandbox.set_merchant_state(MerchantState::Active),
        ),
        (
            1022,
            ErrorKind::Permission,
            |sandbox| sandbox.set_merchant_state(MerchantState::Abnormal),
            |sandbox| sandbox.set_merchant_state(MerchantState::Active),
        ),
        (
            1003,
            ErrorKind::Permission,
            |sandbox| sandbox.set_ip_whitelist(vec!["192.0.2.7".parse().unwrap()]),
            |sandbox| sandbox.set_ip_whitelist(Vec::new()),
        ),
    ];
    for (code, kind, spoil, restore) in table {
        for has_token in [false, true] {
            let env = TestEnv::credit().unwrap();
            if has_token {
                env.client.access_token().unwrap();
            }
            let before = env.count();
            spoil(&env.sandbox);
            let error = env.client.accounts().transfer(&transfer(&env, "move-1".to_owned())).unwrap_err();
            assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error}");
            assert_ne!(error.outcome(), Outcome::Unknown, "{error}");
            assert_eq!(error.operation(), Some("accounts.transfer"));
            assert!(error.msg().is_some_and(|msg| !msg.is_empty()));
            assert_eq!(env.count() - before, 1, "{code}: requested once");
            restore(&env.sandbox);
            env.client.accounts().transfer(&transfer(&env, "move-1".to_owned())).unwrap();
            assert_eq!(env.sandbox.transfers().len(), 1);
        }
    }
}

#[test]
fn an_unknown_api_key_is_an_authentication_error() {
    let env = TestEnv::credit().unwrap();
    let stranger =
        Client::builder("another-key", env.sandbox.api_secret()).base_url(env.sandbox.base_url()).build().unwrap();
    let error = stranger.access_token().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Authentication, Some(1008)));
    let error = stranger.accounts().get(&env.cardholder_no).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Authentication, Some(1008)));
}

#[test]
fn a_platform_that_refuses_every_token_is_asked_twice_and_no_more() {
    for kind in [FaultKind::ExpiredToken, FaultKind::Code(1006)] {
        let env = TestEnv::credit().unwrap();
        env.sandbox.fault(Fault::on("accounts.transfer", kind).times(1_000));
        let error = env.client.accounts().transfer(&transfer(&env, "move-1".to_owned())).unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome(), error.attempts()),
            (ErrorKind::Authentication, Outcome::Rejected, 2)
        );
        assert_eq!(env.sandbox.requests_to("accounts.transfer"), 2);
        assert_eq!(env.sandbox.requests_to("token"), 2);
        assert!(env.sandbox.transfers().is_empty());
    }
}

#[test]
fn two_clients_that_invalidate_each_others_tokens_both_work() {
    let env = TestEnv::credit().unwrap();
    let other = env.builder().build().unwrap();
    for round in 0..5 {
        env.client.accounts().transfer(&transfer(&env, format!("a-{round}"))).unwrap();
        other.accounts().transfer(&transfer(&env, format!("b-{round}"))).unwrap();
    }
    assert_eq!(env.sandbox.transfers().len(), 10);
}

#[test]
fn a_clone_shares_the_token() {
    let env = TestEnv::credit().unwrap();
    let clone = env.client.clone();
    assert_eq!(env.client.access_token().unwrap(), clone.access_token().unwrap());
    assert_eq!(env.sandbox.requests_to("token"), 1);
}
