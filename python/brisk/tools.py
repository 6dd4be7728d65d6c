"""The command-line programs of an installed package.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os
import pathlib
import sys


def _become(program: str) -> None:
    path = pathlib.Path(__file__).parent / "bin" / program
    if not path.exists():
        sys.exit(f"{program}: not in this installation of brisk; in a build tree it is build/bin/{program}")
    os.execv(path, [str(path), *sys.argv[1:]])


def briskc() -> None:
    _become("briskc")


def brisk_run() -> None:
    _become("brisk-run")
