use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// An address of loopback where nobody listens, each time another one.
///
/// It is below the ports that systems give away by themselves (Linux from 32768 on, others from 49152): a port that was
/// asked for and closed again may be given to whoever binds or connects next, in a test beside this one.
pub fn free_address() -> SocketAddr {
    // Processes side by side begin far from each other.
    let begin = process::id().wrapping_mul(97);
    loop {
        let place = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 20_000 + u16::try_from(place).unwrap_or_default()));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
