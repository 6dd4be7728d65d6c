"""The ONNX backend API over the compiler (onnx.backend.base).

    import brisk.backend
    outputs = brisk.backend.run_model(model, [array])
    prepared = brisk.backend.prepare(model); outputs = prepared.run([array])

Outputs are numpy arrays in the model's order, in a tuple that also takes their
names. Keyword arguments are the options of brisk.compile.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx.backend.base import Backend, BackendRep, Device, DeviceType, namedtupledict

from .compiler import CompileError, compile
from .model import CompiledModel


class BriskRep(BackendRep):
    """A compiled model."""

    def __init__(self, compiled: CompiledModel, outputs: Sequence[str]) -> None:
        self.compiled = compiled
        self._outputs = list(outputs)
        self._tuple = namedtupledict("Outputs", self._outputs)

    def run(self, inputs: Any, **_: Any) -> tuple[np.ndarray, ...]:
        """Runs once. inputs: a list in the model's order, a dict by name, or
        the one array. Raises as CompiledModel.run does."""
        if not isinstance(inputs, (list, tuple, Mapping)):
            inputs = [inputs]
        outputs = self.compiled.run(inputs)
        return self._tuple(*(outputs[name] for name in self._outputs))


class BriskBackend(Backend):
    @classmethod
    def is_compatible(cls, model: onnx.ModelProto, device: str = "CPU", **options: Any) -> bool:
        """Whether the model compiles for the device."""
        if not cls.supports_device(device):
            return False
        try:
            compile(model, **options)
        except CompileError:
            return False
        return True

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **options: Any) -> BriskRep:
        """Compiles the model. Raises brisk.CompileError, or ValueError for a
        device that is not supported."""
        if not cls.supports_device(device):
            raise ValueError(f"device '{device}' is not supported: expects CPU")
        return BriskRep(compile(model, **options), [value.name for value in model.graph.output])

    @classmethod
    def run_model(cls, model: onnx.ModelProto, inputs: Any, device: str = "CPU", **options: Any) -> tuple:
        """Compiles the model and runs it once."""
        return cls.prepare(model, device, **options).run(inputs)

    @classmethod
    def run_node(cls, node: onnx.NodeProto, inputs: Any, device: str = "CPU",
                 outputs_info: Sequence[tuple[np.dtype, Sequence[int]]] | None = None, **options: Any) -> tuple:
        """Runs one node on `inputs`, in the node's order. `opset_version`
        defaults to onnx's newest; `outputs_info` is not needed."""
        opset = options.pop("opset_version", onnx.defs.onnx_opset_version())
        names = [name for name in node.input if name]
        if isinstance(inputs, Mapping):
            inputs = [inputs[name] for name in names]
        arrays = [np.asarray(value) for value in inputs]
        if len(arrays) != len(names):
            raise ValueError(f"node '{node.name or node.op_type}' expects {len(names)} inputs, but got {len(arrays)}")
        graph = onnx.helper.make_graph(
            [node], node.name or node.op_type,
            [onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
             for name, array in zip(names, arrays)],
            [onnx.helper.make_empty_tensor_value_info(name) for name in node.output if name])
        imports = [onnx.helper.make_opsetid("", opset)]
        if node.domain not in ("", "ai.onnx"):
            imports.append(onnx.helper.make_opsetid(node.domain, 1))
        model = onnx.helper.make_model(graph, opset_imports=imports)
        # The checker wants typed outputs; shapes follow from the inputs.
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        return cls.run_model(inferred, arrays, device, **options)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """CPU, for now."""
        name, _, number = device.partition(":")
        return name == "CPU" and Device(device).type == DeviceType.CPU and number in ("", "0")


is_compatible = BriskBackend.is_compatible
prepare = BriskBackend.prepare
run_model = BriskBackend.run_model
run_node = BriskBackend.run_node
supports_device = BriskBackend.supports_device
