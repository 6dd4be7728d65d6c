"""Casts between wide and narrow floats, for every code and every tie, against ml_dtypes.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import brisk
import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto, helper

pytestmark = pytest.mark.filterwarnings("ignore:(invalid value|overflow) encountered:RuntimeWarning")
NARROW = {
    TensorProto.FLOAT16: np.float16,
    TensorProto.BFLOAT16: ml_dtypes.bfloat16,
    TensorProto.FLOAT8E4M3FN: ml_dtypes.float8_e4m3fn,
    TensorProto.FLOAT8E4M3FNUZ: ml_dtypes.float8_e4m3fnuz,
    TensorProto.FLOAT8E5M2: ml_dtypes.float8_e5m2,
    TensorProto.FLOAT8E5M2FNUZ: ml_dtypes.float8_e5m2fnuz,
    TensorProto.FLOAT4E2M1: ml_dtypes.float4_e2m1fn,
}
WIDE = {TensorProto.FLOAT: np.float32, TensorProto.DOUBLE: np.float64}


def cast(x: np.ndarray, source: int, target: int, **attributes: int) -> np.ndarray:
    node = helper.make_node("Cast", ["x"], ["y"], to=target, **attributes)
    graph = helper.make_graph([node], "cast", [helper.make_tensor_value_info("x", source, x.shape)],
                              [helper.make_tensor_value_info("y", target, x.shape)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)], ir_version=11)
    return brisk.compile(model).run({"x": x})["y"]


def codes(dtype) -> np.ndarray:
    """Every number of the type, by its bits."""
    if np.dtype(dtype).itemsize == 2:
        return np.arange(1 << 16, dtype=np.uint16).view(dtype)
    count = 16 if dtype is ml_dtypes.float4_e2m1fn else 256
    return np.arange(count, dtype=np.uint8).view(dtype)


def same(got: np.ndarray, expected: np.ndarray) -> None:
    """Equal in all but the payload of NaN, with the sign of zero."""
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    np.testing.assert_array_equal(got, expected)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(expected[number]))


@pytest.mark.parametrize("wide", WIDE, ids=lambda t: TensorProto.DataType.Name(t))
@pytest.mark.parametrize("narrow", NARROW, ids=lambda t: TensorProto.DataType.Name(t))
def test_widens_every_code(narrow, wide):
    x = codes(NARROW[narrow])
    same(cast(x, narrow, wide), x.astype(WIDE[wide]))


@pytest.mark.parametrize("wide", WIDE, ids=lambda t: TensorProto.DataType.Name(t))
@pytest.mark.parametrize("narrow", NARROW, ids=lambda t: TensorProto.DataType.Name(t))
def test_rounds_every_tie(narrow, wide):
    numbers = codes(NARROW[narrow]).astype(np.float64)
    numbers = np.unique(numbers[np.isfinite(numbers)])
    ties = (numbers[1:] + numbers[:-1]) / 2
    beyond = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e30, -1e30, 1e-30, -1e-30, numbers[-1] * 1.01, numbers[-1] * 1.2]
    x = np.concatenate([ties, numbers, beyond]).astype(WIDE[wide])
    # What lies right beside a tie must not round as the tie does.
    with np.errstate(over="ignore"):
        x = np.concatenate([x, np.nextafter(x, WIDE[wide](np.inf)), np.nextafter(x, WIDE[wide](-np.inf))])
        got = cast(x, wide, narrow, saturate=0)
        expected = x.astype(NARROW[narrow])
    if wide == TensorProto.DOUBLE and narrow != TensorProto.FLOAT16:
        # ml_dtypes goes through f32 and so rounds twice: compare where f32 holds the number.
        held = (x.astype(np.float32).astype(np.float64) == x) | np.isnan(x)
        got, expected = got[held], expected[held]
    same(got, expected)
