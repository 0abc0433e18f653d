"""The Python package against `http.client` + `json` and against other SDKs, in one run and as ratios.

usage: run.py --wheel keysecure.whl --sandbox-wheel keysecure_sandbox.whl --server bench [--quick]

`--server` is the program `bench` of this repository, which also serves recorded responses. The packages are installed
into temporary folders. `cargo xtask bench` calls this. Budgets (docs/adr/0010-budgets.md) are reported, not asserted:
the program fails only when it could not measure.
"""

import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import urllib.request

from contestants import API_KEY, READY, SECRET

HERE = pathlib.Path(__file__).parent
# The current releases, except the baseline of a budget, which is pinned.
OTHERS = {"stripe": "stripe", "lithic": "lithic", "Adyen": "Adyen", "standardwebhooks": "standardwebhooks==1.1.0"}


def install(folder, what):
    """Installs a package with byte code; returns its folder."""
    target = pathlib.Path(folder) / pathlib.Path(what).stem
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if what.endswith(".whl"):
        command.append("--no-deps")
    subprocess.run([*command, "--root-user-action=ignore", "--target", target, what], check=True)
    return target


# Files that pip writes beside each package.
PIP_FILES = {"INSTALLER", "REQUESTED", "direct_url.json"}


def size(target):
    """Megabytes, the number of files without byte code, and the number of dependencies."""
    files = [file for file in target.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    files = [file for file in files if file.name not in PIP_FILES]
    whole = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    return whole / 1e6, len(files), len(list(target.glob("*.dist-info"))) - 1


def environment(*targets):
    path = os.pathsep.join(map(str, targets))
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def ready(name, target, rounds):
    """Milliseconds from the start to a bound method, best of several new processes."""
    code = f"import time; t = time.perf_counter(); {READY[name]}; print((time.perf_counter() - t) * 1000)"
    command = [sys.executable, "-c", code]
    times = [subprocess.check_output(command, env=environment(target), text=True) for _ in range(rounds)]
    return min(map(float, times))


class Sandbox:
    """`python -m keysecure sandbox`, for the recorded responses and the webhook."""

    def __init__(self, *targets):
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "keysecure",
                "sandbox",
                "--exit-with-stdin",
                "--api-key",
                API_KEY,
                "--api-secret",
                SECRET,
            ],
            env=environment(*targets),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.info = json.loads(self.process.stdout.readline())

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.info["control_url"] + path, data, method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    def request(self, method, path, token="", body=None):
        """The data of a response, and the whole response as it was sent."""
        host = self.info["base_url"].removeprefix("http://")
        connection = http.client.HTTPConnection(host)
        now = str(self.control("GET", "/clock")["now_ms"])
        headers = {"Api-Key": API_KEY, "Access-Token": token, "Timestamp": now, "Content-Type": "application/json"}
        connection.request(method, "/open-api" + path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode()
        envelope = json.loads(text)
        if envelope["code"] != 0:
            raise RuntimeError(f"{path}: {text}")
        return envelope["data"], whole(text, response.getheader("Date"))

    def webhook(self, card_no):
        """The body of a webhook, with its description filled up to one kilobyte."""
        self.control("POST", "/callbacks/settings", {"url": self.info["control_url"] + "/callbacks/sink"})
        shop = {"merchant_name": "Corner Books", "merchant_mcc": "5942", "city": "Koeln", "country": "DE"}
        body = {"card_no": card_no, "type": "Consumption", "amount": 42.1, "local_amount": 39.9, "merchant_info": shop}
        body |= {"local_currency": "EUR"}
        bought, _ = self.request("POST", "/v1/simulate/auth", body=body)
        fees = [{"fee_type": "Auth_fee", "amount": 0.3}, {"fee_type": "Consume_fee", "amount": 0.15}]
        self.request("POST", "/v1/simulate/consumption_clear", body={**bought, "fee_detail": fees})
        self.control("POST", "/callbacks/settle", {"ms": 10000})
        sent = self.control("GET", "/callbacks/deliveries")["deliveries"][-1]["body"]
        # As text, because amounts such as 42.10 must stay as they were sent.
        return sent.replace('"detail":"', '"detail":"' + "x" * (1024 - len(sent.encode())))


def whole(body, date="Mon, 23 Nov 2026 12:00:00 GMT"):
    length = len(body.encode())
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nDate: {date}\r\n\r\n{body}"
    )


