# SPDX-License-Identifier: LGPL-2.1-or-later
"""Values and errors: what gi/overrides/Buildq.py and buildq/errors.py add to the typelib."""
import copy
import pickle

from gi.repository import Gio, GLib

from harness import Buildq, Raises, buildq, job, main, test
from buildq.errors import from_glib


@test
def values_are_made_with_keywords():
    made = buildq.Job(key="k", kind="command", system="any", argv=["sh", "-c", "true"],
                      env={"A": "1", "B": "2"}, depends=["x", "y"], cores=2,
                      outputs=["out", Buildq.Output.new("doc", "share/doc")],
                      inputs=[Buildq.Input.new_for_job("lib", "x", None)])
    assert type(made) is buildq.Job is Buildq.Job
    assert made.key == "k" and made.argv == ["sh", "-c", "true"] and made.cores == 2
    assert made.env == ["A=1", "B=2"] and made.depends == ["x", "y"]
    assert [(out.name, out.path) for out in made.outputs] == [("out", None), ("doc", "share/doc")]
    assert [(it.name, it.job) for it in made.inputs] == [("lib", "x")]
    assert made.name is None and made.get_key() == made.key
    request = buildq.Request(jobs=[made], id="r", priority=-3, rebuild=True)
    assert request.jobs == [made] and request.priority == -3 and request.rebuild
    result = buildq.Result(outcome=buildq.Outcome.FAILED, message="no", exit_status=3)
    assert result.outcome == buildq.Outcome.FAILED and result.exit_status == 3


@test
def values_compare_hash_print_and_pickle():
    one, same, other = job(), job(), job("b")
    assert one == same and one is not same and one != other
    assert one != "a" and not one == None  # noqa: E711
    assert {one: 1}[same] == 1 and len({one, same, other}) == 2
    assert str(one) == one.to_json() and repr(one) == f"<Buildq.Job {one.to_json()}>"
    assert Buildq.Job.new_from_json(str(one)) == one
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.copy(one) is one and copy.deepcopy([one])[0] is one


@test
def every_value_is_one():
    names = [name for name in dir(Buildq) if hasattr(getattr(Buildq, name), "to_json")]
    assert len(names) > 20, names
    for name in names:
        value = getattr(Buildq, name)
        assert value.__str__ is value.to_json or value.__str__ == value.to_json, name
        for getter in [each for each in dir(value) if each.startswith("get_")]:
            assert isinstance(vars(value)[getter[4:]], property), f"{name}.{getter}"


@test
def bad_values_are_errors():
    with Raises(buildq.Invalid, "a job needs 'kind'") as raised:
        buildq.Job(key="a")
    assert isinstance(raised.error, ValueError) and isinstance(raised.error.__cause__, GLib.Error)
    assert raised.error.code == "invalid" and raised.error.message == str(raised.error)
    with Raises(TypeError, "Job has no field 'kay'"):
        buildq.Job(kay="a")
    with Raises(TypeError):
        job(argv=3)
    with Raises(TypeError, "'argv' is a list, not 'true'"):
        job(argv="true")
    with Raises(TypeError, "'outputs' is a list, not 'out'"):
        job(outputs="out")
    with Raises(TypeError):
        job(outputs=[3])


@test
def each_code_has_its_class():
    codes = [int(getattr(Buildq.Error, name)) for name in dir(Buildq.Error) if name.isupper()]
    kinds = {type(from_glib(GLib.Error.new_literal(Buildq.error_quark(), "m", code)))
             for code in codes}
    assert len(kinds) == len(codes) == 13, kinds
    for kind in kinds:
        assert issubclass(kind, buildq.Error) and kind.__name__ in buildq.__all__
        name = "".join("-" + letter.lower() if letter.isupper() else letter
                       for letter in kind.__name__)[1:]
        assert kind.code == name, (kind, kind.code)
    gone = from_glib(GLib.Error.new_literal(Buildq.error_quark(), "m",
                                            int(Buildq.Error.UNAVAILABLE)))
    assert gone.is_transient and type(gone) is buildq.Unavailable
    other = from_glib(GLib.Error.new_literal(Gio.io_error_quark(), "m",
                                             int(Gio.IOErrorEnum.NOT_FOUND)))
    assert type(other) is buildq.Error and other.code == "not-found" and not other.is_transient


main()
