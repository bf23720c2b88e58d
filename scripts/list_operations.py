# SPDX-License-Identifier: Apache-2.0
"""usage: dlc --emit-json-schema | list_operations.py

Prints a page with the operations of nodes and the activations that dlc has, as Markdown, from the schema of JSON models.
"""
import json
import sys

definitions = json.load(sys.stdin)["$defs"]


def variants(kind):
    """What `kind` may be, by its `op`, in the order of the schema."""
    definition = definitions[kind]
    choices = next(each for each in [definition, *definition.get("anyOf", [])] if "required" in each)["anyOf"]
    return {each["properties"]["op"]["const"]: each for each in choices}


print("# Operations")
print()
print("Nodes of [JSON models](../model-format.md) have these operations. Those of ONNX and of other domains are read from")
print("[ONNX models](../onnx.md), too.")
domains = {}
for name, node in variants("node").items():
    domain, _, own = name.rpartition(".")
    is_onnx = node["description"].startswith("The ONNX operation")
    domains.setdefault(domain if is_onnx else "JSON models alone", []).append(own)
for domain, names in sorted(domains.items()):
    print(f"\n## {domain or 'ONNX'}\n")
    print(", ".join(sorted(names)))

print("\n## Activations\n")
print("Layers, and values of the key `activation` of other layers.\n")
print("| op | is | keys and defaults |")
print("| --- | --- | --- |")
for name, activation in variants("activation").items():
    keys = []
    for key, field in activation["properties"].items():
        if key == "op":
            continue
        default = f" ({json.dumps(field['default'])})" if "default" in field else ""
        keys.append(f"`{key}`{default}: {field['description']}")
    formula = activation["description"].replace("|", "\\|")
    print(f"| `{name}` | {formula} | {'; '.join(keys)} |")
