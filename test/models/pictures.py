"""Text drawn with nothing but numpy: text readers answer about zero on noise.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np

# 5x7 dot-matrix letters, one number a row, the leftmost dot in bit 4.
GLYPHS = {
    "A": (14, 17, 17, 31, 17, 17, 17), "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14), "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31), "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 15), "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14), "J": (7, 2, 2, 2, 2, 18, 12),
    "K": (17, 18, 20, 24, 20, 18, 17), "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17), "N": (17, 17, 25, 21, 19, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14), "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13), "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30), "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14), "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 21, 10), "X": (17, 17, 10, 4, 10, 17, 17),
    "Y": (17, 17, 17, 10, 4, 4, 4), "Z": (31, 1, 2, 4, 8, 16, 31),
    "0": (14, 17, 19, 21, 25, 17, 14), "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31), "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2), "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14), "9": (14, 17, 17, 15, 1, 2, 12),
    " ": (0, 0, 0, 0, 0, 0, 0),
}


def ink(text: str, scale: int) -> np.ndarray:
    """The text as 0 (paper) to 1 (ink), 9*scale high, smoothed at the edges."""
    columns = [np.zeros((7, 1))]
    for letter in text:
        rows = np.array(GLYPHS[letter])
        columns += [(rows[:, None] >> np.arange(4, -1, -1)) & 1,
                    np.zeros((7, 1))]
    dots = np.pad(np.concatenate(columns, axis=1), ((1, 1), (1, 1)))
    big = np.kron(dots, np.ones((scale, scale)))
    reach = max(1, scale // 3)
    for axis in (0, 1):
        big = sum(np.roll(big, shift, axis) for shift in range(-reach, reach + 1))
        big = big / (2 * reach + 1)
    return np.clip(big * 1.6 - 0.3, 0, 1)


def page(height: int, width: int, lines: list[tuple[str, int, int, int]], contrast: float = 1) -> np.ndarray:
    """Dark text on light paper as [3, height, width] in [-contrast, contrast];
    each line is (text, scale, top, left)."""
    grey = np.full((height, width), 0.85)
    for text, scale, top, left in lines:
        drawn = ink(text, scale)
        h, w = min(drawn.shape[0], height - top), min(drawn.shape[1], width - left)
        grey[top:top + h, left:left + w] -= 0.75 * drawn[:h, :w]
    return np.repeat((contrast * (grey * 2 - 1))[None], 3, axis=0).astype(np.float32)
