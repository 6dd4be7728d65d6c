#!/usr/bin/env python3
"""Feeds broken files to briskc and brisk-run: the hand-made hostile set and
seeded mutants.

    test/fuzz/run.py                                      the hostile set and 300 mutants
    test/fuzz/run.py --mutants 10000 --arrays 2000        the long run
    test/fuzz/run.py --only 4711                          one mutant again, with what briskc says

Each case runs in a child of its own with limits on time and memory. A case
fails on a signal, a hang, a sanitizer report, an exit status other than 0 and 1,
a rejection without a message, or an output file that is there though the status
says it is not (or the other way round).

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import artifacts  # noqa: E402
import hostile  # noqa: E402
import hostile_values  # noqa: E402, F401  (adds its cases to hostile.CASES)
import mutate  # noqa: E402
import seeds  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Processor time of one case; a dead wait is caught by the clock.
SECONDS, CLOCK_SECONDS = 10, 60
MEMORY = 4 << 30
# Mutants in one line of the totals.
GROUP = 50
# Faults of one kind that are printed one by one.
SHOWN = 20
# Every so many mutants one is compiled to the end; the others are only checked.
COMPILED = 4
# (That an allocation failed is no defect by itself.)
REPORTS = re.compile(r"AddressSanitizer(?! failed to allocate)|LeakSanitizer|MemorySanitizer|runtime error:|terminate called|Assertion `|"
                     r"LLVM ERROR|PLEASE submit a bug report|UNREACHABLE executed|Stack dump")


@dataclasses.dataclass
class Setting:
    briskc: pathlib.Path
    sanitized: bool

    @property
    def brisk_run(self) -> pathlib.Path:
        return self.briskc.with_name("brisk-run")


@dataclasses.dataclass
class Outcome:
    fault: str | None
    status: int
    said: str
    seconds: float


def limits(sanitized: bool, file_bytes: int | None):
    def apply():
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing then fails as on a full disk
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # The soft limit ends the child with SIGXCPU, which tells a hang from the rest.
        factor = 10 if sanitized else 1
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * factor, SECONDS * factor + 5))
        if not sanitized:  # shadow memory is all of the address space
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    return apply


def run_child(setting: Setting, arguments: list[str], file_bytes: int | None = None,
              program: pathlib.Path | None = None) -> Outcome:
    environment = dict(os.environ)
    if setting.sanitized:
        # The system's protobuf is not instrumented: its containers look overflowed.
        environment["ASAN_OPTIONS"] = "detect_container_overflow=0:detect_leaks=0:allocator_may_return_null=1"
        environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
    begin = time.monotonic()
    try:
        done = subprocess.run([str(program or setting.briskc), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=CLOCK_SECONDS * (10 if setting.sanitized else 1), env=environment,
                              restore_signals=False,
                              preexec_fn=limits(setting.sanitized, file_bytes))
        status, said = done.returncode, (done.stdout + done.stderr).decode(errors="replace")
    except subprocess.TimeoutExpired:
        return Outcome(f"no end after {CLOCK_SECONDS} s", -1, "", time.monotonic() - begin)
    seconds = time.monotonic() - begin
    fault = None
    if status == -signal.SIGXCPU:
        fault = f"hang: over {SECONDS} s of processor time"
    elif status < 0:
        fault = f"killed by {signal.Signals(-status).name}"
    elif report := REPORTS.search(said):
        fault = f"report: {said[report.start():].splitlines()[0]}"
    elif status not in (0, 1):
        fault = f"exit status {status}"
    elif status == 1 and not said.strip():
        fault = "rejected without a message"
    elif bad := re.search(r"[^\n\t\x20-\x7e\u00a0-\U0010ffff]", said):
        fault = f"control character {bad[0]!r} in a message"
    elif len(said) > 1 << 20:
        fault = f"{len(said)} characters of messages"
    return Outcome(fault, status, said, seconds)


def try_model(setting: Setting, model: pathlib.Path, folder: pathlib.Path, compiled: bool,
              must_fail: bool = False) -> Outcome:
    """`--check`, and a whole compilation where asked for."""
    outcome = run_child(setting, [str(model), "--check"])
    if outcome.fault is None and must_fail and outcome.status == 0:
        outcome.fault = "accepted by --check, but it must be rejected"
    if outcome.fault or not compiled:
        return outcome
    target = folder / "out"
    target.mkdir()
    outcome = run_child(setting, [str(model), "-o", str(target / "model.so")])
    left = sorted(path.name for path in target.iterdir())
    if outcome.fault is None:
        if must_fail and outcome.status == 0:
            outcome.fault = "compiled, but it must be rejected"
        elif outcome.status == 0 and left != ["model.so"]:
            outcome.fault = f"compiled, but the folder holds {left}"
        elif outcome.status == 1 and left:
            outcome.fault = f"rejected, but left {left}"
    return outcome


def in_folder(function):
    with tempfile.TemporaryDirectory(prefix="brisk-fuzz-") as name:
        return function(pathlib.Path(name))


def hostile_case(setting: Setting, case: hostile.Hostile) -> Outcome:
    def run(folder: pathlib.Path) -> Outcome:
        (folder / "in").mkdir()
        return try_model(setting, case.write(folder / "in"), folder, compiled=True, must_fail=case.must_fail)
    return in_folder(run)


def unwritable_output(setting: Setting, kind: str) -> Outcome:
    """A healthy model whose output cannot be written."""
    def run(folder: pathlib.Path) -> Outcome:
        model = hostile.one_node(folder, "Relu", ["x"], shape=(4,))
        target = {"in no folder": folder / "absent" / "model.so", "on a folder": folder,
                  "below a file": model / "model.so"}[kind]
        outcome = run_child(setting, [str(model), "-o", str(target)])
        if outcome.fault is None and outcome.status != 1:
            outcome.fault = f"exit status {outcome.status} though nothing can be written"
        if outcome.fault is None and sorted(os.listdir(folder)) != [model.name]:
            outcome.fault = f"left {sorted(os.listdir(folder))}"
        return outcome
    return in_folder(run)


def full_disk(setting: Setting, kind: str, room: int) -> Outcome:
    """No file can grow beyond `room` bytes: the output is whole or what was there before, and nothing else is left."""
    def run(folder: pathlib.Path) -> Outcome:
        (folder / "in").mkdir()
        (folder / "out").mkdir()
        model = hostile.one_node(folder / "in", "Softmax", ["x"], shape=("N", 7), axis=1)
        names = {"obj": ["model.h", "model.o"]}.get(kind, ["model"])
        before = "what was there before"
        for name in names:
            (folder / "out" / name).write_text(before)
        outcome = run_child(setting, [str(model), f"--emit={kind}", "-o", str(folder / "out" / "model")], room)
        if outcome.fault and "ld.lld" in outcome.said:
            outcome.fault = None  # the limit ends the linker by a signal, which a full disk would not
        left = sorted(path.name for path in (folder / "out").iterdir())
        kept = [name for name in names if (folder / "out" / name).exists()
                and (folder / "out" / name).read_bytes() == before.encode()]
        if outcome.fault is None and left != names:
            outcome.fault = f"exit status {outcome.status}, left {left}"
        elif outcome.fault is None and kept != (names if outcome.status else []):
            outcome.fault = f"exit status {outcome.status}, but of {names} only {kept} are as before"
        return outcome
    return in_folder(run)


def full_disk_of_a_run(setting: Setting, compiled: artifacts.Artifacts, room: int) -> Outcome:
    def run(folder: pathlib.Path) -> Outcome:
        target = folder / "out.npz"
        outcome = run_child(setting, [str(compiled.add()), "--random", "--output", str(target)], room, setting.brisk_run)
        if outcome.fault is None and outcome.status == 0:
            outcome.fault = "said it wrote what has no room"
        if outcome.fault is None and list(folder.iterdir()):
            outcome.fault = f"left {sorted(os.listdir(folder))}"
        return outcome
    return in_folder(run)


def runtime_case(setting: Setting, write, must_fail: bool) -> Outcome:
    """brisk-run with what `write` leaves in a folder."""
    def run(folder: pathlib.Path) -> Outcome:
        outcome = run_child(setting, write(folder), program=setting.brisk_run)
        if outcome.fault is None and must_fail and outcome.status == 0:
            outcome.fault = "ran, but it must be refused"
        return outcome
    return in_folder(run)


def mutant_case(setting: Setting, found: list, seed: int, index: int, keep: pathlib.Path) -> Outcome:
    what, data = mutate.mutant(found, seed, index)

    def run(folder: pathlib.Path) -> Outcome:
        model = folder / "mutant.onnx"
        model.write_bytes(data)
        outcome = try_model(setting, model, folder, compiled=index % COMPILED == 0)
        if outcome.fault:
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(model, keep / f"{seed}-{index}.onnx")
            outcome.fault += f" ({what})"
        return outcome
    return in_folder(run)


def write_junit(path: str, cases: dict[str, list[str]]) -> None:
    suite = ElementTree.Element("testsuite", name="fuzz", tests=str(len(cases)))
    for name, faults in cases.items():
        case = ElementTree.SubElement(suite, "testcase", classname="fuzz", name=name)
        if faults:
            ElementTree.SubElement(case, "failure", message=faults[0]).text = "\n".join(faults)
    ElementTree.ElementTree(suite).write(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\nEach")[0],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--briskc", type=pathlib.Path, default=ROOT / "build" / "bin" / "briskc", metavar="FILE")
    parser.add_argument("--sanitized", action="store_true", help="briskc was built with sanitizers")
    parser.add_argument("--mutants", type=int, default=300, metavar="N")
    parser.add_argument("--arrays", type=int, default=100, metavar="N", help="mutants of .npy and .npz files")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--only", metavar="INDEX|NAME", help="one mutant or hostile case, with its output")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--keep", type=pathlib.Path, default=ROOT / "build" / "fuzz-failures", metavar="DIR")
    parser.add_argument("--junit", metavar="FILE")
    arguments = parser.parse_args()
    if not arguments.briskc.exists():
        parser.error(f"no {arguments.briskc}: scripts/build makes it")
    setting = Setting(arguments.briskc.resolve(), arguments.sanitized)
    named = {f"hostile {case.name}": lambda case=case: hostile_case(setting, case) for case in hostile.CASES}
    named |= {f"output {kind}": lambda kind=kind: unwritable_output(setting, kind)
              for kind in ("in no folder", "on a folder", "below a file")}
    named |= {f"{kind} with {room} bytes left": lambda kind=kind, room=room: full_disk(setting, kind, room)
              for kind in ("so", "obj", "exe", "asm", "llvm", "mlir", "onnx") for room in (0, 100, 3000, 12000)}
    # What a compiler that is killed leaves in its temporary folder goes with this one.
    scratch = tempfile.TemporaryDirectory(prefix="brisk-fuzz-")
    os.environ["TMPDIR"] = tempfile.tempdir = scratch.name
    compiled = artifacts.Artifacts(setting.briskc, pathlib.Path(scratch.name))
    named |= {f"brisk-run with {room} bytes left": lambda room=room: full_disk_of_a_run(setting, compiled, room)
              for room in (0, 10, 100)}
    named |= {f"run {name}": lambda write=write, must_fail=must_fail: runtime_case(setting, write, must_fail)
              for name, write, must_fail in artifacts.cases(compiled, arguments.arrays, arguments.seed)}

    if arguments.only and not arguments.only.isdigit():
        known = [named[name] for name in (arguments.only, f"hostile {arguments.only}", f"run {arguments.only}") if name in named]
        outcome = known[0]() if known else parser.error("no such case")
        print(outcome.said, end="")
        print(f"exit status {outcome.status}: {outcome.fault or 'as it should be'}")
        return 1 if outcome.fault else 0
    found = seeds.collect()
    if arguments.only:
        outcome = mutant_case(setting, found, arguments.seed, int(arguments.only), arguments.keep)
        print(outcome.said, end="")
        print(f"exit status {outcome.status}: {outcome.fault or 'as it should be'}")
        return 1 if outcome.fault else 0

    cases: dict[str, list[str]] = {}
    statuses, slowest, kinds = [0, 0], (0.0, ""), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        futures = {name: pool.submit(run) for name, run in named.items()}
        for index in range(arguments.mutants):
            futures[f"mutant {index}"] = pool.submit(
                mutant_case, setting, found, arguments.seed, index, arguments.keep)
        for done, (name, future) in enumerate(futures.items()):
            outcome = future.result()
            if done and done % 500 == 0:
                print(f"{done} of {len(futures)} cases", file=sys.stderr, flush=True)
            group = name
            if name.startswith("mutant "):
                first = int(name.split()[1]) // GROUP * GROUP
                group = f"mutants {first} to {min(first + GROUP, arguments.mutants) - 1}"
                if outcome.status in (0, 1):
                    statuses[outcome.status] += 1
            faults = cases.setdefault(group, [])
            slowest = max(slowest, (outcome.seconds, name))
            if outcome.fault:
                faults.append(f"{name}: {outcome.fault}")
                kind = outcome.fault.split(" (")[0]
                kinds[kind] += 1
                if kinds[kind] <= SHOWN:
                    print(faults[-1], flush=True)
    for kind, count in kinds.items():
        if count > SHOWN:
            print(f"{count} cases in all: {kind}")
    bad = sum(map(len, cases.values()))
    print(f"fuzz: {len(named)} hostile cases and {arguments.mutants} mutants (seed {arguments.seed}), {bad} faults; "
          f"of the mutants {statuses[0]} were accepted, {statuses[1]} rejected; slowest {slowest[0]:.1f} s ({slowest[1]})")
    if arguments.junit:
        write_junit(arguments.junit, cases)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
