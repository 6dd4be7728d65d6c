"""Speech and silence synthesized with numpy: glottal pulses through formants, hisses, pauses and background noise.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np

RATE = 16000
# First three formants of vowels, in Hz (Peterson and Barney, 1952, rounded).
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410), (660, 1720, 2410),
          (490, 1350, 1690), (440, 1020, 2240))


def resonate(x: np.ndarray, frequency: float, width: float) -> np.ndarray:
    """A resonator of two poles."""
    from scipy.signal import lfilter

    radius = np.exp(-np.pi * width / RATE)
    return lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2], x)


def syllable(rng: np.random.Generator, pitch: float) -> np.ndarray:
    """A consonant's hiss and a vowel that glides to another one."""
    length = int(RATE * rng.uniform(0.12, 0.3))
    time = np.arange(length) / RATE
    contour = pitch * (1 + 0.15 * rng.uniform(-1, 1) * time / time[-1] + 0.02 * np.sin(2 * np.pi * 5 * time))
    phase = np.cumsum(contour) / RATE
    pulses = np.diff(np.floor(phase), prepend=0) + 0.02 * rng.standard_normal(length)
    # Glottal pulses fall by 12 dB an octave.
    source = resonate(pulses, 0, 200)
    parts = [VOWELS[i] for i in rng.choice(len(VOWELS), 2, replace=False)]
    glide = np.linspace(0, 1, length) ** 2
    vowel = 0
    for weight, formants in ((1 - glide, parts[0]), (glide, parts[1])):
        voice = source
        for frequency, width in zip(formants, (80, 100, 150)):
            voice = resonate(voice, frequency * rng.uniform(0.95, 1.05), width) + 0.05 * voice
        vowel = vowel + weight * voice / (np.abs(voice).max() + 1e-9)
    vowel *= np.minimum(1, np.minimum(time, time[-1] - time) / 0.03)
    hiss = resonate(rng.standard_normal(int(RATE * rng.uniform(0.03, 0.09))), rng.uniform(2500, 5500), 900)
    hiss *= 0.25 / (np.abs(hiss).max() + 1e-9) * np.hanning(len(hiss))
    return np.concatenate([hiss, vowel])


def clip(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Phrases of a voice with pauses between them, in noise: floats in [-1, 1]."""
    total = int(RATE * seconds)
    pitch, loud, parts, length = rng.uniform(90, 240), rng.uniform(0.1, 0.6), [], 0
    while length < total:
        pause = np.zeros(int(RATE * rng.uniform(0.3, 1.0)))
        phrase = [syllable(rng, pitch) for _ in range(rng.integers(2, 7))]
        parts += [pause, *(loud * part for part in phrase)]
        length = sum(map(len, parts))
    audio = np.concatenate(parts)[:total]
    return (audio + rng.uniform(0.0005, 0.01) * rng.standard_normal(total)).astype(np.float32)
