#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records what the tool `buildq` and its server say to each other on a full road.

    tests/protocol/record.py TOOL FOLDER

TOOL is the `buildq` of the version to be recorded, FOLDER gets road.jsonl: a line for each
HTTP request, answer and WebSocket frame, in the order in which they passed; and the mirror
that was written to. What differs from run to run in a way that the replay must know stands
there as @WORK@ (the directory of the road), @TOKEN:name@ and @PORT@."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import wire

ROLES = {"boss": "admin", "ant": "worker", "eye": "reader"}
SHELL = ["/bin/sh", "-c"]
JOBS = {"id": "road", "group": "science", "priority": 7, "jobs": [
    {"key": "one", "argv": SHELL + ["/bin/cat $BUILDQ_INPUT_words > $out; echo first"],
     "inputs": {"words": {"file": "words.txt"}}, "outputs": ["out"]},
    {"key": "two", "argv": SHELL + ["/bin/cat $BUILDQ_INPUT_one > $out"],
     "inputs": {"one": {"job": "one"}}, "outputs": ["out"]},
    {"key": "with/slash", "argv": SHELL + ["echo to stderr >&2; exit 3"]}]}
SLOW = {"id": "slow", "jobs": [
    {"key": "slow", "argv": SHELL + ["echo begun; exec /bin/sleep 600"]}]}
TEXT = b"a text that a job is made of\n"
TEXT_HASH = "sha256:0v12ahybglxsl1866lm3af8bbxcg3rj19vxfmz0inpyr0kswpazr"
HAND_JOB = {"key": "by/hand", "kind": "by-hand", "system": "any", "argv": ["true"]}


class Recorder:
    """A proxy in front of the server, that writes down what passes."""

    def __init__(self, port, names, path):
        self.port = port
        self.names = names
        self.file = open(path, "w", encoding="utf-8")
        self.lock = threading.Lock()
        self.sock = wire.listen()
        self.own_port = self.sock.getsockname()[1]
        self.names[f"127.0.0.1:{self.own_port}"] = "@PORT@"
        self.connections = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def write(self, connection, origin, **what):
        line = json.dumps({"connection": connection, "from": origin, **what},
                          ensure_ascii=False)
        for value, name in self.names.items():
            line = line.replace(value, name)
        with self.lock:
            if not self.file.closed:
                self.file.write(line + "\n")

    def accept(self):
        while True:
            sock, _ = self.sock.accept()
            self.connections += 1
            threading.Thread(target=self.serve, args=(self.connections, wire.Stream(sock)),
                             daemon=True).start()

    def serve(self, number, client):
        server = wire.connect(self.port)
        server.sock.settimeout(None)
        try:
            while self.exchange(number, client, server):
                pass
            threading.Thread(target=self.frames, args=(number, "client", client, server),
                             daemon=True).start()
            self.frames(number, "server", server, client)
        except (wire.Closed, OSError):
            pass
        client.sock.close()
        server.sock.close()

    def exchange(self, number, client, server):
        """One request and its answer; false when it opened a WebSocket."""
        line, headers, body = client.message()
        method, path, _ = line.split(" ")
        self.write(number, "client", request={"method": method, "path": path, "headers": headers,
                                              **wire.as_record(body)})
        headers.pop("transfer-encoding", None)
        if body:
            headers["content-length"] = len(body)
        server.sock.sendall(wire.head(line, headers) + body)
        line, headers, body = server.message()
        self.write(number, "server", response={"status": int(line.split(" ")[1]),
                                               "headers": headers, **wire.as_record(body)})
        client.sock.sendall(wire.head(line, headers) + body)
        return not line.split(" ")[1] == "101"

    def frames(self, number, origin, source, sink):
        try:
            while True:
                opcode, payload = source.frame()
                if opcode == wire.TEXT:
                    self.write(number, origin, frame=payload.decode("utf-8"))
                sink.send_frame(opcode, payload, origin == "client")
        except (wire.Closed, OSError):
            sink.sock.close()


