# SPDX-License-Identifier: Apache-2.0
"""Models with one mutation: the compiler accepts them or says what is wrong, and never crashes, hangs or blames itself.

DLC_MUTATIONS says how many mutants each of the two tests makes (240 when left out), DLC_MUTATION_SEED which.
"""
import json
import os
import random
import shutil
import warnings

import pytest
from model_mutations import compile_mutant, mutate_json, mutate_onnx

MUTATIONS = int(os.environ.get("DLC_MUTATIONS", 240))
SEED = os.environ.get("DLC_MUTATION_SEED", "0")
BATCHES = 4
# Generating initial weights for these would take longer than everything else; where they train, none are generated.
LARGE = {"alexnet", "resnet18"}


def check(folder, model, rng, what, *options):
    """Imports a mutant, and compiles some of those that can be imported to a program; whether it was imported."""
    problem, is_taken = compile_mutant(folder, model, [*options, "--compile-to=import"])
    if not problem and is_taken and rng.random() < 0.3:
        level = rng.choice(["-O0", "-O3"])
        what += f" at {level}"
        problem, _ = compile_mutant(folder, model, [*options, level, "--compile-to=program"])
    assert not problem, f"{what} {' '.join(options)}\n{problem}\n{model.read_bytes()[:4000]}"
    return is_taken


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mutated_json(tmp_path, top, batch):
    rng = random.Random(f"json {SEED} {batch}")
    models = sorted([*top.glob("examples/*/*.json"), *top.glob("bench/training/*.json")])
    taken = 0
    for _ in range(MUTATIONS // BATCHES):
        source = rng.choice(models)
        is_large = source.parent.name in LARGE or source.parent.name == "training"
        options = ["--train"] if is_large or rng.random() < 0.4 else []
        document, what = mutate_json(json.loads(source.read_text()), rng)
        folder = tmp_path / source.parent.name
        if not folder.exists():
            folder.mkdir()
            for weights in source.parent.glob("*.safetensors"):
                shutil.copy(weights, folder)
        model = folder / source.name
        model.write_text(json.dumps(document))
        taken += check(folder, model, rng, f"{source.relative_to(top)}: {what}", *options)
    assert 0 < taken < MUTATIONS // BATCHES, "mutants are all right, or all wrong: nothing was tested"


@pytest.fixture(scope="module")
def node_models():
    """The models of ONNX's own node tests: every op, in every form. By name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    return {case.name: case.model for case in cases if case.model is not None and case.model.ByteSize() < 200_000}


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mutated_onnx(tmp_path, examples, node_models, batch):
    rng = random.Random(f"onnx {SEED} {batch}")
    names = sorted(node_models)
    taken = 0
    for _ in range(MUTATIONS // BATCHES):
        name = rng.choice(names)
        broken, what = mutate_onnx(node_models[name], rng)
        model = tmp_path / "broken.onnx"
        model.write_bytes(broken.SerializeToString())
        taken += check(tmp_path, model, rng, f"{name}: {what}")
    assert 0 < taken < MUTATIONS // BATCHES, "mutants are all right, or all wrong: nothing was tested"
