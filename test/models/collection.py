# SPDX-License-Identifier: Apache-2.0
"""All models: importing this fills CASES. $DLC_MODELS_MODULES names the modules to import where fewer will do, which saves seconds."""
import importlib
import os

from cases import CASES

MODULES = ["pytorch_models", "decoder_models", "transformers_models", "vision_models", "classical_models", "quantized_models", "shipped_models"]
MODULE_OF = {}  # of each case, the names of the modules that it needs, separated by commas

for module in os.environ.get("DLC_MODELS_MODULES", ",".join(MODULES)).split(","):
    before = set(CASES)
    importlib.import_module(module)
    needed = module if module != "quantized_models" else ",".join(MODULES[: MODULES.index(module) + 1])
    MODULE_OF.update({name: needed for name in CASES if name not in before})

__all__ = ["CASES", "MODULE_OF"]
