"""The runner of the backend tests: its processes, its reasons, its list.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import os
import pathlib
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
import pool
import run


@dataclasses.dataclass
class Fake:
    name: str


def check(case, phase):
    phase("testing")
    match case.name.split("-")[0]:
        case "abort":
            os.write(2, b"LLVM ERROR: out of luck\n")
            os.abort()
        case "exit":
            os._exit(3)
        case "spin":
            while True:
                pass
        case "raise":
            raise KeyError("no key")
        case "wrong":
            return "wrong values"
    return None


def run_fakes(*names: str, seconds: float = 20.0):
    ended = []
    results = pool.run([Fake(name) for name in names], check, 2, seconds, lambda case, reason: ended.append(case.name))
    assert sorted(ended) == sorted(names) and list(results) == list(names)
    return results


def test_crashes_cost_their_case_only():
    results = run_fakes("abort-1", "fine-1", "exit-1", "abort-2", "wrong-1", "fine-2", "raise-1")
    assert results == {
        "abort-1": "crashes while testing: SIGABRT: LLVM ERROR: out of luck", "fine-1": None,
        "exit-1": "crashes while testing: exit status 3",
        "abort-2": "crashes while testing: SIGABRT: LLVM ERROR: out of luck", "wrong-1": "wrong values",
        "fine-2": None, "raise-1": "the test itself fails: KeyError: 'no key'"}


def test_a_case_that_does_not_end_is_ended():
    results = run_fakes("spin-1", "fine-1", "fine-2", seconds=1)
    assert results == {"spin-1": "takes over 1 s of processor time while testing", "fine-1": None, "fine-2": None}


def test_an_interrupt_keeps_what_was_found():
    def interrupt(case, reason):
        if case.name == "wrong-1":
            raise KeyboardInterrupt

    names = ["fine-1", "wrong-1", "spin-1", "spin-2"]
    assert pool.run([Fake(name) for name in names], check, 1, 20.0, interrupt) == {
        "fine-1": None, "wrong-1": "wrong values"}


@pytest.mark.parametrize("said, reason", [
    ("test_x: Cast_0: Cast: no such op is supported", "Cast: no such op is supported"),
    ("test_x: Foo_0/Cast_1: Cast: expects a tensor\nmore", "Cast: expects a tensor"),
    ("node 'Conv_0': expects a rank-4 weight", "expects a rank-4 weight"),
])
def test_reasons_do_not_name_nodes(said, reason):
    assert run.compile_reason(Exception(said)) == f"does not compile: {reason}"


def test_the_list_is_held_to(tmp_path, monkeypatch, capsys):
    """A case fails the run if it passes though listed, or does not though not
    listed; a name that is no case does so too."""
    reasons = {"test_abs": None, "test_neg": "wrong values", "test_ceil": "wrong values", "test_floor": None}
    listed = tmp_path / "failing.txt"
    listed.write_text("# head\ntest_floor: wrong values\ntest_neg: wrong values\ntest_none: wrong values\n")
    monkeypatch.setattr(run, "LIST", listed)
    monkeypatch.setattr(run.pool, "run", lambda cases, *_: {case.name: reasons[case.name] for case in cases})
    monkeypatch.setattr(sys, "argv", ["run.py", "--filter", "^test_(abs|neg|ceil|floor)$"])
    assert run.main() == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAILED")]
    assert failed == ["FAILED test_ceil: does not pass: wrong values", "FAILED test_floor: passes: take it off the list",
                      "FAILED test_none: is on the list, but is no case"]
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--update"])
    assert run.main() == 0
    assert run.read_list(listed) == {"test_ceil": "wrong values", "test_neg": "wrong values"}


def test_real_cases_run():
    done = subprocess.run([sys.executable, FOLDER / "run.py", "--filter", "^test_(relu|add_bcast)$", "-v"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_relu: passes" in done.stdout and "2 of 2 cases pass" in done.stdout
