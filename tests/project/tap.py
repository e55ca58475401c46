# SPDX-License-Identifier: LGPL-2.1-or-later
"""Just enough of the Test Anything Protocol for the checks in this folder."""
import os
import sys

SOURCES = os.environ.get("top_srcdir", os.getcwd())
BUILD = os.environ.get("top_builddir", os.path.join(SOURCES, "build"))
# Of the tool: workers take jobs whatever else the machine does.
CONFIG = os.path.join(os.path.abspath(SOURCES), "tests", "data", "test.conf")
_count = 0
_failed = 0


def ok(good, name, details=()):
    """One result; the details, a list of lines, say what is wrong."""
    global _count, _failed
    _count += 1
    if not good:
        _failed += 1
    print(f"{'ok' if good else 'not ok'} {_count} - {name}")
    if not good:
        for line in details:
            print(f"#   {line}")
    sys.stdout.flush()


def nothing(found, name):
    """Passes when the list of what was found is empty."""
    ok(not found, name, found)


def skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def done():
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)


def read(path):
    with open(os.path.join(SOURCES, path), encoding="utf-8") as file:
        return file.read()


def files(folder, *suffixes):
    """Paths below a folder of the sources, relative to the top, sorted."""
    found = []
    for parent, folders, names in os.walk(os.path.join(SOURCES, folder)):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
        for name in sorted(names):
            if name.endswith(suffixes):
                found.append(os.path.relpath(os.path.join(parent, name), SOURCES))
    return found
