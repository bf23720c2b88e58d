# SPDX-License-Identifier: Apache-2.0
"""usage: check_schema.py SCHEMA.json FORMAT.md EXAMPLES

Checks the JSON Schema itself, every JSON model under EXAMPLES against it, some models that are wrong, and that FORMAT.md names all there is.
"""
import json
import pathlib
import re
import sys

import jsonschema

schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)

models = [path for path in pathlib.Path(sys.argv[3]).rglob("*.json") if '"dlc"' in path.read_text()]
assert len(models) >= 10, models
for path in models:
    for error in validator.iter_errors(json.loads(path.read_text())):
        sys.exit(f"{path}: {error.message}")

good = {"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 4]}], "layers": [{"op": "dense", "units": 3}]}
assert validator.is_valid(good)
for change in (
    {"dlc": 2}, {"nmae": "x"}, {"inputs": [{"name": "x"}]}, {"layers": [{"op": "dense", "unit": 3}]}, {"layers": [{"op": "dnse", "units": 3}]},
    {"layers": [{"op": "dense", "units": 0}]}, {"weights": "weights.bin"}, {"seed": -1},
):  # fmt: skip
    assert not validator.is_valid({**good, **change}), change

page = pathlib.Path(sys.argv[2])
# The page refers to that one, which is generated, for operations and activations.
words = set(re.findall(r"\w+", page.read_text() + (page.parent / "generated" / "operations.md").read_text()))
definitions = schema["$defs"]
for kind in ("layer", "node", "activation"):
    variants = next(each for each in [definitions[kind], *definitions[kind].get("anyOf", [])] if "required" in each)["anyOf"]
    for variant in variants:
        names = {variant["properties"]["op"]["const"].rpartition(".")[2]}
        if kind != "node":
            names |= set(variant["properties"])
        assert names <= words, f"not in the pages: {names - words}"
missing = (set(schema["properties"]) - {"$schema"}) - words
assert not missing, f"not in the page: {missing}"
