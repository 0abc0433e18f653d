//! Replay stores that fail or hang, and workers that are killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keysecure::{
    Decision, MemoryReplayStore, OnStoreFailure, ReplayStore, StoreUnavailable, reply_accept, reply_decline,
};

use super::{SHORT, counting, delivered, logged, no_decision, too_late, verifier};

/// A memory store in which a worker that was killed had reserved the decision.
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
fn a_killed_worker_leads_to_a_refusal_in_time() {
    let (store, count) = (with_killed_decider(), Arc::default());
    let verifier = verifier(&store, OnStoreFailure::Reject);
    // Also if the default is to accept: the reply of the other worker is unknown.
    let responder = counting(&count, Duration::ZERO).budget(Duration::from_millis(100)).otherwise(Decision::Approve);
    let received = delivered(&verifier, "c-killed");
    assert_eq!(responder.respond(&received), no_decision());
    assert!(Instant::now() < received.reply_before());
    assert_eq!(responder.respond(&delivered(&verifier, "c-killed")), no_decision());
    assert_eq!(count.load(Ordering::SeqCst), 0);
    assert!(logged("c-killed").iter().any(|line| line.ends_with("(another worker made no decision in time)")));
}

/// A store that fails for some operations and is slow.
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
fn an_unreachable_store_declines_or_leaves_the_decision_to_one_worker() {
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
fn a_store_that_hangs_does_not_delay_the_reply_nor_approve_late() {
    let unsteady = Unsteady::shared(|_, _| false, Duration::from_millis(900));
    let store: Arc<dyn ReplayStore> = Arc::clone(&unsteady) as _;
    let (verifier, count) = (verifier(&store, OnStoreFailure::Accept), Arc::default());
    let responder = counting(&count, Duration::ZERO);
    let received = delivered(&verifier, "c-hangs");
    assert_eq!(responder.respond(&received), no_decision());
    assert!(Instant::now() < received.reply_before(), "the refusal is in time");
    while unsteady.removed.load(Ordering::SeqCst) == 0 {
        std::thread::sleep(SHORT);
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(counting(&count, Duration::ZERO).respond(&delivered(&verifier, "c-hangs")), too_late());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}
