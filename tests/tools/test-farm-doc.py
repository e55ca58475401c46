# SPDX-License-Identifier: LGPL-2.1-or-later
"""doc/farm.md, word for word, on three machines. A block ```sh NAME… is typed on these
machines, one after the other; the lines of a ```text block after it must have been
printed. Blocks without a name are done here in another way: what is installed is what was
built."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
BUILD = os.environ.get("top_builddir", os.path.join(SOURCES, "build"))
sys.path[:0] = [HERE, os.path.join(SOURCES, "tests", "project")]
import machines  # noqa: E402
import tap  # noqa: E402

ADDRESSES = {"head": "192.0.2.1", "ant": "192.0.2.2", "bee": "192.0.2.3"}

# Files of the other machines are below /run/machines.
SCP = """#!/bin/sh
exec cp "$1" "/run/machines/${2%%:*}${2#*:}"
"""


def install(folder):
    """What was built, as `make install` puts it; the folder to lay over the machine's."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", "-C", BUILD, "-s", "install", f"DESTDIR={folder}"],
                          env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    tap.ok(done.returncode == 0, "make install", done.stdout.decode().splitlines()[-20:])
    # Built for another place than /usr, it looks for its configuration there.
    with open(os.path.join(BUILD, "config.status"), encoding="utf-8") as file:
        prefix = next(line.split('"')[3] for line in file if line.startswith('S["prefix"]'))
    if prefix != "/usr":
        os.makedirs(folder + prefix + "/etc", exist_ok=True)
        os.symlink("/etc/buildq", folder + prefix + "/etc/buildq")


def prepare(farm):
    for name in ADDRESSES:
        scp = farm.path(name, "usr/local/bin/scp")
        with open(scp, "w", encoding="utf-8") as file:
            file.write(SCP)
        os.chmod(scp, 0o755)
        for other in ADDRESSES:
            place = farm.path(name, f"run/machines/{other}")
            os.makedirs(place)
            subprocess.run(["mount", "--bind", farm.path(other), place], check=True)
        farm.shell(name, "ldconfig")
        # What else this machine does is no reason for the workers to take no jobs.
        own = farm.path(name, "var/lib/buildq-worker/.config/buildq")
        os.makedirs(own)
        shutil.copy(tap.CONFIG, os.path.join(own, "buildq.conf"))


def services_said(farm):
    lines = []
    for name in ADDRESSES:
        lines += [f"--- {name}"] + farm.shell(name, "tail -n 20 /var/log/buildq*.log || :")[1].splitlines()
    return lines


def type_all(farm, page):
    said = ""
    for number, (info, body) in enumerate(machines.blocks(page), 1):
        words = info.split()
        if words[:1] == ["sh"] and len(words) > 1:
            said = ""
            names = list(ADDRESSES) if words[1] == "all" else words[1:]
            for name in names:
                status, output = farm.shell(name, body)
                said += output
                tap.ok(status == 0, f"block {number} on {name}",
                       output.splitlines() + services_said(farm))
                if status != 0:
                    return
        elif words[:1] == ["text"] and said:
            lost = machines.missing_lines(body, said)
            tap.ok(not lost, f"block {number} was printed",
                   lost + ["not in:"] + said.splitlines() + services_said(farm))


def main():
    why = machines.need("nginx")
    if why is None:
        machines.enter()
    with open(os.path.join(SOURCES, "doc", "farm.md"), encoding="utf-8") as file:
        page = file.read()
    for number, (info, body) in enumerate(machines.blocks(page), 1):
        if info.split()[:1] == ["sh"]:
            done = subprocess.run(["bash", "-n", "-c", body], check=False)
            tap.ok(done.returncode == 0, f"block {number} is good shell")
    if why is not None:
        # Everybody can test this much of the page.
        print(f"# {why}")
        tap.done()
    with machines.Machines(ADDRESSES, install) as farm:
        prepare(farm)
        type_all(farm, page)
    tap.done()


if __name__ == "__main__":
    main()
