# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tool of today on servers of older versions, that say what they said then: it gets the
same work done, and says all that they had to know."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(SOURCES, "tests", "project")]
import compare  # noqa: E402
import tap  # noqa: E402
import wire  # noqa: E402

TOOL = os.environ.get("BUILDQ_TOOL", "build/tools/buildq")


def deeds(message):
    """What a message of a worker does, whatever else it says."""
    found = {("attach",)} if message.get("step") == "attach" else set()
    found |= {("claim", token) for token in message.get("claims", [])}
    found |= {("log", chunk["token"]) for chunk in message.get("logs", [])}
    for result in message.get("results", []):
        found |= {("result", result["token"], result["outcome"])}
        found |= {(result["token"], artifact["store_path"], artifact["nar_hash"])
                  for artifact in result.get("artifacts", [])}
    return found


class OldServer:
    """Answers as was recorded: a path by what it was answered in turn, the last again and
    again; a session with each frame as soon as all is done that had been done by then."""

    def __init__(self, events, enrich):
        self.enrich = enrich
        self.sock = wire.listen()
        self.port = self.sock.getsockname()[1]
        self.answers = {}
        self.requests = {}
        self.frames = []
        self.done = set()
        self.expected = set()
        self.asked = {}
        self.read(events)
        threading.Thread(target=self.accept, daemon=True).start()

    def read(self, events):
        under_way = {}
        for event in events:
            if "request" in event:
                under_way[event["connection"]] = event["request"]
            elif "response" in event:
                self.remember(under_way[event["connection"]], event["response"])
            else:
                message = json.loads(event["frame"])
                if event["from"] == "client":
                    self.expected |= deeds(message)
                else:
                    self.frames.append((set(self.expected), message))

    def remember(self, request, response):
        if request["headers"].get("user-agent") == "by-hand":
            return
        key = f"{request['method']} {request['path']}"
        if key == "POST /v1/requests":
            key += " " + json.loads(request["text"])["id"]
        self.answers.setdefault(key, []).append(response)
        self.requests[key] = request

    def accept(self):
        while True:
            sock, _ = self.sock.accept()
            threading.Thread(target=self.serve, args=(wire.Stream(sock),), daemon=True).start()

    def serve(self, stream):
        try:
            while True:
                line, headers, body = stream.message()
                method, path, _ = line.split(" ")
                key = f"{method} {path}"
                if "upgrade" in headers:
                    self.serve_session(stream, headers)
                if key == "POST /v1/requests":
                    key += " " + json.loads(body)["id"]
                self.asked[key] = body
                answers = self.answers.get(key, [])
                answer = answers.pop(0) if len(answers) > 1 else answers[0] if answers else {
                    "status": 404, "headers": {"content-type": "application/json"},
                    "text": '{"error":{"code":"not-found","message":"there is nothing there"}}'}
                data = self.dress(wire.from_record(answer).decode()).encode()
                stream.sock.sendall(wire.head(
                    f"HTTP/1.1 {answer['status']} Old",
                    dict(answer["headers"], **{"content-length": len(data)})) + data)
        except (wire.Closed, OSError):
            stream.sock.close()

    def serve_session(self, stream, headers):
        stream.sock.sendall(wire.head("HTTP/1.1 101 Switching Protocols", {
            "Upgrade": "websocket", "Connection": "Upgrade",
            "Sec-WebSocket-Accept": wire.accept_key(headers["sec-websocket-key"])}))
        seq = 0
        while True:
            opcode, payload = stream.frame()
            if opcode == wire.PING:
                stream.send_frame(wire.PONG, payload, False)
            if opcode != wire.TEXT:
                continue
            message = json.loads(payload)
            self.done |= deeds(message)
            replies = []
            while self.frames and self.frames[0][0] <= self.done:
                replies.append(self.frames.pop(0)[1])
            for reply in replies or [{"version": 1, "session_ms": 30000, "next_ms": 10000}]:
                seq += 1
                stream.send_frame(wire.TEXT, self.dress(json.dumps(dict(
                    reply, session=message["session"], seq=seq, ack=message["seq"]))).encode(),
                    False)

    def dress(self, text):
        return compare.enrich(text) if self.enrich and text.startswith("{") else text


