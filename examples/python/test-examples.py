# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the examples of this folder that use the package buildq, against a queue and a worker of
this program."""
import asyncio
import os
import re
import signal
import sys
import tempfile

sys.path.append(os.path.join(os.environ["top_srcdir"], "tests", "project"))
import buildq  # noqa: E402
import tap  # noqa: E402

FOLDER = os.path.join(os.environ["top_srcdir"], "examples", "python")
DEADLINE_S = 60


async def start(name, *arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-W", "ignore::ImportWarning", f"{FOLDER}/{name}", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)


async def end(process):
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def is_short(name):
    """At most 40 lines without comments, docstrings and empty lines."""
    code = re.sub('""".*?"""', "", tap.read(f"examples/python/{name}"), flags=re.S)
    lines = [line for line in code.splitlines() if line.strip() and line.strip()[0] != "#"]
    tap.ok(len(lines) <= 40, f"{name} is short", [f"it has {len(lines)} lines"])


async def test_submit(uri):
    status, output = await end(await start("submit.py", uri))
    tap.ok(status == 0, "submit.py ends well", output.splitlines())
    tap.ok("4 of 4 done, 0 running\n" in output, "it tells of the last state", output.splitlines())
    keys = re.findall(r"^(\w+): succeeded /\S+/[0-9a-z]{32}-\w+$", output, flags=re.M)
    tap.ok(keys == ["left", "right", "both", "loud"], "and of each job", output.splitlines())


async def run_primes(queue, payload):
    await queue.wait(await queue.submit(buildq.Job(
        key=f"primes-{payload}", kind="primes", system=f"{os.uname().machine}-linux",
        payload=payload, outputs=["out"])))
    return (await queue.job(f"primes-{payload}")).result


async def test_worker(queue, uri, home):
    process = await start("worker.py", uri, "snake", f"{home}/snake")
    result = await run_primes(queue, "6")
    tap.ok((result.outcome, result.log_tail) == (buildq.Outcome.SUCCEEDED,
                                                 "found 2\nfound 3\nfound 5\n"),
           "worker.py works", [str(result)])
    result = await run_primes(queue, "six")
    tap.ok((result.outcome, result.message) == (buildq.Outcome.FAILED, "the payload is no number"),
           "it says what is wrong", [str(result)])
    process.send_signal(signal.SIGTERM)
    status, output = await end(process)
    tap.ok((status, output) == (0, ""), "it ends when it is drained", [str(status), output])
    process = await start("worker.py", uri, "snake", f"{home}/snake")
    await run_primes(queue, "7")
    process.send_signal(signal.SIGINT)
    status, output = await end(process)
    tap.ok((status, output.count("\n")) == (1, 1), "and by ^C", [str(status), output])


async def ask(port, *numbers):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("".join(f"{number}\n" for number in numbers).encode())
    writer.write_eof()
    answers = (await reader.read()).decode().split()
    writer.close()
    await writer.wait_closed()
    return answers


async def test_embed(home):
    process = await start("embed.py", home)
    port = int((await process.stdout.readline()).split()[1])
    answers = await asyncio.gather(ask(port, 1, 2, 3), ask(port, 3, 4))
    tap.ok(answers == [["1", "4", "9"], ["9", "16"]], "embed.py answers its clients",
           [str(answers)])
    process.send_signal(signal.SIGINT)
    status, output = await end(process)
    tap.ok((status, output) == (0, ""), "it ends by ^C, and says nothing", [str(status), output])


async def main():
    with tempfile.TemporaryDirectory() as home:
        async with (buildq.connect("memory:") as queue, buildq.Server(queue) as server,
                    asyncio.timeout(DEADLINE_S)):
            worker = buildq.Worker(queue, "machine", store=f"{home}/store",
                                   work_dir=f"{home}/work", mirrors=f"{home}/mirror")
            worker.executor("command", buildq.CommandExecutor())
            working = asyncio.create_task(worker.run())
            await test_submit(server.uri)
            worker.drain()
            await working
            await test_worker(queue, server.uri, home)
            await test_embed(home)


for example in "submit.py", "worker.py", "embed.py":
    is_short(example)
asyncio.run(main())
tap.done()
