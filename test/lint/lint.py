#!/usr/bin/env python3
"""Checks the rules of the tree that no compiler checks.

Prints `file:line: rule: fact` for each breach and exits with 1 if there is
one. Rules are the functions marked with @rule; each is told all files and
yields (file, line, fact).

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

# Floors, lowest first: a file may include its own floor and those before it.
FLOORS = ["dialects", "passes", "targets", "compiler", "python"]
# Below these, each folder is a room.
ROOM_FLOORS = ["dialects", "passes", "targets"]
# Ops of the onnx dialect that carry structure: contents, left-out operands, ends of regions.
PLUMBING = {"Constant", "None", "Yield"}
# Lines at most, by the kind of file.
CAPS = {".cpp": 600, ".c": 600, ".h": 600, ".py": 600, ".td": 400, ".def": 400, ".cmake": 300,
        ".mlir": 300, ".test": 300}
SOURCES = (".cpp", ".c", ".h", ".td", ".def", ".inc")
TEXTS = SOURCES + (".py", ".mlir", ".test", ".md", ".txt", ".toml", ".cmake", ".cfg", ".in", ".sh", ".yml", "")

RULES = []


def rule(function):
    RULES.append(function)
    return function


class Tree:
    """Every text file below `root`, as lines."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.files: dict[str, list[str]] = {}
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(d for d in folders if d == ".ci" or not (
                d.startswith((".", "build")) or d in ("__pycache__", "dist")))
            for name in sorted(names):
                path = pathlib.Path(folder, name)
                if name != ".git" and path.suffix in TEXTS and path.is_file() and not path.is_symlink():
                    try:
                        text = path.read_text(encoding="utf-8")
                    except UnicodeDecodeError:
                        continue
                    self.files[path.relative_to(root).as_posix()] = text.splitlines()

    def under(self, *folders: str, suffixes: tuple[str, ...] | None = None):
        for name, lines in self.files.items():
            if name.startswith(tuple(f + "/" for f in folders)) and (
                    suffixes is None or name.endswith(suffixes)):
                yield name, lines

    def numbered(self, *folders: str, suffixes: tuple[str, ...] | None = None):
        for name, lines in self.under(*folders, suffixes=suffixes):
            for number, line in enumerate(lines, 1):
                yield name, number, line


def code(line: str) -> str:
    """The line without its // comment; // inside quotes stays."""
    return re.match(r'(?:[^"/]|"(?:\\.|[^"\\])*"|/(?!/)|")*', line)[0]


def passes(tree: Tree):
    """(Passes.td, line, def name, flag) of each pass."""
    for name, number, line in tree.numbered("passes", "targets", suffixes=("Passes.td",)):
        if match := re.search(r'def\s+(\w+)\s*:\s*(?:\w*Pass)\s*<\s*"([^"]+)"', line):
            yield name, number, match[1], match[2]


@rule
def checks_are_read(tree: Tree):
    """A CHECK line counts only if a RUN line gives it to FileCheck, an
    expected diagnostic only if a RUN line verifies diagnostics."""
    directive = re.compile(r"^\s*(?://|#|;)\s*([A-Z][A-Z0-9_-]*?)(?:-(?:NEXT|SAME|LABEL|DAG|NOT|EMPTY|COUNT-\d+))?:")
    marked = re.compile(r"^\s*(?://|#|;)\s*([A-Z][A-Z0-9_-]*?)-(?:NEXT|SAME|LABEL|DAG|NOT|EMPTY|COUNT-\d+):")
    for name, lines in tree.under("test", suffixes=(".mlir", ".test", ".ll")):
        if "/Inputs/" in name:
            continue
        runs = "\n".join(line for line in lines if re.search(r"\bRUN:", line))
        if not runs:
            yield name, 1, "has no RUN line"
            continue
        prefixes = set()
        for match in re.finditer(r"FileCheck\b([^|\n]*)", runs):
            named = re.findall(r"--?check-prefix(?:es)?[= ]([\w,-]+)", match[1])
            prefixes.update(p for group in named for p in group.split(","))
            if not named:
                prefixes.add("CHECK")
        for number, line in enumerate(lines, 1):
            found = marked.match(line) or directive.match(line)
            if found and (found.re is marked or found[1].startswith("CHECK")) and found[1] not in prefixes:
                yield name, number, f"no FileCheck in a RUN line reads {found[1]} lines"
            if re.search(r"\bexpected-(?:error|warning|remark|note)\b", line) and (
                    "verify-diagnostics" not in runs):
                yield name, number, "no RUN line verifies diagnostics"


