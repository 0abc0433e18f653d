"""What the native module imports, for bundlers. Nothing imports this module."""

# ruff: noqa: F401
# pyright: reportUnusedImport=false

import atexit
import builtins
import datetime
import decimal
import inspect
import json
import logging
import operator
import sys
import threading
import time
import zoneinfo

import keysecure._errors
import keysecure._hub
import keysecure._pydantic
import keysecure.relay._asgi
import keysecure.relay._async
import keysecure.relay._messages
import keysecure.relay._watch
import keysecure.relay._wsgi
import keysecure.webhooks._decision
