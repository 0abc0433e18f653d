use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Returns an address of loopback where nobody listens, a different one each time.
///
/// The port is below those that systems assign (Linux from 32768, others from 49152): an assigned port that was closed
/// again may be assigned to a test that runs at the same time.
pub fn free_address() -> SocketAddr {
    // Concurrent processes start far from each other.
    let begin = process::id().wrapping_mul(97);
    loop {
        let place = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 20_000 + u16::try_from(place).unwrap_or_default()));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
