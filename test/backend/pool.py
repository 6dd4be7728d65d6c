"""Worker processes that survive what crashes or hangs in them.

Each worker is a fork of the parent, which has loaded the cases and nothing
else. It takes one case at a time; when it dies or uses up its time, the case
gets that as its reason and a new worker takes its place.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import faulthandler
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import re
import signal
import tempfile
import time
from collections.abc import Callable

# Waiting time over processor time: a case that sleeps, on a machine with other work to do.
PATIENCE = 10
TICK_S = 0.5


class Worker:
    def __init__(self, cases: list, check: Callable, folder: pathlib.Path, number: int):
        self.errors = folder / f"stderr-{number}"
        self.pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("fork")
        self.process = context.Process(target=serve, args=(theirs, cases, check, self.errors), daemon=True)
        self.process.start()
        theirs.close()
        self.index = self.phase = None

    def give(self, index: int) -> None:
        self.index, self.phase = index, "loading"
        self.begin, self.used = time.monotonic(), self.processor_time()
        self.pipe.send(index)

    def processor_time(self) -> float:
        try:
            fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def late(self, seconds: float) -> bool:
        return self.processor_time() - self.used > seconds or time.monotonic() - self.begin > PATIENCE * seconds

    def end(self) -> str:
        """Waits for a process that is dying and says how it did."""
        self.process.join(10)
        code = self.process.exitcode
        self.pipe.close()
        how = signal.Signals(-code).name if code is not None and code < 0 else f"exit status {code}"
        text = self.errors.read_text(errors="replace") if self.errors.exists() else ""
        said = re.search(r"(?:LLVM ERROR|Assertion|terminate called|ERROR: AddressSanitizer)[^\n]*", text)
        return f"crashes while {self.phase}: {how}" + (f": {said[0]}" if said else "")


def serve(pipe, cases: list, check: Callable, errors: pathlib.Path) -> None:
    # An interrupt is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Crashes make no mess on the terminal.
    faulthandler.disable()
    file = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    os.dup2(file, 2)
    # A closed pipe would not do: workers made later hold copies of its other end.
    while (index := pipe.recv()) is not None:
        os.ftruncate(file, 0)
        try:
            reason = check(cases[index], lambda phase: pipe.send(("phase", phase)))
        except Exception as error:
            reason = f"the test itself fails: {type(error).__name__}: {error}"
        pipe.send(("done", reason))


def run(cases: list, check: Callable, jobs: int, seconds: float, done: Callable) -> dict[str, str | None]:
    """check(case, phase) of every case, by name; of those that were run, if the
    user interrupts. `done(case, reason)` is called as they end."""
    results: dict[str, str | None] = {}
    waiting = list(reversed(range(len(cases))))
    with tempfile.TemporaryDirectory(prefix="brisk-backend-") as scratch:
        made = 0

        def worker() -> Worker:
            nonlocal made
            made += 1
            new = Worker(cases, check, pathlib.Path(scratch), made)
            new.give(waiting.pop())
            return new

        def finish(one: Worker, reason: str | None) -> None:
            results[cases[one.index].name] = reason
            done(cases[one.index], reason)

        workers = [worker() for _ in range(min(jobs, len(waiting)))]
        try:
            attend(workers, waiting, seconds, worker, finish)
        except KeyboardInterrupt:
            for one in workers:
                one.process.kill()
    return {case.name: results[case.name] for case in cases if case.name in results}


def attend(workers: list[Worker], waiting: list[int], seconds: float, worker: Callable, finish: Callable) -> None:
    """Keeps the workers busy until nothing waits."""
    while workers:
        ready = multiprocessing.connection.wait([one.pipe for one in workers], TICK_S)
        for one in list(workers):
            gone = None
            if one.pipe in ready:
                try:
                    kind, value = one.pipe.recv()
                    if kind == "phase":
                        one.phase = value
                        continue
                    finish(one, value)
                    if waiting:
                        one.give(waiting.pop())
                        continue
                    one.pipe.send(None)
                    one.process.join()
                    workers.remove(one)
                    continue
                except (EOFError, ConnectionResetError):
                    gone = one.end()
            elif one.late(seconds):
                one.process.kill()
                one.end()
                gone = f"takes over {seconds:.0f} s of processor time while {one.phase}"
            if gone:
                finish(one, gone)
                workers.remove(one)
                if waiting:
                    workers.append(worker())