def record(sandbox):
    """The responses of the server, and the settings of the contestants."""
    holder = sandbox.control("POST", "/seed/approved_cardholder")["cardholder_no"]
    june = [1_749_945_600_000] * 100
    cards = sandbox.control("POST", "/seed/cards", {"cardholder_no": holder, "times_ms": june})["numbers"]
    token, token_response = sandbox.request("GET", "/v1/merchant/token")
    token = token["access_token"]
    path = f"/v1/card/{cards[0]}/detail"
    card, card_response = sandbox.request("GET", path, token)
    window = {"start_time": "2025-06-01", "end_time": "2025-06-30", "page": 0, "size": 100}
    rows, list_response = sandbox.request("POST", "/v1/card/list", token, window)
    money = {"cardholder_no": holder, "transfer_unique_no": "bench", "type": "In", "balance": "100.00"}
    sandbox.request("POST", "/v1/account/transfer", token, money)
    body = sandbox.webhook(cards[0])

    theirs = {"id": "ic_1", "object": "issuing.card", "token": "1", **card}
    rows = [{"id": "ic_1", "object": "issuing.card", "token": "1", **row} for row in rows["list"]]
    responses = {
        "/open-api/v1/merchant/token": token_response,
        f"/open-api{path}": card_response,
        "/open-api/v1/card/list": list_response,
        "/v1/issuing/cards/ic_1": whole(json.dumps(theirs)),
        "/v1/issuing/cards?limit=100": whole(
            json.dumps({"object": "list", "data": rows, "has_more": False, "url": "/"})
        ),
        "/v1/cards/1": whole(json.dumps(theirs)),
        "/v1/cards?page_size=100": whole(json.dumps({"data": rows, "has_more": False})),
        "/paymentInstruments/1": whole(json.dumps(theirs)),
    }
    event = json.loads(body)["data"]
    setup = {"api_key": API_KEY, "api_secret": SECRET, "token": token, "card_no": cards[0], "get_path": path}
    setup |= {"webhook_body": body, "card": {"object": "issuing.card", **event}}
    return responses, setup


