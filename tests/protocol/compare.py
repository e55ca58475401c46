# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether what is said today holds all that was said yesterday, and where the recordings
are."""
import json
import os

# What differs from run to run, and only has to be there.
NUMBERS = ("seq", "received_bytes", "sent_bytes", "connections", "sessions", "exit_status")
WORDS = ("message", "instance", "software")
SECRETS = ("keys", "signatures")


def folders(sources):
    parent = os.path.join(sources, "tests", "data", "protocol")
    return [os.path.join(parent, name) for name in sorted(os.listdir(parent))]


def load(folder, names):
    """The events of a recording, with what stands for a name put in its place."""
    with open(os.path.join(folder, "road.jsonl"), encoding="utf-8") as file:
        text = file.read()
    for name, value in names.items():
        text = text.replace(name, value)
    return [json.loads(line) for line in text.splitlines()]


def enrich(text):
    """JSON with members that nobody knows in each object."""
    def walk(value):
        if isinstance(value, list):
            return [walk(v) for v in value]
        if not isinstance(value, dict):
            return value
        return {"later": {"key": ["value", {}]}, **{k: walk(v) for k, v in value.items()},
                "much-later": None}
    return json.dumps(walk(json.loads(text)))


class Differs(Exception):
    """What was said yesterday is not said today."""


class Comparison:
    """Tokens of leases are random: `tokens` has today's for each that was recorded."""

    def __init__(self, tokens=None):
        self.tokens = dict(tokens or {})

    def holds(self, old, new, place=""):
        """Raises Differs unless `new` has all that `old` has. Members may be added."""
        name = place.rsplit(".", 1)[-1].split("[")[0]
        if isinstance(old, dict) and isinstance(new, dict):
            for key, value in old.items():
                if key not in new:
                    raise Differs(f"{place}.{key} is missing: it was {value!r}")
                self.holds(value, new[key], f"{place}.{key}")
        elif isinstance(old, list) and isinstance(new, list):
            if name == "capabilities":
                good = set(old) <= set(new)
            else:
                good = len(old) == len(new)
            if not good:
                raise Differs(f"{place} is {new!r}, and was {old!r}")
            if name != "capabilities":
                for i, value in enumerate(old):
                    self.holds(value, new[i], f"{place}[{i}]")
        elif not self.same(name, old, new):
            raise Differs(f"{place} is {new!r}, and was {old!r}")

    def same(self, name, old, new):
        # pylint: disable=unidiomatic-typecheck
        if type(old) is not type(new):
            return False
        if name == "token":
            return self.tokens.setdefault(old, new) == new
        if name == "version":
            return new >= old
        if name in NUMBERS or name.endswith(("_us", "_ms")):
            return isinstance(old, int)
        if name in WORDS or name in SECRETS:
            return isinstance(old, str) and new != ""
        return old == new
