# SPDX-License-Identifier: LGPL-2.1-or-later
"""Archives: buildq nar dump|hash|restore against nix-store, nix-hash and GNU tar."""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = os.environ["BUILD"]
# Not the wrapper of libtool, which is a shell script.
BUILDQ = os.path.join(BUILD, "tools", ".libs", "buildq")
HASH_RATE = os.path.join(BUILD, "bench", "hash-rate")
GB = 1 << 30
MB = 1e6


def make_small(path, count):
    """Files of 3.7 kB on average, most of them smaller, in up to 1000 folders."""
    numbers = random.Random(1)
    for i in range(count):
        folder = os.path.join(path, f"{i % 25:02}", f"{i // 25 % 40:02}")
        os.makedirs(folder, exist_ok=True)
        size = min(int(numbers.lognormvariate(7.5, 1.2)), 200_000)
        with open(os.path.join(folder, f"file-{i:05}"), "wb") as file:
            file.write(numbers.randbytes(size))


def make_big(path, total):
    numbers = random.Random(2)
    os.mkdir(path)
    for i in range(4):
        with open(os.path.join(path, str(i)), "wb") as file:
            for _ in range(total // 4 >> 20):
                file.write(numbers.randbytes(1 << 20))


def run(command, source=os.devnull, to_pipe=False):
    """Wall time and processor time of a program, in seconds."""
    drain = None
    with open(source, "rb") as stdin, open(os.devnull, "wb") as null:
        if to_pipe:
            drain = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=null)
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=stdin, stdout=drain.stdin if drain else null)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if drain:
        drain.communicate()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    return wall, usage.ru_utime + usage.ru_stime


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.best = {}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def measure(self, what, who, command, **options):
        times = run(command, **options)
        known = self.best.get((what, who), times)
        self.best[what, who] = tuple(min(pair) for pair in zip(times, known))

    def prepare(self, tree):
        """Makes the archives, and checks that ours is that of Nix."""
        for name, command in (("ours", [BUILDQ, "nar", "dump"]), ("nar", ["nix-store", "--dump"])):
            with open(self.path(f"{tree}.{name}"), "wb") as file:
                subprocess.run([*command, self.path(tree)], stdout=file, check=True)
        subprocess.run(["cmp", self.path(f"{tree}.ours"), self.path(f"{tree}.nar")], check=True)
        os.unlink(self.path(f"{tree}.ours"))
        subprocess.run(["tar", "-C", self.path(tree), "-cf", self.path(f"{tree}.tar"), "."],
                       check=True)

    def round(self, tree, number):
        place, nar, out = self.path(tree), self.path(f"{tree}.nar"), self.path("out")
        self.measure(f"{tree} dump", "buildq", [BUILDQ, "nar", "dump", place])
        self.measure(f"{tree} dump", "nix", ["nix-store", "--dump", place])
        # To /dev/null, tar does not read the files.
        self.measure(f"{tree} dump", "tar", ["tar", "-C", place, "-cf", "-", "."], to_pipe=True)
        self.measure(f"{tree} hash", "buildq", [BUILDQ, "nar", "hash", place])
        self.measure(f"{tree} hash", "nix", ["nix-hash", "--type", "sha256", place])
        restores = [("buildq", [BUILDQ, "nar", "restore", out], nar),
                    ("nix", ["nix-store", "--restore", out], nar),
                    ("tar", ["tar", "-C", out, "-xf", "-"], f"{place}.tar")]
        # The first to write finds memory that nobody has touched lately.
        number %= len(restores)
        for who, command, source in restores[number:] + restores[:number]:
            if who == "tar":
                os.mkdir(out)
            self.measure(f"{tree} restore", who, command, source=source)
            shutil.rmtree(out)

    def report(self, trees):
        results = {}
        print(f"\n{'':14} {'wall s':>30}   {'processor s':>30}   Nix = 1")
        print(f"{'':14}" + f" {'buildq':>10}{'nix':>10}{'tar':>10}  " * 2 + "  wall  proc.")
        for tree in trees:
            for verb in ("dump", "hash", "restore"):
                what = f"{tree} {verb}"
                rows = [self.best.get((what, who)) for who in ("buildq", "nix", "tar")]
                cells = ["".join(f"{row[i]:10.3f}" if row else f"{'':10}" for row in rows)
                         for i in (0, 1)]
                wall, cpu = (rows[1][i] / rows[0][i] for i in (0, 1))
                print(f"{what:14} {cells[0]}   {cells[1]}  {wall:6.2f} {cpu:6.2f}")
                key = what.replace(" ", "_")
                results[key], results[f"{key}_cpu"] = wall, cpu
        size = os.path.getsize(self.path("big.nar"))
        for i, suffix in ((0, ""), (1, "_cpu")):
            raw = GB / self.best["rate", "libgcrypt"][i]
            ours = size / self.best["big hash", "buildq"][i]
            print(f"hash of big: {ours / MB:.0f} MB/s, libgcrypt alone {raw / MB:.0f} MB/s"
                  f" ({'wall' if i == 0 else 'processor'})")
            results[f"hash_of_libgcrypt{suffix}"] = ours / raw
        print("nar: " + " ".join(f"{key}={value:.2f}" for key, value in results.items()))


def main():
    parser = argparse.ArgumentParser(prog="bench/run nar", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="the best of so many (6)")
    parser.add_argument("--files", type=int, default=50_000, help="small files (50000)")
    parser.add_argument("--megabytes", type=int, default=1024, help="of the four big files (1024)")
    parser.add_argument("--dir", help="where to work (/dev/shm, if 6 GB are free there)")
    options = parser.parse_args()
    for program in ("nix-store", "nix-hash", "tar"):
        if not shutil.which(program):
            sys.exit(f"{program} is not installed (Debian: nix-bin, tar)")
    shm = "/dev/shm"
    room = os.path.isdir(shm) and os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 6e9
    where = options.dir or (shm if room else tempfile.gettempdir())
    os.environ["LD_LIBRARY_PATH"] = os.path.join(BUILD, "lib", ".libs")
    with tempfile.TemporaryDirectory(prefix="buildq-bench-", dir=where) as folder:
        kind = subprocess.run(["stat", "-f", "-c", "%T", folder], stdout=subprocess.PIPE,
                              text=True, check=True).stdout.strip()
        print(f"in {folder} ({kind}), best of {options.rounds} interleaved rounds")
        bench = Bench(folder)
        make_small(bench.path("small"), options.files)
        make_big(bench.path("big"), options.megabytes << 20)
        trees = ("small", "big")
        for tree in trees:
            bench.prepare(tree)
        sizes = [os.path.getsize(bench.path(f"{tree}.nar")) / MB for tree in trees]
        print(f"small: {options.files} files, NAR of {sizes[0]:.0f} MB;"
              f" big: 4 files, {sizes[1]:.0f} MB")
        for number in range(options.rounds):
            for tree in trees:
                bench.round(tree, number)
            bench.measure("rate", "libgcrypt", [HASH_RATE])
        bench.report(trees)


main()
