"""Models made to break a compiler: weights that lie, attributes and shapes out
of range. The rules are those of hostile.py.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np
import onnx
from hostile import F, I, constant, hostile, one_node, save, value
from onnx import TensorProto, helper

# Weights that lie.

def weighted(folder, tensor, shape=(4,), dtype=F):
    return save(folder, [helper.make_node("Add", ["x", "w"], ["y"])], [value("x", shape, dtype)],
                [value("y", shape, dtype)], [tensor])


@hostile
def short_raw_data(folder):
    return weighted(folder, TensorProto(name="w", data_type=F, dims=[4], raw_data=b"\0" * 12))


@hostile
def odd_raw_data(folder):
    return weighted(folder, TensorProto(name="w", data_type=I, dims=[1], raw_data=b"\0" * 3), dtype=I)


@hostile
def long_raw_data(folder):
    return weighted(folder, TensorProto(name="w", data_type=F, dims=[4], raw_data=b"\0" * 4000))


@hostile
def dims_without_data(folder):
    return weighted(folder, TensorProto(name="w", data_type=F, dims=[2**62, 2**62]))


@hostile
def dims_that_overflow_to_fit(folder):
    """2^32 * 2^32 elements are 0 modulo 2^64, as many as there are bytes."""
    return weighted(folder, TensorProto(name="w", data_type=F, dims=[2**32, 2**32], raw_data=b""))


@hostile
def negative_dim(folder):
    return weighted(folder, TensorProto(name="w", data_type=F, dims=[-4], raw_data=b"\0" * 16))


@hostile
def two_kinds_of_data(folder):
    return weighted(folder, TensorProto(name="w", data_type=F, dims=[4], raw_data=b"\0" * 16, float_data=[1, 2, 3, 4]))


@hostile
def unknown_element_type(folder):
    return weighted(folder, TensorProto(name="w", data_type=99, dims=[4], raw_data=b"\0" * 16))


@hostile
def sparse_index_outside(folder):
    path = save(folder, [helper.make_node("Add", ["x", "w"], ["y"])], [value("x", [4])], [value("y", [4])])
    model = onnx.load(path)
    sparse = model.graph.sparse_initializer.add(dims=[4])
    sparse.values.CopyFrom(constant("w", [1.0], np.float32))
    sparse.indices.CopyFrom(constant("i", [2**40]))
    path.write_bytes(model.SerializeToString())
    return path


def external(folder, **entries):
    tensor = TensorProto(name="w", data_type=F, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, text in entries.items():
        tensor.external_data.add(key=key, value=str(text))
    inner = folder / "inner"
    inner.mkdir()
    (folder / "outside.bin").write_bytes(b"\0" * 4096)
    (inner / "short.bin").write_bytes(b"\0" * 8)
    (inner / "link.bin").symlink_to(folder / "outside.bin")
    return weighted(inner, tensor)


@hostile
def external_parent_folder(folder):
    return external(folder, location="../outside.bin", length=16)


@hostile
def external_absolute_path(folder):
    return external(folder, location=folder / "outside.bin", length=16)


@hostile
def external_symbolic_link(folder):
    return external(folder, location="link.bin", length=16)


@hostile
def external_folder_above_and_back(folder):
    return external(folder, location="../inner/../outside.bin", length=16)


@hostile
def external_too_short(folder):
    return external(folder, location="short.bin")


@hostile
def external_offset_beyond_end(folder):
    return external(folder, location="short.bin", offset=2**62, length=16)


@hostile
def external_offset_that_wraps(folder):
    return external(folder, location="short.bin", offset=2**64 - 8, length=16)


@hostile
def external_negative_offset(folder):
    return external(folder, location="short.bin", offset=-16, length=16)


@hostile
def external_length_no_number(folder):
    return external(folder, location="short.bin", length="many")


@hostile
def external_missing(folder):
    return external(folder, location="absent.bin")


@hostile
def external_without_location(folder):
    return external(folder, offset=0)


@hostile
def external_device(folder):
    return external(folder, location="/dev/zero", length=16)


# Attributes and shapes out of range.

ones = constant("w", np.ones((4, 3, 3, 3)), np.float32)


@hostile
def huge_input_dims(folder):
    return one_node(folder, "Relu", ["x"], shape=(2**62, 2**62))


@hostile
def huge_product(folder):
    return one_node(folder, "MatMul", ["x", "x"], shape=(2**31, 2**31))


@hostile
def negative_input_dim(folder):
    return one_node(folder, "Relu", ["x"], shape=(-5,))


@hostile
def conv_zero_strides(folder):
    return one_node(folder, "Conv", ["x", "w"], [ones], strides=[0, 0])


@hostile
def conv_negative_dilations(folder):
    return one_node(folder, "Conv", ["x", "w"], [ones], dilations=[-1, -1])


@hostile
def conv_zero_group(folder):
    return one_node(folder, "Conv", ["x", "w"], [ones], group=0)


@hostile
def conv_group_does_not_divide(folder):
    return one_node(folder, "Conv", ["x", "w"], [ones], group=7)


@hostile
def conv_kernel_disagrees(folder):
    return one_node(folder, "Conv", ["x", "w"], [ones], kernel_shape=[5, 5])


@hostile
def conv_few_pads(folder):
    return one_node(folder, "Conv", ["x", "w"], [ones], pads=[1])


@hostile
def conv_huge_pads(folder):
    return one_node(folder, "Conv", ["x", "w"], [ones], pads=[2**62] * 4)


@hostile(either=True)
def conv_huge_pads_and_strides(folder):
    """A small result of a padded input that no machine holds."""
    return one_node(folder, "Conv", ["x", "w"], [ones], pads=[2**40] * 4, strides=[2**40] * 2)


@hostile(either=True)
def lrn_huge_window(folder):
    return one_node(folder, "LRN", ["x"], size=2**62 + 1)


@hostile
def pool_zero_kernel(folder):
    return one_node(folder, "MaxPool", ["x"], kernel_shape=[0, 0])


@hostile
def pool_kernel_beyond_input(folder):
    return one_node(folder, "MaxPool", ["x"], kernel_shape=[100, 100])


@hostile
def transpose_repeats_axis(folder):
    return one_node(folder, "Transpose", ["x"], perm=[0, 0, 1, 2])


@hostile
def transpose_axis_outside(folder):
    return one_node(folder, "Transpose", ["x"], perm=[0, 1, 2, 1000])


@hostile
def softmax_axis_outside(folder):
    return one_node(folder, "Softmax", ["x"], axis=-2**62)


@hostile
def gather_axis_outside(folder):
    return one_node(folder, "Gather", ["x", "i"], [constant("i", [0])], axis=9)


@hostile(either=True)
def gather_index_outside(folder):
    return save(folder, [helper.make_node("Gather", ["w", "i"], ["y"])], [], [value("y", [1])],
                [constant("w", [1.0, 2.0], np.float32), constant("i", [2**40])])


@hostile
def reshape_two_unknowns(folder):
    return one_node(folder, "Reshape", ["x", "s"], [constant("s", [-1, -1])], rank=2)


@hostile
def reshape_overflows(folder):
    return one_node(folder, "Reshape", ["x", "s"], [constant("s", [2**62, 4, 2**62, 3])])


@hostile
def reshape_does_not_divide(folder):
    return one_node(folder, "Reshape", ["x", "s"], [constant("s", [-1, 7])], rank=2)


@hostile
def split_does_not_add_up(folder):
    return one_node(folder, "Split", ["x", "s"], [constant("s", [1, 99])], axis=1, outputs=2)


@hostile
def split_negative(folder):
    return one_node(folder, "Split", ["x", "s"], [constant("s", [-1, 4])], axis=1, outputs=2)


@hostile(either=True)
def slice_extremes(folder):
    edges = [constant("a", [-2**63] * 4), constant("b", [2**63 - 1] * 4), constant("c", [0, 1, 2, 3]),
             constant("d", [2**63 - 1, 1, -1, -2**63])]
    return one_node(folder, "Slice", ["x", "a", "b", "c", "d"], edges)


@hostile
def slice_zero_step(folder):
    edges = [constant("a", [0]), constant("b", [4]), constant("c", [3]), constant("d", [0])]
    return one_node(folder, "Slice", ["x", "a", "b", "c", "d"], edges)


@hostile(either=True)
def slice_repeats_axis(folder):
    edges = [constant("a", [0, 0]), constant("b", [4, 4]), constant("c", [3, 3])]
    return one_node(folder, "Slice", ["x", "a", "b", "c"], edges)


@hostile
def pad_to_nothing(folder):
    return one_node(folder, "Pad", ["x", "p"], [constant("p", [-2**62] * 8)])


@hostile
def pad_huge(folder):
    return one_node(folder, "Pad", ["x", "p"], [constant("p", [2**62] * 8)])


@hostile
def expand_huge(folder):
    return one_node(folder, "Expand", ["x", "s"], [constant("s", [2**62, 3, 8, 8])])


@hostile
def expand_incompatible(folder):
    return one_node(folder, "Expand", ["x", "s"], [constant("s", [1, 5, 8, 8])])


@hostile
def tile_negative(folder):
    return one_node(folder, "Tile", ["x", "t"], [constant("t", [1, -1, 1, 1])])


@hostile
def resize_huge(folder):
    return one_node(folder, "Resize", ["x", "", "s"], [constant("s", [1, 1, 1e30, 1e30], np.float32)])


@hostile
def resize_nan(folder):
    return one_node(folder, "Resize", ["x", "", "s"], [constant("s", [1, 1, np.nan, -1], np.float32)])


@hostile
def top_k_beyond(folder):
    return one_node(folder, "TopK", ["x", "k"], [constant("k", [1000])], outputs=2)


@hostile
def one_hot_huge(folder):
    return save(folder, [helper.make_node("OneHot", ["x", "depth", "values"], ["y"])], [value("x", [4], I)],
                [value("y", ["a", "b"])], [constant("depth", 2**60), constant("values", [0, 1], np.float32)])


@hostile
def constant_of_negative_shape(folder):
    return save(folder, [helper.make_node("ConstantOfShape", ["s"], ["y"])], [], [value("y", ["a"])], [constant("s", [-3])])


@hostile
def concat_of_unlike_shapes(folder):
    return one_node(folder, "Concat", ["x", "w"], [constant("w", np.ones((2, 2, 2, 2)), np.float32)], axis=0)


@hostile
def matmul_disagrees(folder):
    return one_node(folder, "MatMul", ["x", "w"], [constant("w", np.ones((9, 9)), np.float32)])


@hostile
def einsum_nonsense(folder):
    return one_node(folder, "Einsum", ["x"], equation="...i" * 400 + "->->,")


@hostile
def lstm_sizes_disagree(folder):
    weights = [constant("w", np.ones((1, 8, 3)), np.float32), constant("r", np.ones((1, 8, 5)), np.float32)]
    return one_node(folder, "LSTM", ["x", "w", "r"], weights, shape=(5, 1, 3), hidden_size=2**40, rank=4)


@hostile
def attribute_of_another_type(folder):
    return one_node(folder, "Transpose", ["x"], perm="abc")


@hostile
def attribute_reference_outside_function(folder):
    path = one_node(folder, "Softmax", ["x"], axis=1)
    model = onnx.load(path)
    model.graph.node[0].attribute[0].ref_attr_name = "axis"
    path.write_bytes(model.SerializeToString())
    return path


@hostile
def cast_to_nothing(folder):
    return one_node(folder, "Cast", ["x"], to=1000)


@hostile
def mixed_types(folder):
    return one_node(folder, "Add", ["x", "w"], [constant("w", [1])])


@hostile
def quantize_axis_outside(folder):
    weights = [constant("s", np.ones(3), np.float32), constant("z", np.zeros(3), np.uint8)]
    return one_node(folder, "QuantizeLinear", ["x", "s", "z"], weights, axis=77)


@hostile
def squeeze_of_a_long_axis(folder):
    return one_node(folder, "Squeeze", ["x", "a"], [constant("a", [1])], rank=3)


@hostile
def declared_shape_is_wrong(folder):
    return save(folder, [helper.make_node("Relu", ["x"], ["y"])], [value("x", [4])], [value("y", [5])])


@hostile
def input_without_type(folder):
    return save(folder, [helper.make_node("Relu", ["x"], ["y"])], [onnx.ValueInfoProto(name="x")], [value("y", [4])])
