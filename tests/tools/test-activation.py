# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tool below a service manager: sockets that are handed over, what is told back, and
that none of it gets to the jobs."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(SOURCES, "tests", "project"))
import tap  # noqa: E402

TOOL = os.environ.get("BUILDQ_TOOL", "build/tools/buildq")
DEADLINE_S = 30
# Runs a command with a pid that it knows, as a service manager does.
EXEC = 'LISTEN_PID=${LISTEN_PID-$$} exec "$@"'


class Manager:
    def __init__(self, folder):
        self.folder = folder
        self.running = []
        self.notify_path = os.path.join(folder, "notify")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.notify_path)
        self.notify.settimeout(DEADLINE_S)

    def start(self, *args, sockets=(), notify=None, **env):
        """Sockets become file descriptors 3 and so on."""
        environment = dict(os.environ, BUILDQ_CONFIG=tap.CONFIG, TMPDIR=self.folder,
                           NOTIFY_SOCKET=notify or self.notify_path, **env)
        numbers = [s.fileno() for s in sockets]

        def place():  # between fork and exec
            high = [os.dup2(number, 100 + i) for i, number in enumerate(numbers)]
            for i, number in enumerate(high):
                os.dup2(number, 3 + i)
                os.close(number)

        process = subprocess.Popen(["/bin/sh", "-c", EXEC, "sh", TOOL, *args], env=environment,
                                   cwd=self.folder, text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, close_fds=False, preexec_fn=place)
        self.running.append(process)
        return process

    def told(self):
        try:
            return self.notify.recv(4096).decode()
        except socket.timeout:
            return "nothing"

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.notify.close()


def listening(address="127.0.0.1", family=socket.AF_INET):
    sock = socket.socket(family)
    sock.bind((address, 0))
    sock.listen()
    return sock


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=DEADLINE_S) as answer:
        return answer.status


def test_serve(manager):
    first, second = listening(), listening()
    queue = manager.start("serve", sockets=[first, second], LISTEN_FDS="2",
                          STATE_DIRECTORY=os.path.join(manager.folder, "state"))
    tap.ok(manager.told() == "READY=1", "the queue tells that it is ready")
    port = first.getsockname()[1]
    tap.ok(get(port, "/healthz") == 200, "it answers on the socket that was handed over")
    tap.ok(get(second.getsockname()[1], "/healthz") == 200, "and on the second one")
    tap.ok(os.path.exists(os.path.join(manager.folder, "state", "journal.db")),
           "its state is in the directory of the service")
    with open(f"/proc/{queue.pid}/environ", encoding="utf-8") as file:
        given = file.read()
    tap.ok("LISTEN_FDS=2" in given, "it was started as by systemd")
    return queue, port


def test_work(manager, port):
    """The environment of the service is not that of the jobs."""
    uri = f"http://127.0.0.1:{port}"
    mirror = os.path.join(manager.folder, "mirror")
    worker = manager.start("work", "--name", "ant", "--mirror", mirror, BUILDQ_URI=uri,
                           STATE_DIRECTORY=os.path.join(manager.folder, "worker"))
    tap.ok(manager.told() == "READY=1", "the worker tells that it is ready")
    job = {"key": "env", "argv": ["/bin/sh", "-c", "env; ls /proc/self/fd | tr '\\n' ' '"]}
    with open(os.path.join(manager.folder, "job.json"), "w", encoding="utf-8") as file:
        json.dump({"jobs": [job]}, file)
    environment = dict(os.environ, BUILDQ_CONFIG="/dev/null", BUILDQ_URI=uri)
    for args in (["submit", "job.json", "--wait"], ["log", "env"]):
        run = subprocess.run([TOOL, *args], env=environment, cwd=manager.folder, text=True,
                             timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             check=False)
        tap.ok(run.returncode == 0, f"buildq {args[0]}", [run.stdout])
    words = [word for word in ("LISTEN_", "NOTIFY_SOCKET", "STATE_DIRECTORY") if word in run.stdout]
    tap.nothing(words, "jobs get nothing of the service manager")
    worker.terminate()
    tap.ok(manager.told() == "STOPPING=1", "the worker tells that it stops")
    tap.ok(worker.wait(DEADLINE_S) == 0, "and ends well", [worker.stdout.read()])


def refuses(manager, name, words, *args, **env):
    state = os.path.join(manager.folder, name.replace(" ", "-"))
    process = manager.start("serve", *args, STATE_DIRECTORY=state, **env)
    output = process.communicate(timeout=DEADLINE_S)[0]
    tap.ok(process.returncode == 1 and words in output, name, [output])


def test_others(manager):
    """What is not for this process, or is no socket to listen on."""
    handed = listening()
    state = os.path.join(manager.folder, "others")
    queue = manager.start("serve", "--listen", "127.0.0.1:0", sockets=[handed], LISTEN_FDS="1",
                          LISTEN_PID="1", STATE_DIRECTORY=state)
    tap.ok(manager.told() == "READY=1", "sockets for another process")
    line = queue.stdout.readline()
    tap.ok("ready at" in line and str(handed.getsockname()[1]) not in line, "are not taken", [line])
    queue.terminate()
    tap.ok(manager.told() == "STOPPING=1" and queue.wait(DEADLINE_S) == 0, "it ends well")

    one, other = socket.socketpair()
    refuses(manager, "a socket that does not listen", "is not a TCP socket that listens",
            sockets=[one], LISTEN_FDS="1")
    other.close()
    with open("/dev/null", "rb") as null:
        refuses(manager, "no socket", "is not a TCP socket that listens", sockets=[null],
                LISTEN_FDS="1")
    refuses(manager, "a socket for all without tokens", "not listening on 0.0.0.0",
            sockets=[listening("0.0.0.0")], LISTEN_FDS="1")

    # A manager that has gone is no reason not to work.
    queue = manager.start("serve", "--listen", "127.0.0.1:0", notify="/nowhere/socket",
                          LISTEN_FDS="many", STATE_DIRECTORY=state)
    line = queue.stdout.readline()
    tap.ok("ready at" in line, "nobody to tell, and a number that is none", [line])
    queue.terminate()
    tap.ok(queue.wait(DEADLINE_S) == 0, "it ends well")


def main():
    folder = tempfile.mkdtemp()
    for name in ("BUILDQ_STATE", "BUILDQ_URI", "BUILDQ_TOKEN_FILE"):
        os.environ.pop(name, None)
    manager = Manager(folder)
    try:
        queue, port = test_serve(manager)
        test_work(manager, port)
        queue.terminate()
        tap.ok(manager.told() == "STOPPING=1" and queue.wait(DEADLINE_S) == 0,
               "the queue tells that it stops, and ends well")
        test_others(manager)
    finally:
        manager.close()
        shutil.rmtree(folder)
    tap.done()


main()
