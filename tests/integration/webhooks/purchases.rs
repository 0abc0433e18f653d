//! A purchase is decided once, whoever is asked and however often, and no approval leaves too late.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use keysecure::{
    Decision, MemoryReplayStore, OnStoreFailure, Rejection, ReplayStore, Responder, StoreUnavailable, VerifiedWebhook,
    WebhookVerifier, reply_accept, reply_decline,
};
use keysecure_tests::{capture_logs, warnings};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn verifier(store: &Arc<dyn ReplayStore>, when_unavailable: OnStoreFailure) -> WebhookVerifier {
    capture_logs();
    WebhookVerifier::new("app-1", [SECRET]).unwrap().replay_guard(Arc::clone(store), when_unavailable)
}

fn memory() -> Arc<dyn ReplayStore> {
    Arc::new(MemoryReplayStore::default())
}

fn body(consume_no: &str) -> String {
    format!(r#"{{"id":"1","action":"Auth","data":{{"consume_no":"{consume_no}","card_no":"k","amount":42.00}}}}"#)
}

/// A timestamp that no other webhook of this process has.
fn unique_time() -> SystemTime {
    static LATEST: OnceLock<SystemTime> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let back = Duration::from_millis(COUNT.fetch_add(1, Ordering::Relaxed));
    *LATEST.get_or_init(SystemTime::now) - back
}

/// The same purchase under a timestamp and signature that no other one of this process has.
fn delivered(verifier: &WebhookVerifier, consume_no: &str) -> VerifiedWebhook {
    let (at, body) = (unique_time(), body(consume_no));
    let headers = verifier.sign_for_tests(at, body.as_bytes()).unwrap();
    verifier.verify(headers, body.as_bytes()).unwrap()
}

/// Approves and counts.
fn counting(count: &Arc<AtomicUsize>, takes: Duration) -> Responder {
    let count = Arc::clone(count);
    Responder::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(takes);
        Decision::Approve
    })
}

fn no_decision() -> String {
    reply_decline("no decision in time").unwrap()
}

fn too_late() -> String {
    reply_decline("the decision is too late").unwrap()
}

const SHORT: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(2);

