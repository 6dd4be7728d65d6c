"""Models of the set as onnxruntime's quantizer writes them: static (pairs of
QuantizeLinear and DequantizeLinear, or quantized operators) and dynamic.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import logging
import pathlib
import tempfile

import numpy as np

from . import exports, packages
from .recipe import Model, Sample, Unavailable, models_dir, seeded

BASES = {model.name: model for model in packages.MODELS + exports.MODELS}


def base_file(name: str) -> pathlib.Path:
    path = models_dir() / f"{name}.onnx"
    if not (models_dir() / f"{name}.stamp").exists():
        raise Unavailable(f"it is made from {name}: run scripts/models {name}")
    return path


def varied(name: str, count: int) -> list[Sample]:
    """The samples of the float model, and others like them."""
    rng, found = seeded(name + " calibration"), []
    first = BASES[name].samples(models_dir() / f"{name}.onnx")[0]
    for index in range(count):
        sample = {}
        for key, value in first.items():
            if value.dtype.kind == "f":
                sample[key] = (value * rng.uniform(0.5, 1.5)
                               + rng.uniform(0, 0.5) * rng.standard_normal(value.shape)).astype(value.dtype)
            elif key == "input_ids":
                sample[key] = np.where(value > 0, rng.permuted(value, axis=-1), value).astype(value.dtype)
            else:
                sample[key] = value
        found.append(sample if index else first)
    return found


def static(base: str, operators: bool, count: int = 8, **options):
    def make(path: pathlib.Path) -> None:
        from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process

        logging.getLogger().setLevel(logging.ERROR)

        class Reader(CalibrationDataReader):
            def __init__(self):
                self.samples = iter(varied(base, count))

            def get_next(self):
                return next(self.samples, None)

        with tempfile.TemporaryDirectory() as folder:
            ready = pathlib.Path(folder, "ready.onnx")
            quant_pre_process(base_file(base), ready, skip_symbolic_shape=True)
            quantize_static(ready, path, Reader(), per_channel=True, activation_type=QuantType.QUInt8,
                            weight_type=QuantType.QInt8,
                            quant_format=QuantFormat.QOperator if operators else QuantFormat.QDQ, **options)
    return make


def dynamic(base: str):
    def make(path: pathlib.Path) -> None:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        logging.getLogger().setLevel(logging.ERROR)
        quantize_dynamic(base_file(base), path, per_channel=True, weight_type=QuantType.QInt8)
    return make


def of(base: str, suffix: str, make) -> Model:
    return Model(f"{base}_{suffix}", make, lambda _: varied(base, 1), quantized=True)


MODELS = [
    of("resnet50", "qdq", static("resnet50", operators=False)),
    of("resnet50", "qop", static("resnet50", operators=True)),
    of("mobilenet_v2", "qdq", static("mobilenet_v2", operators=False)),
    of("mobilenet_v2", "qop", static("mobilenet_v2", operators=True)),
    # Only products: the range of a mask of -3e38 would leave nothing of the scores.
    of("bert_base", "qdq", static("bert_base", operators=False, count=4, op_types_to_quantize=["MatMul", "Gemm"])),
    of("bert_base", "dynamic", dynamic("bert_base")),
    of("minilm_l6", "qdq", static("minilm_l6", operators=False, op_types_to_quantize=["MatMul", "Gemm"])),
    of("minilm_l6", "dynamic", dynamic("minilm_l6")),
]
