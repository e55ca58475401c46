# SPDX-License-Identifier: LGPL-2.1-or-later
"""/metrics, read by the parser of Prometheus' own client; /healthz; who may see them."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(SOURCES, "tests", "project")]
import server as servers  # noqa: E402
import tap  # noqa: E402

try:
    from prometheus_client import parser
except ImportError:
    tap.skip_all("no python3-prometheus-client")

NASTY = 'a"b\\c\nd{e="f"} é'


def read(text):
    """Value by name and labels; every family has a type and, as all of ours, a help."""
    values = {}
    bad = []
    for family in parser.text_string_to_metric_families(text):
        if family.type not in ("counter", "gauge") or not family.documentation:
            bad.append(f"{family.name}: {family.type}, {family.documentation}")
        for sample in family.samples:
            if (family.type == "counter") != sample.name.endswith("_total"):
                bad.append(f"{sample.name} is a {family.type}")
            key = (sample.name, *sorted(sample.labels.items()))
            if key in values:
                bad.append(f"{key} twice")
            values[key] = sample.value
    tap.nothing(bad, "all metrics are well-formed")
    return values


def submit(server, kind):
    job = {"key": "a", "kind": kind, "system": "s", "features": ["y", "x"]}
    status, _, body = server.ask("POST", "/v1/requests", {"id": "r", "jobs": [job]})
    tap.ok(status == 201, "submit", [body])


def build(server, kind):
    group = {"systems": ["s"], "kinds": [kind], "features": ["x", "y"], "slots": 3}
    attach = {"session": "s1", "name": "m", "seq": 1, "step": "attach",
              "offer": {"groups": [group]}}
    token = servers.json.loads(server.ask("POST", "/v1/sync", attach)[2])["grants"][0]["token"]
    result = {"token": token, "attempt": 1, "outcome": "succeeded"}
    server.ask("POST", "/v1/sync", {"session": "s1", "name": "m", "seq": 2, "claims": [token],
                                    "results": [result]})


def check_values(server):
    submit(server, NASTY)
    build(server, NASTY)
    status, headers, body = server.get("/metrics")
    tap.ok(status == 200 and headers["content-type"] ==
           "text/plain; version=0.0.4; charset=utf-8", "it is the text format 0.0.4", [headers])
    values = read(body.decode())
    group = (("features", "x,y"), ("kind", NASTY), ("system", "s"))
    expected = {
        ("buildq_jobs", *group, ("state", "succeeded")): 1,
        ("buildq_jobs", *group, ("state", "ready")): 0,
        ("buildq_jobs_submitted_total", *group): 1,
        ("buildq_leases_granted_total", *group): 1,
        ("buildq_requests_active",): 0,
        ("buildq_requests_submitted_total",): 1,
        ("buildq_sessions", ("state", "connected")): 1,
        ("buildq_slots",): 3,
        ("buildq_results_total", ("outcome", "succeeded"), ("verdict", "accepted")): 1,
        ("buildq_queue_up",): 1,
        ("buildq_http_answers_total", ("code", "2xx"), ("method", "POST"),
         ("path", "/v1/sync")): 2,
    }
    tap.nothing([f"{key} is not {value}" for key, value in expected.items()
                 if values.get((key[0], *sorted(key[1:]))) != value], "the values are what was done")
    names = {key[0] for key in values}
    for name in ("journal_commits_total", "journal_commit_seconds_total", "journal_bytes",
                 "journal_log_bytes", "uptime_seconds", "received_bytes_total", "build_info"):
        tap.ok(f"buildq_{name}" in names, f"there is buildq_{name}")


def check_roles(work):
    server = servers.Server(work, {"eye": "reader", "ant": "worker"})
    try:
        for path in ("/metrics", "/v1/stats"):
            tap.ok(server.get(path)[0] == 401, f"{path} without a token")
            tap.ok(server.get(path, "ant")[0] == 403, f"{path} for a worker")
            tap.ok(server.get(path, "eye")[0] == 200, f"{path} for a reader")
        status, _, body = server.get("/healthz")
        tap.ok(status == 200 and servers.json.loads(body)["status"] == "ok",
               "/healthz for everybody", [body])
    finally:
        server.stop()


def main():
    with tempfile.TemporaryDirectory() as work:
        server = servers.Server(work)
        try:
            check_values(server)
        finally:
            server.stop()
    with tempfile.TemporaryDirectory() as work:
        check_roles(work)
    tap.done()


main()
