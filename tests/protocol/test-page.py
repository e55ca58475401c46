# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page at "/": valid, small, with names of any kind in it, and for readers only."""
import base64
import hashlib
import json
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(SOURCES, "tests", "project")]
import server as servers  # noqa: E402
import tap  # noqa: E402

try:
    import html5lib
except ImportError:
    tap.skip_all("no python3-html5lib")

NASTY = '<script>alert(1)</script>&amp;"\'>\x01\x7f\u202eevil\ufdd0 é'
SHOWN = '<script>alert(1)</script>&amp;"\'>\ufffd\ufffd\ufffdevil\ufffd é'
XHTML = "{http://www.w3.org/1999/xhtml}"

# The sanitizers make all of it several times as slow.
MANY = 5000 if os.environ.get("SAN_CFLAGS") else 100000


def parse(body):
    """The document; a strict parser raises at the first error."""
    return html5lib.HTMLParser(strict=True).parse(body.decode())


def texts(document, tag):
    return ["".join(e.itertext()) for e in document.iter(XHTML + tag)]


def links(document):
    return [e.get("href") for e in document.iter(XHTML + "a")]


def post(server, path, body):
    status, _, answer = server.ask("POST", path, body)
    if status not in (200, 201):
        raise RuntimeError(f"{path}: {status} {answer}")
    return json.loads(answer)


def sync(server, seq, **more):
    return post(server, "/v1/sync", {"session": "s1", "name": NASTY[:40], "seq": seq, **more})


def fill(server):
    """A job that ended, with a log, one that runs, and one that waits; all named badly."""
    group = {"systems": [NASTY[:30]], "kinds": [NASTY[:30]], "slots": 1}
    jobs = [{"key": f"{NASTY}{i}", "kind": group["kinds"][0], "system": group["systems"][0]}
            for i in range(2)]
    jobs.append(dict(jobs[0], key="waits", depends=[jobs[0]["key"]], features=[NASTY[:30]]))
    post(server, "/v1/requests", {"id": NASTY, "group": NASTY, "jobs": jobs})
    grant = sync(server, 1, step="attach", offer={"groups": [group]})["grants"][0]
    sync(server, 2, claims=[grant["token"]], results=[{
        "token": grant["token"], "attempt": 1, "outcome": "failed", "message": NASTY,
        "started_us": 1000000, "finished_us": 4000000,
        "log_tail": f"\n</pre>{NASTY}\n", "log_bytes": 99}])


def check_page(server):
    status, headers, body = server.get("/")
    tap.ok(status == 200 and headers["content-type"] == "text/html; charset=utf-8", "the page",
           [status, headers])
    document = parse(body)
    tap.ok(True, "it is valid")
    cells = texts(document, "td")
    for text in (SHOWN, SHOWN[:40], SHOWN[:30], "3 s", "busy", "failed"):
        tap.ok(text in cells, f"it shows {text!r}", cells)
    names = {e.tag.replace(XHTML, "") for e in document.iter() if isinstance(e.tag, str)}
    tap.ok(not names & {"script", "img", "link", "iframe"}, "it has no script", sorted(names))
    policy = headers["content-security-policy"]
    style = texts(document, "style")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    tap.ok(policy.startswith("default-src 'none'; ") and f"'sha256-{digest}'" in policy,
           "nothing but its style is let in", [policy])
    tap.ok(headers["x-content-type-options"] == "nosniff" and headers["refresh"] == "10"
           and headers["cache-control"] == "no-store", "it is not kept", [headers])
    return document


def follow(server, document):
    pages = {}
    for link in links(document):
        status, headers, body = server.get("/" + link)
        pages[link.split("=")[0]] = (headers, parse(body))
        tap.ok(status == 200, f"there is {link[:50]}", [status, body])
    _, job = pages["?job"]
    tap.ok(texts(job, "pre") == [f"\n</pre>{SHOWN}\n"], "a job has the end of its log",
           texts(job, "pre"))
    _, request = pages["?request"]
    tap.ok("waits" in texts(request, "a"), "a request has its jobs")
    tap.ok(server.get("/?job=none")[0] == 404, "a job that is not there")


def check_size(server):
    jobs = [{"key": f"job-{i}", "kind": f"k{i % 300}", "system": "s"} for i in range(MANY)]
    post(server, "/v1/requests", {"id": "many", "jobs": jobs})
    for path in ("/", "/?request=many"):
        body = server.get(path)[2]
        parse(body)
        tap.ok(len(body) < 100000, f"{path} with {MANY} jobs is small", [f"{len(body)} bytes"])


def check_roles(work):
    server = servers.Server(work, {"eye": "reader", "ant": "worker", "boss": "admin"})
    try:
        status, headers, _ = server.get("/")
        tap.ok(status == 401 and re.match("Basic realm=", headers["www-authenticate"]),
               "a browser is asked for a token", [status, headers])

        def basic(name, method="GET", path="/", body=None):
            pair = base64.b64encode(f"me:{server.tokens[name]}".encode()).decode()
            return server.ask(method, path, body, Authorization=f"Basic {pair}")[0]
        tap.ok(basic("eye") == 200, "a reader may see it")
        tap.ok(basic("ant") == 403, "a worker may not")
        tap.ok(server.get("/", "eye")[0] == 200, "a bearer may")
        job = {"jobs": [{"key": "a", "kind": "k", "system": "s"}]}
        tap.ok(basic("boss", "POST", "/v1/requests", job) == 401,
               "what a browser adds by itself changes nothing")
        tap.ok(server.ask("GET", "/", Authorization="Basic !")[0] == 401, "nonsense")
    finally:
        server.stop()


def main():
    with tempfile.TemporaryDirectory() as work:
        server = servers.Server(work)
        try:
            parse(server.get("/")[2])
            fill(server)
            follow(server, check_page(server))
            check_size(server)
        finally:
            server.stop()
    with tempfile.TemporaryDirectory() as work:
        check_roles(work)
    tap.done()


main()
