"""The measured calls of each contestant: a client, one object, a list of 100 objects, one webhook.

Every contestant gets the responses of a card API from the same loopback server: keysecure in the platform's envelope,
the others the fields of the same card in the form of their own API.
"""

import hashlib
import hmac
import json
import time

API_KEY = "bench-api-key"
SECRET = "bench-api-secret-of-32-byte-len!"


class Baseline:
    """The baseline of calls: `http.client` and `json`, one connection for each thread, the platform's headers."""

    def __init__(self, setup):
        from http.client import HTTPConnection

        self.setup = setup
        self.connection = HTTPConnection(setup["host"], setup["port"])
        self.headers = {
            "Api-Key": setup["api_key"],
            "Access-Token": setup["token"],
            "Content-Type": "application/json",
        }

    def request(self, method, path, body=None):
        headers = {**self.headers, "Timestamp": str(int(time.time() * 1000))}
        self.connection.request(method, "/open-api" + path, body, headers)
        response = json.loads(self.connection.getresponse().read())
        if response["code"] != 0:
            raise RuntimeError(response["msg"])
        return response["data"]

    def get(self):
        return self.request("GET", self.setup["get_path"])["card_no"]

    def list(self):
        body = {"start_time": "2025-06-01", "end_time": "2025-06-30", "page": 0, "size": 100}
        return [card["card_no"] for card in self.request("POST", "/v1/card/list", json.dumps(body))["list"]]


class KeySecure:
    """This package. One client for all threads."""

    def __init__(self, setup):
        import datetime

        import keysecure

        self.client = keysecure.Client(setup["api_key"], setup["api_secret"], base_url=setup["base_url"])
        self.card_no = setup["card_no"]
        self.start, self.end = datetime.date(2025, 6, 1), datetime.date(2025, 6, 30)
        self.verifier = keysecure.WebhookVerifier(API_KEY, [SECRET])
        self.body = setup["webhook_body"].encode()
        self.headers = self.verifier.sign_for_tests(datetime.datetime.now(datetime.timezone.utc), self.body)

    def get(self):
        return self.client.cards.get(self.card_no).card_no

    def list(self):
        page = self.client.cards.list_page(start=self.start, end=self.end, page=0, size=100)
        return [card.card_no for card in page.list]

    def webhook(self):
        return self.verifier.verify(self.headers, self.body).event.amount


class Stripe:
    def __init__(self, setup):
        import stripe

        self.client = stripe.StripeClient("sk_test_123", base_addresses={"api": setup["base_url"]})
        self.cards = self.client.v1.issuing.cards
        self.body = json.dumps({"id": "evt_1", "object": "event", "type": "x", "data": {"object": setup["card"]}})
        stamp = str(int(time.time()))
        signature = hmac.new(SECRET.encode(), f"{stamp}.{self.body}".encode(), hashlib.sha256).hexdigest()
        self.header = f"t={stamp},v1={signature}"
        self.construct = stripe.Webhook.construct_event

    def get(self):
        return self.cards.retrieve("ic_1").card_no

    def list(self):
        return [card.card_no for card in self.cards.list({"limit": 100}).data]

    def webhook(self):
        return self.construct(self.body, self.header, SECRET).data.object.amount


class StandardWebhooks:
    """The baseline of webhooks: verifies the same body and reads it with `json.loads`, which `verify` does itself."""

    def __init__(self, setup):
        import datetime

        from standardwebhooks import Webhook

        webhook = Webhook(SECRET.encode())
        now = datetime.datetime.now(datetime.timezone.utc)
        self.body = setup["webhook_body"].encode()
        signature = webhook.sign("msg_1", now, setup["webhook_body"])
        stamp = str(int(now.timestamp()))
        self.headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}
        self.verify = webhook.verify

    def webhook(self):
        return self.verify(self.body, self.headers)["data"]["amount"]


class Lithic:
    def __init__(self, setup):
        import lithic

        self.client = lithic.Lithic(api_key="key", base_url=setup["base_url"])

    def get(self):
        return self.client.cards.retrieve("1").card_no

    def list(self):
        return [card.card_no for card in self.client.cards.list(page_size=100).data]


class Adyen:
    """Returns dictionaries, and opens a connection for each call."""

    def __init__(self, setup):
        import Adyen

        self.client = Adyen.Adyen()
        self.client.client.xapikey = "key"
        self.client.client.platform = "test"
        self.api = self.client.balancePlatform.payment_instruments_api
        self.api.baseUrl = setup["base_url"]

    def get(self):
        return self.api.get_payment_instrument("1").message["card_no"]


CONTESTANTS = {
    "http.client": Baseline,
    "keysecure": KeySecure,
    "stripe": Stripe,
    "lithic": Lithic,
    "Adyen": Adyen,
    "standardwebhooks": StandardWebhooks,
}

# The code of a user up to the first call: import, client, bound method.
READY = {
    "http.client": "import json, http.client; f = http.client.HTTPConnection('127.0.0.1').request",
    "keysecure": "import keysecure; f = keysecure.Client('k', 's' * 32).cards.get",
    "stripe": "import stripe; f = stripe.StripeClient('sk_test_123').v1.issuing.cards.retrieve",
    "lithic": "import lithic; f = lithic.Lithic(api_key='k').cards.retrieve",
    "Adyen": "import Adyen; a = Adyen.Adyen(); a.client.xapikey = 'k'; "
    "f = a.balancePlatform.payment_instruments_api.get_payment_instrument",
    "standardwebhooks": "import standardwebhooks; f = standardwebhooks.Webhook(b'k').verify",
}