#[test]
fn two_workers_that_share_a_store_decide_once_and_say_the_same() {
    let (store, count) = (memory(), Arc::default());
    let workers = [(); 2].map(|()| (verifier(&store, OnStoreFailure::Reject), counting(&count, SHORT)));
    let both = |_: usize| {
        std::thread::scope(|scope| {
            let threads = workers
                .each_ref()
                .map(|(verifier, responder)| scope.spawn(|| responder.respond(&delivered(verifier, "c-shared"))));
            threads.map(|thread| thread.join().unwrap())
        })
    };
    for round in 0..3 {
        assert_eq!(both(round), [reply_accept(), reply_accept()]);
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// Any purchase, with a signature that no other one has.
fn asked(verifier: &WebhookVerifier, data: &str) -> VerifiedWebhook {
    let body = format!(r#"{{"id":"1","action":"Auth","data":{data}}}"#);
    verifier.verify(verifier.sign_for_tests(unique_time(), body.as_bytes()).unwrap(), body.as_bytes()).unwrap()
}

#[test]
fn a_yes_to_one_purchase_is_none_to_another_with_the_same_number() {
    let (store, count) = (memory(), Arc::default());
    let before = reply_decline("this purchase was asked for before").unwrap();
    for guarded in [true, false] {
        let plain = || WebhookVerifier::new("app-2", [SECRET]).unwrap();
        let verifier = if guarded { verifier(&store, OnStoreFailure::Reject) } else { plain() };
        let responder = counting(&count, Duration::ZERO);
        let respond = |data: &str| responder.respond(&asked(&verifier, data));
        assert_eq!(respond(r#"{"consume_no":"c-own","card_no":"k","amount":42}"#), reply_accept());
        for other in [
            r#"{"consume_no":"c-own","card_no":"k","amount":420}"#,
            r#"{"consume_no":"c-own","card_no":"other","amount":42}"#,
            r#"{"consume_no":"c-own","card_no":"k","amount":42,"type":"Refund"}"#,
            r#"{"consume_no":"c-own","card_no":"k","amount":42,"local_amount":7}"#,
        ] {
            assert_eq!(respond(other), before, "{other}");
        }
        assert_eq!(respond(r#"{"consume_no":"c-own","card_no":"k","amount":"42.00"}"#), reply_accept(), "its own");
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn purchases_without_a_number_are_known_by_what_they_say() {
    let (store, count) = (memory(), Arc::default());
    let (verifier, responder) = (verifier(&store, OnStoreFailure::Reject), counting(&count, Duration::ZERO));
    for amount in [1, 2, 1] {
        let data = format!(r#"{{"consume_no":"","card_no":"k","amount":{amount}}}"#);
        assert_eq!(responder.respond(&asked(&verifier, &data)), reply_accept());
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn merchants_that_share_a_store_do_not_meet() {
    let (store, count) = (memory(), Arc::default());
    let other =
        WebhookVerifier::new("app-2", [SECRET]).unwrap().replay_guard(Arc::clone(&store), OnStoreFailure::Reject);
    let responder = counting(&count, Duration::ZERO);
    for verifier in [&verifier(&store, OnStoreFailure::Reject), &other] {
        responder.respond(&delivered(verifier, "c-1"));
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn without_a_store_a_responder_remembers_by_itself() {
    let verifier = WebhookVerifier::new("app-1", [SECRET]).unwrap();
    let count = Arc::default();
    let responder = counting(&count, Duration::ZERO);
    for responder in [&responder, &responder.clone(), &responder.clone().decide(|_| Decision::Decline("no".into()))] {
        assert_eq!(responder.respond(&delivered(&verifier, "c-1")), reply_accept());
    }
    assert_eq!(responder.respond(&delivered(&verifier, "c-2")), reply_accept());
    assert_eq!(count.load(Ordering::SeqCst), 2);
    let elsewhere = memory();
    let kept = responder.clone().store(Arc::clone(&elsewhere), OnStoreFailure::Reject);
    kept.respond(&delivered(&verifier, "c-3"));
    let another = counting(&count, Duration::ZERO).store(elsewhere, OnStoreFailure::Reject);
    another.respond(&delivered(&verifier, "c-3"));
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[test]
fn a_missing_decision_is_the_reply_to_every_later_delivery() {
    let (store, count) = (memory(), Arc::default());
    let verifier = verifier(&store, OnStoreFailure::Reject);
    let slow = counting(&count, LONG).budget(Duration::from_millis(200));
    for _ in 0..2 {
        assert_eq!(slow.respond(&delivered(&verifier, "c-slow")), no_decision());
    }
    let lenient = counting(&count, LONG).budget(Duration::from_millis(200)).otherwise(Decision::Approve);
    for _ in 0..2 {
        assert_eq!(lenient.respond(&delivered(&verifier, "c-lenient")), reply_accept());
    }
    let panics = Responder::new(|_| panic!("a bug with the secret text 739251")).otherwise(Decision::Approve);
    assert_eq!(panics.respond(&delivered(&verifier, "c-panic")), reply_accept());
    assert_eq!(count.load(Ordering::SeqCst), 2);
    assert!(logged("c-slow").iter().any(|line| line.starts_with("there is no decision in time")));
    let panic = logged("c-panic");
    assert!(panic.iter().any(|line| line.starts_with("a decision panicked")), "{panic:?}");
    assert!(panic.iter().all(|line| !line.contains("739251") && line.ends_with(" ms")), "{panic:?}");
}

/// A store in memory without the decision of the worker that was elected: it was killed.
fn with_killed_decider() -> Arc<dyn ReplayStore> {
    struct WithoutReplies(MemoryReplayStore);
    impl ReplayStore for WithoutReplies {
        fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
            if key.starts_with("auth-deciding") { Ok(Some(value.to_owned())) } else { self.0.insert(key, value, keep) }
        }
        fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
            self.0.get(key)
        }
        fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
            self.0.remove(key)
        }
    }
    Arc::new(WithoutReplies(MemoryReplayStore::default()))
}

#[test]
fn a_worker_that_was_killed_leaves_a_refusal_in_time() {
    let (store, count) = (with_killed_decider(), Arc::default());
    let verifier = verifier(&store, OnStoreFailure::Reject);
    // Also when the default is to accept: nobody can know what the other worker said.
    let responder = counting(&count, Duration::ZERO).budget(Duration::from_millis(100)).otherwise(Decision::Approve);
    let received = delivered(&verifier, "c-killed");
    assert_eq!(responder.respond(&received), no_decision());
    assert!(Instant::now() < received.answer_before());
    assert_eq!(responder.respond(&delivered(&verifier, "c-killed")), no_decision());
    assert_eq!(count.load(Ordering::SeqCst), 0);
    assert!(logged("c-killed").iter().any(|line| line.starts_with("another worker gave no decision in time")));
}

/// Fails as often as told, and takes its time.
struct Unsteady {
    inner: MemoryReplayStore,
    fails: fn(what: &str, key: &str) -> bool,
    /// How long it takes to keep a reply.
    keeps: Duration,
    removed: AtomicUsize,
}

impl Unsteady {
    fn shared(fails: fn(&str, &str) -> bool, keeps: Duration) -> Arc<Self> {
        Arc::new(Self { inner: MemoryReplayStore::default(), fails, keeps, removed: AtomicUsize::new(0) })
    }

    fn reach(&self, what: &str, key: &str) -> Result<(), StoreUnavailable> {
        if !key.starts_with("auth-") {
            return Ok(());
        }
        if what == "insert" && key.starts_with("auth-reply") {
            std::thread::sleep(self.keeps);
        }
        if (self.fails)(what, key) { Err(StoreUnavailable) } else { Ok(()) }
    }
}

impl ReplayStore for Unsteady {
    fn insert(&self, key: &str, value: &str, keep: Duration) -> Result<Option<String>, StoreUnavailable> {
        self.reach("insert", key)?;
        self.inner.insert(key, value, keep)
    }
    fn get(&self, key: &str) -> Result<Option<String>, StoreUnavailable> {
        self.reach("get", key)?;
        self.inner.get(key)
    }
    fn remove(&self, key: &str) -> Result<(), StoreUnavailable> {
        self.reach("remove", key)?;
        self.removed.fetch_add(1, Ordering::SeqCst);
        self.inner.remove(key)
    }
}

#[test]
fn a_store_out_of_reach_declines_or_leaves_the_decision_to_one_worker() {
    let parts: [fn(&str, &str) -> bool; 3] =
        [|_, _| true, |what, _| what == "insert", |what, key| what == "insert" && key.starts_with("auth-reply")];
    for (number, fails) in parts.into_iter().enumerate() {
        let store: Arc<dyn ReplayStore> = Unsteady::shared(fails, Duration::ZERO);
        let count = Arc::default();
        let consume_no = format!("c-out-{number}");
        let safe = verifier(&store, OnStoreFailure::Reject);
        let reply = counting(&count, Duration::ZERO).respond(&delivered(&safe, &consume_no));
        assert_eq!(reply, reply_decline("no decision can be kept").unwrap());
        assert!(logged(&consume_no).iter().any(|line| line.starts_with("the replay store cannot be reached")));

        let store: Arc<dyn ReplayStore> = Unsteady::shared(fails, Duration::ZERO);
        let bold = verifier(&store, OnStoreFailure::Accept);
        let count = Arc::default();
        let responder = counting(&count, Duration::ZERO);
        for _ in 0..3 {
            assert_eq!(responder.respond(&delivered(&bold, &consume_no)), reply_accept(), "{number}");
        }
        assert_eq!(count.load(Ordering::SeqCst), 1, "{number}");
    }
}

#[test]
fn a_store_that_hangs_does_not_hold_the_reply_and_its_late_approval_is_withdrawn() {
    let unsteady = Unsteady::shared(|_, _| false, Duration::from_millis(900));
    let store: Arc<dyn ReplayStore> = Arc::clone(&unsteady) as _;
    let (verifier, count) = (verifier(&store, OnStoreFailure::Accept), Arc::default());
    let responder = counting(&count, Duration::ZERO);
    let received = delivered(&verifier, "c-hangs");
    assert_eq!(responder.respond(&received), no_decision());
    assert!(Instant::now() < received.answer_before(), "the refusal leaves in time");
    while unsteady.removed.load(Ordering::SeqCst) == 0 {
        std::thread::sleep(SHORT);
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(counting(&count, Duration::ZERO).respond(&delivered(&verifier, "c-hangs")), too_late());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn an_approval_that_is_too_late_is_a_refusal_whatever_the_default_is() {
    let (store, count) = (memory(), Arc::default());
    let verifier = verifier(&store, OnStoreFailure::Reject);
    let responder = counting(&count, Duration::ZERO).otherwise(Decision::Approve);
    for consume_no in ["c-late", "c-late-unknown"] {
        let body = if consume_no == "c-late" { body(consume_no) } else { body(consume_no).replace("42.00", "[42]") };
        let headers = verifier.sign_for_tests(SystemTime::now(), body.as_bytes()).unwrap();
        let received = verifier.verify(headers, body.as_bytes()).unwrap();
        // The handler did something else first.
        std::thread::sleep(Duration::from_millis(850));
        assert_ne!(responder.respond(&received), reply_accept(), "{consume_no}");
    }
    assert_eq!(responder.respond(&delivered(&verifier, "c-late")), too_late(), "the first reply is repeated");
    assert!(logged("c-late").iter().any(|line| line.starts_with("a purchase is declined")));
    // An approval that was in time is not repeated too late.
    let received = delivered(&verifier, "c-early");
    assert_eq!(responder.respond(&received), reply_accept());
    std::thread::sleep(Duration::from_millis(850));
    assert_eq!(responder.respond(&received), too_late());
    assert_eq!(responder.respond(&delivered(&verifier, "c-early")), reply_accept());
}

#[test]
fn an_exact_replay_gets_the_first_reply_again() {
    let (store, count) = (memory(), Arc::default());
    let verifier = verifier(&store, OnStoreFailure::Reject);
    for (consume_no, responder, first) in [
        ("c-yes", counting(&count, Duration::ZERO), reply_accept()),
        ("c-no", Responder::new(|_| Decision::Decline("too much".into())), reply_decline("too much").unwrap()),
    ] {
        let body = body(consume_no);
        let headers = verifier.sign_for_tests(SystemTime::now(), body.as_bytes()).unwrap();
        assert_eq!(responder.respond(&verifier.verify(headers.clone(), body.as_bytes()).unwrap()), first);
        let again = verifier.verify(headers, body.as_bytes()).unwrap_err();
        assert_eq!(again.rejection(), Some(Rejection::Replayed));
        assert!(logged(consume_no).iter().any(|line| line.starts_with("a webhook is rejected (replayed)")));
        assert_eq!(verifier.reply_duplicate(body.as_bytes()), first);
    }
    // While it is being decided, a replay waits for the reply.
    let slow = counting(&count, Duration::from_millis(300));
    let received = delivered(&verifier, "c-both");
    let (first, again) = std::thread::scope(|scope| {
        let first = scope.spawn(|| slow.respond(&received));
        let again = scope.spawn(|| {
            std::thread::sleep(SHORT);
            verifier.reply_duplicate(body("c-both").as_bytes())
        });
        (first.join().unwrap(), again.join().unwrap())
    });
    assert_eq!((first, again), (reply_accept(), reply_accept()));
    // Nobody has decided: it is refused, and stays so.
    let refused = reply_decline("this purchase was asked for before").unwrap();
    assert_eq!(verifier.reply_duplicate(body("c-nobody").as_bytes()), refused);
    assert_eq!(slow.respond(&delivered(&verifier, "c-nobody")), refused);
    let update = r#"{"id":"1","action":"Card_update","data":{"card_no":"k","after_status":"Frozen"}}"#;
    assert_eq!(verifier.reply_duplicate(update.as_bytes()), reply_accept());
    let alone = WebhookVerifier::new("app-1", [SECRET]).unwrap();
    assert_eq!(alone.reply_duplicate(body("c-yes").as_bytes()), refused, "without a store nothing is known");
}

#[test]
fn what_was_received_is_compared_by_what_it_says() {
    let body = body("c-1");
    let headers =
        verifier(&memory(), OnStoreFailure::Reject).sign_for_tests(SystemTime::now(), body.as_bytes()).unwrap();
    let [mut one, other] =
        [(); 2].map(|()| verifier(&memory(), OnStoreFailure::Reject).verify(headers.clone(), body.as_bytes()).unwrap());
    one.received_at = other.received_at;
    assert_eq!(one, other);
    assert!(!format!("{one:?}").contains("app-1"), "{one:?}");
}

#[cfg(unix)]
mod processes {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command};
    use std::time::UNIX_EPOCH;

    use keysecure::FileStore;

    use super::*;

    const DIRECTORY: &str = "KEYSECURE_TESTS_PURCHASES";
    const PURCHASES: usize = 20;

    fn start(directory: &Path, name: &str) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "webhooks::purchases::processes::a_worker"])
            .env(DIRECTORY, directory)
            .env("KEYSECURE_TESTS_NAME", name)
            .spawn()
            .unwrap()
    }

    fn lines(directory: &Path, ending: &str) -> Vec<String> {
        let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let texts =
            files.filter(|path| path.to_str().unwrap().ends_with(ending)).map(|path| fs::read_to_string(path).unwrap());
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn two_processes_that_share_a_directory_decide_each_purchase_once() {
        let directory = std::env::temp_dir().join(format!("keysecure-purchases-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let workers = ["one", "two"].map(|name| start(&directory, name));
        fs::write(directory.join("go"), "").unwrap();
        for mut worker in workers {
            assert!(worker.wait().unwrap().success());
        }
        let mut decided = lines(&directory, ".decided");
        decided.sort();
        let expected: Vec<String> = (0..PURCHASES).map(|number| format!("c-{number:02}")).collect();
        assert_eq!(decided, expected, "each purchase is decided by one of them, once");
        let mut replies = lines(&directory, ".replies");
        replies.sort();
        assert_eq!(replies.len(), 2 * PURCHASES);
        assert!(replies.chunks(2).all(|pair| pair[0] == pair[1]), "{replies:?}");
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    #[ignore = "a part of two_processes_that_share_a_directory_decide_each_purchase_once, which starts it"]
    fn a_worker() {
        let directory = PathBuf::from(std::env::var(DIRECTORY).unwrap());
        let name = std::env::var("KEYSECURE_TESTS_NAME").unwrap();
        let file = |ending: &str| {
            let path = directory.join(format!("{name}.{ending}"));
            Mutex::new(fs::OpenOptions::new().create(true).append(true).open(path).unwrap())
        };
        let write = |file: &Mutex<fs::File>, line: &str| {
            use std::io::Write as _;
            writeln!(file.lock().unwrap(), "{line}").unwrap();
        };
        let store: Arc<dyn ReplayStore> = Arc::new(FileStore::open(directory.join("store")).unwrap());
        let verifier = verifier(&store, OnStoreFailure::Reject);
        let (decided, replies) = (file("decided"), file("replies"));
        let responder = Responder::new(move |purchase| {
            write(&decided, &purchase.consume_no);
            std::thread::sleep(Duration::from_millis(20));
            if purchase.consume_no.ends_with('3') { Decision::Decline("no".into()) } else { Decision::Approve }
        });
        while !directory.join("go").exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        for number in 0..PURCHASES {
            let consume_no = format!("c-{number:02}");
            // One signs even milliseconds and the other odd ones, or the replay guard would know the second.
            let millis =
                SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() / 2 * 2 + u128::from(name == "two");
            let at = UNIX_EPOCH + Duration::from_millis(millis.try_into().unwrap());
            let body = body(&consume_no);
            let headers = verifier.sign_for_tests(at, body.as_bytes()).unwrap();
            let reply = responder.respond(&verifier.verify(headers, body.as_bytes()).unwrap());
            write(&replies, &format!("{consume_no} {reply}"));
        }
    }
}

/// What was logged about a purchase: warnings of the client, and nothing else.
fn logged(consume_no: &str) -> Vec<String> {
    let quoted = format!("{consume_no:?}");
    let lines = warnings().into_iter().filter(|line| line.text.contains(&quoted));
    lines
        .map(|line| {
            assert_eq!((line.level, &*line.target), (log::Level::Warn, "keysecure"));
            line.text
        })
        .collect()
}
