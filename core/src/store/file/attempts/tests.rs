use std::time::{SystemTime, UNIX_EPOCH};

use super::*;
use crate::store::file::lock_file;
use crate::store::file::tests::Scratch;

const WITHIN: Duration = Duration::from_secs(10);
const LASTS: Duration = Duration::from_secs(30);

fn lease(store: &FileStore, reference: &str) -> Option<(String, Option<PastAttempt>)> {
    match store.acquire(reference, LASTS, WITHIN).unwrap() {
        Acquired::Leased { lease_id, last_attempt, .. } => Some((lease_id, last_attempt)),
        Acquired::Busy => None,
    }
}

fn start<'a>(reference: &'a str, lease_id: &'a str) -> AttemptStart<'a> {
    AttemptStart { reference, lease_id, operation: "accounts.transfer", lasts: LASTS, lease: LASTS }
}

fn send(store: &FileStore, reference: &str, end: Option<AttemptEnd>) {
    let (lease_id, _) = lease(store, reference).unwrap();
    assert_eq!(store.begin(&start(reference, &lease_id), WITHIN), Ok(true));
    if let Some(end) = end {
        store.finish(reference, &lease_id, end, WITHIN).unwrap();
    }
    store.release(reference, &lease_id, WITHIN).unwrap();
}

fn leases(scratch: &Scratch) -> usize {
    fs::read_dir(scratch.0.join("attempts/leases")).unwrap().count()
}

#[test]
fn a_released_reference_leaves_a_record_and_no_lease() {
    let scratch = Scratch::new();
    send(&scratch.store(), "a", Some(AttemptEnd::Done));
    send(&scratch.store(), "b", None);
    assert_eq!(leases(&scratch), 0);
    let end = |reference| lease(&scratch.store(), reference).unwrap().1.map(|past| (past.ended < WITHIN, past.end));
    assert_eq!(end("a"), Some((true, Some(AttemptEnd::Done))));
    assert_eq!(end("b"), Some((true, None)));
    assert_eq!(end("c"), None);
}

#[test]
fn a_released_lease_starts_no_attempt() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let (lease_id, _) = lease(&store, "a").unwrap();
    assert!(lease(&scratch.store(), "a").is_none());
    store.release("a", &lease_id, WITHIN).unwrap();
    assert_eq!(store.begin(&start("a", &lease_id), WITHIN), Ok(false));
    assert_eq!(lease(&store, "a").unwrap().1, None);
}

#[test]
fn a_lease_file_that_is_removed_and_recreated_is_held_by_one() {
    let scratch = Scratch::new();
    let inside = std::sync::atomic::AtomicUsize::new(0);
    let taken = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let store = scratch.store();
                for _ in 0..200 {
                    let Some((lease_id, _)) = lease(&store, "a") else { continue };
                    taken.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    std::thread::yield_now();
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    store.release("a", &lease_id, WITHIN).unwrap();
                }
            });
        }
    });
    assert!(taken.into_inner() > 8);
    assert_eq!(leases(&scratch), 0);
}

#[cfg(unix)] // Windows does not remove a file that is open without sharing
#[test]
fn a_lock_on_a_removed_file_is_no_lease() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let (lease_id, _) = lease(&store, "a").unwrap();
    let path = scratch.0.join("attempts/leases").join(Place::for_reference("a").name);
    // A file that another worker opened before it was removed.
    let stale = fs::File::open(&path).unwrap();
    store.release("a", &lease_id, WITHIN).unwrap();
    stale.try_lock().unwrap();
    let (next, _) = lease(&store, "a").unwrap();
    assert!(lease(&scratch.store(), "a").is_none());
    store.release("a", &next, WITHIN).unwrap();
}

/// For example by a cleanup of old files.
#[cfg(unix)] // on Windows, the file of a lease cannot be removed while it is held
#[test]
fn a_lease_without_its_file_starts_nothing_and_ends_no_other_lease() {
    let scratch = Scratch::new();
    let (store, other) = (scratch.store(), scratch.store());
    let (old, _) = lease(&store, "a").unwrap();
    fs::remove_file(scratch.0.join("attempts/leases").join(Place::for_reference("a").name)).unwrap();
    assert_eq!(store.begin(&start("a", &old), WITHIN), Ok(false));
    let (new, past) = lease(&other, "a").unwrap();
    assert_eq!(past, None);
    assert_eq!(store.begin(&start("a", &old), WITHIN), Ok(false));
    store.release("a", &old, WITHIN).unwrap();
    assert!(lease(&store, "a").is_none() && held(&store.attempts.leases).is_empty());
    assert_eq!(other.begin(&start("a", &new), WITHIN), Ok(true));
}

