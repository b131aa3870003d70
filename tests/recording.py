"""Notes what each test shows of the APIs, for the coverage tables of `cargo xtask coverage`.

Every call of a boto3 client is noted: the input members that were sent with success, the output members that
the test looked at, the error that came. A note counts when the test passes, and only when the test itself made
the call: what a fixture does depends on which test asked for it first, so it proves nothing of a test.

The notes go to `target/shown/`, a line each: service, operation, kind, name, test.
"""

import os
import sys
import threading
from collections import defaultdict
from pathlib import Path

from botocore.client import BaseClient
from botocore.exceptions import ClientError

TESTS = Path(__file__).resolve().parent
FOLDER = TESTS.parent / "target/shown"
# The call would have worked: its input was judged in full.
AS_GOOD_AS_SUCCESS = "DryRunOperationException"

_pending = defaultdict(set)
_shown = set()
_carried = threading.local()
_plain_call = BaseClient._make_api_call


def start():
    """From now on every call is noted."""
    BaseClient._make_api_call = _noted_call


def test_passed(test):
    """What was noted for this test counts."""
    _shown.update((*note, test) for note in _pending.pop(test, ()))


def finish(worker):
    """Writes the notes of this process."""
    if _shown:
        FOLDER.mkdir(parents=True, exist_ok=True)
        lines = ["\t".join(note) + "\n" for note in sorted(_shown)]
        (FOLDER / f"{worker}-{os.getpid()}.tsv").write_text("".join(lines))


def carried(function):
    """The function, whose calls are those of the test that calls us, in whichever thread it runs."""
    test = _calling_test()

    def run(*arguments, **named):
        _carried.test = test
        try:
            return function(*arguments, **named)
        finally:
            _carried.test = None

    return run


def _noted_call(client, operation, members):
    test = _calling_test()
    if test is None:
        return _plain_call(client, operation, members)
    model = client.meta.service_model.operation_model(operation)
    service = client.meta.service_model.service_name

    def note(kind, name):
        _pending[test].add((service, operation, kind, name))

    def note_input():
        for path in _paths(model.input_shape, members):
            note("input", path)

    try:
        answer = _plain_call(client, operation, members)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        note("error", code)
        if code == AS_GOOD_AS_SUCCESS:
            note_input()
        raise
    note_input()
    return _Answer.of(model.output_shape, answer, "", lambda path: note("output", path))


def _calling_test():
    """The test function that this call comes from, as `path::name`; None for a fixture's call."""
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        path = Path(code.co_filename)
        if path.is_relative_to(TESTS) and path != Path(__file__).resolve():
            if code.co_qualname.startswith("test_") and path.name.startswith("test_"):
                return f"{path.relative_to(TESTS)}::{code.co_qualname.split('.')[0]}"
            outer, _, inner = code.co_qualname.rpartition(".<locals>.")
            if outer and not inner.startswith("<"):
                return None
        frame = frame.f_back
    return getattr(_carried, "test", None)


def _paths(shape, value, path=""):
    """The members that a value has, those of structures inside it with a dot."""
    if shape is None or value is None:
        return
    if shape.type_name == "structure":
        for name in value:
            if name in shape.members:
                inner = f"{path}.{name}" if path else name
                yield inner
                yield from _paths(shape.members[name], value[name], inner)
    elif shape.type_name == "list":
        for item in value:
            yield from _paths(shape.member, item, path)


class _Answer(dict):
    """A structure that notes which of its members are looked at."""

    @classmethod
    def of(cls, shape, value, path, note):
        if shape is None:
            return value
        if shape.type_name == "list" and isinstance(value, list):
            return [cls.of(shape.member, item, path, note) for item in value]
        if shape.type_name != "structure" or not isinstance(value, dict):
            return value
        answer = cls()
        answer._paths, answer._note = {}, note
        for name, member in value.items():
            if name in shape.members:
                inner = answer._paths[name] = f"{path}.{name}" if path else name
                member = cls.of(shape.members[name], member, inner, note)
            dict.__setitem__(answer, name, member)
        return answer

    def _look(self, name):
        if name in self._paths:
            self._note(self._paths[name])

    def _look_at_all(self):
        for name, value in dict.items(self):
            self._look(name)
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, _Answer):
                    inner._look_at_all()

    def __getitem__(self, name):
        self._look(name)
        return super().__getitem__(name)

    def get(self, name, default=None):
        if dict.__contains__(self, name):
            self._look(name)
        return super().get(name, default)

    def pop(self, name, *default):
        if dict.__contains__(self, name):
            self._look(name)
        return super().pop(name, *default)

    def __contains__(self, name):
        there = super().__contains__(name)
        if there:
            self._look(name)
        return there

    def __iter__(self):
        return super().__iter__()

    def items(self):
        self._look_at_all()
        return super().items()

    def values(self):
        self._look_at_all()
        return super().values()

    def __eq__(self, other):
        self._look_at_all()
        return super().__eq__(other)

    def __ne__(self, other):
        return not self == other

    __hash__ = None
