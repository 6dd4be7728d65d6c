"""scripts/accuracy COMMAND: what quantization costs and gains, on whole models.

Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import argparse
import sys

from . import agreement, budget, export, mixed, prune, trained

COMMANDS = {"trained": trained, "agreement": agreement, "export": export, "mixed": mixed, "budget": budget,
            "prune": prune}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/accuracy", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        text = module.__doc__.split("\n")[0]
        command = commands.add_parser(name, help=text, description=text)
        module.add_arguments(command)
    arguments = parser.parse_args()
    return COMMANDS[arguments.command].run(arguments)


sys.exit(main())
