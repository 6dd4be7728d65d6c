"""Predicted against measured: area by the model and by yosys over 32 small designs, as a table and a plot.

    python test/targets/hls/area.py FOLDER     # some minutes; writes FOLDER/area.csv and FOLDER/area.svg

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import json
import math
import pathlib
import statistics
import subprocess
import sys

from causal import causal
from cnn import cnn
from mlp import mlp

BRISKC = pathlib.Path(__file__).resolve().parents[3] / "build" / "bin" / "briskc"

DENSE = [  # sizes, bits, share of zero weights
    ((8, 12, 6), 6, 0), ((8, 12, 6), 4, 0), ((8, 12, 6), 8, 0), ((16, 16, 5), 6, 0), ((16, 16, 5), 6, 0.5), ((16, 16, 5), 6, 0.75),
    ((16, 16, 5), 8, 0.9), ((4, 8, 4), 6, 0), ((4, 8, 8, 4), 5, 0), ((10, 20, 3), 4, 0), ((12, 8, 8, 2), 7, 0.3), ((24, 8, 4), 6, 0),
    ((6, 6, 6, 6), 6, 0), ((20, 10, 2), 3, 0), ((8, 24, 5), 6, 0.5), ((32, 8), 6, 0), ((32, 8), 8, 0.5), ((5, 5), 8, 0),
]  # fmt: skip


def designs():
    for number, (sizes, bits, sparsity) in enumerate(DENSE):
        yield f"dense{number}", lambda path: mlp(path, sizes, bits=bits, sparsity=sparsity, seed=number)
    for number, (sizes, bits) in enumerate([((4, 6, 3), 8), ((6, 8, 4), 6), ((3, 4, 2), 8)]):
        yield f"odd-scales{number}", lambda path: mlp(path, sizes, bits=bits, powers=False, seed=number)
    for number, sizes in enumerate([(4, 6, 3), (6, 6, 2), (3, 8, 4)]):
        yield f"tables{number}", lambda path: mlp(path, sizes, activation="Tanh", seed=number)
    for number, (size, channels, colors) in enumerate([(4, 2, 2), (4, 3, 1), (8, 3, 2), (16, 4, 3), (14, 2, 3)]):
        yield f"image{number}", lambda path: cnn(path, size=size, channels=channels, colors=colors, seed=number)
    for number, (length, channels) in enumerate([(64, 5), (128, 4), (32, 3)]):
        yield f"causal{number}", lambda path: causal(path, length=length, channels=channels, seed=number)


def measure(folder, name, make):
    """What the report tells of a design, and what yosys finds."""
    make(str(folder / f"{name}.onnx"))
    subprocess.run([BRISKC, folder / f"{name}.onnx", "--target=hls", "-o", folder / name], check=True)
    synth = subprocess.run(["make", "-s", "-C", folder / name, "synth"], check=True, capture_output=True, text=True)
    return json.loads((folder / name / "report.json").read_text())["total"], json.loads(synth.stdout)


def plot(rows):
    """Both axes logarithmic, a dashed line at +-20 %."""
    low, high = math.log10(min(min(r[1:3]) for r in rows)) - 0.1, math.log10(max(max(r[1:3]) for r in rows)) + 0.1
    at = lambda value: 20 + 460 * (math.log10(value) - low) / (high - low)  # noqa: E731
    ends = 10**low, 10**high
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500" font-family="sans-serif" font-size="11">']
    for factor, dash in ((1, ""), (1.2, 'stroke-dasharray="4"'), (1 / 1.2, 'stroke-dasharray="4"')):
        parts.append(f'<line x1="{at(ends[0]):.1f}" y1="{500 - at(ends[0] * factor):.1f}" x2="{at(ends[1]):.1f}" '
                     f'y2="{500 - at(ends[1] * factor):.1f}" stroke="gray" {dash}/>')  # fmt: skip
    for name, model, measured, *_ in rows:
        parts.append(f'<circle cx="{at(measured):.1f}" cy="{500 - at(model):.1f}" r="3"><title>{name}: {measured}, {model}</title></circle>')
    parts.append('<text x="380" y="495">LUTs by yosys</text><text x="5" y="15">LUTs by the model</text></svg>')
    return "\n".join(parts)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, make in designs():
        model, cells = measure(folder, name, make)
        rows.append((name, model["luts"], cells["luts"], model["ffs"], cells["ffs"], model["dsps"], cells["dsps"]))
        print(*rows[-1], f"{model['luts'] / cells['luts'] - 1:+.1%}", sep="\t", flush=True)
    (folder / "area.csv").write_text("design,luts_model,luts_yosys,ffs_model,ffs_yosys,dsps_model,dsps_yosys\n"
                                     + "".join(",".join(map(str, row)) + "\n" for row in rows))  # fmt: skip
    (folder / "area.svg").write_text(plot(rows))
    for what, column in (("LUTs", 1), ("FFs", 3)):
        errors = [abs(row[column] / row[column + 1] - 1) for row in rows]
        print(f"{what}: median {statistics.median(errors):.1%}, largest {max(errors):.1%}")
    print("DSPs:", "exact" if all(row[5] == row[6] for row in rows) else "differ")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
