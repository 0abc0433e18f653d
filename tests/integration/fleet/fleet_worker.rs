//! One worker of a fleet: a process with one client and several threads that reads commands from standard input.
//!
//! Arguments: base URL, Api-Key, apiSecret, a cardholder's number, threads, store. The store is `none`,
//! `file DIRECTORY` or `redis URL LEASE_MS`. Commands, each with a reply of one line:
//!
//! * `calls N`: every thread makes N calls; reply: made, failed, longest in milliseconds, an error
//! * `insert KEY...`: accepts webhooks; reply: new, known, unavailable
//! * `ensure REFERENCE SETTLE_MS DEADLINE_MS`: calls `ensure_transfer`; reply: `created`, `found` or the error's outcome
//! * `reserve KEY LIMIT FROM TO`: counts 1 for each entry of that range; reply: new, repeated, exceeded, unavailable
//! * `stop`: the process stops itself (SIGSTOP, Unix) after its next lookup; reply: `armed`
//! * `warnings`: reply: how often the store was reported unreachable, and available again

fn main() -> Result<(), keysecure_tests::BoxError> {
    worker::run()
}

mod worker {
    use std::io::{BufRead as _, Write as _, stdin, stdout};
    use std::ops::Range;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::{Duration, Instant};

    use keysecure::{
        CallRecord, Client, Decimal, EnsureOptions, FileStore, Observer, QuotaStore, ReplayStore, Reservation,
        Reserved, Store, StoreUnavailable, Transfer, TransferType,
    };
    use keysecure_tests::BoxError;

    /// Counts the client's reports about its store.
    #[derive(Default)]
    struct Watch {
        lost: AtomicUsize,
        found: AtomicUsize,
        /// Whether to stop after the next lookup.
        stop: AtomicBool,
    }

    impl Observer for Watch {
        fn token_store(&self, available: bool) {
            let count = if available { &self.found } else { &self.lost };
            count.fetch_add(1, Ordering::SeqCst);
        }

        fn call(&self, record: &CallRecord) {
            if record.operation == "accounts.transfers" && self.stop.swap(false, Ordering::SeqCst) {
                #[cfg(unix)]
                keysecure_tests::signal("STOP", std::process::id());
            }
        }
    }

