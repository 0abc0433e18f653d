//! The stores that processes share: a directory for each round, or a Redis started for it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::{BoxError, free_address};

/// A directory that is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new() -> Result<Self, BoxError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("keysecure-campaign-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(super) fn join(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A Redis on a free port of loopback, which keeps nothing. It is stopped when it is dropped.
#[derive(Debug)]
pub(super) struct Redis {
    child: Child,
    port: u16,
    directory: Directory,
}

/// Why there is no Redis here; an error in CI, where there must be one.
pub(crate) fn cannot_use_redis() -> Result<Option<String>, BoxError> {
    let reason = if !cfg!(feature = "redis") {
        "built without the cargo feature redis"
    } else if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
        "redis-server is not installed"
    } else {
        return Ok(None);
    };
    if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        return Err(reason.into());
    }
    Ok(Some(reason.to_owned()))
}

impl Redis {
    pub(super) fn start() -> Result<Self, BoxError> {
        let (port, directory) = (free_address().port(), Directory::new()?);
        let child = launch(port, &directory)?;
        Ok(Self { child, port, directory })
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Forgets everything, as after a restart without persistence, an eviction, or a failover to an empty replica.
    pub(super) fn forget(&self) -> Result<(), BoxError> {
        command(self.port, "FLUSHALL", b"+OK")
    }

    /// Stops it and starts it again, empty.
    pub(super) fn restart(&mut self, pause: Duration) -> Result<(), BoxError> {
        self.stop();
        std::thread::sleep(pause);
        self.child = launch(self.port, &self.directory)?;
        Ok(())
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn launch(port: u16, directory: &Directory) -> Result<Child, BoxError> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--dir", &directory.join("")])
        .stdout(Stdio::null())
        .spawn()?;
    let end = Instant::now() + Duration::from_secs(10);
    while command(port, "PING", b"+PONG").is_err() {
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            return Err("redis-server does not respond".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(child)
}

fn command(port: u16, command: &str, expected: &[u8]) -> Result<(), BoxError> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut response = vec![0; expected.len()];
    stream.read_exact(&mut response)?;
    if response == expected { Ok(()) } else { Err(format!("redis-server refuses {command}").into()) }
}
