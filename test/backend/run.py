#!/usr/bin/env python3
"""Runs the ONNX backend tests through brisk.backend.

failing.txt lists the cases that do not pass, with the reason. The run fails if
a listed case passes or another one does not.

    python test/backend/run.py                    all cases
    python test/backend/run.py --sample 200       an even share of them
    python test/backend/run.py --filter conv      those whose name matches
    python test/backend/run.py --listed           those of the list
    python test/backend/run.py --update           rewrites the list
    python test/backend/run.py --option target=cuda --option march=emu --list test/targets/cuda/failing.txt
                                                  with options of brisk.compile, and a list of their own

Interrupted, it reports and updates what was run until then.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import collections
import functools
import os
import pathlib
import re
import resource
import sys
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import pool
from cases import Case, load_cases

LIST = pathlib.Path(__file__).with_name("failing.txt")
HEAD = "# Cases of the ONNX backend tests that do not pass, `name: reason`. Written by run.py --update.\n"


def first_line(error: BaseException) -> str:
    # Artifacts lie in folders of random names.
    text = re.sub(r"(?<=[\s'])/\S*/brisk-\w+/", "", str(error))
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def compile_reason(error: BaseException) -> str:
    """The same reason for every model: the phrase, and the operator before it,
    without the names of model and node."""
    text = re.sub(r"^\S+ error: |\bnode '[^']*': ", "", first_line(error))
    parts = text.split(": ")
    phrase = next((i for i, part in enumerate(parts) if " " in part), len(parts) - 1)
    operator = phrase and re.fullmatch(r"[A-Z][A-Za-z0-9.]*", parts[phrase - 1])
    return "does not compile: " + ": ".join(parts[phrase - 1 if operator else phrase:])


def wrong_reason(error: BaseException) -> str:
    text = str(error)
    if "incorrect shape" in text:
        return "wrong shape"
    if "dtype" in text:
        return "wrong dtype"
    if match := re.search(r"Max absolute difference among violations: (\S+)", text):
        return f"wrong values: off by {match[1]}"
    return "wrong values: " + (first_line(error) if isinstance(error, TypeError) else "not equal")


def run_case(case: Case, phase, **options: str) -> str | None:
    """The reason why the case does not pass; None if it does."""
    from brisk import CompileError, backend

    model = case.model()
    phase("compiling")
    try:
        prepared = backend.prepare(model, **options)
    except CompileError as error:
        return compile_reason(error)
    except Exception as error:
        return f"does not load: {first_line(error)}"
    for inputs, expected in case.data(model):
        phase("running")
        try:
            outputs = list(prepared.run(inputs))
        except Exception as error:
            return f"does not run: {first_line(error)}"
        phase("comparing")
        try:
            case.compare(expected, outputs)
        except (AssertionError, TypeError) as error:
            return wrong_reason(error)
    return None


def read_list(path: pathlib.Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def table(title: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        print(f"\n{title}")
        width = max(len(left) for left, _ in rows)
        for left, right in rows:
            print(f"  {left:{width}}  {right}")


def print_summary(cases: list[Case], results: dict[str, str | None]) -> None:
    total, passed = collections.Counter(), collections.Counter()
    for case in cases:
        total[case.family] += 1
        passed[case.family] += results[case.name] is None
    short = [family for family in total if passed[family] < total[family]]
    short.sort(key=lambda family: (passed[family] - total[family], family))
    table("families with cases that do not pass", [(f"{passed[f]}/{total[f]}", f) for f in short])
    table("reasons", [(str(count), reason) for reason, count in
                      collections.Counter(filter(None, map(coarse, results.values()))).most_common(60)])


def coarse(reason: str | None) -> str | None:
    """The reason without its numbers, to be counted."""
    return reason and re.sub(r"(?<![\w.])-?\d[\d.e+-]*", "N", re.sub(r": off by .*", "", reason))[:160]


def by_reason(results: dict[str, str | None]) -> str:
    groups = collections.defaultdict(list)
    for name, reason in results.items():
        if reason:
            groups[coarse(reason)].append((name, reason))
    parts = []
    for group, members in sorted(groups.items(), key=lambda item: -len(item[1])):
        parts.append(f"== {len(members)} {group}\n" + "".join(f"{name}: {reason}\n" for name, reason in members))
    return "\n".join(parts)


def write_junit(path: pathlib.Path, results: dict[str, str | None], listed: dict[str, str],
                faults: dict[str, str]) -> None:
    suite = ElementTree.Element("testsuite", name="backend", tests=str(len(results)))
    for name in results:
        case = ElementTree.SubElement(suite, "testcase", classname="backend", name=name)
        if name in faults:
            ElementTree.SubElement(case, "failure", message=faults[name])
        elif name in listed:
            ElementTree.SubElement(case, "skipped", message="on the list of cases that do not pass")
    ElementTree.ElementTree(suite).write(path, encoding="unicode")


def update(path: pathlib.Path, results: dict[str, str | None], listed: dict[str, str]) -> None:
    new = {name: reason for name, reason in (listed | results).items() if reason}
    # Differences of floats may vary with the processor: the list does not. Nor does it hold pages of types.
    path.write_text(HEAD + "".join(f"{name}: {re.sub(r': off by .*', '', reason)[:160]}\n"
                                   for name, reason in sorted(new.items())))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\nPart of")[0],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", metavar="REGEX", help="only cases whose name matches")
    parser.add_argument("--sample", type=int, metavar="N", help="only about N cases, evenly spread over the names")
    parser.add_argument("--listed", action="store_true", help="only the cases of the list")
    parser.add_argument("--update", action="store_true", help="rewrite the list from what was run")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="of brisk.compile")
    parser.add_argument("--list", type=pathlib.Path, default=LIST, metavar="FILE", help="cases that do not pass (default failing.txt)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default 2)")
    parser.add_argument("--timeout", type=float, default=20, metavar="S", help="processor seconds a case may take")
    parser.add_argument("--reasons", type=pathlib.Path, metavar="FILE", help="write what does not pass, by reason")
    parser.add_argument("--junit", type=pathlib.Path, metavar="FILE")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every case")
    options = parser.parse_args()

    begin = time.monotonic()
    cases = load_cases()
    known, listed = {case.name for case in cases}, read_list(options.list)
    if options.listed:
        cases = [case for case in cases if case.name in listed]
    if options.filter:
        cases = [case for case in cases if re.search(options.filter, case.name)]
    if options.sample and options.sample < len(cases):
        step = len(cases) / options.sample
        cases = [cases[int(i * step)] for i in range(options.sample)]
    if not cases:
        print("no case matches")
        return 1

    def done(case: Case, reason: str | None) -> None:
        if options.verbose:
            print(f"{case.name}: {reason or 'passes'}", flush=True)

    run = functools.partial(run_case, **dict(option.split("=", 1) for option in options.option))
    results = pool.run(cases, run, options.jobs, options.timeout, done)
    faults = {name: f"does not pass: {reason}" for name, reason in results.items() if reason and name not in listed}
    faults |= {name: "passes: take it off the list" for name, reason in results.items() if not reason and name in listed}
    faults |= {name: "is on the list, but is no case" for name in listed.keys() - known}
    print_summary([case for case in cases if case.name in results], results)
    if options.reasons:
        options.reasons.write_text(by_reason(results))
    if options.junit:
        write_junit(options.junit, results, listed, faults)
    passed = sum(reason is None for reason in results.values())
    if len(results) < len(cases):
        print(f"\ninterrupted: {len(cases) - len(results)} cases were not run")
    used = sum(resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime
               for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"\n{passed} of {len(results)} cases pass ({100 * passed / max(1, len(results)):.1f} %), "
          f"{time.monotonic() - begin:.0f} s, {used:.0f} s of processor time")
    if options.update:
        update(options.list, {name: results.get(name) for name in known if name in results}, {
            name: reason for name, reason in listed.items() if name in known})
        return 0
    for name, fault in sorted(faults.items()):
        print(f"FAILED {name}: {fault}")
    return 1 if faults or len(results) < len(cases) else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
