//! The exported functions as Kotlin and Swift call them, with good and with malformed buffers.
//!
//! A malformed buffer fails the call. That nothing is read or written beside it is seen under `AddressSanitizer` and valgrind:
//! see `docs/unsafe.md`.

#![allow(clippy::unwrap_used)]

#[expect(unsafe_code, reason = "calls the exported functions as foreign code does")]
mod foreign;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keysecure::{AesSettings, Environment, Language};
use keysecure_ffi::{ClientOptions, Header, HttpRequest, HttpResponse, Transport, TransportFailure, UniFfiTag};
use uniffi::{FfiConverter, Handle};

use foreign::{Buffer, Client, Failure, Reply, TRANSPORT, Thrown, freed_handles, masked_text, set_reply};

/// Tests that use the transport, of which there is one, run one at a time.
static TRANSPORT_TESTS: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    let guard = TRANSPORT_TESTS.lock().unwrap_or_else(PoisonError::into_inner);
    freed_handles();
    guard
}

/// Stands for the transport of the foreign side, which Rust knows by its handle only.
struct OfHandle;

impl Transport for OfHandle {
    fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportFailure> {
        unreachable!()
    }

    fn close_idle(&self) -> Result<(), TransportFailure> {
        unreachable!()
    }

    fn aborts_on_failure(&self) -> Result<bool, TransportFailure> {
        unreachable!()
    }

    fn uniffi_foreign_handle(&self) -> Option<Handle> {
        Some(Handle::from_raw_unchecked(TRANSPORT))
    }
}

/// Options with a value of every kind, serialized as Kotlin and Swift do it.
fn options() -> Vec<u8> {
    written(ClientOptions {
        environment: Some(Environment::Sandbox),
        base_url: Some("http://127.0.0.1:9".to_owned()),
        aes: Some(AesSettings::default()),
        timeout: Some(Duration::from_secs(5)),
        connect_timeout: None,
        max_retries: Some(0),
        language: Some(Language::English),
        timezone: Some("UTC+8".to_owned()),
        proxy: None,
        ca_pem: None,
        transport: Some(Arc::new(OfHandle)),
        observer: None,
        store: None,
        allow_plain_http: vec!["a.test".to_owned(), "b.test".to_owned()],
        app_id: None,
        clock: None,
    })
}

fn response() -> Vec<u8> {
    let body = br#"{"code":0,"msg":"ok","data":{"access_token":"a-token","expired_time":4763800000000}}"#;
    written(HttpResponse {
        status: 200,
        body: body.to_vec(),
        date: None,
        retry_after: Some("1".to_owned()),
        content_type: Some("application/json".to_owned()),
        location: None,
    })
}

fn written<T: FfiConverter<UniFfiTag>>(value: T) -> Vec<u8> {
    let mut bytes = Vec::new();
    T::write(value, &mut bytes);
    bytes
}

fn client(options: Buffer) -> Result<Client, Failure> {
    Client::new(Buffer::from_bytes(b"a-key"), Buffer::from_bytes(b"0123456789abcdef"), options)
}

fn panic_text<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::Panic(text)) => text,
        other => panic!("no panic: {other:?}"),
    }
}

#[test]
fn a_text_crosses_in_both_directions() {
    for text in ["", "a", "\u{feff}Zürich 卡", &"x".repeat(100_000)] {
        let masked = masked_text(Buffer::from_bytes(text.as_bytes())).unwrap();
        assert_eq!(String::from_utf8(masked.into_bytes()).unwrap(), text);
    }
    let masked = masked_text(Buffer::from_bytes(b"4111111111111111")).unwrap();
    assert_ne!(masked.into_bytes(), b"4111111111111111");
    assert_eq!(masked_text(Buffer::null(0)).unwrap().into_bytes(), b"");
}

#[test]
fn a_new_buffer_is_zero_and_of_the_size_that_was_asked_for() {
    for size in [0_u8, 1, 8, 255] {
        let buffer = Buffer::allocated(size.into()).unwrap();
        assert_eq!((buffer.len(), buffer.capacity()), (size.into(), size.into()));
        assert_eq!(buffer.into_bytes(), vec![0; size.into()]);
    }
}

