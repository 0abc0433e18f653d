"""One contestant in a separate process.

Argument: its name. First line of input: the setup; then lines `task calls threads`. The reply to each is the processor
time of one call in the whole process, in microseconds, and the calls per second.
"""

import json
import sys
import threading
import time

from contestants import CONTESTANTS


def run(make, task, calls, threads):
    each = max(1, calls // threads)

    def work(call):
        for _ in range(each):
            call()

    workers = [threading.Thread(target=work, args=(call,)) for call in make(task, threads)]
    cpu, clock = time.process_time(), time.perf_counter()
    if threads == 1:
        work(make(task, 1)[0])
    else:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    return cpu / (each * threads) * 1e6, each * threads / clock


def main():
    name = sys.argv[1]
    setup = json.loads(sys.stdin.readline())
    contestant = CONTESTANTS[name]
    # All threads share a client, except the connection of `http.client`.
    shared = contestant(setup)
    own = [contestant(setup) for _ in range(8)] if name == "http.client" else [shared] * 8

    def make(task, threads):
        return [getattr(mine, task) for mine in ([shared] if threads == 1 else own[:threads])]

    for line in sys.stdin:
        task, calls, threads = line.split()
        print(json.dumps(run(make, task, int(calls), int(threads)) if hasattr(shared, task) else None), flush=True)


if __name__ == "__main__":
    main()
