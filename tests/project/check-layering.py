# SPDX-License-Identifier: LGPL-2.1-or-later
"""Folders of lib/ depend one way only, and threads start in one place."""
import os
import re

import tap

# What each folder may include from, besides itself and what that one may.
ALLOWED = {
    "core": [],
    "archive": ["core"],
    "queue": ["core"],
    "netutil": ["core"],
    "store": ["archive"],
    "mirror": ["store", "netutil"],
    "worker": ["queue", "mirror"],
    "http": ["queue", "archive", "netutil"],
}
THREADS = re.compile(r"\b(g_thread_new|g_thread_try_new|g_task_run_in_thread(_sync)?|"
                     r"g_thread_pool_new(_full)?|pthread_create|thrd_create|"
                     r"g_simple_async_result_run_in_thread)\b")
THREAD_HOME = "lib/core/buildq-thread.c"


def reach(folder):
    found = {folder}
    for lower in ALLOWED[folder]:
        found |= reach(lower)
    return found


def home_of_headers():
    """Public header → the folder that has its implementation."""
    homes = {}
    for path in tap.files("lib", ".c"):
        name = os.path.basename(path)[:-2] + ".h"
        if os.path.exists(os.path.join(tap.SOURCES, "include/buildq", name)):
            homes["buildq/" + name] = path.split("/")[1]
    return homes


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*",
                  lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def check_arrows():
    homes = home_of_headers()
    wrong = []
    for path in tap.files("lib", ".c", ".h"):
        folder = path.split("/")[1]
        if folder not in ALLOWED:
            wrong.append(f"{path}: no folder of the design")
            continue
        may = reach(folder)
        for header in re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', tap.read(path), re.M):
            target = homes.get(header)
            if target is None and header.split("/")[0] in ALLOWED:
                target = header.split("/")[0]
            if target is not None and target not in may:
                wrong.append(f"{path} ({folder}) includes {header} ({target})")
            if header == "buildq/buildq.h":
                wrong.append(f"{path} includes {header}, which hides what it needs")
    return wrong


def check_threads():
    wrong = []
    for path in tap.files("lib", ".c", ".h") + tap.files("tools", ".c", ".h"):
        if path == THREAD_HOME:
            continue
        for number, line in enumerate(without_comments(tap.read(path)).split("\n"), 1):
            found = THREADS.search(line)
            if found:
                wrong.append(f"{path}:{number}: {found.group()}")
    return wrong


def check_fuzzed():
    values = re.findall(r"extern const BuildqValueInfo (\w+);", tap.read("lib/core/buildq-values.h"))
    fuzzed = tap.read("tests/fuzz/fuzz-value.c")
    return [value for value in values if f"&{value}," not in fuzzed] if values else ["no values"]


def main():
    # The checks below must be able to see something.
    tap.ok(THREADS.search(tap.read(THREAD_HOME)) is not None, f"{THREAD_HOME} starts threads")
    tap.nothing([f for f in ALLOWED if not tap.files("lib/" + f, ".c")],
                "each folder of the design has code")
    tap.nothing(check_arrows(), "folders depend one way only")
    tap.nothing(check_threads(), f"nothing but {THREAD_HOME} starts a thread")
    tap.nothing(check_fuzzed(), "tests/fuzz/fuzz-value.c has each value")
    tap.done()


main()
