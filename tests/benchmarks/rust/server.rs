//! The server of the benchmark: a process of its own, so that its work is not counted, that sends recorded responses.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread;

use keysecure_sandbox::Sandbox;
use keysecure_tests::{Acceptor, WholeRequest, read_some};

use crate::{CARDS, Outcome, baseline};

/// The hidden argument under which this program is the server.
pub(crate) const ARGUMENT: &str = "serve-recorded-responses";

/// Whole responses, head and body, by the path of their request.
type Responses = HashMap<String, String>;

/// Records the sandbox's responses to the measured calls.
pub(crate) fn recorded(sandbox: &Sandbox, card_no: &str) -> Outcome<Responses> {
    let token_path = "/v1/merchant/token";
    let token_response = ask(sandbox, "GET", token_path, None, "")?;
    let token = baseline::token_of(token_response.split("\r\n\r\n").nth(1).unwrap_or_default().as_bytes())?;

    let card_path = format!("/v1/card/{card_no}/detail");
    let card_response = ask(sandbox, "GET", &card_path, Some(&token), "")?;
    let list_path = "/v1/card/list";
    let list_body = serde_json::to_string(&baseline::ListBody::of_page(CARDS))?;
    let list_response = ask(sandbox, "POST", list_path, Some(&token), &list_body)?;

    let whole_path = |path: &str| format!("/open-api{path}");
    Ok(Responses::from([
        (whole_path(token_path), token_response),
        (whole_path(&card_path), card_response),
        (whole_path(list_path), list_response),
    ]))
}

/// Makes one request on a new connection, without a library; returns the whole response as text.
pub(crate) fn ask(sandbox: &Sandbox, method: &str, path: &str, token: Option<&str>, body: &str) -> Outcome<String> {
    let address = sandbox.base_url().trim_start_matches("http://");
    let request = format!(
        "{method} /open-api{path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\nApi-Key: {}\r\nTimestamp: {}\r\nAccess-Token: {}\r\n\r\n{body}",
        body.len(),
        sandbox.api_key(),
        baseline::timestamp()?,
        token.unwrap_or_default(),
    );
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    if response.starts_with("HTTP/1.1 200 ") && response.contains("\"code\":0") {
        Ok(response)
    } else {
        Err(format!("the sandbox responses {path} with {:?}", response.lines().next().unwrap_or_default()).into())
    }
}

/// The running process. It ends when this is dropped.
pub(crate) struct Server {
    base_url: String,
    child: Child,
    /// The process stops when this ends.
    input: Option<ChildStdin>,
}

impl Server {
    /// Starts this program once more, as a server of those responses.
    pub(crate) fn spawn(responses: &Responses) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let mut server = Self { base_url: String::new(), child, input };
        let mut line = String::new();
        if let (Some(input), Some(output)) = (&mut server.input, output) {
            writeln!(input, "{}", serde_json::to_string(responses)?)?;
            BufReader::new(output).read_line(&mut line)?;
        }
        let port: u16 = line.trim().parse().map_err(|_| "the server did not start")?;
        server.base_url = format!("http://127.0.0.1:{port}");
        Ok(server)
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.input = None;
        // The process has ended in either case.
        let _ = self.child.wait();
    }
}

/// Runs the server: reads the responses from the first line of standard input, writes its port to standard output, and
/// serves until standard input ends.
pub(crate) fn serve() -> Outcome {
    let mut input = io::stdin().lock();
    let mut line = String::new();
    input.read_line(&mut line)?;
    let responses: Arc<Responses> = Arc::new(serde_json::from_str(&line)?);

    let acceptor = Acceptor::start((Ipv4Addr::LOCALHOST, 0).into(), move |stream| {
        let responses = Arc::clone(&responses);
        thread::spawn(move || {
            // An error is a client that went away.
            let _ = serve_connection(&stream, &responses);
        });
    })?;
    println!("{}", acceptor.address().port());
    io::copy(&mut input, &mut io::sink())?;
    Ok(())
}

fn serve_connection(mut stream: &TcpStream, responses: &Responses) -> Outcome {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let Some(request) = WholeRequest::parse(&buffer) else {
            if read_some(&mut stream, &mut buffer)? == 0 {
                return Ok(());
            }
            continue;
        };
        let response = responses.get(request.target()).ok_or("a request for something else")?;
        stream.write_all(response.as_bytes())?;
        let length = request.length;
        buffer.drain(..length);
    }
}
