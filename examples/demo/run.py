# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demo's second half: builds demo.json on a farm of processes, and tells about it.

run-demo calls this when the library is built and the sources are there. It is also an
example of how a farm is put together from the tool's commands.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

LAST = "optipng"       # the result that is fetched and run
VICTIM_JOB = "libpng" # whose worker is killed in the middle
SESSION_S = 2
# The queue says who does what, and never carries what is built. Measured: 12 kB a job, most
# of it the ends of the logs, and 0.7 kB a second for two sessions and a watching submitter.
MAX_BYTES_PER_JOB = 20_000
MAX_BYTES_PER_SECOND = 2_000

WORKERS = ("ant", "bee")
TITLES = {"serve": "buildq serve, the queue", "submit": "buildq submit, which waited",
          "fetch": "buildq fetch, into a fresh store", "nar hash": "buildq nar hash, to compare",
          "farm": "buildq farm: queue, worker and submitter in one",
          **{name: f"buildq work, the worker {name}" for name in WORKERS}}


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def wait_until(condition, what, seconds):
    """Returns the first true value of the condition; it is asked again and again."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            sys.exit(f"run-demo: waited {seconds} s for {what}")
        time.sleep(0.05)


def descendants(pid):
    """(pid, start time) of all processes below one; the two together are unique."""
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append((int(name), fields[19]))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += [p for p, _ in below]
    return found


def alive(process):
    try:
        with open(f"/proc/{process[0]}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z" and fields[19] == process[1]


class Farm:
    """The processes of the demo, and the folder with their state."""

    def __init__(self, options):
        self.options = options
        self.home = tempfile.mkdtemp(prefix="buildq-demo.")
        self.running = {}  # what → Popen
        self.ran = []      # (pid, what, how it ended)
        self.dav = None
        self.admin = None
        self.env = dict(os.environ, BUILDQ_CONFIG="/dev/null", BUILDQ_STATE=self.path("queue"))

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def log_of(self, what):
        with open(self.path(what + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def start(self, what, *arguments, **env):
        """A process of the tool whose output goes to a log."""
        with open(self.path(what + ".log"), "wb") as log:
            process = subprocess.Popen([self.options.tool, *arguments], stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL, env={**self.env, **env})
        self.running[what] = process
        return process

    def call(self, what, *arguments, capture=False, **env):
        """A process of the tool that is waited for."""
        process = subprocess.Popen([self.options.tool, *arguments], env={**self.env, **env},
                                   stdout=subprocess.PIPE if capture else None,
                                   stdin=subprocess.DEVNULL, text=True)
        self.running[what] = process
        output = process.communicate()[0]
        status = self.end(what)
        if status != 0:
            for other in list(self.running):
                print(f"--- {other}\n{self.log_of(other)[-2000:]}", file=sys.stderr)
            sys.exit(f"run-demo: {what} ended with status {status}")
        return output

    def end(self, what, how=None, by=None, seconds=20):
        """Ends a process that we started, by its pid, and notes how that went."""
        process = self.running[what]
        if by is not None and process.poll() is None:
            process.send_signal(by)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            status, how = process.wait(), "did not stop, killed"
        del self.running[what]
        self.ran.append((process.pid, TITLES.get(what, what), how or (
            "ended well" if status == 0 else f"ended with status {status}")))
        return status

    def stop(self, *names):
        for what in names:
            self.end(what, by=signal.SIGTERM)

    def start_nginx(self):
        script = self.options.nginx_dav
        text = subprocess.run([script, "start", self.path("nginx")], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        self.dav = dict(line.split("=", 1) for line in text.splitlines())
        return self.dav["url"]

    def stop_nginx(self):
        if self.dav is not None:
            subprocess.run([self.options.nginx_dav, "stop", self.path("nginx")], check=True)
            self.ran.append((int(self.dav["pid"]), "nginx, the mirror", "ended well"))
            self.dav = None

    def wait_for(self, what, seconds):
        """Waits for a process while all others do what they should; returns its status."""
        def ended():
            for other, process in self.running.items():
                if other != what and process.poll() is not None:
                    sys.exit(f"run-demo: {other} ended with status {process.returncode}")
            return self.running[what].poll() is not None

        wait_until(ended, what + " to end", seconds)
        return self.end(what)

    def close(self):
        for what in reversed(list(self.running)):
            self.end(what, by=signal.SIGTERM, seconds=3)
        self.stop_nginx()
        if self.options.keep:
            say(f"kept {self.home}")
        else:
            shutil.rmtree(self.home)

    # --- the farm of several processes ---------------------------------------------------

    def token(self, name, role):
        """A file with a token for one machine or person; its path."""
        path = self.path(name + ".token")
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(self.call(f"token add {name}", "token", "add", name, "--role", role,
                                 capture=True))
        self.ran.pop()  # not one of the processes that this is about
        return path

    def start_queue(self):
        """A queue on a free port of this machine; its URI."""
        self.start("serve", "serve", "--listen", "127.0.0.1:0", "--session-time", str(SESSION_S))
        found = wait_until(lambda: re.search(r"http://127\.0\.0\.1:\d+", self.log_of("serve")),
                           "the queue to listen", 20)
        self.env["BUILDQ_URI"] = found.group()
        return found.group()

    def start_worker(self, name, mirror):
        self.start(name, "work", "--name", name, "--store", self.path(name, "store"),
                   "--work-dir", self.path(name, "work"), "--mirror", mirror,
                   # It is to build here and now, whatever else this machine does.
                   "--max-load-percent", "0", "--min-disk", "1G",
                   BUILDQ_TOKEN_FILE=self.token(name, "worker"))

    def get(self, path):
        """What the queue answers to an administrator."""
        request = urllib.request.Request(self.env["BUILDQ_URI"] + path)
        if self.admin is not None:
            with open(self.admin, encoding="utf-8") as file:
                request.add_header("Authorization", "Bearer " + file.read().strip())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def kill_worker_of(self, job, names):
        """kill -9, as soon as the job's command runs; nothing of it may go on."""
        def working():
            # Seen in /proc: asking the queue would count as its traffic.
            if self.running["submit"].poll() is not None:
                sys.exit(f"run-demo: submit ended before {job} was built")
            for name in names:
                below = descendants(self.running[name].pid)
                if any(self.environment(p).get("BUILDQ_KEY") == job for p, _ in below):
                    return name
            return None

        name = wait_until(working, f"a worker to build {job}", 120)
        time.sleep(1.5)
        below = descendants(self.running[name].pid)
        self.end(name, "kill -9, in the middle of " + job, by=signal.SIGKILL)
        say(f"killed worker {name} (kill -9), which was building {job} with "
            f"{len(below)} processes")
        wait_until(lambda: not any(map(alive, below)), "its processes to end with it", 10)
        say(f"none of those {len(below)} processes outlived it")
        return name

    @staticmethod
    def environment(pid):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                entries = file.read().split(b"\0")
        except OSError:
            return {}
        return dict(e.decode(errors="replace").split("=", 1) for e in entries if b"=" in e)

    # --- the end: the last result, and what it took ---------------------------------------

    def fetch_and_run(self, mirror, job):
        """The last result, by a store that has nothing yet, from the mirror alone."""
        artifact = job["result"]["artifacts"][0]
        say(f"fetching {artifact['store_path']} into a fresh store, from {mirror}")
        self.call("fetch", "fetch", "--from", mirror, "--key", self.path("queue", "farm.pub"),
                  "--store", self.path("fresh"), artifact["store_path"])
        real = self.path("fresh", os.path.basename(artifact["store_path"]))
        digest = self.call("nar hash", "nar", "hash", real, capture=True).split()[0]
        if digest != artifact["nar_hash"]:
            sys.exit(f"run-demo: {real} hashes to {digest}, not {artifact['nar_hash']}")
        say(f"verified: {digest}, signed by {artifact['signatures'][0].split(':')[0]}")
        command = [os.path.join(real, "bin", LAST), "-o2", "-out", self.path("smaller.png"),
                   os.path.join(real, "share", "example.png")]
        print(f"\n$ {LAST} {' '.join(command[1:])}".replace(self.home, "…"))
        run = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        for line in run.stdout.replace(self.home, "…").strip().splitlines():
            print("  " + line.rstrip() if line.strip() else "")
        if os.path.getsize(self.path("smaller.png")) >= os.path.getsize(command[-1]):
            sys.exit(f"run-demo: {LAST} made nothing smaller")