class Worker:
    def __init__(self, name, target, setup):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", name],
            env=environment(target),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.process.stdin.write(json.dumps(setup) + "\n")

    def run(self, task, calls, threads=1):
        self.process.stdin.write(f"{task} {calls} {threads}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def race(workers, task, threads, turn, rounds):
    """Measures the contestants in alternating rounds; each turn takes about `turn` seconds.

    Returns their samples: microseconds and calls per second.
    """
    counts = {}
    for name, worker in workers.items():
        warm = worker.run(task, 50, threads) and worker.run(task, 50, threads)
        if warm:
            counts[name] = max(20, int(warm[1] * turn))
    samples = {name: [] for name in counts}
    for number in range(rounds):
        order = list(counts) if number % 2 == 0 else list(counts)[::-1]
        for name in order:
            samples[name].append(workers[name].run(task, counts[name], threads))
    return samples


def median(samples, place=0):
    return statistics.median(sample[place] for sample in samples)


def best(samples):
    return min(microseconds for microseconds, _ in samples)


def ratio(samples, other, place=0):
    return statistics.median(mine[place] / theirs[place] for mine, theirs in zip(samples, other, strict=True))


def table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()


def verdict(value, budget):
    return "ok" if value <= budget else "over"


def measure(folder, wheel, sandbox_wheel, server_program, quick):
    targets = {"http.client": pathlib.Path(folder), "keysecure": install(folder, wheel)}
    targets |= {name: install(folder, what) for name, what in OTHERS.items()}
    print(
        "Installed: size with byte code, files without, further packages.\n"
        "Ready: import + client + first bound method.\n"
    )
    rows = [["package", "version", "installed", "files", "dependencies", "ready"]]
    starts = {name: ready(name, target, 5 if quick else 15) for name, target in targets.items()}
    for name, target in targets.items():
        if name == "http.client":
            rows.append([name, sys.version.split()[0], "-", "-", "-", f"{starts[name]:.1f} ms"])
            continue
        megabytes, files, dependencies = size(target)
        version = next(target.glob(f"[{name[0].lower()}{name[0]}]{name[1:].lower()}-*.dist-info")).name.split("-")[1]
        version = version.removesuffix(".dist")
        rows.append([name, version, f"{megabytes:.1f} MB", str(files), str(dependencies), f"{starts[name]:.1f} ms"])
    table(rows)

    sandbox = Sandbox(targets["keysecure"], install(folder, sandbox_wheel))
    responses, setup = record(sandbox)
    sandbox.process.stdin.close()
    server = subprocess.Popen(
        [server_program, "serve-recorded-responses"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    server.stdin.write(json.dumps(responses) + "\n")
    server.stdin.flush()
    port = int(server.stdout.readline())
    setup |= {"host": "127.0.0.1", "port": port, "base_url": f"http://127.0.0.1:{port}"}
    workers = {name: Worker(name, target, setup) for name, target in targets.items()}

    turn, rounds = (0.05, 6) if quick else (0.1, 40)
    get = race(workers, "get", 1, turn, rounds)
    get8 = race(workers, "get", 8, turn, rounds)
    lists = race(workers, "list", 1, turn, rounds)
    hooks = race(workers, "webhook", 1, turn, rounds)

    print(
        "Processor time of one call in the whole process, median; in brackets against http.client + json in the same\n"
        "round. Webhooks: best round, in brackets against standardwebhooks.\n"
    )
    rows = [
        [
            "package",
            "get one, typed",
            "list of 100, typed",
            "webhook verified and typed",
            "8 threads against 1, calls per second",
        ]
    ]
    standard_webhook = best(hooks["standardwebhooks"])
    for name in targets:
        row = [name]
        row += [
            f"{median(samples[name]):.0f} us ({ratio(samples[name], samples['http.client']):.2f})"
            if name in samples
            else "-"
            for samples in (get, lists)
        ]
        row.append(f"{best(hooks[name]):.1f} us ({best(hooks[name]) / standard_webhook:.2f})" if name in hooks else "-")
        row.append(f"{ratio(get8[name], get[name], 1):.2f}" if name in get8 else "-")
        rows.append(row)
    table(rows)

    ours, plain = get["keysecure"], get["http.client"]
    checks = [
        ("CPU of a call, against http.client + json", ratio(ours, plain), 0.30, ""),
        ("list of 100 typed, against http.client + json", ratio(lists["keysecure"], lists["http.client"]), 0.70, ""),
        ("import + client + first bound method", starts["keysecure"], 5, " ms"),
        ("webhook of 1 KB, against standardwebhooks", best(hooks["keysecure"]) / standard_webhook, 0.70, ""),
        ("wheel", os.path.getsize(wheel) / 1e6, 2, " MB"),
    ]
    rows = [["budget of the Python package", "measured", "budget", "verdict"]]
    rows += [
        [what, f"{value:.2f}{unit}", f"{budget:.2f}{unit}", verdict(value, budget)]
        for what, value, budget, unit in checks
    ]
    table(rows)
    for worker in workers.values():
        worker.process.stdin.close()
    server.stdin.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--sandbox-wheel", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(folder, *map(os.path.abspath, (args.wheel, args.sandbox_wheel, args.server)), args.quick)


if __name__ == "__main__":
    main()
