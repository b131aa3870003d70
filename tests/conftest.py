"""Fixtures that every test may use; and notes what each test shows (`recording.py`)."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import recording  # noqa: E402  (the path comes first)
from harness import Keyward  # noqa: E402

recording.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.passed:
        path = item.path.relative_to(recording.TESTS)
        recording.test_passed(f"{path}::{item.originalname}")
    return report


def pytest_sessionfinish():
    recording.finish(os.environ.get("PYTEST_XDIST_WORKER", "all"))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests of a worker that leave it as it was, but for things of their own."""
    with Keyward(tmp_path_factory.mktemp("shared") / "data") as server:
        yield server


@pytest.fixture
def own_server(tmp_path):
    """A server of one's own, not started yet."""
    server = Keyward(tmp_path / "data")
    yield server
    if server.process is not None and server.process.poll() is None:
        server.stop()


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """One server for all tests of a worker, whose three levels have addresses of their own on port 53."""
    with Keyward.with_levels(tmp_path_factory.mktemp("tree") / "data") as server:
        yield server
