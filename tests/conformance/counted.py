"""A plugin of pytest: the last line of a run is how many assertions held, and how many tests failed."""

import pytest

held = 0
failed = 0


def pytest_assertion_pass():
    global held
    held += 1


def pytest_runtest_logreport(report):
    global failed
    failed += report.failed


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    print(f"{held} passed, {failed} failed")
