"""Serves the WSGI application by gevent, wsgiref or uWSGI, which ``python -m`` does not start."""

import os
import sys
from importlib import import_module

APPS = os.environ.get("SHOP_APPS", "webhook_apps")
"""The module of the application."""


def main() -> None:
    server, port = sys.argv[1], int(sys.argv[2])
    if server.startswith("http"):
        import pyuwsgi

        options = "--master --die-on-term --need-app -p 2 --threads 4 --enable-threads "
        options += f"-w {APPS}:bare_wsgi()"
        pyuwsgi.run([*options.split(), f"--{server}", f"127.0.0.1:{port}", *sys.argv[3:]])
    elif server == "gevent":
        from gevent import monkey

        monkey.patch_all()

        from gevent.pywsgi import WSGIServer

        WSGIServer(("127.0.0.1", port), import_module(APPS).bare_wsgi()).serve_forever()
    else:
        from socketserver import ThreadingMixIn
        from wsgiref import simple_server

        class Threading(ThreadingMixIn, simple_server.WSGIServer):
            daemon_threads = True

        simple_server.make_server("127.0.0.1", port, import_module(APPS).bare_wsgi(), Threading).serve_forever()


if __name__ == "__main__":
    main()
