//! Throws changed callbacks at the webhook verifier: whatever comes, it answers with an event or one typed rejection.
//!
//! A bounded number of executions runs with the tests. A long run:
//! `KEYSECURE_FUZZ_EXECUTIONS=5000000 cargo test --release -p keysecure-tests --test fuzz -- --nocapture`.
//! The seeds are in `tests/fuzz/corpus/`, raw bodies; a body that breaks a property is written there.

#![allow(clippy::unwrap_used, clippy::expect_used)] // test code

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::SystemTime;

use keysecure::{Event, Rejection, WebhookVerifier};

const DEFAULT_EXECUTIONS: u64 = 5_000;
const LONGEST: usize = 8 * 1024;

/// Pieces that mean something to the verifier or to JSON.
const WORDS: [&[u8]; 34] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"null",
    b"true",
    b"\\u0000",
    b"\\ud83d\\ude00",
    b"\\ud800",
    b"\\",
    b"1E+3",
    b"1e400",
    b"-0",
    b"0.0000001",
    b"99999999999999999999999999999999",
    b"1e-2147483648",
    b"\"appId\":\"x\",",
    b"\"timestamp\":1,",
    b"&amount=",
    b"\"data\":{",
    b"\"action\":\"Auth\",",
    b"\"action\":\"Card_update\",",
    b"\"amount\":10.50",
    b"\"fee_detail\":[{",
    b"\"merchant_info\":{",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xe2\x80\xa8",
    b"\x00",
    b"\"Aa\":1,\"BB\":1,",
    b"  ",
];

/// `SplitMix64`: small, seeded, good enough to choose bytes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

fn corpus() -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// A seed with one to three changes.
fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut body = random.pick(corpus).clone();
    for _ in 0..=random.below(3) {
        let place = random.below(body.len() + 1);
        let end = (place + random.below(24)).min(body.len());
        match random.below(7) {
            0 if place < body.len() => body[place] ^= 1 << random.below(8),
            1 => drop(body.drain(place..end)),
            2 => {
                let again = body[place..end].to_vec();
                body.splice(place..place, again);
            }
            3 | 4 => {
                body.splice(place..place, random.pick(&WORDS).iter().copied());
            }
            5 => {
                let other = random.pick(corpus);
                let from = random.below(other.len());
                let piece = other[from..(from + random.below(64)).min(other.len())].to_vec();
                body.splice(place..end, piece);
            }
            _ => body.truncate(body.len().max(place)),
        }
    }
    body.truncate(LONGEST);
    body
}

/// What came of one execution, for the table at the end.
fn outcome(result: &Result<Event, Rejection>) -> String {
    match result {
        Ok(Event::Unknown { .. }) => "event: unknown".to_owned(),
        Ok(_) => "event: typed".to_owned(),
        Err(rejection) => format!("rejected: {rejection:?}"),
    }
}

struct Target {
    verifier: WebhookVerifier,
    /// Another secret: nothing that it signs may be accepted.
    stranger: WebhookVerifier,
}

impl Target {
    fn new() -> Self {
        let verifier = |secret: &str| WebhookVerifier::new("app", [secret]).unwrap();
        Self { verifier: verifier("the-secret"), stranger: verifier("another-secret") }
    }

    /// One execution: the properties, and what came of it.
    fn run(&self, body: &[u8], random: &mut Random) -> String {
        let verify = |headers: Vec<(&'static str, String)>, body: &[u8]| {
            self.verifier
                .verify(headers, body)
                .map(|received| received.event)
                .map_err(|error| error.rejection().unwrap())
        };
        let now = SystemTime::now();
        let Ok(headers) = self.verifier.sign_for_tests(now, body) else {
            // No callback at all: then it is none for the verifier either, whatever the headers.
            let headers = vec![("Timestamp", "1763812800000".to_owned()), ("Signature", "0".repeat(64))];
            let result = verify(headers, body);
            assert!(result.is_err());
            return outcome(&result);
        };
        let result = verify(headers.clone(), body);
        assert!(matches!(result, Ok(_) | Err(Rejection::WrongAction)), "signed, but {result:?}");
        let forged = verify(self.stranger.sign_for_tests(now, body).unwrap(), body);
        assert_eq!(forged, Err(Rejection::WrongSignature));
        if let Ok(event) = &result {
            let again: Vec<u8> = format!("{event:?}").into_bytes();
            assert!(!again.is_empty(), "every event prints");
        }
        let mut broken = headers;
        let (_, value) = &mut broken[random.below(3)];
        let letters: String = value.chars().rev().chain(['0', '\u{fe}']).take(random.below(70)).collect();
        let unchanged = *value == letters;
        *value = letters;
        assert!(unchanged || verify(broken, body).is_err());
        outcome(&result)
    }
}

#[test]
fn nothing_that_comes_from_outside_breaks_the_verifier() {
    let executions = std::env::var("KEYSECURE_FUZZ_EXECUTIONS").ok().and_then(|count| count.parse().ok());
    let executions: u64 = executions.unwrap_or(DEFAULT_EXECUTIONS);
    let seed = std::env::var("KEYSECURE_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let corpus = corpus();
    assert!(corpus.len() > 40, "the corpus is there");
    let shares = 2;
    let counts: Vec<BTreeMap<String, u64>> = std::thread::scope(|scope| {
        let share = |number: u64| {
            let corpus = &corpus;
            move || {
                let (target, mut random) = (Target::new(), Random(seed + number * 1_000_003));
                let mut counts = BTreeMap::new();
                for _ in 0..executions / shares {
                    let body = mutated(corpus, &mut random);
                    let ran = catch_unwind(AssertUnwindSafe(|| target.run(&body, &mut random)));
                    let Ok(outcome) = ran else {
                        let file = folder().join(format!("broke-{number}-{}.json", random.next()));
                        std::fs::write(&file, &body).unwrap();
                        panic!("this body breaks a property: {}", file.display());
                    };
                    *counts.entry(outcome).or_default() += 1;
                }
                counts
            }
        };
        let threads: Vec<_> = (0..shares).map(|number| scope.spawn(share(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut total = BTreeMap::<String, u64>::new();
    for (outcome, count) in counts.into_iter().flatten() {
        *total.entry(outcome).or_default() += count;
    }
    println!("{executions} executions from {} seeds, seed {seed}:", corpus.len());
    for (outcome, count) in &total {
        println!("{count:>9}  {outcome}");
    }
    assert!(total.contains_key("event: typed"), "the mutations must leave some bodies whole");
}
