"""Trained models with samples to calibrate on, others to be judged on, and what is right about an answer.

Calibration never sees labels, nor any sample that judges.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import dataclasses
import functools
import pathlib
from collections.abc import Callable

import numpy as np
from models.recipe import Sample, Unavailable, models_dir, seeded
from models.trained import NAMES, trained

from . import drawings, sentences, speech

#: A model made ready: from inputs to outputs in order.
Run = Callable[[Sample], list[np.ndarray]]
Answers = list[list[np.ndarray]]


@dataclasses.dataclass
class EvaluationSet:
    """`score` gives points of 100 for the answers to `samples`, perhaps beside those of the float model; `metric` names
    it. `labelled`: it is the truth that is compared with, and not the float model. `answer` may run the samples in
    another way than one by one."""

    name: str
    model: pathlib.Path
    calibration: list[Sample]
    samples: list[Sample]
    metric: str
    labelled: bool
    score: Callable[[Answers, Answers], float]
    shape: list[str] = dataclasses.field(default_factory=list)
    answer: Callable[[Run], Answers] | None = None

    def answers(self, run: Run) -> Answers:
        return self.answer(run) if self.answer else [run(sample) for sample in self.samples]

    @property
    def allowed(self) -> float:
        """Points that 8 bits may cost."""
        return 0.5 if self.labelled else 1.0

    def write_calibration(self, path: pathlib.Path) -> None:
        np.savez(path, **{key: np.stack([sample[key] for sample in self.calibration]) for key in self.calibration[0]})


def model_file(name: str) -> pathlib.Path:
    path = models_dir() / f"{name}.onnx"
    if not (models_dir() / f"{name}.stamp").exists():
        raise Unavailable(f"run scripts/models {name}")
    return path


def rows_of(path: pathlib.Path, key: str) -> np.ndarray:
    with np.load(path) as file:
        return file[key]


def classes(labels: np.ndarray) -> Callable[[Answers, Answers], float]:
    def score(answers: Answers, _: Answers) -> float:
        found = np.array([answer[0].reshape(-1, answer[0].shape[-1]).argmax(-1)[0] for answer in answers])
        return 100 * float(np.mean(found == labels))
    return score


def tabular(name: str) -> EvaluationSet:
    files = trained(name)
    x, labels = rows_of(files.evaluation, "x"), rows_of(files.evaluation, "label").ravel()
    return EvaluationSet(name, files.model, [{"x": row} for row in rows_of(files.calibration, "x")],
                         [{"x": row} for row in x], "top-1", True, classes(labels))


def turned(count: int, rng: np.random.Generator) -> tuple[list[Sample], np.ndarray]:
    samples, labels = [], np.arange(count) % 2
    for label in labels:
        picture = drawings.line(drawings.phrase(rng, 6, 16), 48, 192, rng)
        samples.append({"x": np.ascontiguousarray(picture[:, ::-1, ::-1] if label else picture)[None]})
    return samples, labels


def direction() -> EvaluationSet:
    """Whether a line stands on its head."""
    rng = seeded("turned lines")
    calibration, _ = turned(32, rng)
    samples, labels = turned(400, rng)
    return EvaluationSet("ppocr_v2_cls", model_file("ppocr_v2_cls"), calibration, samples, "top-1", True, classes(labels),
                         ["x=1x3x48x192"])


def edits(a: str, b: str) -> int:
    """Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def recognition() -> EvaluationSet:
    """Lines read: edits that are missing to the truth, by character."""
    import onnx

    path = model_file("ppocr_v4_rec")
    metadata = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    alphabet = ["", *metadata["character"].splitlines(), " "]
    rng = seeded("lines")
    texts = [drawings.phrase(rng, 8, 20) for _ in range(16 + 100)]
    samples = [{"x": drawings.line(text, 48, 320, rng)[None]} for text in texts]
    truth = texts[16:]

    def read(probabilities: np.ndarray) -> str:
        best = probabilities[0].argmax(-1)
        return "".join(alphabet[k] for k, before in zip(best, [0, *best[:-1]]) if k != before)

    def score(answers: Answers, _: Answers) -> float:
        wrong = sum(min(len(text), edits(read(answer[0]), text)) for answer, text in zip(answers, truth))
        return 100 * (1 - wrong / sum(map(len, truth)))

    return EvaluationSet("ppocr_v4_rec", path, samples[:16], samples[16:], "characters", True, score, ["x=1x3x48x320"])


def f1(found: np.ndarray, truth: np.ndarray) -> float:
    both = np.sum(found & truth)
    return 100 * float(2 * both / max(1, found.sum() + truth.sum()))


