//! What Kotlin and Swift do: they call the library's functions by their symbols, with memory of their own, and are called by it.
//!
//! Arguments and results are in allocations of exactly their size, so that `AddressSanitizer` sees one element too many.

use std::mem;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use uniffi::{FfiBufferElement, FfiSerialize, RustBuffer, RustCallStatus, RustCallStatusCode};

type Function = unsafe extern "C" fn(*mut FfiBufferElement, *mut FfiBufferElement);

unsafe extern "C" {
    fn keysecure_ffibuffer_rustbuffer_alloc(arguments: *mut FfiBufferElement, result: *mut FfiBufferElement);
    fn keysecure_ffibuffer_rustbuffer_free(arguments: *mut FfiBufferElement, result: *mut FfiBufferElement);
    fn uniffi_ffibuffer_keysecure_ffi_fn_func_masked_text(
        arguments: *mut FfiBufferElement,
        result: *mut FfiBufferElement,
    );
    fn uniffi_ffibuffer_keysecure_ffi_fn_constructor_client_new(
        arguments: *mut FfiBufferElement,
        result: *mut FfiBufferElement,
    );
    fn uniffi_ffibuffer_keysecure_ffi_fn_method_client_access_token(
        arguments: *mut FfiBufferElement,
        result: *mut FfiBufferElement,
    );
    fn uniffi_keysecure_ffi_fn_clone_client(handle: u64, status: *mut RustCallStatus) -> u64;
    fn uniffi_keysecure_ffi_fn_free_client(handle: u64, status: *mut RustCallStatus);
    fn uniffi_keysecure_ffi_fn_free_accesstoken(handle: u64, status: *mut RustCallStatus);
    fn uniffi_keysecure_ffi_fn_init_callback_vtable_transport(table: NonNull<TransportTable>);
}

/// Why a call failed.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The function returned an error, serialized.
    Error(Vec<u8>),
    /// The arguments cannot be read, or the function panicked.
    Panic(String),
}

/// A buffer of the library's.
#[derive(Clone, Copy)]
pub struct Buffer([FfiBufferElement; 3]);

impl Buffer {
    /// A buffer that the library allocates.
    pub fn allocated(bytes: u64) -> Result<Self, Failure> {
        call(keysecure_ffibuffer_rustbuffer_alloc, &[FfiBufferElement { u64: bytes }]).map(Self)
    }

    /// A buffer with these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let buffer = Self::allocated(bytes.len() as u64).unwrap();
        assert_eq!((buffer.len(), buffer.capacity()), (bytes.len() as u64, bytes.len() as u64));
        // SAFETY: the buffer has this capacity, which was just checked, and nobody else knows of it.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.data(), bytes.len()) };
        buffer
    }

    /// A buffer without memory.
    pub fn null(len: u64) -> Self {
        let null = FfiBufferElement { ptr: ptr::null() };
        Self([FfiBufferElement { u64: 0 }, FfiBufferElement { u64: len }, null])
    }

    /// The same buffer with a wrong length.
    pub fn with_len(mut self, len: u64) -> Self {
        self.0[1].u64 = len;
        self
    }

    pub fn capacity(self) -> u64 {
        // SAFETY: all constructors write the number.
        unsafe { self.0[0].u64 }
    }

    pub fn len(self) -> u64 {
        // SAFETY: all constructors write the number.
        unsafe { self.0[1].u64 }
    }

    fn data(self) -> *mut u8 {
        // SAFETY: all constructors write the pointer.
        let data = unsafe { self.0[2].ptr };
        data.cast_mut().cast()
    }

    /// The bytes of a well-formed buffer, which is freed.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.len()).unwrap()];
        // SAFETY: the library made the buffer with this length, and the vector has it too.
        unsafe { ptr::copy_nonoverlapping(self.data().cast_const(), bytes.as_mut_ptr(), bytes.len()) };
        self.free().unwrap();
        bytes
    }

    /// Frees the buffer, which must not be used again if that succeeds.
    pub fn free(self) -> Result<(), Failure> {
        call::<0>(keysecure_ffibuffer_rustbuffer_free, &self.0).map(drop)
    }

    fn into_rust(self) -> RustBuffer {
        RustBuffer::get(&self.0)
    }
}

/// Calls a function whose result takes `RESULT` elements. Buffers among the arguments belong to the function from then on.
fn call<const RESULT: usize>(
    function: Function,
    arguments: &[FfiBufferElement],
) -> Result<[FfiBufferElement; RESULT], Failure> {
    let mut arguments = arguments.to_vec().into_boxed_slice();
    let mut result = vec![FfiBufferElement::default(); RESULT + RustCallStatus::SIZE].into_boxed_slice();
    // SAFETY: each caller below passes the elements of that function's arguments, and the size of its result.
    unsafe { function(arguments.as_mut_ptr(), result.as_mut_ptr()) };
    let (result, status) = result.split_at(RESULT);
    check(RustCallStatus::get(status))?;
    Ok(result.try_into().unwrap())
}

fn check(status: RustCallStatus) -> Result<(), Failure> {
    let details = mem::ManuallyDrop::into_inner(status.error_buf).destroy_into_vec();
    match status.code {
        RustCallStatusCode::Success => Ok(()),
        RustCallStatusCode::Error => Err(Failure::Error(details)),
        _ => Err(Failure::Panic(String::from_utf8(details).unwrap())),
    }
}

