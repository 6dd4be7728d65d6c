"""Seeded mutation of ONNX files, in their bytes or in their structure.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, TensorProto, helper

# Numbers at which arithmetic on sizes goes wrong.
EDGES = [0, 1, -1, 2, 3, 7, 64, 255, 256, 65535, 2**16, 2**20, 2**31 - 1, 2**31, 2**32, -2**31, 2**40, 2**53, 2**62,
         2**63 - 1, -2**63, -2, -1000]
FLOATS = [0.0, -0.0, 1.0, -1.0, 1e-45, 1e38, -1e38, float("inf"), float("-inf"), float("nan"), 0.5, 1e9]
OPS = ["Add", "Conv", "Reshape", "If", "Loop", "Scan", "Concat", "Gather", "LSTM", "Resize", "Softmax", "MatMul",
       "Transpose", "Identity", "Constant", "Slice", "Pad", "Split", "TopK", "Cast", "QuantizeLinear", "Einsum",
       "NoSuchOp", "Expand", "Range", "MaxPool", "ConvTranspose", "GRU", "Where", "ConstantOfShape", "Attention"]


def pick(rng: np.random.Generator, items):
    return items[int(rng.integers(len(items)))]


def mutate_bytes(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """One to four edits of the bytes; `other` is a file to splice from."""
    text = bytearray(data)
    for _ in range(min(4, int(rng.geometric(0.6)))):
        at = int(rng.integers(len(text) + 1))
        length = int(rng.integers(1, 17))
        kind = int(rng.integers(7))
        if kind == 0 and text:
            text[min(at, len(text) - 1)] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            text[at:at] = rng.integers(0, 256, length, dtype=np.uint8).tobytes()
        elif kind == 2:
            del text[at:at + length]
        elif kind == 3:
            # A varint of ten bytes: the largest length, dim or enum there is.
            text[at:at + 1] = b"\xff" * 9 + b"\x01"
        elif kind == 4:
            text[at:at + length] = text[max(0, at - length):at]
        elif kind == 5 and other:
            start = int(rng.integers(len(other)))
            text[at:at + length] = other[start:start + 8 * length]
        elif kind == 6 and rng.random() < 0.3:
            del text[at:]
    return bytes(text)


def tensors(graph):
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.TENSOR:
                yield attribute.t


def types(graph):
    yield from (value.type.tensor_type for value in [*graph.input, *graph.output, *graph.value_info])


def change_dim(rng, model, graph):
    shapes = [t.shape.dim for t in types(graph) if t.HasField("shape")]
    if shapes and (dims := pick(rng, shapes)) and len(dims):
        dim = pick(rng, dims)
        if rng.random() < 0.3:
            dim.dim_param = pick(rng, ["N", "", "a*b", "-1", "N N", "\n", "x" * 300])
        else:
            dim.dim_value = pick(rng, EDGES)


def change_rank(rng, model, graph):
    if shapes := [t for t in types(graph) if t.HasField("shape")]:
        chosen = pick(rng, shapes)
        kind = int(rng.integers(3))
        if kind == 0:
            chosen.ClearField("shape")
        elif kind == 1:
            chosen.shape.dim.add().dim_value = pick(rng, EDGES)
        elif len(chosen.shape.dim):
            del chosen.shape.dim[0]


def change_type(rng, model, graph):
    if found := list(types(graph)):
        pick(rng, found).elem_type = int(rng.integers(-1, 30)) % 2**31


def change_tensor(rng, model, graph):
    if not (found := list(tensors(graph))):
        return
    tensor = pick(rng, found)
    kind = int(rng.integers(6))
    if kind == 0 and len(tensor.dims):
        tensor.dims[int(rng.integers(len(tensor.dims)))] = pick(rng, EDGES)
    elif kind == 1:
        tensor.dims.append(pick(rng, EDGES))
    elif kind == 2:
        tensor.data_type = int(rng.integers(0, 30))
    elif kind == 3:
        tensor.raw_data = tensor.raw_data[:int(rng.integers(len(tensor.raw_data) + 1))]
    elif kind == 4:
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", pick(rng, ["weights", "../x", "/dev/zero", "", "."])),
                           ("offset", str(pick(rng, EDGES))), ("length", str(pick(rng, EDGES)))):
            tensor.external_data.add(key=key, value=value)
    else:
        tensor.int64_data.append(pick(rng, EDGES))


def change_values(rng, model, graph):
    """Constants that steer shapes: another number of the same type."""
    found = [t for t in tensors(graph) if t.data_type == TensorProto.INT64 and len(t.dims) <= 1 and t.raw_data]
    if found:
        tensor = pick(rng, found)
        values = np.frombuffer(tensor.raw_data[:len(tensor.raw_data) // 8 * 8], np.int64).copy()
        if values.size:
            values[int(rng.integers(values.size))] = pick(rng, EDGES)
            tensor.raw_data = values.tobytes()


def change_attribute(rng, model, graph):
    if not (nodes := [n for n in graph.node if n.attribute]):
        return
    node = pick(rng, nodes)
    attribute = pick(rng, node.attribute)
    kind = int(rng.integers(6))
    if kind == 0:
        node.attribute.remove(attribute)
    elif kind == 1:
        attribute.type = int(rng.integers(0, 15))
    elif kind == 2:
        node.attribute.add().CopyFrom(attribute)
    elif attribute.type == AttributeProto.INTS and len(attribute.ints):
        if kind == 3:
            del attribute.ints[0]
        elif kind == 4:
            attribute.ints.append(pick(rng, EDGES))
        else:
            attribute.ints[int(rng.integers(len(attribute.ints)))] = pick(rng, EDGES)
    elif attribute.type == AttributeProto.INT:
        attribute.i = pick(rng, EDGES)
    elif attribute.type == AttributeProto.FLOAT:
        attribute.f = pick(rng, FLOATS)
    elif attribute.type == AttributeProto.STRING:
        attribute.s = pick(rng, [b"", b"nearest", b"linear", b"\xff\xfe", b"SAME_UPPER", b"...ij,jk->ik", b"A" * 500])


def add_attribute(rng, model, graph):
    if graph.node:
        name = pick(rng, ["axis", "axes", "perm", "group", "strides", "pads", "kernel_shape", "keepdims", "to", "mode",
                          "dilations", "hidden_size", "direction", "value", "num_outputs", "block_size"])
        value = pick(rng, [pick(rng, EDGES), [pick(rng, EDGES), pick(rng, EDGES)], pick(rng, FLOATS), "reverse"])
        pick(rng, graph.node).attribute.append(helper.make_attribute(name, value))


def change_operator(rng, model, graph):
    if graph.node:
        node = pick(rng, graph.node)
        if rng.random() < 0.8:
            node.op_type = pick(rng, OPS)
        else:
            node.domain = pick(rng, ["", "ai.onnx", "ai.onnx.ml", "com.microsoft", "no.such"])


def change_edge(rng, model, graph):
    names = [name for node in graph.node for name in [*node.input, *node.output]]
    names += [value.name for value in graph.input] + ["", "nowhere"]
    if graph.node:
        node = pick(rng, graph.node)
        ends = node.input if rng.random() < 0.7 or not node.output else node.output
        kind = int(rng.integers(3))
        if kind == 0 and len(ends):
            ends[int(rng.integers(len(ends)))] = pick(rng, names)
        elif kind == 1:
            ends.append(pick(rng, names))
        elif len(ends):
            del ends[int(rng.integers(len(ends)))]


def change_nodes(rng, model, graph):
    if graph.node:
        at = int(rng.integers(len(graph.node)))
        kind = int(rng.integers(3))
        if kind == 0:
            del graph.node[at]
        elif kind == 1:
            graph.node.add().CopyFrom(graph.node[at])
        else:
            first = onnx.NodeProto()
            first.CopyFrom(graph.node[at])
            del graph.node[at]
            graph.node.append(first)


def change_interface(rng, model, graph):
    side = pick(rng, [graph.input, graph.output])
    kind = int(rng.integers(4))
    if kind == 0 and len(side):
        del side[int(rng.integers(len(side)))]
    elif kind == 1 and len(side):
        side.add().CopyFrom(pick(rng, side))
    elif kind == 2 and len(side):
        pick(rng, side).name = pick(rng, ["", "nowhere", "a b", "../out", "é", "x" * 2000, "\"quoted\"", "%s%n"])
    elif len(graph.initializer):
        del graph.initializer[int(rng.integers(len(graph.initializer)))]


def change_header(rng, model, graph):
    kind = int(rng.integers(3))
    if kind == 0:
        model.ir_version = pick(rng, EDGES)
    elif kind == 1 and len(model.opset_import):
        pick(rng, model.opset_import).version = int(pick(rng, [*range(1, 31), *EDGES]))
    else:
        model.opset_import.add(domain=pick(rng, ["", "no.such", "ai.onnx.ml"]), version=pick(rng, [1, 7, 28, 2**40]))


# Changes that keep a model whole, and so reach what the first checks protect.

def open_dims(rng, model, graph):
    """Dims become symbols, equal ones the same symbol; what was declared inside is inferred again."""
    del graph.value_info[:]
    for tensor in types(graph):
        for dim in tensor.shape.dim:
            if dim.dim_value > 1 and rng.random() < 0.8:
                dim.dim_param = f"d{dim.dim_value}"


def change_sizes(rng, model, graph):
    """One size becomes another wherever a type or a shape mentions it."""
    sizes = sorted({dim.dim_value for tensor in types(graph) for dim in tensor.shape.dim if dim.dim_value > 0})
    if not sizes:
        return
    before, after = pick(rng, sizes), pick(rng, [0, 0, 1, 2, 5, 1000, 2**20, 2**31, 2**40])
    for tensor in types(graph):
        for dim in tensor.shape.dim:
            if dim.dim_value == before:
                dim.dim_value = after


def change_all_types(rng, model, graph):
    """Every tensor of one element type gets another one."""
    found = sorted({t.elem_type for t in types(graph)})
    if not found:
        return
    before, after = pick(rng, found), int(rng.integers(1, 27))
    for tensor in types(graph):
        if tensor.elem_type == before:
            tensor.elem_type = after
    for tensor in tensors(graph):
        if tensor.data_type == before:
            tensor.data_type = after


def weights_to_inputs(rng, model, graph):
    for _ in range(int(rng.integers(1, 3))):
        if len(graph.initializer):
            tensor = graph.initializer[int(rng.integers(len(graph.initializer)))]
            if all(value.name != tensor.name for value in graph.input):
                shape = [pick(rng, [dim, "W"]) for dim in tensor.dims]
                graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, shape))
            graph.initializer.remove(tensor)


def nest(rng, model, graph):
    """A node moves into both branches of an If, or into a function that is called in its place."""
    if not graph.node:
        return
    at = int(rng.integers(len(graph.node)))
    inner = onnx.NodeProto()
    inner.CopyFrom(graph.node[at])
    if rng.random() < 0.5:
        outputs = [onnx.ValueInfoProto(name=f"{name}_in") for name in inner.output]
        del inner.output[:]
        inner.output.extend(value.name for value in outputs)
        branch = onnx.GraphProto(name="branch", node=[inner], output=outputs)
        other = onnx.GraphProto()
        other.CopyFrom(branch)
        if rng.random() < 0.3:
            change_attribute(rng, model, other)
        if all(value.name != "which" for value in graph.input):
            graph.input.append(helper.make_tensor_value_info("which", TensorProto.BOOL, []))
        wrapped = helper.make_node("If", ["which"], list(graph.node[at].output), then_branch=branch, else_branch=other)
    else:
        domain, name = "local", f"f{len(model.functions)}"
        inputs, outputs = list(dict.fromkeys(filter(None, inner.input))), list(filter(None, inner.output))
        imports = [helper.make_opsetid(o.domain, o.version) for o in model.opset_import]
        model.functions.append(helper.make_function(domain, name, inputs, outputs, [inner], imports))
        if all(o.domain != domain for o in model.opset_import):
            model.opset_import.append(helper.make_opsetid(domain, 1))
        wrapped = helper.make_node(name, inputs, outputs, domain=domain)
    graph.node[at].CopyFrom(wrapped)


WHOLE = [open_dims, change_sizes, change_all_types, weights_to_inputs, nest]
STRUCTURAL = [change_dim, change_rank, change_type, change_tensor, change_values, change_attribute, change_attribute,
              add_attribute, change_operator, change_edge, change_nodes, change_interface, change_header]


def graphs_of(graph):
    """The graph and those inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from graphs_of(attribute.g)