def detection() -> EvaluationSet:
    """Pixels of text: against those of the float model, whose text is shrunk as it was trained."""
    rng = seeded("pages")
    samples = [{"x": drawings.page(256, 320, rng)[0][None]} for _ in range(8 + 24)]

    def score(answers: Answers, floats: Answers) -> float:
        mask = lambda all: np.stack([answer[0][0, 0] > 0.3 for answer in all])
        return f1(mask(answers), mask(floats))

    return EvaluationSet("ppocr_v4_det", model_file("ppocr_v4_det"), samples[:8], samples[8:], "pixel F1 with fp32", False,
                         score, ["x=1x3x256x320"])


def boxes_of(answer: list[np.ndarray]) -> list[np.ndarray]:
    """Faces: corners, the surest first, those that overlap a surer one by 0.3 left out."""
    scores, corners = answer[0][0, :, 1], answer[1][0]
    found: list[np.ndarray] = []
    for index in np.argsort(-scores):
        if scores[index] < 0.6:
            break
        if all(overlap(corners[index], other) < 0.3 for other in found):
            found.append(corners[index])
    return found


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    size = np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]))
    area = lambda box: np.prod(np.maximum(0, box[2:] - box[:2]))
    return float(np.prod(size) / max(1e-9, area(a) + area(b) - np.prod(size)))


def faces() -> EvaluationSet:
    """Boxes of faces: those that overlap one of the float model's by half."""
    rng = seeded("faces")
    samples = [{"input": drawings.faces(240, 320, rng)[None]} for _ in range(12 + 120)]

    def score(answers: Answers, floats: Answers) -> float:
        hits = total = 0
        for answer, wanted in zip(answers, floats):
            found, truth = boxes_of(answer), boxes_of(wanted)
            total += len(found) + len(truth)
            hits += 2 * sum(any(overlap(a, b) >= 0.5 for b in truth) for a in found)
        return 100 * hits / max(1, total)

    return EvaluationSet("ultraface_rfb320", model_file("ultraface_rfb320"), samples[:12], samples[12:],
                         "box F1 with fp32", False, score)


def similarity() -> EvaluationSet:
    """Cosines of embeddings of pairs, ranked against their grades (Spearman)."""
    from scipy.stats import spearmanr

    rng = seeded("pairs")
    calibration = sentences.tokens([text for pair in sentences.pairs(12, rng) for text in pair[:2]])
    tested = sentences.pairs(120, rng)
    samples = sentences.tokens([text for pair in tested for text in pair[:2]])

    def score(answers: Answers, _: Answers) -> float:
        vectors = np.stack([answer[1][0] for answer in answers])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return 100 * float(spearmanr(np.sum(vectors[0::2] * vectors[1::2], axis=1), [pair[2] for pair in tested])[0])

    return EvaluationSet("minilm_l6", model_file("minilm_l6"), calibration, samples, "Spearman to grades", True, score)


def voice(name: str) -> EvaluationSet:
    """Frames in speech; each clip is run frame by frame with the state that the model itself gave."""
    import onnxruntime

    path = model_file(name)
    rng = seeded("clips")
    clips = [speech.clip(rng, 4) for _ in range(6 + 16)]

    def frames(run: Run, audio: np.ndarray) -> tuple[list[Sample], Answers]:
        inputs, answers = [], []
        state, context = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32)
        for frame in audio[:len(audio) // 512 * 512].reshape(-1, 512):
            sample = {"input": np.concatenate([context, frame])[None], "state": state, "sr": np.array(speech.RATE, np.int64)}
            answer = run(sample)
            inputs.append(sample)
            answers.append(answer)
            state, context = answer[1], frame[-64:]
        return inputs, answers

    session = onnxruntime.InferenceSession(path)
    first = lambda sample: session.run(None, sample)
    calibration = [sample for audio in clips[:6] for sample in frames(first, audio)[0]][::3]
    samples = frames(first, clips[6])[0]

    def score(answers: Answers, floats: Answers) -> float:
        return 100 * float(np.mean([(a[0] > 0.5) == (b[0] > 0.5) for a, b in zip(answers, floats)]))

    return EvaluationSet(name, path, calibration, samples, "frames as in fp32", False, score,
                         ["input=1x576", "state=2x1x128"],
                         lambda run: [answer for audio in clips[6:] for answer in frames(run, audio)[1]])


SETS: dict[str, Callable[[], EvaluationSet]] = {
    **{name: functools.partial(tabular, name) for name in NAMES},
    "ppocr_v2_cls": direction,
    "ppocr_v4_rec": recognition,
    "ppocr_v4_det": detection,
    "ultraface_rfb320": faces,
    "minilm_l6": similarity,
    "silero_vad": functools.partial(voice, "silero_vad"),
    "silero_vad_16k_op15": functools.partial(voice, "silero_vad_16k_op15"),
}
