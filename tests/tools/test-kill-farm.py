# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 at random: the queue, a worker, or all, some 50 times while jobs that depend on
each other are submitted and built. Each job ends once, what was acknowledged stays, what
the mirror holds is what the journal says, and nothing is left over.

Each attempt writes other bytes, so that mixing two up shows. BUILDQ_TEST_SEED repeats the
choices (not the timing); BUILDQ_TEST_LONG=1, or --long, goes through many seeds."""
import glob
import http.client
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(SOURCES, "tests", "project"))
import tap  # noqa: E402

TOOL = os.environ.get("BUILDQ_TOOL", "build/tools/buildq")
LONG = "--long" in sys.argv or os.environ.get("BUILDQ_TEST_LONG") == "1"
JOBS = 60
BATCH = 5          # jobs in a request
KILLS = 50
DEADLINE_S = 80    # for all to be built
KEEP_RUNNING_S = 5
KEPT = ("leases", "lock")  # what a worker has in its work directory at all times
# What a killed machine can do to a job; when it came too often, the job is asked for anew.
FAULTS = ("host-fault", "lost", "upload-failed", "input-missing", "cancelled")

SCRIPT = """nonce=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \\n')
sleep %.2f
{ echo "$0 $nonce"; for i in "$@"; do eval "head -n 1 \\"\\$BUILDQ_INPUT_$i\\""; done; } > $out"""


class Process:
    """A process that is started again after it was killed."""

    def __init__(self, farm, name, *arguments):
        self.farm, self.name, self.arguments = farm, name, arguments
        self.process = None
        self.start()

    def start(self):
        with open(os.path.join(self.farm.folder, self.name + ".log"), "ab") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen([TOOL, *self.arguments], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=self.farm.env)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            return "no end after SIGTERM"


class Farm:
    def __init__(self, folder, rand):
        self.folder, self.rand = folder, rand
        self.mirror = os.path.join(folder, "mirror")
        os.mkdir(os.path.join(folder, "tmp"))
        self.env = dict(os.environ, TMPDIR=os.path.join(folder, "tmp"), HOME=folder,
                        BUILDQ_CONFIG=tap.CONFIG, LC_ALL="C.UTF-8")
        self.env.pop("BUILDQ_URI", None)
        self.port = 0
        self.problems = []
        self.todo = self.make_requests()
        self.keys = [job["key"] for request in self.todo for job in request["jobs"]]
        self.acknowledged = []  # requests
        self.results = {}       # key → what was seen first
        self.again = 0
        self.queue = Process(self, "queue", *self.serve())
        self.learn_port()
        self.queue.arguments = self.serve()
        self.workers = [self.worker("ant", "--slots=2", f"--keep-running={KEEP_RUNNING_S}"),
                        self.worker("bee", "--slots=1")]

    def serve(self):
        return ("serve", "--state", os.path.join(self.folder, "state"), "--session-time=1.5",
                "--listen", f"127.0.0.1:{self.port}",
                "--port-file", os.path.join(self.folder, "port"))

    def worker(self, name, *arguments):
        return Process(self, name, "work", "--name", name, "--mirror", self.mirror,
                       "--uri", f"http://127.0.0.1:{self.port}",
                       "--state", os.path.join(self.folder, name), *arguments)

    def learn_port(self):
        path = os.path.join(self.folder, "port")
        end = time.monotonic() + 30
        while not (os.path.exists(path) and os.path.getsize(path)):
            if time.monotonic() > end:
                tap.ok(False, "the queue starts", self.logs())
                tap.done()
            time.sleep(0.02)
        with open(path, encoding="ascii") as file:
            self.port = int(file.read())

    def make_requests(self):
        jobs = []
        for i in range(JOBS):
            depends = sorted(self.rand.sample(range(i), min(i, self.rand.randrange(4))))
            script = SCRIPT % (0.1 + 0.8 * self.rand.random())
            jobs.append({
                "key": f"job-{i}", "kind": "command", "system": self.system(),
                "argv": ["/bin/sh", "-c", script, f"job-{i}", *(f"i{d}" for d in depends)],
                "env": ["PATH=/usr/bin:/bin"], "outputs": [{"name": "out"}],
                "inputs": [{"name": f"i{d}", "job": f"job-{d}", "output": "out"}
                           for d in depends]})
        return [{"id": f"request-{i}", "jobs": jobs[i:i + BATCH]}
                for i in range(0, JOBS, BATCH)]

    @staticmethod
    def system():
        machine = os.uname().machine
        if machine in ("i386", "i486", "i586"):
            machine = "i686"
        return f"{machine}-{os.uname().sysname.lower()}"

    def call(self, method, path, body=None):
        """The answer, or None when the queue is away."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body and json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status == 503:
            return None
        if answer.status >= 400:
            self.problems.append(f"{method} {path}: {answer.status} {text!r}")
            return None
        return json.loads(text)

    def submit_next(self):
        if self.todo and self.call("POST", "/v1/requests", self.todo[0]) is not None:
            self.acknowledged.append(self.todo.pop(0))

    def look(self):
        """What was said before is still so; jobs that gave up are asked for anew."""
        failed = {}
        for request in self.acknowledged:
            for job in request["jobs"]:
                key = job["key"]
                status = self.call("GET", f"/v1/jobs/{key}")
                if status is None:
                    return
                if status["state"] == "succeeded":
                    self.see_result(key, status)
                elif key in self.results:
                    self.problems.append(f"{key} had succeeded, and is {status['state']}")
                elif status["state"] in ("failed", "cancelled"):
                    self.see_failure(key, status)
                    failed[key] = job
                elif status["state"] == "dep-failed":
                    failed[key] = job
        if failed:
            self.again += 1
            self.call("POST", "/v1/requests",
                      {"id": f"again-{self.again}", "jobs": list(failed.values())})

    def see_result(self, key, status):
        result = status["result"]
        seen = (result["token"], result["attempt"], result["artifacts"][0]["store_path"],
                result["artifacts"][0]["nar_hash"])
        if self.results.setdefault(key, seen) != seen:
            self.problems.append(f"{key} ended twice: {self.results[key]} and {seen}")

    def see_failure(self, key, status):
        result = status.get("result", {})
        if status["state"] == "cancelled" or result.get("outcome", "lost") not in FAULTS:
            self.problems.append(f"{key}: {json.dumps(status)}")

    def kill_some(self):
        victims = self.rand.choice([[self.queue], [self.queue], [self.workers[0]],
                                    [self.workers[1]], self.workers,
                                    [self.queue, *self.workers],
                                    [self.queue, self.rand.choice(self.workers)]])
        for process in self.rand.sample(victims, len(victims)):
            process.kill()
        for process in self.rand.sample(victims, len(victims)):
            process.start()

    def run(self):
        kills = 0
        end = time.monotonic() + DEADLINE_S
        next_kill = time.monotonic() + 0.5
        next_look = 0
        while time.monotonic() < end and not self.problems:
            if kills < KILLS and time.monotonic() >= next_kill:
                self.kill_some()
                kills += 1
                next_kill = time.monotonic() + 0.1 + 1.4 * self.rand.random() ** 2
                # So that there is always something to do.
                if kills * len(self.keys) >= len(self.acknowledged) * BATCH * KILLS:
                    self.submit_next()
            elif not self.acknowledged or kills >= KILLS:
                self.submit_next()
            if time.monotonic() >= next_look:
                self.look()
                next_look = time.monotonic() + 0.4
            if kills >= KILLS and len(self.results) == len(self.keys):
                break
            time.sleep(0.02)
        return kills

    def stop(self):
        return [(p.name, p.stop()) for p in [*self.workers, self.queue]]

    def logs(self):
        lines = []
        for path in sorted(glob.glob(os.path.join(self.folder, "*.log"))):
            with open(path, encoding="utf-8", errors="replace") as file:
                lines += [f"{os.path.basename(path)}: {line.rstrip()}"
                          for line in file.readlines()[-15:]]
        return lines

    # --- afterwards

    def check_journal(self):
        """The journal has one success for each job, the one that was seen."""
        wrong = []
        path = os.path.join(self.folder, "state", "journal.db")
        db = sqlite3.connect(path)
        rows = {key: (state, token, json.loads(result)) for key, state, token, result in
                db.execute("SELECT key, state, token, json FROM jobs JOIN results USING (id)")}
        requests = {row[0] for row in db.execute("SELECT id FROM requests")}
        db.close()
        for request in self.acknowledged:
            if request["id"] not in requests:
                wrong.append(f"{request['id']} is lost")
        for key in self.keys:
            state, token, result = rows.get(key, (None, None, {}))
            if state != 3 or result["outcome"] != "succeeded":
                wrong.append(f"{key}: state {state}")
            elif token != self.results[key][0] or result["token"] != token:
                wrong.append(f"{key}: the result of another lease")
        return wrong

    def check_mirror(self):
        """What the mirror offers is what was accepted, and is made of what was accepted."""
        wrong = []
        first = {}
        store = os.path.join(self.folder, "fresh")
        for key in self.keys:
            path, nar_hash = self.results[key][2:]
            name = os.path.basename(path).split("-")[0] + ".narinfo"
            with open(os.path.join(self.mirror, name), encoding="utf-8") as file:
                if f"NarHash: {nar_hash}\n" not in file.read():
                    wrong.append(f"{key}: {name} is of other bytes")
            run = subprocess.run([TOOL, "fetch", path, "--from", self.mirror, "--key",
                                  os.path.join(self.folder, "state", "farm.pub"), "--store",
                                  store], env=self.env, text=True, capture_output=True,
                                 check=False)
            if run.returncode != 0:
                wrong.append(f"{key}: {run.stderr}")
                continue
            with open(run.stdout.strip(), encoding="ascii") as file:
                lines = file.read().splitlines()
            first[key] = lines[0]
            expected = [key, *(f"job-{a[1:]}" for a in self.arguments_of(key))]
            if [line.split()[0] for line in lines] != expected:
                wrong.append(f"{key}: {lines}")
            wrong += [f"{key} is made of '{line}', not of '{first[line.split()[0]]}'"
                      for line in lines[1:] if first.get(line.split()[0]) != line]
        return wrong

    def arguments_of(self, key):
        return next(job["argv"][4:] for request in self.acknowledged
                    for job in request["jobs"] if job["key"] == key)

    def strays(self):
        """Processes that have to do with this farm."""
        found = []
        for path in glob.glob("/proc/[0-9]*/environ"):
            try:
                with open(path, "rb") as file:
                    if self.folder.encode() not in file.read():
                        continue
                with open(path.replace("environ", "cmdline"), "rb") as file:
                    words = file.read().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if words:
                found.append(f"{path}: {words}")
        return found

    def left_over(self):
        found = []
        for name in ("ant", "bee"):
            for parent, folders, files in os.walk(os.path.join(self.folder, name)):
                if os.path.basename(parent) == "work":
                    found += [os.path.join(parent, n) for n in folders + files
                              if n not in KEPT or os.path.isdir(os.path.join(parent, n))
                              and os.listdir(os.path.join(parent, n))]
        return found + glob.glob(os.path.join(self.folder, "tmp", "*"))


