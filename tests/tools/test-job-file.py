# SPDX-License-Identifier: LGPL-2.1-or-later
"""Job files: what the tool makes of good ones, what it says about bad ones, and that the
schema in doc/ says the same. The cases are in job-files.json."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(SOURCES, "tests", "project"))
import tap  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

TOOL = os.environ.get("BUILDQ_TOOL", "build/tools/buildq")


def load(*path):
    with open(os.path.join(SOURCES, *path), encoding="utf-8") as file:
        return json.load(file)


class Cases:
    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, "job-file.json")
        self.validator = None
        if jsonschema is not None:
            schema = load("doc", "job-file.schema.json")
            jsonschema.Draft202012Validator.check_schema(schema)
            self.validator = jsonschema.Draft202012Validator(schema)
        with open(os.path.join(folder, "x.txt"), "w", encoding="utf-8") as file:
            file.write("x\n")

    def run(self, case):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(case["text"] if "text" in case else json.dumps(case["file"]))
        return subprocess.run([TOOL, "submit", "--dry-run", self.path], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def fill_in(self, text, system):
        return text.replace("FOLDER", os.path.realpath(self.folder)).replace("SYSTEM", system)

    def schema_takes(self, file, expected, what):
        if self.validator is None:
            return
        errors = [e.message for e in self.validator.iter_errors(file)]
        tap.ok((not errors) == expected, f"the schema {'takes' if expected else 'refuses'} {what}",
               errors)

    def good(self, case):
        run = self.run(case)
        try:
            request = json.loads(run.stdout)
        except json.JSONDecodeError:
            request = None
        system = request["jobs"][0]["system"] if request else ""
        expected = json.loads(self.fill_in(json.dumps(case["request"]), system))
        tap.ok(run.returncode == 0 and request == expected, case["what"],
               [run.stdout, run.stderr, json.dumps(expected)])
        self.schema_takes(case["file"], True, case["what"])
        # The strict form is a job file too.
        again = self.run({"file": request})
        tap.ok(again.stdout == run.stdout, f"again: {case['what']}", [again.stdout, again.stderr])

    def bad(self, case):
        run = self.run(case)
        message = self.fill_in(case["message"], "")
        tap.ok(run.returncode == 1 and run.stderr.startswith(f"buildq: {self.path}:")
               and message in run.stderr and run.stderr.count("\n") == 1
               and not run.stdout, message, [f"status {run.returncode}", run.stderr])
        if "file" in case:
            self.schema_takes(case["file"], case.get("schema", False), f"this: {message}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        cases = Cases(os.path.realpath(folder))
        data = load("tests", "tools", "job-files.json")
        for case in data["good"]:
            cases.good(case)
        for case in data["bad"]:
            cases.bad(case)
        for path in tap.files("examples", ".json"):
            cases.schema_takes(load(path), True, path)
        if jsonschema is None:
            print("# no jsonschema: the schema is not tested")
    tap.done()


main()
