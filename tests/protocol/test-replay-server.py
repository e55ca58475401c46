# SPDX-License-Identifier: LGPL-2.1-or-later
"""What clients of older versions said, said to the server of today: its answers must have
all that they had then."""
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(SOURCES, "tests", "project")]
import compare  # noqa: E402
import server as servers  # noqa: E402
import tap  # noqa: E402
import wire  # noqa: E402

ROLES = {"boss": "admin", "ant": "worker", "eye": "reader"}


class Player:
    def __init__(self, port, enrich):
        self.port = port
        self.enrich = enrich
        self.streams = {}
        self.asked = {}
        self.tokens = {}

    def play(self, event):
        number = event["connection"]
        stream = self.streams.get(number)
        if stream is None:
            stream = self.streams[number] = wire.connect(self.port)
        if "request" in event:
            self.ask(stream, number, event["request"])
        elif "response" in event:
            self.answer(stream, number, event["response"])
        elif event["from"] == "client":
            stream.send_frame(wire.TEXT, self.translate(event["frame"]).encode(), True)
        else:
            self.frame(stream, event["frame"])

    def translate(self, text):
        if self.enrich and text.startswith("{") and '"' in text:
            text = compare.enrich(text)
        for old, new in self.tokens.items():
            text = text.replace(old, new)
        return text

    def ask(self, stream, number, request):
        body = wire.from_record(request)
        if "text" in request:
            body = self.translate(body.decode()).encode()
        headers = dict(request["headers"])
        if body:
            headers["content-length"] = len(body)
        self.asked[number] = f"{request['method']} {request['path']}"
        stream.sock.sendall(wire.head(f"{self.asked[number]} HTTP/1.1", headers) + body)

    def answer(self, stream, number, old):
        line, headers, body = stream.message()
        name = f"{self.asked[number]}: {old['status']}"
        try:
            if line.split(" ")[1] != str(old["status"]):
                raise compare.Differs(f"{line}: {body!r}")
            self.compare_headers(old["headers"], headers)
            self.compare_body(old, body)
        except compare.Differs as error:
            tap.ok(False, name, [str(error)])
        else:
            tap.ok(True, name)

    @staticmethod
    def compare_headers(old, new):
        for name in ("content-type", "cache-control", "upgrade"):
            if old.get(name) != new.get(name):
                raise compare.Differs(f"{name}: {new.get(name)}, and was {old.get(name)}")
        for name in ("allow", "www-authenticate"):
            words = set(old.get(name, "").replace(",", " ").split())
            if not words <= set(new.get(name, "").replace(",", " ").split()):
                raise compare.Differs(f"{name}: {new.get(name)}, and was {old.get(name)}")

    def compare_body(self, old, body):
        before = wire.from_record(old)
        if old["headers"].get("content-type") == "application/json":
            self.compare_json(before.decode(), body.decode())
        elif before != body:
            raise compare.Differs(f"{body!r}, and was {before!r}")

    def compare_json(self, old, new):
        comparison = compare.Comparison(self.tokens)
        comparison.holds(json.loads(old), json.loads(new))
        self.tokens = comparison.tokens

    def frame(self, stream, old):
        """The one that was recorded, perhaps after others that were not."""
        found = []
        name = f"frame {old[:160]}"
        try:
            while True:
                opcode, payload = stream.frame()
                if opcode == wire.PING:
                    stream.send_frame(wire.PONG, payload, True)
                if opcode != wire.TEXT:
                    continue
                try:
                    self.compare_json(old, payload.decode())
                    tap.ok(True, name)
                    return
                except compare.Differs as error:
                    found += [str(error), payload.decode()]
        except (wire.Closed, OSError) as error:
            tap.ok(False, name, found + [repr(error)])


def names(server, work):
    """What stands in the recording for what differs from run to run."""
    found = {f"@TOKEN:{name}@": token for name, token in server.tokens.items()}
    return dict(found, **{"@WORK@": work, "@PORT@": f"127.0.0.1:{server.port}"})


def play(folder, enrich):
    with tempfile.TemporaryDirectory() as work:
        server = servers.Server(work, ROLES)
        try:
            player = Player(server.port, enrich)
            for event in compare.load(folder, names(server, work)):
                player.play(event)
        finally:
            server.stop()
        tap.ok(server.process.returncode == 0, f"{os.path.basename(folder)} was played")


def main():
    """As it was said then, and with members that nobody knows, as in years to come."""
    for folder in compare.folders(SOURCES):
        play(folder, False)
        play(folder, True)
    tap.done()


main()
