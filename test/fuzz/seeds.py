"""The healthy models that mutants start from: the ONNX node tests (every
operator, opsets 13 to 28) and the small models of test/models.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import sys
import tempfile
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from models import graphs  # noqa: E402

# Mutants of larger files hit mostly weights.
LARGEST = 30_000


def node_tests() -> dict[str, bytes]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    return {case.name: case.model.SerializeToString(deterministic=True) for case in cases}


def small_models() -> dict[str, bytes]:
    found = {}
    with tempfile.TemporaryDirectory(prefix="brisk-fuzz-") as folder:
        for model in graphs.MODELS:
            path = pathlib.Path(folder, model.name)
            model.make(path)
            found[model.name] = path.read_bytes()
    return found


def collect() -> list[tuple[str, bytes]]:
    """(name, file) of each seed, in an order that does not depend on the machine."""
    nodes = sorted((name, data) for name, data in node_tests().items() if len(data) <= LARGEST)
    whole = sorted(small_models().items())
    # Whole models get a fair share of the mutants though they are few.
    return nodes + whole * 20
