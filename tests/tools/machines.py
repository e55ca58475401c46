# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines for tests: each has its own network, host name and files (an overlay on those
of this machine), and a bridge joins them. Only root can make them. All of it, with every
process, ends with the test."""
import os
import re
import subprocess
import sys
import tempfile
import textwrap

# What a machine has instead of an init: starts the services of units, as their user.
SYSTEMCTL = r'''#!/usr/bin/python3
import glob, os, pwd, re, shlex, socket, subprocess, sys

def load(unit):
    for folder in ("/etc/systemd/system", "/usr/local/lib/systemd/system",
                   "/usr/lib/systemd/system", "/lib/systemd/system"):
        path = os.path.join(folder, unit)
        if os.path.exists(path):
            break
    else:
        sys.exit(f"Unit {unit} could not be found.")
    found = {}
    for line in re.sub(r"\\\n\s*", " ", open(path).read()).splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.startswith("#"):
            found.setdefault(key.strip(), []).append(value.strip())
    return found

def start(unit):
    found = load(unit)
    user = pwd.getpwnam(found.get("User", ["root"])[0])
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": user.pw_dir,
                   "USER": user.pw_name, "LANG": "C.UTF-8"}
    for line in found.get("Environment", []):
        environment.update(word.split("=", 1) for word in shlex.split(line))
    for name, top in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run"),
                      ("CacheDirectory", "/var/cache")):
        for folder in " ".join(found.get(name, [])).split():
            path = os.path.join(top, folder)
            os.makedirs(path, exist_ok=True)
            for place, folders, files in os.walk(path):
                for entry in [place] + [os.path.join(place, file) for file in files]:
                    os.chown(entry, user.pw_uid, user.pw_gid)
            environment[re.sub("(?<=.)([A-Z])", r"_\1", name).upper()] = path
    for line in found.get("ExecStartPre", []):
        subprocess.run(shlex.split(line.lstrip("-+!@:")), check=not line.startswith("-"))
    ready = None
    if found.get("Type") == ["notify"]:
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        environment["NOTIFY_SOCKET"] = f"/run/notify-{unit}"
        ready.bind(environment["NOTIFY_SOCKET"])
        os.chmod(environment["NOTIFY_SOCKET"], 0o777)
        ready.settimeout(30)
    log = open(f"/var/log/{unit}.log", "ab")
    command = shlex.split(found["ExecStart"][0].lstrip("-+!@:"))
    subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                     stderr=log, start_new_session=True, cwd="/", user=user.pw_uid,
                     group=user.pw_gid, extra_groups=os.getgrouplist(user.pw_name, user.pw_gid))
    while ready is not None:
        try:
            if b"READY=1" in ready.recv(4096):
                break
        except TimeoutError:
            sys.exit(f"{unit} is not ready: {open(log.name).read()}")

words = [word for word in sys.argv[1:] if not word.startswith("-")]
verb, units = words[0], words[1:]
for unit in units:
    if verb in ("start", "restart") or verb == "enable" and "--now" in sys.argv:
        start(unit if "." in unit else unit + ".service")
    elif verb not in ("enable", "daemon-reload"):
        sys.exit(f"this stand-in for systemctl cannot '{verb}'")
'''


def need(*programs):
    """What is missing to make machines, or None."""
    if os.geteuid() != 0:
        return "only root can make machines"
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    for program in programs + ("ip", "unshare", "nsenter"):
        if not any(os.access(os.path.join(folder, program), os.X_OK)
                   for folder in path.split(":")):
            return f"there is no program '{program}'"
    return None


def enter():
    """Starts the test again, in namespaces that take all with them when it ends."""
    if os.environ.get("BUILDQ_TEST_MACHINES") == "1":
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        return
    os.environ["BUILDQ_TEST_MACHINES"] = "1"
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
                          "--mount-proc", sys.executable] + sys.argv)


class Machines:
    """A network of machines: {"head": "192.0.2.1", …}. @install puts into a folder what
    all of them have besides the files of this machine."""

    def __init__(self, addresses, install):
        self.addresses = addresses
        self.install = install
        self.hosts = "127.0.0.1 localhost\n" + "".join(
            f"{address} {name}\n" for name, address in addresses.items())
        self.holders = {}

    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        self._run("mount", "-t", "tmpfs", "machines", self.folder)
        os.mkdir(os.path.join(self.folder, "installed"))
        self.install(os.path.join(self.folder, "installed"))
        self._run("ip", "link", "add", "bridge0", "type", "bridge")
        self._run("ip", "link", "set", "bridge0", "up")
        for name, address in self.addresses.items():
            self._make_files(name)
            self._make_network(name, address)
        return self

    def __exit__(self, *_):
        # Only the mount goes, never what is seen through it: /dev is there too.
        self._run("umount", "--recursive", "--lazy", self.folder)
        os.rmdir(self.folder)

    @staticmethod
    def _run(*command):
        subprocess.run(command, check=True)

    def path(self, name, inside=""):
        return os.path.join(self.folder, name, "root", inside.lstrip("/"))

    def _make_files(self, name):
        top = os.path.join(self.folder, name)
        for part in ("upper", "work", "root"):
            os.makedirs(os.path.join(top, part))
        options = (f"lowerdir={self.folder}/installed:/,"
                   f"upperdir={top}/upper,workdir={top}/work")
        self._run("mount", "-t", "overlay", "-o", options, name, self.path(name))
        for part in ("proc", "sys", "dev"):
            self._run("mount", "--rbind", "/" + part, self.path(name, part))
        for part in ("tmp", "run", "root"):
            self._run("mount", "-t", "tmpfs", part, self.path(name, part))
        os.chmod(self.path(name, "tmp"), 0o1777)
        with open(self.path(name, "etc/hosts"), "w", encoding="utf-8") as file:
            file.write(self.hosts)
        systemctl = self.path(name, "usr/local/sbin/systemctl")
        with open(systemctl, "w", encoding="utf-8") as file:
            file.write(SYSTEMCTL)
        os.chmod(systemctl, 0o755)

    def _make_network(self, name, address):
        holder = subprocess.Popen(
            ["unshare", "--net", "--uts", "sh", "-c",
             f"hostname {name} && ip link set lo up && echo && exec sleep infinity"],
            stdout=subprocess.PIPE)
        holder.stdout.readline()
        self.holders[name] = holder.pid
        self._run("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0",
                  "netns", str(holder.pid))
        self._run("ip", "link", "set", f"to-{name}", "master", "bridge0", "up")
        inside = ["nsenter", "-t", str(holder.pid), "-n"]
        self._run(*inside, "ip", "address", "add", f"{address}/24", "dev", "eth0")
        self._run(*inside, "ip", "link", "set", "eth0", "up")

    def shell(self, name, script, timeout_s=120):
        """Runs a script as root on a machine; gives its status and all that it said."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.holders[name]), "-n", "-u", "chroot", self.path(name),
             "env", "-i", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb",
             "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
             "bash", "-e", "-u", "-o", "pipefail", "-c", "cd\n" + script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=timeout_s, check=False)
        return done.returncode, done.stdout.decode(errors="replace")


def blocks(text):
    """The fenced blocks of a page: (info string, content)."""
    return [(info.strip(), textwrap.dedent(body))
            for info, body in re.findall(r"^```([^\n]*)\n(.*?)^```$", text, re.M | re.S)]


def missing_lines(expected, said):
    """The lines of @expected that are in none of @said; '…' stands for anything."""
    lost = []
    for line in filter(None, map(str.strip, expected.splitlines())):
        pattern = ".*".join(map(re.escape, line.split("…")))
        if not re.search(pattern, said):
            lost.append(line)
    return lost