@rule
def passes_are_tested(tree: Tree):
    """Pass `flag` of room R has test/R/flag.mlir, which runs it."""
    for name, number, _, flag in passes(tree):
        test = f"test/{os.path.dirname(name)}/{flag}.mlir"
        if test not in tree.files:
            yield name, number, f"pass {flag} has no {test}"
        elif not any("RUN:" in line and re.search(rf"(?<!\w)(?<!\w-){re.escape(flag)}(?![\w-])", line)
                     for line in tree.files[test]):
            yield test, 1, f"no RUN line names the pass {flag}"


@rule
def passes_name_no_operator(tree: Tree):
    """Passes and the importer walk interfaces; operators are named only
    beside their definition."""
    operators = set()
    for _, _, line in tree.numbered("dialects/onnx", suffixes=(".td",)):
        if match := re.search(r'^\s*def\s+\w+\s*:\s*\w+\s*<\s*"(\w+)"', line):
            operators.add(match[1])
        elif match := re.search(r"^\s*def\s+Onnx_(\w+?)Op\b", line):
            operators.add(match[1])
    qualified = re.compile(r"\bonnx::([A-Z]\w*)Op\b|\"onnx\.([A-Z]\w*)\"")
    quoted = re.compile(r'"([A-Z]\w*)"')
    plain = re.compile(r"(?<![\w:])([A-Z]\w*)Op\b")
    for name, number, line in tree.numbered("passes", "compiler/import", suffixes=(".cpp", ".h", ".td", ".def")):
        line = code(line)
        if line.lstrip().startswith("#include"):
            continue
        named = {a or b for a, b in qualified.findall(line)}
        named |= {op for op in quoted.findall(line) if op in operators}
        named |= {op for op in plain.findall(line) if op in operators}
        for op in sorted(named - PLUMBING):
            yield name, number, f"names the operator {op}"


@rule
def options_live_in_the_compiler(tree: Tree):
    """One options struct: no cl::opt outside compiler/."""
    for name, number, line in tree.numbered("dialects", "passes", "targets", "runtime", "python",
                                            suffixes=SOURCES):
        if re.search(r"\bcl::(?:opt|list|bits|alias)\b", code(line)):
            yield name, number, "declares a command-line option outside compiler/"


def included(line: str) -> str | None:
    match = re.match(r'\s*#?\s*include\s+"([^"]+)"', line)
    return match[1] if match else None


@rule
def includes_go_down(tree: Tree):
    """MLIR <- dialects <- passes <- targets <- compiler <- python; the runtime
    stands alone; rooms of a floor do not include each other but for the shared
    ones named here."""
    shared = {"dialects": {"interfaces", "machine"}, "passes": {"cost", "measure"}, "targets": {"common", "halide"}}
    for name, number, line in tree.numbered(*FLOORS, "runtime", suffixes=SOURCES):
        target = included(line)
        if not target or "/" not in target:
            continue
        here, there = name.split("/"), target.split("/")
        if there[0] not in FLOORS + ["runtime"]:
            continue
        if here[0] == "runtime":
            if there[0] != "runtime":
                yield name, number, f"the runtime includes {target}"
            continue
        if there[0] == "runtime":
            if here[0] in ("dialects", "passes"):
                yield name, number, f"{here[0]} includes {target}"
            continue
        if FLOORS.index(there[0]) > FLOORS.index(here[0]):
            yield name, number, f"{here[0]} includes {target}, a floor above"
        elif here[0] == there[0] and here[0] in shared and len(there) > 2 and there[1] != here[1]:
            if len(here) < 3:
                yield name, number, f"a file of the floor {here[0]} includes the room {there[1]}"
            elif there[1] not in shared[here[0]]:
                yield name, number, f"the room {here[1]} includes the room {there[1]}"
            elif here[1] in shared[here[0]] and (here[1], there[1]) > (there[1], here[1]):
                # Of two shared rooms only the first by name may include the second.
                yield name, number, f"the shared room {here[1]} includes the room {there[1]}"


