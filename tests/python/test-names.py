# SPDX-License-Identifier: LGPL-2.1-or-later
"""That the stubs say what there is, and doc/python.md explains every public name."""
import ast
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile

from harness import Buildq, buildq, main, tap, test

STUBS = os.path.join(os.environ["top_builddir"], "bindings/python/gi-stubs/repository/Buildq.pyi")
NOT_SAID = {"ref", "unref"}  # Python does this by itself
NOT_OURS = {"props", "name"}


def stubs():
    with open(STUBS, encoding="utf-8") as file:
        return ast.parse(file.read())


def names_in(body):
    found = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            found.add(node.target.id)
    return found


def classes():
    return {name: getattr(Buildq, name) for name in dir(Buildq)
            if isinstance(getattr(Buildq, name), type) and not name.endswith(("Interface", "Class"))
            and getattr(Buildq, name).__module__.endswith("Buildq")}


@test
def the_stubs_have_every_class_and_function():
    said = names_in(stubs().body)
    there = {name for name in dir(Buildq) if not name.startswith("_")
             and not name.endswith(("Interface", "Class"))
             and type(getattr(Buildq, name)).__name__ != "str" and name != "overrides"}
    there = {name for name in there if name in classes() or callable(getattr(Buildq, name))
             and not isinstance(getattr(Buildq, name), type)}
    assert said == there, said ^ there
    assert len(said) > 60


@test
def the_stubs_have_every_member():
    wrong = []
    for node in stubs().body:
        if not isinstance(node, ast.ClassDef):
            continue
        kind = getattr(Buildq, node.name)
        for name in names_in(node.body):
            if not hasattr(kind, name):
                wrong.append(f"{node.name}.{name} is not there")
        for name, member in vars(kind).items():
            of_ours = type(member).__module__ == "gi" or isinstance(member, property)
            if (of_ours and not name.startswith(("_", "do_")) and name not in NOT_SAID
                    and name not in names_in(node.body)):
                wrong.append(f"{node.name}.{name} is not in the stubs")
    assert not wrong, wrong


@test
def constructors_take_what_the_stubs_say():
    for node in stubs().body:
        if not isinstance(node, ast.ClassDef):
            continue
        for function in node.body:
            if isinstance(function, ast.FunctionDef) and function.name == "__init__":
                for argument in function.args.kwonlyargs:
                    try:
                        getattr(Buildq, node.name)(**{argument.arg: object()})
                    except (TypeError, buildq.Invalid) as error:
                        assert "has no field" not in str(error), (node.name, argument.arg)


@test
def all_names_what_there_is():
    assert sorted(buildq.__all__) == buildq.__all__
    modules = {name for name, member in vars(buildq).items() if inspect.ismodule(member)}
    public = {name for name in vars(buildq) if not name.startswith("_")} - modules
    assert public - {"require_version"} == set(buildq.__all__) - {"Buildq"}, public
    for name in buildq.__all__:
        assert hasattr(buildq, name), name


def of_a_class(kind):
    """The public members of a class, but those of what it is based on outside the package."""
    for base in kind.__mro__:
        if base.__module__.startswith("buildq"):
            for name in [*vars(base), *getattr(base, "__annotations__", {})]:
                if not name.startswith("_") and name not in ("pending", "is_closed"):
                    yield name


@test
def the_documentation_has_every_name():
    text = tap.read("doc/python.md")
    code = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))
    words = {word for each in code for word in re.findall(r"\w+", each)}
    missing = [name for name in buildq.__all__ if name not in words]
    for name in ("Queue", "Agent", "Lease", "Worker", "Execution", "Server", "Error"):
        missing += [f"{name}.{member}" for member in of_a_class(getattr(buildq, name))
                    if member not in words]
    assert not missing, missing
    unknown = [name for name in re.findall(r"`buildq\.(\w+)", text) if not hasattr(buildq, name)]
    assert not unknown, unknown


@test
def its_examples_are_programs():
    """Each block that is Python compiles; those with a main () are run."""
    text = tap.read("doc/python.md")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 4
    ran = 0
    for number, block in enumerate(blocks):
        compile(block, f"block {number}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if "async def main" not in block:
            continue
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                [sys.executable, "-W", "error", "-W", "ignore::ImportWarning", "-c", block],
                cwd=home, env={**os.environ, "BUILDQ_URI": "memory:", "HOME": home},
                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            assert done.returncode == 0, (block, done.stdout)
            ran += 1
    assert ran > 1


def types_are_right():
    """As mypy says, which reads stubs of a part of a package only as its modules."""
    with tempfile.TemporaryDirectory() as home:
        os.makedirs(f"{home}/gi/repository")
        shutil.copy(STUBS, f"{home}/gi/repository")
        for name in ("Gio", "GLib", "GObject"):
            with open(f"{home}/gi/repository/{name}.pyi", "w", encoding="utf-8") as file:
                file.write("from typing import Any\ndef __getattr__(name: str) -> Any: ...\n")
        done = subprocess.run(
            ["mypy", "--ignore-missing-imports", "--check-untyped-defs", "--cache-dir", os.devnull,
             os.path.dirname(buildq.__file__)],
            env={**os.environ, "MYPYPATH": home}, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout


if shutil.which("mypy"):
    test(types_are_right)

main()
