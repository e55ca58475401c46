# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server of today: `buildq serve` with a state directory of its own."""
import json
import os
import subprocess
import time

import wire

TOOL = os.environ.get("BUILDQ_TOOL", "build/tools/buildq")


class Server:
    """With a token for each name in `roles`; without any, everybody on this machine may."""

    def __init__(self, work, roles=None):
        self.env = dict(os.environ, BUILDQ_CONFIG="/dev/null",
                        BUILDQ_STATE=os.path.join(work, "state"))
        self.tokens = {}
        for name, role in (roles or {}).items():
            run = subprocess.run([TOOL, "token", "add", name, "--role", role], env=self.env,
                                 text=True, stdout=subprocess.PIPE, check=True)
            self.tokens[name] = run.stdout.strip()
        port_file = os.path.join(work, "port")
        self.process = subprocess.Popen([TOOL, "serve", "--listen", "127.0.0.1:0",
                                         "--port-file", port_file], env=self.env,
                                        stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not os.path.exists(port_file) or os.path.getsize(port_file) == 0:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("the server does not start")
            time.sleep(0.05)
        with open(port_file, encoding="utf-8") as file:
            self.port = int(file.read())

    def ask(self, method, path, body=None, **headers):
        """Status, headers and body of the answer; a body that is no bytes goes as JSON."""
        stream = wire.connect(self.port)
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        fields = {"Host": f"127.0.0.1:{self.port}", "Content-Length": len(data), **headers}
        stream.sock.sendall(wire.head(f"{method} {path} HTTP/1.1", fields) + data)
        line, answer_headers, answer = stream.message()
        stream.sock.close()
        return int(line.split(" ")[1]), answer_headers, answer

    def get(self, path, name=None):
        """As the one who has this name's token."""
        return self.ask("GET", path, **(
            {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}))

    def stop(self):
        self.process.terminate()
        return self.process.wait(30)