    pub(super) fn run() -> Result<(), BoxError> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [base_url, api_key, api_secret, cardholder_no, threads, store @ ..] = arguments.as_slice() else {
            return Err("too few arguments".into());
        };
        let threads = threads.parse()?;
        let store = open(store)?;
        let watch = Arc::new(Watch::default());
        let mut builder =
            Client::builder(api_key.as_str(), api_secret.as_str()).base_url(base_url).observer(watch.clone());
        if let Some(stores) = &store {
            builder = builder.store(stores.clone());
        }
        let client = builder.build()?;
        for line in stdin().lock().lines() {
            let line = line?;
            let words: Vec<&str> = line.split(' ').collect();
            let reply = match words.as_slice() {
                ["calls", count] => calls(&client, cardholder_no, threads, count.parse()?),
                ["insert", keys @ ..] => {
                    insert(&*store.as_ref().and_then(Store::replay_store).ok_or("no store")?, keys)
                }
                ["ensure", reference, settle, deadline] => {
                    let millis = |text: &str| text.parse().map(Duration::from_millis);
                    let options = EnsureOptions {
                        settle: Some(millis(settle)?),
                        deadline: Some(millis(deadline)?),
                        ..EnsureOptions::default()
                    };
                    match client.accounts().ensure_transfer(&top_up(cardholder_no, reference), &options) {
                        Ok(ensured) => if ensured.created { "created" } else { "found" }.to_owned(),
                        Err(error) => error.outcome().to_string(),
                    }
                }
                ["reserve", key, limit, from, to] => {
                    let quota = store.as_ref().and_then(Store::quota_store).ok_or("no store")?;
                    reserve(&*quota, key, limit.parse()?, from.parse()?..to.parse()?)
                }
                ["stop"] => {
                    watch.stop.store(true, Ordering::SeqCst);
                    "armed".to_owned()
                }
                ["warnings"] => {
                    format!("{} {}", watch.lost.load(Ordering::SeqCst), watch.found.load(Ordering::SeqCst))
                }
                _ => return Err(format!("unknown command {line}").into()),
            };
            writeln!(stdout(), "{reply}")?;
        }
        Ok(())
    }

    fn open(store: &[String]) -> Result<Option<Store>, BoxError> {
        match store.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["none"] => Ok(None),
            ["file", directory] => Ok(Some(FileStore::open(*directory)?.into())),
            #[cfg(feature = "redis")]
            ["redis", url, lease] => {
                let lease = Duration::from_millis(lease.parse()?);
                Ok(Some(keysecure::RedisStore::open(*url)?.lease(lease).into()))
            }
            _ => Err("no such store".into()),
        }
    }

    fn top_up(cardholder_no: &str, reference: &str) -> Transfer {
        Transfer {
            cardholder_no: cardholder_no.to_owned(),
            transfer_unique_no: reference.to_owned(),
            r#type: TransferType::In,
            amount: Decimal::ONE,
        }
    }

    fn calls(client: &Client, cardholder_no: &str, threads: usize, count: usize) -> String {
        let (failed, longest) = (AtomicUsize::new(0), Mutex::new(Duration::ZERO));
        let error = Mutex::new(String::from("-"));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..count {
                        let begin = Instant::now();
                        if let Err(why) = client.accounts().get(cardholder_no) {
                            failed.fetch_add(1, Ordering::SeqCst);
                            *error.lock().unwrap_or_else(PoisonError::into_inner) = why.to_string();
                        }
                        let mut longest = longest.lock().unwrap_or_else(PoisonError::into_inner);
                        *longest = begin.elapsed().max(*longest);
                    }
                });
            }
        });
        let longest = longest.into_inner().unwrap_or_else(PoisonError::into_inner).as_millis();
        let error = error.into_inner().unwrap_or_else(PoisonError::into_inner);
        format!("{} {} {longest} {error}", threads * count, failed.load(Ordering::SeqCst))
    }

    fn reserve(quota: &dyn QuotaStore, key: &str, limit: u64, entries: Range<u64>) -> String {
        let (mut new, mut repeated, mut exceeded, mut unavailable) = (0, 0, 0, 0);
        let (keep, within) = (Duration::from_secs(24 * 3600), Duration::from_secs(20));
        for entry in entries {
            let entry = format!("{entry:064x}");
            match quota.reserve(&Reservation { key, entry: &entry, amount: 1, limit, keep }, within) {
                Ok(Reserved::New) => new += 1,
                Ok(Reserved::Repeated) => repeated += 1,
                Ok(Reserved::Exceeded) => exceeded += 1,
                Err(StoreUnavailable) => unavailable += 1,
            }
        }
        format!("{new} {repeated} {exceeded} {unavailable}")
    }

    /// Inserts the key of a webhook; repeats it while the store is unreachable, as the platform redelivers a rejected webhook.
    fn delivered(store: &dyn ReplayStore, key: &str) -> Result<bool, StoreUnavailable> {
        let mut reply = store.insert(key, "", Duration::from_secs(600));
        for _ in 0..5 {
            if reply.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1_100));
            reply = store.insert(key, "", Duration::from_secs(600));
        }
        reply.map(|present| present.is_none())
    }

    fn insert(store: &dyn ReplayStore, keys: &[&str]) -> String {
        let (mut new, mut known, mut unavailable) = (0, 0, 0);
        for key in keys {
            match delivered(store, key) {
                Ok(true) => new += 1,
                Ok(false) => known += 1,
                Err(_) => unavailable += 1,
            }
        }
        format!("{new} {known} {unavailable}")
    }
}
