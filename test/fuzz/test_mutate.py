"""The mutator: the same mutants again, and most of them still models.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import pathlib
import sys

import onnx
import pytest
from google.protobuf.message import DecodeError

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hostile  # noqa: E402
import hostile_values  # noqa: E402, F401
import mutate  # noqa: E402


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    found = []
    for case in hostile.CASES:
        if case.name in ("conv_zero_group", "slice_extremes", "nested_ifs", "concat_doubling"):
            found.append((case.name, case.write(tmp_path_factory.mktemp(case.name)).read_bytes()))
    assert len(found) == 4
    return found


def test_a_mutant_depends_on_seed_and_index_alone(seeds):
    for index in (0, 7, 99):
        assert mutate.mutant(seeds, 5, index) == mutate.mutant(seeds, 5, index)
    assert mutate.mutant(seeds, 5, 1) != mutate.mutant(seeds, 6, 1)


def test_mutants_differ_from_their_seeds_and_half_of_them_parse(seeds):
    healthy = {data for _, data in seeds}
    changed = parsed = 0
    for index in range(200):
        _, data = mutate.mutant(seeds, 0, index)
        changed += data not in healthy
        try:
            onnx.ModelProto().ParseFromString(data)
            parsed += 1
        except DecodeError:
            pass
    assert changed > 180 and parsed > 100


def test_every_hostile_model_can_be_written(tmp_path):
    names = [case.name for case in hostile.CASES]
    assert len(names) == len(set(names)) > 90
    for case in hostile.CASES:
        folder = tmp_path / case.name
        folder.mkdir()
        assert case.write(folder).exists() == (case.name != "missing_file")