#[test]
fn a_buffer_that_cannot_be_allocated_is_an_error() {
    assert!(panic_text(Buffer::allocated(u64::MAX).map(Buffer::len)).contains("capacity overflow"));
}

#[test]
fn a_buffer_longer_than_its_memory_is_refused() {
    let buffer = Buffer::from_bytes(b"text");
    for len in [5, 1 << 32, u64::MAX] {
        assert!(panic_text(masked_text(buffer.with_len(len)).map(Buffer::len)).contains("exceeds capacity"), "{len}");
        assert!(panic_text(client(buffer.with_len(len))).contains("exceeds capacity"), "{len}");
        assert!(panic_text(buffer.with_len(len).free()).contains("exceeds capacity"), "{len}");
    }
    buffer.free().unwrap();
    assert!(panic_text(masked_text(Buffer::null(1)).map(Buffer::len)).contains("non-zero length"));
    assert!(panic_text(Buffer::null(1).free()).contains("non-zero length"));
}

#[test]
fn a_record_that_ends_early_or_late_is_refused() {
    let _alone = alone();
    set_reply(Reply::default());
    let options = options();
    for end in 0..options.len() {
        let text = panic_text(client(Buffer::from_bytes(&options[..end])));
        assert!(text.starts_with("Failed to convert arg 'options'"), "{end}: {text}");
    }
    // As much memory as the whole record takes, of which a part counts.
    let text = panic_text(client(Buffer::from_bytes(&options).with_len(options.len() as u64 - 1)));
    assert!(text.starts_with("Failed to convert arg 'options'"), "{text}");
    let text = panic_text(client(Buffer::from_bytes(&[options.as_slice(), b"\0"].concat())));
    assert!(text.contains("junk data left in buffer"), "{text}");
    freed_handles();
    drop(client(Buffer::from_bytes(&options)).unwrap());
    assert_eq!(freed_handles(), 1);
}

#[test]
fn a_handle_in_a_record_that_is_refused_is_freed_once() {
    let _alone = alone();
    set_reply(Reply::default());
    let options = options();
    // The last field is the list of hosts, behind the transport.
    panic_text(client(Buffer::from_bytes(&options[..options.len() - 1])));
    assert_eq!(freed_handles(), 1);
    panic_text(client(Buffer::from_bytes(&options[..4])));
    assert_eq!(freed_handles(), 0);
}

#[test]
fn a_wrong_length_or_text_in_a_record_is_refused() {
    let record = written(Header { name: "name".to_owned(), value: "value".to_owned() });
    let read = |bytes: &[u8]| <Header as FfiConverter<UniFfiTag>>::try_read(&mut &*bytes);
    assert!(read(&record).is_ok());
    for len in [i32::MAX, 14, -1, i32::MIN] {
        let mut record = record.clone();
        record[..4].copy_from_slice(&len.to_be_bytes());
        assert!(read(&record).is_err(), "{len}");
    }
    let mut record = record;
    record[4] = 0xff;
    assert!(read(&record).is_err());
}

#[test]
fn a_reply_of_foreign_code_that_is_malformed_fails_the_call() {
    let _alone = alone();
    let client = client(Buffer::from_bytes(&options())).unwrap();
    let bytes = response();
    for end in 0..bytes.len() {
        set_reply(Reply { bytes: bytes[..end].to_vec(), ..Reply::default() });
        assert!(matches!(client.access_token(), Err(Failure::Error(_))), "{end}");
    }
    for thrown in [Thrown::Error, Thrown::Unexpected] {
        set_reply(Reply { thrown: Some(thrown), ..Reply::default() });
        assert!(client.access_token().is_err());
    }
    // Without bytes: nobody could free the buffer.
    set_reply(Reply { len: Some(1), ..Reply::default() });
    assert!(panic_text(client.access_token()).contains("exceeds capacity"));
    // The client is not harmed.
    set_reply(Reply { bytes, ..Reply::default() });
    client.access_token().unwrap();
}
