# lit suite of Brisk: FileCheck tests that mirror the tree.
import os

import lit.formats

config.name = "brisk"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.brisk_build_dir, "test")
config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.brisk_build_dir, "bin"), config.llvm_tools_dir, os.environ["PATH"]]
)
python = os.path.join(config.brisk_source_dir, ".venv", "bin", "python")
config.substitutions.append(("%python", python if os.path.exists(python) else "python3"))
# A run-away compiler must not hang the suite.
config.maxIndividualTestTime = 300
