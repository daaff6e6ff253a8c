"""What the demo's three servers share: a port on loopback, small pages, an end on SIGTERM or Ctrl-C."""

import signal
import sys
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

BODY_LIMIT = 4 << 20

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
label { display: block; margin: .75rem 0; }
input { display: block; font: inherit; padding: .3rem; width: 20rem; }
button { font: inherit; padding: .4rem 1rem; }
.review { border-left: 3px solid #bbb; padding-left: 1rem; }
"""


class Site(BaseHTTPRequestHandler):
    """Answers with small pages and keeps no access log."""

    def get(self) -> None:
        self.page("Not found", "", status=404)

    def post(self) -> None:
        self.page("Not found", "", status=404)

    def do_GET(self) -> None:
        self.get()

    def do_POST(self) -> None:
        self.post()

    def log_message(self, *_: object) -> None:
        pass

    @property
    def route(self) -> str:
        return urlsplit(self.path).path

    def body(self) -> bytes:
        return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT))

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body().decode()).items()}

    def page(self, title: str, content: str, *, status: int = 200) -> None:
        head = f"<meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
        body = f"<h1>{escape(title)}</h1>{content}"
        self.respond(
            f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>",
            "text/html; charset=utf-8",
            status=status,
        )

    def redirect(self, path: str) -> None:
        self.send_response(303)
        self.send_header("Location", path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def respond(self, text: str, content_type: str, *, status: int = 200) -> None:
        payload = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


def serve(site: type[Site], *, host: str, port: int) -> None:
    """Serve on loopback until told to stop; the first line of the output is the base URL.

    `host` may be a name under .localhost: browsers resolve those to loopback by themselves (RFC 6761).
    When the port is busy another one is taken.
    """
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), site)
    except OSError:
        server = ThreadingHTTPServer(("127.0.0.1", 0), site)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"http://{host}:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
