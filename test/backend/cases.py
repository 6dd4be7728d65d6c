"""The ONNX backend cases of the onnx package, with their data.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import pathlib
import re
import warnings
from collections.abc import Iterator

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner

KINDS = ["node", "simple", "pytorch-converted", "pytorch-operator", "real"]
PACKAGE = pathlib.Path(onnx.__file__).parent


def plain(value):
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def read(path: pathlib.Path, kind: onnx.TypeProto):
    content = path.read_bytes()
    if kind.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(content))
    if kind.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(content))
    return numpy_helper.to_array(onnx.TensorProto.FromString(content))


@dataclasses.dataclass
class Case:
    name: str
    family: str
    test: object

    def model(self) -> onnx.ModelProto:
        if self.test.model is not None:
            return self.test.model
        if self.test.model_dir:
            return onnx.load(pathlib.Path(self.test.model_dir, "model.onnx"))
        # A real network with made weights, in the package under the path that its address ends in.
        return onnx.load(PACKAGE.parent / self.test.url)

    def data(self, model: onnx.ModelProto) -> Iterator[tuple[list, list]]:
        """(inputs, expected outputs) of each data set."""
        if self.test.data_sets is not None:
            for inputs, outputs in self.test.data_sets:
                yield [plain(value) for value in inputs], [plain(value) for value in outputs]
        elif self.test.model_dir:
            for folder in sorted(pathlib.Path(self.test.model_dir).glob("test_data_set*")):
                yield tuple([read(folder / f"{side}_{i}.pb", values[i].type)
                             for i in range(len(list(folder.glob(f"{side}_*.pb"))))]
                            for side, values in (("input", model.graph.input), ("output", model.graph.output)))
        else:
            weights = {tensor.name for tensor in model.graph.initializer}
            prefix = (PACKAGE.parent / self.test.url).with_suffix("")
            yield ([Runner.generate_dummy_data(value) for value in model.graph.input if value.name not in weights],
                   [read(pathlib.Path(f"{prefix}_output_{i}.pb"), value.type)
                    for i, value in enumerate(model.graph.output)])

    def compare(self, expected: list, outputs: list) -> None:
        """AssertionError unless equal within the case's own tolerance."""
        Runner.assert_similar_outputs(expected, outputs, self.test.rtol, self.test.atol)


def load_cases() -> list[Case]:
    """All of them, by name. The family of a node's case is its operator, also
    where that is expanded into its function body."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        tests = {kind: load_model_tests(kind=kind) for kind in KINDS}
    operators = {test.name: test.model.graph.node[0].op_type for test in tests["node"]}

    def family(kind: str, name: str) -> str:
        return kind if kind != "node" else operators[name]

    cases = []
    for kind, group in tests.items():
        for test in group:
            original = re.sub(r"_expanded.*$", "", test.name)
            cases.append(Case(test.name, family(kind, original if original in operators else test.name), test))
    return sorted(cases, key=lambda case: case.name)
