#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Big artifacts, and trees of many files, pass in little memory.

A job copies its input. So 'submit' uploads, 'work' fetches and uploads, 'fetch' fetches, and
'serve' sees it all go by: each process has to stay under a bound, by what the kernel says of
its largest resident size. BUILDQ_TEST_LONG=1 takes 1 GiB and 100,000 files; with it set
BUILDQ_TEST_TIMEOUT=1800 as well.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "project"))
import tap  # noqa: E402

MIB = 1024 * 1024
BOUND_KIB = 64 * 1024
LONG = os.environ.get("BUILDQ_TEST_LONG") == "1"
BIG = 1024 if LONG else 100
# xz and lzip are slow, and the dictionary that they need is full after a few MiB.
SLOW = 20 if LONG else 6
FILES = 100_000 if LONG else 10_000
TOOL = os.environ.get("BUILDQ_TOOL", os.path.join(tap.BUILD, "tools", "buildq"))
NGINX = os.path.join(tap.SOURCES, "tests", "services", "nginx-dav")

if shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") is None:
    tap.skip_all("there is no nginx")
work = tempfile.mkdtemp(prefix="buildq-memory-")
state = os.path.join(work, "state")
# What is allocated and not used would be written to, and so be resident.
environment = {k: v for k, v in os.environ.items() if k not in ("MALLOC_PERTURB_", "MALLOC_CHECK_")}
environment.update(HOME=work, TMPDIR=work, BUILDQ_STATE=state, LC_ALL="C.UTF-8",
                   BUILDQ_CONFIG=tap.CONFIG)
started = []


def start(*arguments):
    """A process that goes on."""
    with open(os.path.join(work, "log"), "ab") as log:
        process = subprocess.Popen([TOOL, *arguments], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env=environment)
    started.append(process)
    return process


def peak_of(process):
    """The largest resident size so far, in KiB."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def run(*arguments):
    """A process that ends: what it prints, and its largest resident size in KiB."""
    out_path = os.path.join(work, "out")
    with open(out_path, "wb") as out:
        process = subprocess.Popen([TOOL, *arguments], stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    with open(out_path, encoding="utf-8") as out:
        text = out.read()
    if process.returncode != 0:
        tap.ok(False, f"buildq {' '.join(arguments)}", text.splitlines())
        tap.done()
    return text, usage.ru_maxrss


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    started.remove(process)


def make_random(path, size):
    with open(path, "wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))


def make_text(path, size):
    """Compresses well. In small parts: what this process has counts for those that it starts."""
    source = random.Random(1)
    words = [bytes(source.choices(b"abcdefghijklmnop", k=source.randint(2, 9))) for _ in range(5000)]
    with open(path, "wb") as file:
        for _ in range(size):
            part = b" ".join(source.choices(words, k=3000))[:16384].ljust(16384)
            for _ in range(MIB // len(part)):
                file.write(part)


def make_tree(path, count):
    """All in one folder: names are sorted in memory."""
    os.mkdir(path)
    for i in range(count):
        with open(os.path.join(path, f"a-file-with-a-longer-name-{i:08}.txt"), "w", encoding="ascii") as file:
            file.write(f"this is {i}\n")


def copy(name, path, compression, mirror):
    """Brings what is at the path there and back again."""
    key = f"{os.path.basename(path)}-{name}"
    begin = time.monotonic()
    job = os.path.join(work, "job.json")
    stores = [os.path.join(work, folder) for folder in ("store", "got")]
    with open(job, "w", encoding="utf-8") as file:
        json.dump({"jobs": [{"key": key, "outputs": ["out"], "inputs": {"in": {"file": path}},
                             "argv": ["/bin/sh", "-c", "/bin/cp -r $BUILDQ_INPUT_in $out"]}]}, file)
    worker = start("work", "--name", key, "--mirror", mirror, "--compression", compression,
                   "--store", stores[0], "--work-dir", os.path.join(work, "builds"))
    peaks = {"submit": run("submit", job, "--wait", "--mirror", mirror)[1]}
    peaks["work"] = peak_of(worker)
    stop(worker)
    item = json.loads(run("status", key, "--json")[0])
    item = find(item, "store_path", "-" + key)
    text, peaks["fetch"] = run("fetch", item, "--from", mirror, "--store", stores[1],
                               "--key", os.path.join(state, "farm.pub"))
    same = subprocess.run(["diff", "-rq", path, text.strip()], stdout=subprocess.DEVNULL, check=False)
    tap.ok(same.returncode == 0, f"{key}: comes back as it was")
    peaks["serve"] = peak_of(server)
    for process, peak in peaks.items():
        tap.ok(peak < BOUND_KIB, f"{key}: {process} took {peak / 1024:.1f} MiB",
               [f"the bound is {BOUND_KIB / 1024:.0f} MiB"])
    for folder in stores:
        subprocess.run(["chmod", "-R", "u+w", folder], check=True)
        shutil.rmtree(folder)
    print(f"# {time.monotonic() - begin:.1f} s")


def find(value, member, end):
    """The first string of that name in some JSON that ends so."""
    if isinstance(value, dict):
        if str(value.get(member, "")).endswith(end):
            return value[member]
        value = list(value.values())
    for part in value if isinstance(value, list) else []:
        found = find(part, member, end)
        if found:
            return found
    return None


def main():
    url = start_nginx()
    folder = os.path.join(work, "mirror")
    big, text, tree = (os.path.join(work, name) for name in ("random", "text", "tree"))
    make_random(big, BIG)
    copy("http-zstd", big, "zstd", url)
    if LONG:
        copy("http-none", big, "none", url)
        copy("file-zstd", big, "zstd", folder)
    os.unlink(big)
    make_text(text, BIG)
    copy("file-zstd", text, "zstd", folder)
    if LONG:
        copy("http-gzip", text, "gzip", url)
        copy("http-xz", text, "xz", url)
    os.unlink(text)
    make_random(big, SLOW)
    copy("slow-file-xz", big, "xz", folder)
    copy("slow-http-lzip", big, "lzip", url)
    make_tree(tree, FILES)
    copy("http-zstd", tree, "zstd", url)


def start_nginx():
    out = subprocess.run([NGINX, "start", os.path.join(work, "nginx")], stdout=subprocess.PIPE,
                         check=True, text=True).stdout
    return next(line[4:] for line in out.splitlines() if line.startswith("url="))


def start_server():
    port_file = os.path.join(work, "port")
    process = start("serve", "--listen", "127.0.0.1:0", "--port-file", port_file)
    deadline = time.monotonic() + 30
    while not os.path.exists(port_file) or not os.path.getsize(port_file):
        assert time.monotonic() < deadline and process.poll() is None, "no server"
        time.sleep(0.05)
    with open(port_file, encoding="ascii") as file:
        environment["BUILDQ_URI"] = f"http://127.0.0.1:{file.read().strip()}"
    return process


# A time-out ends it as ^C does, with what it started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
try:
    server = start_server()
    main()
finally:
    for left in started:
        left.kill()
        left.wait()
    subprocess.run([NGINX, "clean", os.path.join(work, "nginx")], stdout=subprocess.DEVNULL, check=False)
    shutil.rmtree(work, ignore_errors=True)
tap.done()
