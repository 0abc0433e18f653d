//! A merchant's webhook endpoint, whose replies a test chooses.

#![allow(dead_code, clippy::expect_used, clippy::unwrap_used, clippy::needless_pass_by_value)]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::Sha256;

/// A webhook as it was received.
#[derive(Debug, Clone)]
pub struct ReceivedWebhook {
    /// Names in lowercase.
    pub headers: HashMap<String, String>,
    pub line: String,
    pub body: String,
    pub at: Instant,
}

impl ReceivedWebhook {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn action(&self) -> String {
        self.json()["action"].as_str().unwrap().to_owned()
    }

    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    pub fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    /// Whether the signature is valid with nested fields in the order of Java's `HashMap`.
    pub fn is_signed_by(&self, app_id: &str, secret: &str) -> bool {
        const ORDER: [&str; 6] = ["country", "merchant_mcc", "city", "merchant_name", "amount", "fee_type"];
        let object = |fields: &BTreeMap<String, Box<RawValue>>| {
            let known: Vec<_> = ORDER.iter().filter_map(|name| Some((name, fields.get(*name)?))).collect();
            assert_eq!(fields.len(), known.len());
            let texts: Vec<_> = known.iter().map(|(name, raw)| format!("\"{name}\":{raw}")).collect();
            format!("{{{}}}", texts.join(","))
        };
        self.is_signed(app_id, secret, |_, raw| match raw.as_bytes()[0] {
            b'{' => object(&serde_json::from_str(raw).unwrap()),
            b'[' => {
                let items: Vec<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(raw).unwrap();
                format!("[{}]", items.iter().map(object).collect::<Vec<_>>().join(","))
            }
            _ => raw.to_owned(),
        })
    }

    /// Whether the signature is valid if nested values were signed as `nested` writes them, from their name and text.
    pub fn is_signed(&self, app_id: &str, secret: &str, nested: impl Fn(&str, &str) -> String) -> bool {
        let body: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&self.body).unwrap();
        let data: BTreeMap<String, Box<RawValue>> = serde_json::from_str(body["data"].get()).unwrap();
        let mut signed = BTreeMap::new();
        signed.insert("appId".to_owned(), app_id.to_owned());
        signed.insert("timestamp".to_owned(), self.headers["timestamp"].clone());
        for (name, raw) in data.iter().filter(|(_, raw)| raw.get() != "null") {
            let text = serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| nested(name, raw.get()));
            signed.insert(name.clone(), text);
        }
        let text: Vec<_> = signed.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(text.join("&").as_bytes());
        let mut hex = String::new();
        for byte in mac.finalize().into_bytes() {
            write!(hex, "{byte:02x}").unwrap();
        }
        hex == self.headers["signature"]
    }
}

/// The merchant's reply to a webhook.
#[derive(Debug, Clone)]
pub enum Reply {
    /// `{"code":0}`.
    Accept,
    /// HTTP status and body.
    Response(u16, &'static str),
    /// These bytes, followed by the end of the connection.
    Bytes(&'static str),
    /// `{"code":0}` after that time.
    Late(Duration),
}

type Handler = Box<dyn Fn(&ReceivedWebhook) -> Reply + Send + Sync>;

/// An HTTP server that receives webhooks until it is dropped.
pub struct WebhookReceiver {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<ReceivedWebhook>>>,
    stop: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl WebhookReceiver {
    pub fn new(handler: impl Fn(&ReceivedWebhook) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (received, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let handler: Arc<Handler> = Arc::new(Box::new(handler));
        let (log, ended) = (Arc::clone(&received), Arc::clone(&stop));
        let acceptor = std::thread::spawn(move || {
            let mut threads = Vec::new();
            for stream in listener.incoming() {
                if ended.load(Ordering::Acquire) {
                    break;
                }
                let (log, handler, ended) = (Arc::clone(&log), Arc::clone(&handler), Arc::clone(&ended));
                threads.push(std::thread::spawn(move || serve(stream.unwrap(), &log, &handler, &ended)));
            }
            for thread in threads {
                thread.join().unwrap();
            }
        });
        Self { address, received, stop, acceptor: Some(acceptor) }
    }

    /// A receiver that accepts every webhook.
    pub fn accepting() -> Self {
        Self::new(|_| Reply::Accept)
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?from=sandbox", self.address)
    }

    pub fn received(&self) -> Vec<ReceivedWebhook> {
        self.received.lock().unwrap().clone()
    }

    pub fn actions(&self) -> Vec<String> {
        self.received().iter().map(ReceivedWebhook::action).collect()
    }

    pub fn last(&self) -> ReceivedWebhook {
        self.received().pop().expect("a webhook")
    }

    /// Forgets the webhooks received so far.
    pub fn clear(&self) {
        self.received.lock().unwrap().clear();
    }
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
        let _ = self.acceptor.take().unwrap().join();
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<ReceivedWebhook>>, handler: &Handler, ended: &AtomicBool) {
    let mut bytes = Vec::new();
    let received = loop {
        let mut chunk = [0; 4096];
        let Ok(count @ 1..) = stream.read(&mut chunk) else { return };
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let (line, fields) = head.split_once("\r\n").unwrap();
        let headers: HashMap<_, _> = fields
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        if body.len() >= headers["content-length"].parse().unwrap() {
            break ReceivedWebhook { headers, line: line.to_owned(), body: body.to_owned(), at: Instant::now() };
        }
    };
    log.lock().unwrap().push(received.clone());
    let response = |status: u16, body: &str| {
        format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let accepted = response(200, r#"{"code":0,"message":""}"#);
    let bytes = match handler(&received) {
        Reply::Accept => accepted,
        Reply::Response(status, body) => response(status, body),
        Reply::Bytes(bytes) => bytes.to_owned(),
        Reply::Late(time) => {
            let end = Instant::now() + time;
            while Instant::now() < end && !ended.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(5));
            }
            accepted
        }
    };
    let _ = stream.write_all(bytes.as_bytes());
}
