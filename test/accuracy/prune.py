"""What --prune costs and gains: points lost with repair, and speed against fp32, for ratios and kinds of importance.

Calibrated on the set's samples, judged on others that the compiler never sees.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import pathlib
import tempfile

from models.recipe import Unavailable

from .sets import SETS
from .variants import compiled, race


def run(arguments: argparse.Namespace) -> int:
    print(f"{'model':<22}{'metric':<20}{'fp32':>7}  {'ratio':<7}{'importance':<12}{'points lost':>12}{'speed':>8}", flush=True)
    rows = 0
    for name in arguments.names or SETS:
        try:
            judged = SETS[name]()
        except Unavailable as reason:
            print(f"{name:<22}left out: {reason}", flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix="brisk-prune-") as scratch:
            folder = pathlib.Path(scratch)
            floats = compiled(judged, folder)
            exact = floats.answers(judged)
            before = judged.score(exact, exact)
            for ratio in arguments.ratios.split(","):
                for importance in arguments.importance.split(","):
                    pruned = compiled(judged, folder, prune=ratio, importance=importance, prune_multiple=arguments.multiple,
                                      keep_slower=True)
                    times = race({"fp32": floats, "pruned": pruned}, judged.samples[0])
                    lost = before - judged.score(pruned.answers(judged), exact)
                    print(f"{name:<22}{judged.metric:<20}{before:7.2f}  {ratio:<7}{importance:<12}{lost:12.2f}"
                          f"{times['fp32'] / times['pruned']:7.2f}x", flush=True)
                    rows += 1
    return 0 if rows else 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="MODEL", help=f"some of {', '.join(SETS)}")
    parser.add_argument("--ratios", default="10%,25%,30%")
    parser.add_argument("--importance", default="obs", help="separated by commas: energy, obs, norm, extent")
    parser.add_argument("--multiple", type=int, default=0, help="as --prune-multiple; 0: of the machine's vectors")