class Client:
    def __init__(self, work, port):
        self.work = work
        self.env = dict(os.environ, BUILDQ_URI=f"http://127.0.0.1:{port}", TMPDIR=work,
                        BUILDQ_CONFIG="/dev/null", BUILDQ_STATE=os.path.join(work, "state"))
        self.mirror = os.path.join(work, "mirror")
        self.write("token", "bq_" + "x" * 43)
        self.env["BUILDQ_TOKEN_FILE"] = os.path.join(work, "token")

    def write(self, name, text):
        with open(os.path.join(self.work, name), "w", encoding="utf-8") as file:
            file.write(text)

    def does(self, *args, status=0, says=()):
        run = subprocess.run([TOOL, *args], env=self.env, cwd=self.work, text=True, timeout=60,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        tap.ok(run.returncode == status and all(word in run.stdout for word in says),
               f"buildq {' '.join(args)}".replace(self.work, ""),
               [f"status {run.returncode}", run.stdout])

    def start_worker(self):
        # The old server gives what was taken then, whatever is offered.
        return subprocess.Popen([TOOL, "work", "--name", "ant", "--mirror", self.mirror,
                                 "--max-load-percent", "0", "--min-memory", "0",
                                 "--min-disk", "0", "--min-inodes", "0",
                                 "--slots", "4"], env=self.env, cwd=self.work, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def job_file(recorded):
    """The request as it was given to the tool: its inputs were files."""
    request = json.loads(recorded["text"])
    for job in request["jobs"]:
        for entry in job.get("inputs", []):
            if "artifact" in entry:
                del entry["artifact"]
                entry["file"] = f"{entry['name']}.txt"
    return json.dumps(request)


def work(client, server):
    """The worker is given all the jobs of the recording, one after the other."""
    worker = client.start_worker()
    watchdog = threading.Timer(60, worker.kill)
    watchdog.start()
    lines = []
    for line in worker.stdout:
        lines.append(line.rstrip())
        if "'slow': cancelled" in line:
            break
    worker.terminate()
    lines += worker.communicate()[0].splitlines()
    watchdog.cancel()
    tap.ok(worker.returncode == 0, "buildq work", lines)
    tap.nothing(sorted(map(str, server.expected - server.done)), "it does all that was done then")
    published = sorted(n for n in os.listdir(client.mirror) if n.endswith(".narinfo"))
    return published


def play(folder, work_dir, enrich):
    names = {"@WORK@": work_dir, "@PORT@": "127.0.0.1"}
    server = OldServer(compare.load(folder, names), enrich)
    client = Client(work_dir, server.port)
    old_mirror = os.path.join(folder, "mirror")
    shutil.copytree(os.path.join(old_mirror, "nar"), os.path.join(client.mirror, "nar"))

    published = work(client, server)
    tap.ok(published == sorted(n for n in os.listdir(old_mirror) if n.endswith(".narinfo")),
           "the worker published what was published then", published)
    client.write("words.txt", "some words\n")
    for name in ("road", "slow"):
        client.write(f"{name}.json", job_file(server.requests[f"POST /v1/requests {name}"]))
    client.does("submit", "road.json", "--mirror", client.mirror, "--wait", status=1,
                says=["2 of 3 succeeded", "to stderr"])
    client.does("submit", "slow.json", says=["slow"])
    for name in ("road", "slow"):
        key = f"POST /v1/requests {name}"
        old = json.loads(server.requests[key]["text"])
        try:
            compare.Comparison().holds(without_files(old),
                                       without_files(json.loads(server.asked[key])))
        except compare.Differs as error:
            tap.ok(False, f"the request '{name}' has all that it had", [str(error)])
        else:
            tap.ok(True, f"the request '{name}' has all that it had")
    client.does("status", "road", says=["2 of 3"])
    client.does("status", "one", says=["succeeded"])
    client.does("status", "--jobs", says=["with/slash"])
    client.does("status", "--workers", says=["no workers"])
    client.does("log", "one", says=["first"])
    client.does("log", "-f", "slow", says=["begun"])
    client.does("cancel", "slow", says=["slow: cancelled"])
    client.does("status", "nothing", status=1, says=["there is no request and no job 'nothing'"])


def without_files(request):
    """Without the bytes of compressed files, which follow from the compressor's version."""
    for job in request["jobs"]:
        for entry in job.get("inputs", []):
            entry.get("artifact", {}).pop("locations", None)
    return request


def main():
    for folder in compare.folders(SOURCES):
        for enrich in (False, True):
            with tempfile.TemporaryDirectory() as work_dir:
                play(folder, os.path.realpath(work_dir), enrich)
    tap.done()


main()
