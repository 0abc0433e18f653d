//! A process that makes calls, forks, and is killed.
//!
//! Arguments: base URL, timeout in milliseconds, what to do:
//!
//! * `call BYTES`: one call with a body of that size
//! * `fork N`: one call, a fork, and N calls each in parent and child
//! * `fork-in-token`: a fork while another thread fetches the token, and a call in the child
//! * `fork-in-call`: a fork while another thread makes a call; the child stays alive for a while
//! * `path`: one call, then `ready`; for each further line of standard input one call, and its outcome
//! * `serve`: listens on all addresses at the port of the base URL, responds to each request with its body and prints it
//! * `fork-and-leave`: one call, a fork, and a child that closes and drops the client; then a call in the parent
//!
//! The exit code is 0 if every response belonged to its request.

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    worker::run()
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod worker {
    use std::net::Ipv4Addr;
    use std::process::ExitCode;
    use std::thread;
    use std::time::Duration;

    use keysecure::{Client, Error, Json, Method};
    use keysecure_tests::{BoxError, MockResponse, MockServer, envelope};

    pub(super) fn run() -> ExitCode {
        match work() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", std::process::id());
                ExitCode::FAILURE
            }
        }
    }

    fn work() -> Result<(), BoxError> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [base_url, timeout, task, rest @ ..] = arguments.as_slice() else { return Err("too few arguments".into()) };
        let host = base_url.trim_start_matches("http://").split(':').next().unwrap_or_default();
        let client = Client::builder("key", "0123456789abcdef")
            .base_url(base_url)
            .allow_plain_http([host])
            .timeout(Duration::from_millis(timeout.parse()?))
            .max_retries(0)
            .build()?;
        let number = || -> Result<usize, BoxError> { Ok(rest.first().ok_or("a number is missing")?.parse()?) };
        match task.as_str() {
            "call" => Ok(call(&client, &"x".repeat(number()?)).map(drop)?),
            "fork" => {
                let count = number()?;
                echo(&client, "both")?;
                in_both(|name| (0..count).try_for_each(|id| echo(&client, &format!("{name}-{id}"))))
            }
            "fork-in-token" => {
                let fetching = client.clone();
                let other = thread::spawn(move || fetching.access_token().map(drop));
                thread::sleep(Duration::from_millis(300));
                in_both(|name| if name == "child" { echo(&client, "child") } else { Ok(()) })?;
                Ok(other.join().map_err(|_| "the thread panicked")??)
            }
            "fork-in-call" => {
                client.access_token()?;
                let calling = client.clone();
                let other = thread::spawn(move || call(&calling, "held").map(drop));
                thread::sleep(Duration::from_millis(300));
                if sys::fork()? == 0 {
                    thread::sleep(Duration::from_secs(8));
                    std::process::exit(0);
                }
                Ok(other.join().map_err(|_| "the thread panicked")??)
            }
            "fork-and-leave" => {
                echo(&client, "before")?;
                let same = client.clone();
                in_both(move |name| {
                    if name == "child" {
                        same.close();
                        drop(same);
                    }
                    Ok(())
                })?;
                echo(&client, "after")
            }
            "path" => {
                echo(&client, "first")?;
                println!("ready");
                for line in std::io::stdin().lines() {
                    match call(&client, &line?) {
                        Ok(_) => println!("done"),
                        Err(error) => println!("{}", error.outcome()),
                    }
                }
                Ok(())
            }
            "serve" => serve(base_url.rsplit(':').next().unwrap_or_default().parse()?),
            _ => Err("unknown task".into()),
        }
    }

    fn call(client: &Client, id: &str) -> Result<String, Error> {
        let body = Json::new(&format!(r#"{{"id":"{id}"}}"#))?;
        client.call(Method::Post, "/v1/echo", Some(&body)).map(|data| data.as_str().to_owned())
    }

    /// Makes a call whose response must be its request.
    fn echo(client: &Client, id: &str) -> Result<(), BoxError> {
        let data = call(client, id)?;
        if data == format!(r#"{{"id":"{id}"}}"#) { Ok(()) } else { Err(format!("{id} got {data}").into()) }
    }

    fn serve(port: u16) -> Result<(), BoxError> {
        let _server = MockServer::start_on((Ipv4Addr::UNSPECIFIED, port).into(), |request| {
            if request.target.ends_with("/merchant/token") {
                return MockResponse::Keep(envelope(r#"{"access_token":"a-token","expired_time":4763800000000}"#));
            }
            let body = String::from_utf8_lossy(&request.body);
            println!("{body}");
            MockResponse::Keep(envelope(&body))
        })?;
        println!("listening");
        // Until the test closes standard input.
        std::io::stdin().lines().for_each(drop);
        Ok(())
    }

    /// Runs `work` in parent and child, and waits for the child.
    fn in_both(work: impl FnOnce(&str) -> Result<(), BoxError>) -> Result<(), BoxError> {
        let child = sys::fork()?;
        if child == 0 {
            let result = work("child");
            if let Err(error) = &result {
                eprintln!("child: {error}");
            }
            std::process::exit(i32::from(result.is_err()));
        }
        let result = work("parent");
        let status = sys::wait_for(child)?;
        result?;
        if status == 0 { Ok(()) } else { Err(format!("the child ended with {status}").into()) }
    }

    /// Processes, for which the standard library has no function of this kind.
    #[expect(unsafe_code, reason = "a fork without an exec is what is tested")]
    mod sys {
        use std::io;

        /// Returns 0 in the child.
        pub fn fork() -> io::Result<libc::pid_t> {
            // SAFETY: the function has no argument. The child of a process with threads may rely only on what the C library
            // keeps usable: its allocator, in glibc and in Apple's. Whether the client needs more is what is tested: a child
            // that does waits for a lock, and the test ends by its time-out.
            match unsafe { libc::fork() } {
                -1 => Err(io::Error::last_os_error()),
                child => Ok(child),
            }
        }

        /// Waits for the child to end, and returns its status, 0 for success.
        pub fn wait_for(child: libc::pid_t) -> io::Result<libc::c_int> {
            let mut status = 0;
            // SAFETY: the pointer is that of a local variable, which the function writes before it returns and does not keep.
            match unsafe { libc::waitpid(child, &raw mut status, 0) } {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(status),
            }
        }
    }
}