def wait_until_none(what, seconds):
    end = time.monotonic() + seconds
    while (found := what()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def run(seed):
    print(f"# BUILDQ_TEST_SEED={seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="buildq-kill-")
    try:
        farm = Farm(folder, random.Random(seed))
        began = time.monotonic()
        kills = farm.run()
        tap.nothing(farm.problems, "nothing that was said is taken back")
        missing = [key for key in farm.keys if key not in farm.results]
        tap.ok(not missing, f"all {JOBS} jobs are built, over {kills} times kill -9",
               [f"missing: {missing}", *farm.logs()])
        attempts = sum(result[1] for result in farm.results.values())
        print(f"# {time.monotonic() - began:.0f} s, {attempts} attempts, "
              f"{farm.again} times asked for anew", flush=True)
        ends = farm.stop()
        # One that was started a moment ago does not listen to it yet.
        tap.ok(all(status in (0, -signal.SIGTERM) for _, status in ends), "all end on SIGTERM",
               [str(ends), *farm.logs()])
        if not missing:
            tap.nothing(farm.check_journal(), "the journal has each success once")
            tap.nothing(farm.check_mirror(), "the mirror has what was accepted")
        tap.nothing(wait_until_none(farm.strays, KEEP_RUNNING_S + 10), "no process is left")
        tap.nothing(farm.left_over(), "no file of a job or an upload is left")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    seed = os.environ.get("BUILDQ_TEST_SEED")
    rand = random.SystemRandom()
    if seed is not None:
        run(int(seed))
    else:
        for _ in range(8 if LONG else 1):
            run(rand.randrange(1 << 32))
    tap.done()


main()
