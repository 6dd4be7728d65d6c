"""Adds up the JUnit files of the test suites: says which cases failed and why
others were skipped, then prints one line of totals.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import collections
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def reason(element) -> str:
    text = element.get("message") or element.text or "no reason given"
    return text.strip().splitlines()[0]


def main(files: list[str]) -> int:
    passed, failed, skipped = 0, [], collections.Counter()
    for file in map(pathlib.Path, files):
        try:
            cases = ElementTree.parse(file).getroot().iter("testcase")
        except (OSError, ElementTree.ParseError):
            failed.append(f"{file.stem}: the suite left no results")
            continue
        before = passed + len(failed)
        for case in cases:
            name = f"{file.stem}: {case.get('classname', '')} {case.get('name')}"
            fault = case.find("failure")
            fault = case.find("error") if fault is None else fault
            if fault is not None or case.get("status") == "fail":
                failed.append(name)
            elif (skip := case.find("skipped")) is not None:
                skipped[f"{file.stem}: {reason(skip)}"] += 1
            else:
                passed += 1
        if passed + len(failed) == before:
            failed.append(f"{file.stem}: the suite ran nothing")
    for why, count in sorted(skipped.items()):
        print(f"skipped {count} of {why}")
    for name in failed:
        print(f"FAILED {name}")
    print(f"{passed} passed, {len(failed)} failed, {sum(skipped.values())} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
