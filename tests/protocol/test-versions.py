# SPDX-License-Identifier: LGPL-2.1-or-later
"""What both sides say of what they speak, and what they say when it is not the same."""
import json
import os
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(SOURCES, "tests", "project")]
import server as servers  # noqa: E402
import tap  # noqa: E402
import wire  # noqa: E402

REFUSAL = {"error": {"code": "not-supported", "message":
                     "version 1 of the protocol is asked for; this is libbuildq 9, which speaks "
                     "version 2"}}


def refuses(server, path, what, **headers):
    status, _, body = server.ask("GET", path, **headers)
    error = json.loads(body)["error"]
    tap.ok(status == 501 and error["code"] == "not-supported"
           and "version 2 " in error["message"] and "speaks version 1" in error["message"],
           f"the server refuses {what} and names both versions", [status, body])


def check_server(server):
    refuses(server, "/v2/jobs", "a path of another version")
    refuses(server, "/v1/jobs", "a client of another version", **{"Buildq-Protocol": "2"})
    status, headers, body = server.ask("GET", "/v1/status", **{"Buildq-Protocol": "2 1"})
    tap.ok(status == 200 and headers["buildq-protocol"] == "1", "it takes one that speaks both",
           [status, headers])
    said = json.loads(body)
    tap.ok(said["version"] == 1 and "stats" in said["capabilities"], "the status says what it can",
           [body])
    attach = {"session": "s", "name": "n", "seq": 1, "step": "attach", "version": 7,
              "capabilities": ["flying"]}
    status, _, body = server.ask("POST", "/v1/sync", attach)
    reply = json.loads(body)
    tap.ok(reply["version"] == 1 and "stats" in reply["capabilities"],
           "so does the answer to one who can more", [body])
    status, _, body = server.ask("POST", "/v1/sync", dict(attach, seq=2, step="continue"))
    tap.ok("capabilities" not in json.loads(body), "and it is not said again", [body])


class LaterServer:
    """Speaks another version only, and says so with or without a header."""

    def __init__(self, header):
        self.header = header
        self.heard = []
        self.sock = wire.listen()
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.sock.accept()
            threading.Thread(target=self.serve, args=(wire.Stream(sock),), daemon=True).start()

    def serve(self, stream):
        try:
            while True:
                _, headers, _ = stream.message()
                self.heard.append(headers.get("buildq-protocol"))
                body = json.dumps({} if self.header else REFUSAL).encode()
                fields = {"Content-Type": "application/json", "Content-Length": len(body)}
                if self.header:
                    fields["Buildq-Protocol"] = "2 3"
                stream.sock.sendall(wire.head("HTTP/1.1 200 OK" if self.header else
                                              "HTTP/1.1 501 Not Implemented", fields) + body)
        except (wire.Closed, OSError):
            stream.sock.close()


def check_client(work):
    for header in (True, False):
        later = LaterServer(header)
        env = dict(os.environ, BUILDQ_URI=f"http://127.0.0.1:{later.port}", BUILDQ_STATE=work,
                   BUILDQ_CONFIG="/dev/null")
        for args in (["status"], ["work", "--name", "ant"]):
            run = subprocess.run([servers.TOOL, *args], env=env, text=True, check=False,
                                 stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, timeout=60)
            tap.ok(run.returncode == 1 and "version 2" in run.stderr and "version 1" in run.stderr,
                   f"buildq {args[0]} names both versions", [run.returncode, run.stderr])
        tap.ok(later.heard and set(later.heard) == {"1"}, "it says what it speaks", [later.heard])


def main():
    with tempfile.TemporaryDirectory() as work:
        server = servers.Server(work)
        try:
            check_server(server)
        finally:
            server.stop()
    with tempfile.TemporaryDirectory() as work:
        check_client(work)
    tap.done()


main()
