"""A shop that sells to whoever two attestors vouch for, with Python's standard library alone.

    python3 shop.py --token-file TOKEN [--node http://127.0.0.1:7370] [--policy new-customer] [--port 8000]

The node beside it does all that needs cryptography: it makes the challenge, checks the presentation
and says why. The shop keeps the orders and shows the pages.
"""
import argparse
import html
import json
import secrets
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http import cookies, server

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--node", default="http://127.0.0.1:7370", help="the owner's door of your countersign node")
options.add_argument("--token-file", required=True, help="what `countersign token new --scope check --name shop` printed")
options.add_argument("--policy", default="new-customer", help="a policy of the node")
options.add_argument("--port", type=int, default=8000, help="0 takes one that is free")
options = options.parse_args()

WANTED = "two attestors say that your payment account is verified"  # what the policy asks for, in words
orders = {}  # order id -> Order
changed = threading.Condition()


class Order:
    """One customer at the till: her challenge, and the decision once there is one."""

    def __init__(self, browser):
        self.id, self.inbox = (secrets.token_urlsafe(16) for _ in range(2))
        self.browser = browser or secrets.token_urlsafe(16)  # one for all its tabs
        self.word, self.made = secrets.token_hex(3).upper(), time.monotonic()
        self.decision = None
        self.challenge = ask("/v1/challenges", {
            "policy": options.policy,
            # Her Countersign says the word too: who was sent somebody else's request can tell.
            "purpose": f"Open an account at the example shop, order {self.word}",
            # Only the customer's program learns this address; her browser's page has another.
            "deliver": f"http://127.0.0.1:{options.port}/inbox/{self.inbox}",
        })


def begin(browser):
    """Makes an order; old ones go, and there are never more than the shop can hold."""
    with changed:
        for order in list(orders.values()):
            # Nobody can answer any more, or whoever did has had an hour to read what came of it.
            if time.monotonic() - order.made > (3600 if order.decision else 360):
                del orders[order.id]
        if len(orders) >= 1000:
            raise RuntimeError("Too many customers wait at the till; come back in a few minutes")
    order = Order(browser)
    orders[order.id] = order
    return order


