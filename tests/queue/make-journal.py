# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a journal in which there is a bit of everything, with the queue of a release:

    python3 tests/queue/make-journal.py BUILDQ tests/data/journal-N.db

BUILDQ is the tool as it was built then. tests/queue/test-journal-old.c opens what it made
with the queue of today, and names what it must find. Run it before version N of the
journal is left behind; what it made is never made anew.
"""
import base64
import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

TEXT = b"a text that job 'ready' needs\n"
ARTIFACT = {
    "name": "out",
    "store_path": "/buildq/store/0c9y0xnkb5ymq5wyv1gvlr1h3k8xaj5f-done",
    "nar_hash": "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
    "nar_size": 120,
    "locations": [{"uri": "https://mirror.example/nar/17.nar.zst", "compression": "zstd"}],
}


def nix_base32(digest):
    number = int.from_bytes(digest, "little")
    letters = "0123456789abcdfghijklmnpqrsvwxyz"
    return "".join(letters[number >> 5 * i & 31] for i in reversed(range(52)))


class Queue:
    """A queue, and one machine for each job: the system of a job is its key."""

    def __init__(self, tool, folder):
        port_file = os.path.join(folder, "port")
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [tool, "serve", "--state", folder, "--listen", "127.0.0.1:0",
             "--port-file", port_file], stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # "ready"
        with open(port_file, encoding="ascii") as file:
            self.port = int(file.read())

    def call(self, method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 400:
            sys.exit(f"{method} {path}: {answer.status} {text!r}")
        return json.loads(text) if text else None

    def submit(self, request, *jobs):
        self.call("POST", "/v1/requests",
                  {"id": request, "group": "old", "priority": 5, "jobs": jobs})

    def sync(self, key, number, **message):
        return self.call("POST", "/v1/sync", {
            "session": f"{number}-of-{key}", "name": f"machine-of-{key}", **message})

    def lease(self, key, number=1):
        """Leases the job; the token."""
        offer = {"groups": [{"systems": [key], "kinds": ["k"], "slots": 1}]}
        token = self.sync(key, number, seq=1, step="attach", offer=offer)["grants"][0]["token"]
        self.sync(key, number, seq=2, claims=[token], offer={})
        return token

    def end(self, key, outcome, number=1, **result):
        token = self.lease(key, number)
        reply = self.sync(key, number, seq=3, results=[
            {"key": key, "token": token, "outcome": outcome, **result}])
        assert reply["receipts"][0]["verdict"] == "accepted", reply

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()


def job(key, *depends, **members):
    return {"key": key, "kind": "k", "system": key, "depends": depends,
            "payload": f"what {key} is", **members}


def fill(queue):
    digest = "sha256:" + nix_base32(hashlib.sha256(TEXT).digest())
    queue.call("PUT", "/v1/texts/" + digest.replace(":", "%3A"), TEXT)
    queue.submit(
        "all",
        job("done", outputs=[{"name": "out"}]),
        job("ready", texts=[digest]),
        job("leased", "done", inputs=[{"name": "i", "job": "done", "output": "out"}]),
        job("waiting", "leased"),
        job("failed"),
        job("dep-failed", "failed"),
        job("lost"),
        job("again"))
    queue.submit("withdrawn", job("cancelled"))
    queue.end("done", "succeeded", artifacts=[ARTIFACT],
              log_tail=base64.b64encode(b"the end\n").decode())
    queue.submit("finished", job("done", outputs=[{"name": "out"}]))
    queue.end("failed", "failed", exit_status=1, message="the builder says no")
    queue.end("again", "host-fault", message="out of memory")
    queue.lease("cancelled")
    queue.call("DELETE", "/v1/requests/withdrawn", b"")
    queue.lease("leased")
    # The first machine is gone, and one of the same name has the job: two leases.
    queue.lease("lost")
    offer = {"groups": [{"systems": ["none"], "kinds": ["k"], "slots": 1}]}
    queue.sync("lost", 1, seq=3, step="attach", offer=offer)
    queue.sync("lost", 1, seq=4, step="leave")
    queue.lease("lost", 2)


def main():
    with tempfile.TemporaryDirectory() as folder:
        queue = Queue(sys.argv[1], folder)
        try:
            fill(queue)
        finally:
            queue.stop()
        shutil.copy(os.path.join(folder, "journal.db"), sys.argv[2])


main()