#[test]
fn a_damaged_line_after_a_refusal_may_be_a_later_attempt() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for (reference, end) in [("a", AttemptEnd::NotDone), ("b", AttemptEnd::Done)] {
        send(&store, reference, Some(end));
        let path = scratch.0.join(format!("attempts/{:02x}.log", Place::for_reference(reference).shard));
        fs::write(&path, [&fs::read(&path).unwrap()[..], b"b damaged\n"].concat()).unwrap();
    }
    let end = |reference| lease(&store, reference).unwrap().1.unwrap().end;
    assert_eq!((end("a"), end("b")), (None, Some(AttemptEnd::Done)));
}

/// In the child the store is a copy, with the same files open.
#[test]
fn a_child_of_a_fork_does_not_end_its_parents_lease() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let (lease_id, _) = lease(&store, "a").unwrap();
    held(&store.attempts.leases).get_mut(&lease_id).unwrap().process += 1;
    store.release("a", &lease_id, WITHIN).unwrap();
    assert_eq!(store.begin(&start("a", &lease_id), WITHIN), Ok(false));
    assert!(lease(&scratch.store(), "a").is_none());
}

#[test]
fn a_store_is_as_old_as_its_directory_and_new_when_emptied() {
    let scratch = Scratch::new();
    let age = || match scratch.store().acquire("a", LASTS, WITHIN).unwrap() {
        Acquired::Leased { store_age, .. } => store_age,
        Acquired::Busy => panic!("busy"),
    };
    let hour = Duration::from_secs(3600);
    drop(scratch.store());
    let wall = (SystemTime::now() - hour).duration_since(UNIX_EPOCH).unwrap();
    fs::write(scratch.0.join("attempts/created"), format!("{} - 0", wall.as_millis())).unwrap();
    assert!(age() >= hour);
    fs::remove_dir_all(scratch.0.join("attempts")).unwrap();
    assert!(age() < hour);
    fs::write(scratch.0.join("attempts/created"), "nonsense").unwrap();
    assert_eq!(age(), Duration::ZERO);
}

#[test]
fn compaction_of_a_large_file_keeps_every_reference() {
    let scratch = Scratch::new();
    let store = scratch.store();
    // All references share the file.
    let names: Vec<_> =
        (0..).map(|name| name.to_string()).filter(|name| Place::for_reference(name).shard == 7).take(20).collect();
    let path = scratch.0.join("attempts/07.log");
    let mut largest = 0;
    for _ in 0..30 {
        for name in &names {
            send(&store, name, Some(AttemptEnd::NotDone));
            largest = largest.max(fs::metadata(&path).unwrap().len());
        }
    }
    assert!((SMALL..SMALL + 1_000).contains(&largest), "{largest}");
    assert!(fs::metadata(&path).unwrap().len() < SMALL);
    for name in &names {
        assert_eq!(lease(&store, name).unwrap().1.unwrap().end, Some(AttemptEnd::NotDone));
    }
}

#[test]
fn a_file_that_others_use_for_too_long_is_an_outage() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let place = Place::for_reference("a");
    let lock = lock_file(&scratch.0.join(format!("attempts/{:02x}.lock", place.shard))).unwrap().unwrap();
    assert_eq!(store.acquire("a", LASTS, Duration::from_millis(20)), Err(StoreUnavailable));
    assert_eq!(leases(&scratch), 0, "the lease was given back");
    drop(lock);
    assert!(lease(&store, "a").is_some());
}

#[cfg(unix)] // Windows has no such files
#[test]
fn a_fifo_or_a_link_instead_of_the_creation_time_is_an_error() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let created = scratch.0.join("attempts/created");
    fs::remove_file(&created).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &created).unwrap();
    assert_eq!(store.acquire("a", LASTS, WITHIN), Err(StoreUnavailable));
    fs::remove_file(&created).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&created).status().unwrap().success());
    assert_eq!(store.acquire("a", LASTS, WITHIN), Err(StoreUnavailable));
}
