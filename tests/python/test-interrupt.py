# SPDX-License-Identifier: LGPL-2.1-or-later
"""^C in every await: the program ends at once, by KeyboardInterrupt and nothing else, what it
held is given back, and nothing else is printed."""
import os
import signal
import subprocess
import sys
import tempfile
import textwrap

sys.path.append(os.path.join(os.environ["top_srcdir"], "tests", "project"))
import tap  # noqa: E402

DEADLINE_S = 60
PROGRAM = """
import asyncio, gc, socket, sys, buildq
from buildq import Buildq
home, loop = sys.argv[1:]
OFFER = buildq.offer(["any"])
JOB = buildq.Job(key="a", kind="command", system="any", argv=["sleep", "1000"])

def ready():
    print("ready", flush=True)

async def work(queue, executor):
    worker = buildq.Worker(queue, "m", store=f"file://{home}/store", work_dir=f"{home}/work",
                           systems=["any"], max_load_per_core=1000.0, min_memory_bytes=0,
                           min_disk_bytes=0, min_inodes=0)
    worker.executor("command", executor)
    worker.gobject.connect("job-started", lambda *_: ready())
    await worker.run()

async def main():
    async with buildq.connect(f"{home}/journal.db") as queue:
        request = await queue.submit(JOB)
        asyncio.get_running_loop().call_later(0.05, ready) if WAITS else None
        BODY

try:
    {"plain": asyncio.run, "glib": buildq.run}[loop](main())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
BODIES = {
    "wait": (True, "await queue.wait(request)"),
    "watch": (True, "async for _ in queue.watch(request): pass"),
    "follow_log": (True, "async for _ in queue.follow_log('a'): pass"),
    "lease": (True, """\
        async with queue.agent("m", buildq.offer(["other"])) as agent:
            await agent.lease()"""),
    "work on a lease": (True, """\
        async with queue.agent("m", OFFER) as agent, agent.lease() as lease:
            await asyncio.sleep(1000)"""),
    "unwanted": (True, """\
        async with queue.agent("m", OFFER) as agent, agent.lease() as lease:
            await lease.unwanted()"""),
    "many quick calls": (True, """\
        while True:
            await queue.job("a")"""),
    "a call that is not answered": (True, """\
        with socket.create_server(("127.0.0.1", 0)) as silent:
            uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
            async with buildq.connect(uri) as remote:
                await remote.stats()"""),
    "a remote lease": (True, """\
        async with buildq.Server(queue) as server, buildq.connect(server.uri) as remote:
            async with remote.agent("m", OFFER) as agent, agent.lease() as lease:
                await agent.lease()"""),
    "a worker with a coroutine": (False, """\
        async def endless(execution):
            await asyncio.Event().wait()
        await work(queue, endless)"""),
    "a worker with a command": (False, "await work(queue, buildq.CommandExecutor())"),
}


def interrupt(program, home, loop):
    """What the program printed, after a ^C when it was ready."""
    process = subprocess.Popen([sys.executable, "-W", "error", "-W", "ignore::ImportWarning",
                                program, home, loop], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        rest = process.communicate()[0] + "it did not end"
    finally:
        process.stdout.close()
    return first + rest, process.returncode


# Whether the job can be had again, by another process.
CHECK = """
import asyncio, sys, buildq
async def main():
    async with buildq.connect(f"{sys.argv[1]}/journal.db") as queue:
        print((await queue.job("a")).state.value_nick)
asyncio.run(main())
"""


for name, (waits, body) in BODIES.items():
    body = textwrap.indent(textwrap.dedent(body), " " * 8).strip()
    for loop in ("plain", "glib"):
        with tempfile.TemporaryDirectory() as home:
            program = os.path.join(home, "program.py")
            with open(program, "w", encoding="utf-8") as file:
                file.write(PROGRAM.replace("BODY", body).replace("WAITS", str(waits)))
            printed, status = interrupt(program, home, loop)
            tap.ok(printed == "ready\ninterrupted\n" and status == 0, f"{name}, {loop} loop",
                   [f"status {status}", *printed.splitlines()])
            state = subprocess.run([sys.executable, "-c", CHECK, home], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
            tap.ok(state == "ready\n", f"{name}, {loop} loop: the job is free again", [state])
tap.done()