/// `masked_text(text)`
pub fn masked_text(text: Buffer) -> Result<Buffer, Failure> {
    call(uniffi_ffibuffer_keysecure_ffi_fn_func_masked_text, &text.0).map(Buffer)
}

/// A client of the library, by its handle.
#[derive(Debug)]
pub struct Client(u64);

impl Client {
    /// `Client.new(api_key, api_secret, options)`
    pub fn new(api_key: Buffer, api_secret: Buffer, options: Buffer) -> Result<Self, Failure> {
        let arguments = [api_key.0, api_secret.0, options.0].concat();
        let [handle] = call(uniffi_ffibuffer_keysecure_ffi_fn_constructor_client_new, &arguments)?;
        // SAFETY: the function wrote the handle.
        Ok(Self(unsafe { handle.u64 }))
    }

    /// `client.access_token()`, of which only the failure is returned.
    pub fn access_token(&self) -> Result<(), Failure> {
        let mut status = RustCallStatus::default();
        // SAFETY: the handle is that of a client, which lives as long as `self`; the function returns another one for itself.
        let handle = unsafe { uniffi_keysecure_ffi_fn_clone_client(self.0, &raw mut status) };
        check(status)?;
        let arguments = [FfiBufferElement { u64: handle }];
        let [token] = call(uniffi_ffibuffer_keysecure_ffi_fn_method_client_access_token, &arguments)?;
        let mut status = RustCallStatus::default();
        // SAFETY: the function wrote the handle, which is used here only.
        let token = unsafe { token.u64 };
        // SAFETY: it is the handle of a token, and not used again.
        unsafe { uniffi_keysecure_ffi_fn_free_accesstoken(token, &raw mut status) };
        check(status)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut status = RustCallStatus::default();
        // SAFETY: the handle is that of a client, and not used again.
        unsafe { uniffi_keysecure_ffi_fn_free_client(self.0, &raw mut status) };
        check(status).unwrap();
    }
}

/// The functions of a transport, as C lays them out.
#[repr(C)]
struct TransportTable {
    free: extern "C" fn(u64),
    clone: extern "C" fn(u64) -> u64,
    send: extern "C" fn(u64, RustBuffer, &mut RustBuffer, &mut RustCallStatus),
    close_idle: extern "C" fn(u64, &mut u8, &mut RustCallStatus),
    aborts_on_failure: extern "C" fn(u64, &mut i8, &mut RustCallStatus),
}

/// The handle of the only transport. Those of foreign objects are odd.
pub const TRANSPORT: u64 = 7;

/// How many handles of the transport Rust holds more than it was given: 0 or less.
static HANDLES: AtomicI64 = AtomicI64::new(0);

/// What the transport replies.
static REPLY: Mutex<Reply> = Mutex::new(Reply { bytes: Vec::new(), len: None, thrown: None });

/// The reply of the transport.
#[derive(Clone, Default)]
pub struct Reply {
    /// A serialized response, or failure.
    pub bytes: Vec<u8>,
    /// A length other than that of the bytes.
    pub len: Option<u64>,
    /// What it throws in place of a response, with the bytes as its details.
    pub thrown: Option<Thrown>,
}

/// What the transport throws.
#[derive(Clone, Copy)]
pub enum Thrown {
    /// Its declared error.
    Error,
    /// Anything else.
    Unexpected,
}

/// Lets the transport reply this from now on, and registers its functions.
pub fn set_reply(reply: Reply) {
    static TABLE: TransportTable = TransportTable { free, clone, send, close_idle, aborts_on_failure };
    *REPLY.lock().unwrap_or_else(PoisonError::into_inner) = reply;
    // SAFETY: the functions are those of a transport, in its order, and the table lives for ever. Rust only reads it.
    unsafe { uniffi_keysecure_ffi_fn_init_callback_vtable_transport(NonNull::from(&TABLE)) };
}

/// How many handles of the transport Rust has freed since the last call, less those that it made itself.
pub fn freed_handles() -> i64 {
    HANDLES.swap(0, Ordering::SeqCst)
}

extern "C" fn free(handle: u64) {
    assert_eq!(handle, TRANSPORT);
    HANDLES.fetch_add(1, Ordering::SeqCst);
}

extern "C" fn clone(handle: u64) -> u64 {
    HANDLES.fetch_sub(1, Ordering::SeqCst);
    handle
}

extern "C" fn send(handle: u64, request: RustBuffer, response: &mut RustBuffer, status: &mut RustCallStatus) {
    assert_eq!(handle, TRANSPORT);
    request.destroy();
    let reply = REPLY.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let buffer = Buffer::from_bytes(&reply.bytes);
    let buffer = reply.len.map_or(buffer, |len| buffer.with_len(len)).into_rust();
    match reply.thrown {
        None => *response = buffer,
        Some(thrown) => {
            status.code = match thrown {
                Thrown::Error => RustCallStatusCode::Error,
                Thrown::Unexpected => RustCallStatusCode::UnexpectedError,
            };
            *status.error_buf = buffer;
        }
    }
}

extern "C" fn close_idle(_: u64, _: &mut u8, _: &mut RustCallStatus) {}

extern "C" fn aborts_on_failure(_: u64, aborts: &mut i8, _: &mut RustCallStatus) {
    *aborts = 0;
}