def mutate_structure(rng: np.random.Generator, data: bytes) -> bytes:
    model = onnx.ModelProto()
    model.ParseFromString(data)
    if rng.random() < 0.4:
        pick(rng, WHOLE)(rng, model, model.graph)
        if rng.random() < 0.5:
            return model.SerializeToString(deterministic=True)
    # Mostly one change: two seldom leave a model that gets past the first checks.
    wanted = min(4, int(rng.geometric(0.7)))
    before = model.SerializeToString(deterministic=True)
    for _ in range(20):
        pick(rng, STRUCTURAL)(rng, model, pick(rng, list(graphs_of(model.graph))))
        after = model.SerializeToString(deterministic=True)
        # A change that found nothing to bite on does not count.
        wanted -= after != before
        before = after
        if wanted <= 0:
            break
    return before


def mutant(seeds: list[tuple[str, bytes]], seed: int, index: int) -> tuple[str, bytes]:
    """Mutant number `index` of the run `seed`: (what it is, its bytes). It
    depends on nothing else, so that one mutant can be made again alone."""
    rng = np.random.default_rng([seed, index])
    name, data = pick(rng, seeds)
    if rng.random() < 0.25:
        return f"bytes of {name}", mutate_bytes(rng, data, pick(rng, seeds)[1])
    try:
        return f"structure of {name}", mutate_structure(rng, data)
    except (ValueError, TypeError, DecodeError) as error:
        # Protobuf refuses some numbers in some fields.
        return f"bytes of {name} ({type(error).__name__})", mutate_bytes(rng, data, b"")