class Road:
    def __init__(self, tool, folder, work):
        self.tool = tool
        self.work = work
        self.names = {work: "@WORK@"}
        self.env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": work, "TMPDIR": work,
                    "BUILDQ_CONFIG": "/dev/null", "BUILDQ_STATE": os.path.join(work, "state"),
                    **{k: v for k, v in os.environ.items() if k.startswith(("LD_", "BUILDQ_LIB"))}}
        for name, role in ROLES.items():
            token = self.buildq("token", "add", name, "--role", role).strip()
            self.names[token] = f"@TOKEN:{name}@"
            self.write(f"{name}.token", token)
        self.server = self.start("serve", "--listen", "127.0.0.1:0", "--port-file",
                                 os.path.join(work, "port"))
        port = self.wait_for(lambda: self.read("port"))
        self.recorder = Recorder(int(port), self.names, os.path.join(folder, "road.jsonl"))
        self.env["BUILDQ_URI"] = f"http://127.0.0.1:{self.recorder.own_port}"
        self.token = None

    def write(self, name, text):
        with open(os.path.join(self.work, name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        try:
            with open(os.path.join(self.work, name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_for(self, condition):
        for _ in range(600):
            if value := condition():
                return value
            time.sleep(0.05)
        raise TimeoutError(condition)

    def act_as(self, name):
        self.token = self.read(f"{name}.token")
        self.env["BUILDQ_TOKEN_FILE"] = os.path.join(self.work, f"{name}.token")

    def buildq(self, *args, status=0):
        run = subprocess.run([self.tool, *args], env=self.env, cwd=self.work, text=True,
                             stdout=subprocess.PIPE, check=False)
        if run.returncode != status:
            raise RuntimeError(f"{args}: status {run.returncode}")
        return run.stdout

    def start(self, *args):
        return subprocess.Popen([self.tool, *args], env=self.env, cwd=self.work)

    def ask(self, method, path, body=None, headers=None):
        """What a script with curl says."""
        stream = wire.connect(self.recorder.own_port)
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        fields = {"Host": f"127.0.0.1:{self.recorder.own_port}", "User-Agent": "by-hand",
                  "Content-Length": len(data), **(headers or {})}
        if self.token:
            fields.setdefault("Authorization", f"Bearer {self.token}")
        stream.sock.sendall(wire.head(f"{method} {path} HTTP/1.1", fields) + data)
        _, _, answer = stream.message()
        stream.sock.close()
        return json.loads(answer) if answer[:1] == b"{" else answer


def by_hand(road):
    """All that can be asked, and how it is refused."""
    road.ask("GET", "/healthz")
    road.ask("GET", "/v1/status")
    road.act_as("eye")
    road.ask("GET", "/v1/status")
    road.ask("POST", "/v1/requests", {"jobs": [HAND_JOB]})
    road.act_as("boss")
    hash_ = road.ask("POST", "/v1/texts/missing", {"hashes": [TEXT_HASH]})["missing"][0]
    road.ask("PUT", f"/v1/texts/{hash_}", TEXT)
    road.ask("GET", f"/v1/texts/{hash_}")
    road.ask("GET", "/v1/texts/nonsense")
    job = dict(HAND_JOB, texts=[hash_], features=["f"], cores=2)
    road.ask("POST", "/v1/requests", {"jobs": [dict(job, texts=["sha256:" + "0" * 52])]})
    road.ask("POST", "/v1/requests", {"id": "by-hand", "jobs": [job]})
    road.ask("POST", "/v1/requests", {"id": "by-hand", "jobs": [job]})
    road.ask("POST", "/v1/requests", {"jobs": [dict(job, argv=["false"])]})
    road.ask("POST", "/v1/requests", b"{not json")
    road.ask("POST", "/v1/requests", {"jobs": [dict(job, key="p", depends=["q"]),
                                               dict(job, key="q", depends=["p"])]})
    road.ask("PATCH", "/v1/requests/by-hand")
    road.ask("GET", "/v1/nothing")
    road.ask("GET", "/v1/jobs/nothing")
    sync_by_hand(road)
    road.ask("GET", "/v1/jobs/by%2Fhand")
    road.ask("GET", "/v1/jobs?request=by-hand&state=succeeded,failed&limit=10")
    road.ask("GET", "/v1/requests/by-hand")
    road.ask("DELETE", "/v1/requests/by-hand")


def sync_by_hand(road):
    """A worker that polls; all of its results but the last do not count."""
    session = {"session": "s1", "name": "hand"}
    group = {"systems": ["any"], "kinds": ["by-hand"], "features": ["f"], "cores": 2, "slots": 1}
    road.ask("POST", "/v1/sync", {**session, "seq": 1})
    reply = road.ask("POST", "/v1/sync", {**session, "seq": 2, "step": "attach", "version": 1,
                                          "offer": {"groups": [group]}, "holding": ["old"]})
    token = reply["grants"][0]["token"]
    result = {"token": token, "attempt": 1, "key": "by/hand", "outcome": "succeeded"}
    road.ask("POST", "/v1/sync", {**session, "seq": 3, "claims": [token, "unknown"]})
    road.ask("POST", "/v1/sync", {"session": "s2", "name": "hand", "seq": 1, "step": "attach",
                                  "offer": {"groups": []}})
    road.ask("POST", "/v1/sync", {**session, "seq": 4, "results": [dict(result, token="unknown")]})
    road.ask("POST", "/v1/sync", {**session, "seq": 5, "results": [result]})
    road.ask("POST", "/v1/sync", {**session, "seq": 6, "results": [result]})
    road.ask("POST", "/v1/sync", {**session, "seq": 7, "step": "leave"})


def with_the_tool(road):
    """The road from a job file to a published result, and a job that is cancelled."""
    road.write("words.txt", "some words\n")
    road.write("road.json", json.dumps(JOBS))
    road.write("slow.json", json.dumps(SLOW))
    road.act_as("ant")
    worker = road.start("work", "--name", "ant", "--mirror", os.path.join(road.work, "mirror"))
    road.act_as("boss")
    road.wait_for(lambda: '"ant"' in road.buildq("status", "--workers", "--json"))
    road.buildq("submit", "road.json", "--mirror", os.path.join(road.work, "mirror"), "--wait",
                status=1)
    road.buildq("status", "road")
    road.buildq("status", "one")
    road.buildq("status", "--jobs")
    road.buildq("log", "one")
    road.buildq("submit", "slow.json")
    road.wait_for(lambda: '"leased"' in road.buildq("status", "slow", "--json"))
    with open(os.path.join(road.work, "follow.log"), "wb") as out:
        follow = subprocess.Popen([road.tool, "log", "-f", "slow"], env=road.env, stdout=out)
    road.wait_for(lambda: "begun" in road.read("follow.log"))
    road.buildq("cancel", "slow")
    follow.wait(60)
    road.wait_for(lambda: '"holding"' not in road.buildq("status", "--workers", "--json"))
    road.buildq("status", "nothing", status=1)
    worker.terminate()
    worker.wait(60)


def main():
    tool, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        road = Road(os.path.abspath(tool), folder, os.path.realpath(work))
        try:
            by_hand(road)
            with_the_tool(road)
            shutil.copytree(os.path.join(work, "mirror"), os.path.join(folder, "mirror"))
        finally:
            road.recorder.file.close()
            road.server.terminate()
            road.server.wait(60)


main()
