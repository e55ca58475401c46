# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the sources look (make check-style): clang-format, blanks, tabs, length, licence."""
import os
import re
import shutil
import subprocess

import tap

FOLDERS = ("lib", "include", "tools", "tests", "examples", "bindings", "bench")
MAX_LINES = 600
MAX_FUNCTION = 60
# Values are tables, and a comment and a line for each getter: long, and easily read.
LONG = re.compile(r"^lib/core/buildq-[a-z-]+\.c$")


def sources(*suffixes):
    return [p for f in FOLDERS for p in tap.files(f, *suffixes)]


def hand_written():
    """All text files that people write and that are not data."""
    found = sources(".c", ".h", ".py", ".sh", ".mk", ".json") + tap.files("doc", ".md", ".mk")
    found += ["Makefile.am", "configure.ac", "run-tests", "run-demo", ".ci/run", "README.md",
              "HACKING.md", "NEWS", "build-aux/setup.sh", "build-aux/update-map"]
    return [p for p in found if not p.startswith("tests/data/")]


def check_lines():
    blanks, tabs, ends = [], [], []
    for path in hand_written():
        text = tap.read(path)
        makefile = path.endswith((".mk", "Makefile.am"))
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            ends.append(path)
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                blanks.append(f"{path}:{number}")
            if "\t" in line and not makefile:
                tabs.append(f"{path}:{number}")
    tap.nothing(blanks, "no blanks at the ends of lines")
    tap.nothing(tabs, "tabs in makefiles only")
    tap.nothing(ends, "files end with one end of line")


def long_functions(path):
    """Bodies start with { in the first column and end with } there."""
    found, start, name = [], None, ""
    for number, line in enumerate(tap.read(path).split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start - 1 > MAX_FUNCTION:
                found.append(f"{path}:{start}: {name}: {number - start - 1} lines")
            start = None
        elif start is None and re.match(r"\w+ \(", line):
            name = line.split(" ")[0]
    return found


def main():
    code = sources(".c", ".h")
    if shutil.which("clang-format"):
        run = subprocess.run(["clang-format", "--dry-run", "-Werror", *code], cwd=tap.SOURCES,
                             stderr=subprocess.PIPE, text=True)
        tap.ok(run.returncode == 0, f"clang-format finds nothing in {len(code)} files",
               [line for line in run.stderr.splitlines() if "error:" in line][:40])
    else:
        print("ok 1 - clang-format # SKIP no clang-format")
        tap._count = 1
    check_lines()
    tap.nothing([f"{p}: {n} lines" for p in code + sources(".py", ".sh")
                 if not LONG.match(p) and (n := tap.read(p).count("\n")) > MAX_LINES],
                f"no file is longer than {MAX_LINES} lines")
    tap.nothing([f for p in sources(".c") for f in long_functions(p)],
                f"no function is longer than {MAX_FUNCTION} lines")
    tap.nothing([p for p in code if not tap.read(p).startswith(
        "/* SPDX-License-Identifier: LGPL-2.1-or-later\n * Copyright The libbuildq authors\n")],
        "each C file names licence and authors")
    tap.nothing([p for p in hand_written()
                 if not p.endswith((".c", ".h", ".json", ".md", "NEWS"))
                 and "SPDX-License-Identifier: LGPL-2.1-or-later" not in tap.read(p)[:200]],
                "each other file names its licence")
    tap.nothing([p for p in ("run-tests", "run-demo", ".ci/run", "build-aux/update-map")
                 if not os.access(os.path.join(tap.SOURCES, p), os.X_OK)],
                "scripts can be run")
    tap.done()


main()
