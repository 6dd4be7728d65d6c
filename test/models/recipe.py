"""What a model of the set is: how its file is made and what it is fed.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import os
import pathlib
from collections.abc import Callable

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]

Sample = dict[str, np.ndarray]


class Unavailable(Exception):
    """The model cannot be made on this machine; the message says why."""


@dataclasses.dataclass(frozen=True)
class Model:
    """`make(path)` writes the ONNX file; `samples(path)` gives one dict of
    inputs for each shape worth trying, the same on every call."""

    name: str
    make: Callable[[pathlib.Path], None]
    samples: Callable[[pathlib.Path], list[Sample]]
    needs_torch: bool = False
    # Computes with a quarter of the precision: judged by its decisions (e2e/test_quantized_models.py).
    quantized: bool = False
    # Raised whenever `make` or `samples` changes what it gives.
    version: int = 1


def cache_dir() -> pathlib.Path:
    """Where everything that is fetched or built once lives."""
    if path := os.environ.get("BRISK_CACHE"):
        return pathlib.Path(path)
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "brisk"


def models_dir() -> pathlib.Path:
    return cache_dir() / "models"


def sample_files(name: str) -> list[pathlib.Path]:
    """The sample inputs of a model that was made: NAME.npz, or NAME.1.npz,
    NAME.2.npz where it takes several shapes."""
    single = models_dir() / f"{name}.npz"
    if single.exists():
        return [single]
    found = []
    while (path := models_dir() / f"{name}.{len(found) + 1}.npz").exists():
        found.append(path)
    return found


def expect_file(sample: pathlib.Path) -> pathlib.Path:
    """Where the outputs of the reference for one sample file lie."""
    return sample.with_name(sample.name.removesuffix(".npz") + ".expect.npz")


def seeded(name: str) -> np.random.Generator:
    """A generator that depends on the name alone."""
    return np.random.default_rng([ord(c) for c in name])
