//! A network whose router drops all packets for a while: a request that was abandoned meanwhile is not delivered later.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const SERVER: &str = "10.213.2.2";

/// Client, router and server, each in a network namespace.
struct Network {
    mark: String,
}

impl Network {
    /// Creates the namespaces. `None` without the permission to do so, with the reason on standard error.
    fn start() -> Option<Self> {
        let network = Self { mark: format!("ks{}", std::process::id() % 100_000) };
        let name = |role: &str| format!("{}{role}", network.mark);
        let (client, router, server) = (name("c"), name("r"), name("s"));
        let added = [&client, &router, &server].into_iter().all(|space| ip(&["netns", "add", space]));
        if !added {
            eprintln!("skipped: network namespaces need root and `ip`");
            return None;
        }
        for (end, space, far, address, route) in
            [("a", &client, "b", "10.213.1.2/24", "10.213.1.1"), ("d", &server, "e", "10.213.2.2/24", "10.213.2.1")]
        {
            let (near, far) = (name(end), name(far));
            assert!(ip(&["link", "add", &near, "netns", space, "type", "veth", "peer", &far, "netns", &router]));
            assert!(ip(&["-n", space, "addr", "add", address, "dev", &near]));
            assert!(ip(&["-n", &router, "addr", "add", &format!("{route}/24"), "dev", &far]));
            assert!(ip(&["-n", space, "link", "set", &near, "up"]) && ip(&["-n", &router, "link", "set", &far, "up"]));
            assert!(ip(&["-n", space, "route", "add", "default", "via", route]));
        }
        network.set_path(true);
        Some(network)
    }

    /// Opens or closes the path: a router that does not forward drops packets without a response.
    fn set_path(&self, open: bool) {
        let value = format!("echo {} > /proc/sys/net/ipv4/ip_forward", u8::from(open));
        assert!(ip(&["netns", "exec", &format!("{}r", self.mark), "sh", "-c", &value]));
    }

    fn worker(&self, role: &str, timeout_ms: &str, task: &str) -> Worker {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &format!("{}{role}", self.mark), env!("CARGO_BIN_EXE_call_worker")])
            .args([&format!("http://{SERVER}:8080"), timeout_ms, task])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (give, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| give.send(line)));
        Worker { input: child.stdin.take(), lines, child }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for role in ["c", "r", "s"] {
            ip(&["netns", "delete", &format!("{}{role}", self.mark)]);
        }
    }
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip").args(arguments).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Worker {
    fn says(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_abandoned_request_is_not_delivered_when_the_network_is_back() {
    let Some(network) = Network::start() else { return };
    let server = network.worker("s", "1000", "serve");
    assert_eq!(server.says(), "listening");
    let mut client = network.worker("c", "3000", "path");
    assert_eq!((client.says().as_str(), server.says().as_str()), ("ready", r#"{"id":"first"}"#));
    network.set_path(false);
    writeln!(client.input.as_mut().unwrap(), "abandoned").unwrap();
    assert_eq!(client.says(), "unknown");
    std::thread::sleep(Duration::from_secs(11));
    network.set_path(true);
    // The system retransmits at intervals that double: the next time would be 26 s after the first.
    std::thread::sleep(Duration::from_secs(16));
    assert!(server.lines.try_recv().is_err(), "the abandoned request was delivered");
    writeln!(client.input.as_mut().unwrap(), "afterwards").unwrap();
    assert_eq!((client.says().as_str(), server.says().as_str()), ("done", r#"{"id":"afterwards"}"#));
}
