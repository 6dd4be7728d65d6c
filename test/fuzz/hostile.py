"""Models made to break a compiler: files, growth, wrong graphs. One function
each; hostile_values.py holds those with wrong numbers.

A function under @hostile gets an empty folder and gives what to compile. Most
must be rejected; `either` marks those that may as well be compiled.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F, I = TensorProto.FLOAT, TensorProto.INT64


@dataclasses.dataclass(frozen=True)
class Hostile:
    name: str
    write: Callable[[pathlib.Path], pathlib.Path]
    must_fail: bool


CASES: list[Hostile] = []


def hostile(function=None, *, either: bool = False):
    def add(write):
        CASES.append(Hostile(write.__name__, write, not either))
        return write
    return add(function) if function else add


def value(name, shape, dtype=F):
    return helper.make_tensor_value_info(name, dtype, shape)


def constant(name, array, dtype=np.int64):
    return numpy_helper.from_array(np.asarray(array, dtype), name)


def save(folder, nodes, inputs, outputs, weights=(), opset=17, functions=(), imports=(), name="model.onnx"):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(weights))
    model = helper.make_model(graph, functions=list(functions), ir_version=8,
                              opset_imports=[helper.make_opsetid("", opset), *imports])
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def one_node(folder, op, inputs, weights=(), shape=(1, 3, 8, 8), opset=17, dtype=F, outputs=1, rank=None, **attributes):
    names = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, inputs, names, **attributes)
    rank = len(shape) if rank is None else rank
    return save(folder, [node], [value("x", shape, dtype)],
                [value(name, [f"{name}_{i}" for i in range(rank)], dtype) for name in names], weights, opset)


# Files that are no models.

@hostile
def empty_file(folder):
    path = folder / "model.onnx"
    path.write_bytes(b"")
    return path


@hostile
def random_bytes(folder):
    path = folder / "model.onnx"
    path.write_bytes(np.random.default_rng(1).integers(0, 256, 100_000, dtype=np.uint8).tobytes())
    return path


@hostile
def text_file(folder):
    path = folder / "model.onnx"
    path.write_text("this is not a model\n" * 100)
    return path


@hostile
def missing_file(folder):
    return folder / "absent.onnx"


@hostile
def folder_for_a_file(folder):
    path = folder / "model.onnx"
    path.mkdir()
    return path


@hostile
def truncated(folder):
    path = one_node(folder, "Add", ["x", "w"], [constant("w", np.ones((3, 8, 8)), np.float32)])
    path.write_bytes(path.read_bytes()[:-300])
    return path


@hostile
def no_graph(folder):
    path = folder / "model.onnx"
    path.write_bytes(onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)]).SerializeToString())
    return path


# Growth: few bytes that ask for much.

@hostile(either=True)
def function_fan_out(folder):
    """25 functions that each call the one before twice: 2^25 nodes inlined."""
    functions = []
    for level in range(25):
        op, domain = ("Relu", "") if level == 0 else (f"f{level - 1}", "local")
        body = [helper.make_node(op, ["a"], ["b"], domain=domain), helper.make_node(op, ["b"], ["c"], domain=domain)]
        functions.append(helper.make_function("local", f"f{level}", ["a"], ["c"], body,
                                              [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]))
    return save(folder, [helper.make_node("f24", ["x"], ["y"], domain="local")], [value("x", [4])], [value("y", [4])],
                functions=functions, imports=[helper.make_opsetid("local", 1)])


@hostile
def recursive_function(folder):
    body = [helper.make_node("f", ["a"], ["b"], domain="local")]
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    return save(folder, [helper.make_node("f", ["x"], ["y"], domain="local")], [value("x", [4])], [value("y", [4])],
                functions=[helper.make_function("local", "f", ["a"], ["b"], body, imports)], imports=imports[1:])


@hostile(either=True)
def concat_doubling(folder):
    """A shape that is concatenated with itself 32 times over."""
    nodes = [helper.make_node("Shape", ["x"], ["s0"])]
    nodes += [helper.make_node("Concat", [f"s{i}", f"s{i}"], [f"s{i + 1}"], axis=0) for i in range(32)]
    return save(folder, nodes, [value("x", ["N"])], [value("s32", ["M"], I)])


@hostile(either=True)
def add_doubling(folder):
    """Symbolic sums whose written-out form doubles at each node."""
    nodes = [helper.make_node("Shape", ["x"], ["s0"])]
    for i in range(64):
        nodes.append(helper.make_node("Mul" if i % 2 else "Add", [f"s{i}", f"s{i}"], [f"s{i + 1}"]))
    nodes.append(helper.make_node("Expand", ["x", "s64"], ["y"]))
    return save(folder, nodes, [value("x", ["N"])], [value("y", ["M"])])


@hostile(either=True)
def folding_to_gigabytes(folder):
    """A constant of 40 GB written in a few bytes, then used once."""
    nodes = [helper.make_node("ConstantOfShape", ["shape"], ["big"]),
             helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0), helper.make_node("Add", ["x", "sum"], ["y"])]
    return save(folder, nodes, [value("x", [4])], [value("y", [4])], [constant("shape", [100_000, 100_000])])


@hostile(either=True)
def tile_chain(folder):
    nodes = [helper.make_node("Tile", [f"t{i}", "times"], [f"t{i + 1}"]) for i in range(12)]
    nodes.append(helper.make_node("Gather", ["t12", "zero"], ["first"]))
    nodes.append(helper.make_node("Add", ["x", "first"], ["y"]))
    return save(folder, nodes, [value("x", [4])], [value("y", [4])],
                [constant("t0", [1.0, 2.0], np.float32), constant("times", [16]), constant("zero", 0)])


@hostile(either=True)
def long_range(folder):
    nodes = [helper.make_node("Range", ["from", "to", "by"], ["r"]), helper.make_node("ReduceMax", ["r"], ["m"], keepdims=0),
             helper.make_node("Add", ["x", "m"], ["y"])]
    return save(folder, nodes, [value("x", [4], I)], [value("y", [4], I)],
                [constant("from", 0), constant("to", 2**62), constant("by", 1)])


@hostile
def range_without_step(folder):
    return save(folder, [helper.make_node("Range", ["from", "to", "by"], ["y"])], [], [value("y", ["N"], I)],
                [constant("from", 0), constant("to", 10), constant("by", 0)])


@hostile(either=True)
def long_loop(folder):
    body = helper.make_graph([helper.make_node("Identity", ["c"], ["c_out"]), helper.make_node("Add", ["v", "v"], ["v_out"])],
                             "body", [value("i", [], I), value("c", [], TensorProto.BOOL), value("v", [2])],
                             [value("c_out", [], TensorProto.BOOL), value("v_out", [2])])
    node = helper.make_node("Loop", ["trips", "go", "x"], ["y"], body=body)
    return save(folder, [node], [value("x", [2])], [value("y", [2])],
                [constant("trips", 2**62), constant("go", True, bool)])


@hostile(either=True)
def many_nodes(folder):
    nodes = [helper.make_node("Relu", [f"v{i}"], [f"v{i + 1}"]) for i in range(5000)]
    return save(folder, nodes, [value("v0", [4])], [value("v5000", [4])])


@hostile(either=True)
def many_symbols(folder):
    inputs = [value(f"x{i}", [f"d{i}", f"e{i}"]) for i in range(40)]
    nodes = [helper.make_node("Concat", [v.name for v in inputs], ["y"], axis=0)]
    return save(folder, nodes, inputs, [value("y", ["A", "B"])])


@hostile(either=True)
def concat_of_many(folder):
    inputs = [value(f"x{i}", ["N", "E"]) for i in range(200)]
    nodes = [helper.make_node("Concat", [v.name for v in inputs], ["y"], axis=0)]
    return save(folder, nodes, inputs, [value("y", ["A", "E"])])


@hostile(either=True)
def nested_ifs(folder):
    """Forty Ifs inside each other, as deep as a parser takes."""
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["r"])], "leaf", [], [value("r", [4])])
    for level in range(20):
        other = helper.make_graph([helper.make_node("Neg", ["x"], [f"n{level}"])], f"e{level}", [], [value(f"n{level}", [4])])
        node = helper.make_node("If", ["c"], [f"i{level}"], then_branch=graph, else_branch=other)
        graph = helper.make_graph([node], f"t{level}", [], [value(f"i{level}", [4])])
    return save(folder, list(graph.node), [value("x", [4]), value("c", [], TensorProto.BOOL)], [value("i19", [4])])


@hostile
def nested_beyond_the_parser(folder):
    def field(number, payload):
        size, header = len(payload), bytes([number << 3 | 2])
        while size >= 128:
            header += bytes([size & 127 | 128])
            size >>= 7
        return header + bytes([size]) + payload

    graph = b""
    for _ in range(3000):
        graph = field(1, field(5, field(6, graph)))  # a graph's node's attribute's graph
    path = folder / "model.onnx"
    path.write_bytes(b"\x08\x08" + field(7, graph))
    return path


@hostile(either=True)
def function_chain(folder):
    functions = []
    for level in range(300):
        op, domain = ("Relu", "") if level == 0 else (f"f{level - 1}", "local")
        functions.append(helper.make_function("local", f"f{level}", ["a"], ["b"],
                                              [helper.make_node(op, ["a"], ["b"], domain=domain)],
                                              [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]))
    return save(folder, [helper.make_node("f299", ["x"], ["y"], domain="local")], [value("x", [4])], [value("y", [4])],
                functions=functions, imports=[helper.make_opsetid("local", 1)])


@hostile(either=True)
def long_name(folder):
    name = "n" * 1_000_000
    return save(folder, [helper.make_node("Relu", ["x"], ["y"], name=name)], [value("x", [4])], [value("y", [4])])


@hostile(either=True)
def names_with_control_characters(folder):
    name = "a\x1b[31m\nb\x00c\"%s"
    return save(folder, [helper.make_node("NoSuchOp", [name], ["\x07y"], name=name)], [value(name, [4])],
                [value("\x07y", [4])])


# Graphs that hang together wrongly.

@hostile
def cycle(folder):
    return save(folder, [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])],
                [value("x", [4])], [value("b", [4])])


@hostile
def self_loop(folder):
    return save(folder, [helper.make_node("Add", ["x", "y"], ["y"])], [value("x", [4])], [value("y", [4])])


@hostile
def missing_input(folder):
    return save(folder, [helper.make_node("Add", ["x", "nowhere"], ["y"])], [value("x", [4])], [value("y", [4])])


@hostile
def missing_output(folder):
    return save(folder, [helper.make_node("Relu", ["x"], ["y"])], [value("x", [4])], [value("z", [4])])


@hostile
def name_written_twice(folder):
    return save(folder, [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["y"])],
                [value("x", [4])], [value("y", [4])])


@hostile(either=True)
def no_outputs(folder):
    return save(folder, [helper.make_node("Relu", ["x"], ["y"])], [value("x", [4])], [])


@hostile(either=True)
def output_is_input(folder):
    return save(folder, [], [value("x", [4])], [value("x", [4])])


@hostile
def too_few_inputs(folder):
    return save(folder, [helper.make_node("Add", ["x"], ["y"])], [value("x", [4])], [value("y", [4])])


@hostile
def too_many_inputs(folder):
    return save(folder, [helper.make_node("Relu", ["x"] * 50, ["y"])], [value("x", [4])], [value("y", [4])])


@hostile
def unknown_operator(folder):
    return save(folder, [helper.make_node("NoSuchOp", ["x"], ["y"])], [value("x", [4])], [value("y", [4])])


@hostile
def unknown_domain(folder):
    return save(folder, [helper.make_node("Relu", ["x"], ["y"], domain="no.such")], [value("x", [4])], [value("y", [4])],
                imports=[helper.make_opsetid("no.such", 1)])


@hostile
def opset_of_the_future(folder):
    return save(folder, [helper.make_node("Relu", ["x"], ["y"])], [value("x", [4])], [value("y", [4])], opset=2**40)


@hostile
def no_opset(folder):
    path = save(folder, [helper.make_node("Relu", ["x"], ["y"])], [value("x", [4])], [value("y", [4])])
    model = onnx.load(path)
    del model.opset_import[:]
    path.write_bytes(model.SerializeToString())
    return path


@hostile
def loop_without_inputs(folder):
    body = helper.make_graph([helper.make_node("Identity", ["c"], ["o"])], "body",
                             [value("i", [], I), value("c", [], TensorProto.BOOL)], [value("o", [], TensorProto.BOOL)])
    return save(folder, [helper.make_node("Loop", [], ["y"], body=body)], [], [value("y", [4])])


@hostile
def if_branches_differ(folder):
    one = helper.make_graph([helper.make_node("Relu", ["x"], ["a"])], "t", [], [value("a", [4])])
    two = helper.make_graph([helper.make_node("Relu", ["x"], ["b"]), helper.make_node("Neg", ["x"], ["d"])], "e", [],
                            [value("b", [4]), value("d", [4])])
    return save(folder, [helper.make_node("If", ["c"], ["y"], then_branch=one, else_branch=two)],
                [value("x", [4]), value("c", [], TensorProto.BOOL)], [value("y", [4])])


@hostile
def scan_counts_wrongly(folder):
    body = helper.make_graph([helper.make_node("Add", ["s", "e"], ["o"])], "body", [value("s", [2]), value("e", [2])],
                             [value("o", [2])])
    return save(folder, [helper.make_node("Scan", ["x", "x"], ["y"], body=body, num_scan_inputs=1000)],
                [value("x", [2, 2])], [value("y", [2])])
