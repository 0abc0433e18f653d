"""Programs of greenlets: `greenlet_cases.py gevent|eventlet|gevent-unpatched CASE`, each in a process of its own."""

from __future__ import annotations

import sys

import greenlet_calls
import greenlet_purchases

if __name__ == "__main__":
    case = sys.argv[2]
    getattr(greenlet_calls if hasattr(greenlet_calls, case) else greenlet_purchases, case)()
    print("ok", flush=True)