def kilobytes(number):
    return f"{number / 1000:,.1f}"


def print_table(rows):
    """Numbers stand on the right, with their headings."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    right = [all(cell[:1].isdigit() for cell in column[1:]) for column in zip(*rows)]
    for row in rows:
        print("  " + "  ".join(cell.rjust(width) if number else cell.ljust(width)
                               for cell, width, number in zip(row, widths, right)).rstrip())


def print_processes(farm):
    print("\nprocesses")
    print_table([("pid", "what", "how it ended")] + farm.ran)


def print_jobs(jobs):
    rows = [("job", "worker", "attempt", "ready → started ms", "took s", "result kB",
             "in the mirror kB")]
    for job in jobs:
        result = job["result"]
        artifacts = result["artifacts"]
        rows.append((job["key"], job["worker"], job["attempt"],
                     round((result["started_us"] - job["ready_us"]) / 1000),
                     f"{(result['finished_us'] - result['started_us']) / 1e6:.1f}",
                     kilobytes(sum(a["nar_size"] for a in artifacts)),
                     kilobytes(sum(a["locations"][0].get("file_size", 0) for a in artifacts))))
    print("\njobs")
    print_table(rows)


def socket_bytes(access_log):
    """What an nginx received and sent, as its log has it: "REQUEST" STATUS SENT RECEIVED."""
    with open(access_log, encoding="utf-8", errors="replace") as file:
        found = re.findall(r'" \d{3} (\d+) (\d+)$', file.read(), re.M)
    return sum(int(r) for _, r in found), sum(int(s) for s, _ in found)


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(parent, name))
               for parent, _, names in os.walk(folder) for name in names)


def run_processes(farm):
    """Queue, mirror and two workers, each a process of its own."""
    began = time.monotonic()
    mirror = farm.start_nginx()
    farm.admin = farm.token("admin", "admin")
    queue = farm.start_queue()
    for name in WORKERS:
        farm.start_worker(name, mirror)
    say(f"queue at {queue}, mirror at {mirror}, workers {' and '.join(WORKERS)}")

    submit = subprocess.Popen(
        [farm.options.tool, "submit", farm.options.file, "--mirror", mirror, "--wait"],
        env={**farm.env, "BUILDQ_TOKEN_FILE": farm.admin}, stdin=subprocess.DEVNULL)
    farm.running["submit"] = submit
    farm.kill_worker_of(VICTIM_JOB, WORKERS)
    if farm.wait_for("submit", 900) != 0:
        sys.exit("run-demo: not all was built")
    status, seconds = farm.get("/v1/status"), time.monotonic() - began
    jobs = farm.get("/v1/jobs")["jobs"]
    farm.stop(*[w for w in WORKERS if w in farm.running], "serve")
    say("stopped the queue and the worker: only the mirror is left")
    farm.fetch_and_run(mirror, next(j for j in jobs if j["key"] == LAST))
    kept, access_log = folder_bytes(farm.dav["root"]), farm.dav["access_log"]
    farm.stop_nginx()
    print_processes(farm)
    print_jobs(jobs)
    received, sent = socket_bytes(access_log)
    print(f"\nbytes of artifacts through the mirror's sockets: {received + sent:>12,}  "
          f"(received {received:,}, sent {sent:,}; it keeps {kept:,})")
    received, sent = status["received_bytes"], status["sent_bytes"]
    print(f"bytes through the queue's sockets:               {received + sent:>12,}  "
          f"(received {received:,}, sent {sent:,}; {(received + sent) // len(jobs):,} a job)")
    allowed = MAX_BYTES_PER_JOB * len(jobs) + MAX_BYTES_PER_SECOND * seconds
    if received + sent > allowed:
        sys.exit(f"run-demo: that is more than the {allowed:,.0f} that messages can account for")


def run_farm(farm):
    """The same jobs in one process, with a folder as mirror."""
    mirror = farm.path("mirror")
    say("building with 'buildq farm'")
    farm.call("farm", "farm", farm.options.file, "--mirror", mirror)
    # That process has ended. What it knew is in its journal, and a queue can be asked.
    farm.start_queue()
    jobs = farm.get("/v1/jobs")["jobs"]
    farm.stop("serve")
    farm.fetch_and_run(mirror, next(j for j in jobs if j["key"] == LAST))
    print_processes(farm)
    print_jobs(jobs)
    print(f"\nbytes of artifacts in the mirror: {folder_bytes(mirror):,}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", required=True, help="the program buildq")
    parser.add_argument("--nginx-dav", help="the script that starts an nginx as mirror")
    parser.add_argument("--farm", action="store_true", help="all in one process")
    parser.add_argument("--keep", action="store_true", help="leave the farm's state there")
    parser.add_argument("file", help="the jobs")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    farm = Farm(options)
    began = time.monotonic()
    try:
        (run_farm if options.farm else run_processes)(farm)
        say(f"done in {time.monotonic() - began:.0f} s")
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        farm.close()


main()