@rule
def rooms_have_readmes(tree: Tree):
    rooms = {"/".join(name.split("/")[:2]) for name, _ in tree.under(*ROOM_FLOORS) if name.count("/") > 1}
    rooms |= {folder for folder in ("compiler", "compiler/import", "runtime", "python", "scripts")
              if any(True for _ in tree.under(folder))}
    # Folders below test/ that mirror no other folder explain themselves.
    rooms |= {os.path.dirname(name) for name, _ in tree.under("test") if
              name.endswith((".py", "CMakeLists.txt")) and name.count("/") == 2
              and not any(True for _ in tree.under(name.split("/")[1]))}
    for room in sorted(rooms):
        if f"{room}/README.md" not in tree.files:
            yield room, 1, "has no README.md"


@rule
def files_are_short(tree: Tree):
    for name, lines in tree.files.items():
        cap = CAPS.get(pathlib.PurePath(name).suffix)
        if cap and len(lines) > cap:
            yield name, len(lines), f"has {len(lines)} lines, {cap} at most"


@rule
def nothing_is_tied_to_a_machine(tree: Tree):
    """No absolute path of somebody's machine, no package registry's host."""
    # Split so that this file does not breach its own rule.
    hosts = ["pypi." + "org", "python" + "hosted.org", "debian." + "org", "npm" + "js.org",
             "crates." + "io", "hugging" + "face.co", "proxy.golang." + "org"]
    bad = re.compile("|".join([re.escape(h) for h in hosts] + [
        r"(?<![\w.$}/])/(?:work|root|Users|opt/wheels|opt/pypi)/", r"(?<![\w.$}/])/home/\w"]))
    for name, lines in tree.files.items():
        for number, line in enumerate(lines, 1):
            if name != "test/lint/lint.py" and (match := bad.search(line)):
                yield name, number, f"names {match[0]}"


@rule
def nothing_is_left_for_later(tree: Tree):
    """What is missing is said by a diagnostic or in a README, not by a note."""
    bad = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|WIP|TBD)\b|(?i:\bissue #?\d+\b)")
    for name, lines in tree.files.items():
        for number, line in enumerate(lines, 1):
            if not name.startswith("test/lint/") and (match := bad.search(line)):
                yield name, number, f"says {match[0]}"


@rule
def sources_name_their_licence(tree: Tree):
    for name, lines in tree.under(*FLOORS, "runtime", suffixes=(".cpp", ".c", ".h", ".py")):
        if not any("SPDX-License-Identifier" in line for line in lines[:40]):
            yield name, 1, "has no SPDX-License-Identifier line"


@rule
def tests_have_names_of_their_own(tree: Tree):
    """pytest imports tests by the file's name alone."""
    first: dict[str, str] = {}
    for name, _ in tree.under("test", suffixes=(".py",)):
        stem = pathlib.PurePath(name).name
        if stem.startswith("test_") and first.setdefault(stem, name) != name:
            yield name, 1, f"is named like {first[stem]}"


def breaches(root: pathlib.Path) -> dict[str, list[str]]:
    """The messages of each rule, by its name."""
    tree = Tree(root)
    return {check.__name__: [f"{name}:{number}: {check.__name__.replace('_', '-')}: {fact}"
                             for name, number, fact in check(tree)] for check in RULES}


def write_junit(path: str, found: dict[str, list[str]]) -> None:
    suite = ElementTree.Element("testsuite", name="lint", tests=str(len(found)))
    for name, messages in found.items():
        case = ElementTree.SubElement(suite, "testcase", classname="lint", name=name)
        if messages:
            ElementTree.SubElement(case, "failure", message=messages[0]).text = "\n".join(messages)
    ElementTree.ElementTree(suite).write(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--junit", metavar="FILE", help="also write the results there")
    arguments = parser.parse_args()
    found = breaches(arguments.root)
    messages = [message for group in found.values() for message in group]
    print("\n".join(messages) if messages else f"lint: {len(found)} rules hold")
    if arguments.junit:
        write_junit(arguments.junit, found)
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