def ask(path, question):
    """Asks the node; its problems (RFC 9457) come back as text that says what to do."""
    with open(options.token_file, encoding="ascii") as file:
        token = file.read().strip()
    request = urllib.request.Request(options.node + path, json.dumps(question).encode(), {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        if path == "/v1/check" and error.code == 400:
            raise ValueError("no presentation") from error
        raise RuntimeError(": ".join(filter(None, map(problem.get, ("title", "detail", "hint"))))) from error


def decide(order, presentation):
    """Checks once; an order that was accepted stays accepted."""
    decision = ask("/v1/check", {"policy": {"name": options.policy}, "presentation": presentation})
    with changed:
        if not (order.decision and order.decision["answer"] == "accepted"):
            order.decision = decision
        changed.notify_all()
    return decision


def page(title, body):
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/shop.css"></head>
<body><header><a href="/">Example shop</a></header><main><h1>{title}</h1>{body}</main></body></html>"""


def waiting(order):
    text = html.escape(order.challenge["challenge"])
    return page("Show that your account is verified", f"""
<p>Your order is <b>{order.word}</b>. If your Countersign says another word, the request is somebody else's: refuse it.</p>
<p>We ask that {WANTED}, and see nothing else. Scan this with your Countersign, or copy the text:</p>
<figure>{order.challenge["qr"]}</figure>
<p><a href="{text}">Open in Countersign</a></p>
<label>As text <textarea readonly rows="4">{text}</textarea></label>
<form method="post"><label>Your program has no way to us? Paste what it made:
<textarea name="presentation" rows="4" required></textarea></label><button>Show it</button></form>
<p role="status">Waiting for you until {html.escape(order.challenge["expires"])}.</p>
<p><a href="">See what we know now</a></p><script src="/live.js" defer></script>""")


def decided(decision):
    checks = "".join(f"<tr><th scope=row>{html.escape(c['name'])}<td>{html.escape(c['result'])}"
                     f"<td>{html.escape(c.get('reason') or '')}" for c in decision["checks"])
    title, more = {
        "accepted": ("Welcome, the lamp is yours", f"<p>Good until {html.escape(decision.get('goodUntil') or '')}.</p>"),
        "refused": ("We cannot sell to you", '<p><a href="/">Try again</a></p>'),
        "unknown": ("We do not know yet", '<p>Something is missing just now. <a href="/">Try again later</a></p>'),
    }[decision["answer"]]
    return page(title, f"<p role=status>{html.escape(decision['explained'].splitlines()[0])}</p>"
                       f"<table><tr><th>check<th>result<th>why</tr>{checks}</table>{more}")


class Shop(server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path in FILES:
            return self.answer(200, FILES[self.path][1], FILES[self.path][0])
        if self.path == "/":
            return self.answer(200, page("A lamp, 20 €", f'<p>We sell to you if {WANTED}.</p>'
                                         '<form method="post" action="/orders"><button>Buy</button></form>'))
        order, _, rest = self.path.removeprefix("/orders/").partition("/")
        order = orders.get(order)
        if not order or self.browser() != order.browser:
            return self.answer(404, page("No such order", '<p><a href="/">Start again</a></p>'))
        if rest != "events":
            return self.answer(200, decided(order.decision) if order.decision else waiting(order))
        # Server-sent events: one, when the decision is there.
        self.answer(200, "", "text/event-stream", {"Cache-Control": "no-store"})
        with changed:
            changed.wait_for(lambda: order.decision, timeout=300)
        self.wfile.write(f"data: {json.dumps({'answer': order.decision and order.decision['answer']})}\n\n".encode())

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, 100_000))
        try:
            if self.path == "/orders":
                order = begin(self.browser())
                return self.answer(303, "", headers={
                    "Location": f"/orders/{order.id}",
                    "Set-Cookie": f"shop={order.browser}; HttpOnly; SameSite=Strict; Path=/"})
            kind, _, name = self.path.strip("/").partition("/")
            for order in list(orders.values()):
                if kind == "inbox" and secrets.compare_digest(order.inbox.encode(), name.encode()):
                    return self.answer(200, json.dumps(decide(order, json.loads(body))), "application/json")
                if kind == "orders" and order.id == name and self.browser() == order.browser:
                    pasted = urllib.parse.parse_qs(body.decode())["presentation"][0]
                    decide(order, json.loads(pasted))
                    return self.answer(303, "", headers={"Location": self.path})
            self.answer(404, page("No such order", '<p><a href="/">Start again</a></p>'))
        except (ValueError, KeyError):
            self.answer(400, page("We cannot read that", '<p>Paste all of what your Countersign made.</p><p><a href="/">Start again</a></p>'))
        except (RuntimeError, OSError) as error:
            print(f"error: {error}", file=sys.stderr, flush=True)  # for the shop, not for its customers
            self.answer(503, page("We cannot check anything just now", '<p>Try <a href="/">again</a> in a few minutes.</p>'))

    def log_message(self, *_):
        """Says nothing: the addresses of orders are their customers' secrets."""

    def browser(self):
        jar = cookies.SimpleCookie(self.headers.get("Cookie", ""))
        value = jar["shop"].value if "shop" in jar else ""
        return value if len(value) == 22 else None

    def answer(self, status, body, kind="text/html; charset=utf-8", headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
                            "Referrer-Policy": "no-referrer", **(headers or {})}.items():
            self.send_header(name, value)
        if kind != "text/event-stream":
            self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


FILES = {
    "/live.js": ("text/javascript", 'new EventSource(location.pathname + "/events").onmessage = () => location.reload();'),
    "/shop.css": ("text/css", """:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui;max-width:40rem;margin:auto;padding:1rem}
a{color:inherit}textarea{width:100%;font:.8rem monospace}button{font:inherit;padding:.6rem 1.4rem}label{display:block;margin:1rem 0}
figure{margin:0;max-width:20rem}figure svg{width:100%;height:auto}th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}"""),
}

if __name__ == "__main__":
    try:
        shop = server.ThreadingHTTPServer(("127.0.0.1", options.port), Shop)
    except (OSError, OverflowError) as error:
        sys.exit(f"error: the shop cannot open at 127.0.0.1:{options.port}: {error}\n hint: --port 0 takes a port that is free")
    with shop:
        options.port = shop.server_port
        print(f"The shop is open: http://127.0.0.1:{options.port}/", flush=True)
        try:
            shop.serve_forever()
        except KeyboardInterrupt:
            pass  # Ctrl-C closes it
