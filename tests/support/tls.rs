//! A TLS server whose certificate is generated when it starts.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use super::acceptor::Acceptor;
use super::http::read_request;
use super::test_env::BoxError;

/// A running server. It gives every request the same response, and stops when it is dropped.
#[derive(Debug)]
pub struct TlsServer {
    acceptor: Acceptor,
    root_pem: String,
    requests: Arc<AtomicUsize>,
}

/// A certificate authority.
struct Root {
    params: CertificateParams,
    key: KeyPair,
}

impl Root {
    fn new() -> Result<Self, BoxError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Self { params, key: KeyPair::generate()? })
    }

    fn pem(&self) -> Result<String, BoxError> {
        Ok(self.params.self_signed(&self.key)?.pem())
    }
}

/// The PEM of a root that signed nothing.
pub fn another_root() -> Result<String, BoxError> {
    Root::new()?.pem()
}

impl TlsServer {
    /// Starts a server with a certificate for that host, which expired in 2020 if `expired`.
    pub fn start(host: &str, expired: bool, response: Vec<u8>) -> Result<Self, BoxError> {
        Self::start_with(host, expired, response, 0)
    }

    /// Starts a server that holds the last encrypted bytes of a response back until the next response.
    pub fn start_holding_back(host: &str, response: Vec<u8>, hold_back: usize) -> Result<Self, BoxError> {
        Self::start_with(host, false, response, hold_back)
    }

    fn start_with(host: &str, expired: bool, response: Vec<u8>, hold_back: usize) -> Result<Self, BoxError> {
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
        let requests = Arc::new(AtomicUsize::new(0));
        let (counted, config) = (Arc::clone(&requests), Arc::new(config));
        let acceptor = Acceptor::start((Ipv4Addr::LOCALHOST, 0).into(), move |stream| {
            // A client that does not like the certificate goes away.
            let _ = serve(stream, &config, &response, hold_back, &counted);
        })?;
        Ok(Self { acceptor, root_pem: root.pem()?, requests })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.acceptor.address().port()
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

/// Serves one connection until the client leaves or is silent for a moment.
fn serve(
    mut stream: TcpStream,
    config: &Arc<ServerConfig>,
    response: &[u8],
    hold_back: usize,
    requests: &AtomicUsize,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(300)))?;
    let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    connection.set_buffer_limit(None);
    let (mut buffer, mut held) = (Vec::new(), Vec::new());
    while read_request(&mut Stream::new(&mut connection, &mut stream), &mut buffer)?.is_some() {
        requests.fetch_add(1, Ordering::SeqCst);
        connection.writer().write_all(response)?;
        while connection.wants_write() {
            connection.write_tls(&mut held)?;
        }
        let now = held.len().saturating_sub(hold_back);
        stream.write_all(held.get(..now).unwrap_or_default())?;
        held.drain(..now);
    }
    Ok(())
}
