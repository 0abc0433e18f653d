//! A server behind TLS, with a certificate made on the spot.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use crate::Broken;
use crate::scripted::read_request;

/// A running server. It answers every request with the same bytes.
#[derive(Debug)]
pub struct TlsServer {
    port: u16,
    root_pem: String,
    requests: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

/// A certificate authority of one's own.
struct Root {
    params: CertificateParams,
    key: KeyPair,
}

impl Root {
    fn new() -> Result<Self, Broken> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Self { params, key: KeyPair::generate()? })
    }

    fn pem(&self) -> Result<String, Broken> {
        Ok(self.params.self_signed(&self.key)?.pem())
    }
}

/// The PEM of a root that signed nothing.
pub fn another_root() -> Result<String, Broken> {
    Root::new()?.pem()
}

impl TlsServer {
    /// Starts a server whose certificate is for that host, and has ended in 2020 when `expired`.
    pub fn start(host: &str, expired: bool, answer: Vec<u8>) -> Result<Self, Broken> {
        Self::start_with(host, expired, answer, 0)
    }

    /// Starts a server that sends the last encrypted bytes of what it has to say only in front of the next response.
    pub fn start_holding_back(host: &str, answer: Vec<u8>, hold_back: usize) -> Result<Self, Broken> {
        Self::start_with(host, false, answer, hold_back)
    }

    fn start_with(host: &str, expired: bool, answer: Vec<u8>, hold_back: usize) -> Result<Self, Broken> {
        let root = Root::new()?;
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        if expired {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate()?;
        let issuer = Issuer::from_params(&root.params, &root.key);
        let certificate = params.signed_by(&key, &issuer)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let (requests, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, stopped, config) = (Arc::clone(&requests), Arc::clone(&stop), Arc::new(config));
        let acceptor = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A client that does not like the certificate goes away.
                let _ = stream.map(|stream| serve(stream, &config, &answer, hold_back, &counted));
            }
        });
        Ok(Self { port, root_pem: root.pem()?, requests, stop, acceptor: Some(acceptor) })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The root to trust, in PEM form.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// How many requests it has read.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, self.port).into(), Duration::from_secs(1));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// One connection after the other: requests until the client leaves or says nothing for a moment.
fn serve(
    mut stream: TcpStream,
    config: &Arc<ServerConfig>,
    answer: &[u8],
    hold_back: usize,
    requests: &AtomicUsize,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(300)))?;
    let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    connection.set_buffer_limit(None);
    let mut held = Vec::new();
    while read_request(&mut Stream::new(&mut connection, &mut stream) as &mut dyn Read)?.is_some() {
        requests.fetch_add(1, Ordering::SeqCst);
        connection.writer().write_all(answer)?;
        while connection.wants_write() {
            connection.write_tls(&mut held)?;
        }
        let now = held.len().saturating_sub(hold_back);
        stream.write_all(held.get(..now).unwrap_or_default())?;
        held.drain(..now);
    }
    Ok(())
}
