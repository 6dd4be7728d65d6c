"""Steps of models over time, which `--stream` makes, run one after the other.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .model import CompiledModel


class Stream:
    """One sequence that goes through a step of a model; made by
    `CompiledModel.stream`. Holds the states; several streams may share a
    model."""

    def __init__(self, model: CompiledModel) -> None:
        facts = model.report["manifest"].get("stream")
        if facts is None:
            raise ValueError("the model is no step of one over time: compile it with stream=AXIS")
        self._model = model
        count = facts["states"]
        #: Frames of the inputs that a step takes.
        self.frames: int = facts["step"]
        split = len(model.inputs) - count
        self._states = model.inputs[split:]
        #: The axis that time runs along in inputs and outputs that have one, by name.
        self.axes: dict[str, int] = {}
        #: By how many of its frames each output lags: the first ones are of times before the beginning.
        self.delays: dict[str, int] = {}
        for value, axis in zip(model.inputs[:split], facts["inputs"]):
            if axis >= 0:
                self.axes[value.name] = axis
        self._outputs = model.outputs[:len(model.outputs) - count]
        for value, axis, delay in zip(self._outputs, facts["outputs"], facts["delays"]):
            if axis >= 0:
                self.axes[value.name] = axis
                self.delays[value.name] = delay
        self.reset()

    def reset(self) -> None:
        """Back to the beginning: before the first frame."""
        self._values = {value.name: np.zeros(value.shape, value.dtype) for value in self._states}
        self._is_new = True

    def step(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The next `frames` frames of every input in, the next ones of every
        output out."""
        results = self._model.run({**inputs, **self._values})
        self._values = {name: results.pop(name + ".next") for name in self._values}
        self._is_new = False
        return results

    def run(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Whole sequences from where the stream is: what the steps return, one
        behind the other, without what is of times before the beginning if it
        was there. Frames that fill no step are left out; outputs without time
        are those of the last step."""
        arrays = {name: np.asarray(value) for name, value in inputs.items()}
        is_first = self._is_new
        counts = {array.shape[self.axes[name]] // self.frames for name, array in arrays.items() if name in self.axes}
        if len(counts) != 1:
            raise ValueError("expects inputs of equally many frames")
        steps = counts.pop()
        if steps < 1:
            raise ValueError(f"expects at least {self.frames} frames")
        parts: list[dict[str, np.ndarray]] = []
        for i in range(steps):
            parts.append(self.step({name: self._cut(array, self.axes[name], i) if name in self.axes else array
                                    for name, array in arrays.items()}))
        results = {}
        for value in self._outputs:
            if value.name not in self.delays:
                results[value.name] = parts[-1][value.name]
                continue
            axis = self.axes[value.name]
            joined = np.concatenate([part[value.name] for part in parts], axis)
            skipped = self.delays[value.name] if is_first else 0
            results[value.name] = joined[(slice(None),) * axis + (slice(skipped, None),)]
        return results

    def _cut(self, array: np.ndarray, axis: int, step: int) -> np.ndarray:
        place = (slice(None),) * axis + (slice(step * self.frames, (step + 1) * self.frames),)
        return np.ascontiguousarray(array[place])
