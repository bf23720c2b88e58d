# SPDX-License-Identifier: Apache-2.0
"""Ensembles of trees of ai.onnx.ml against ONNX Runtime: every comparison, NaN, aggregates, base values, classes. DLC_TEST_TREES is the number of trees
of the large forest, 20 by default."""
import os
import time

import numpy as np
import onnx
import onnxruntime
from contrib_family import ContribFamily
from test_onnx_ops import compare

RNG = np.random.default_rng(17)
DOMAIN = "ai.onnx.ml"
MODES = "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"


def grow(trees, depth, features, targets, modes=MODES[:1], prefix="target", positive=False, missing=False, all=False):
    """Attributes of a random forest. Splits are halves, so that features hit them; leaves give numbers for one or several targets."""
    nodes = {k: [] for k in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids", "missing_value_tracks_true")}
    leaves = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(trees):
        pending, count = [(0, 0)], 1
        while pending:
            own, level = pending.pop()
            isLeaf = level == depth or (level > 0 and RNG.random() < 0.15)
            children = (0, 0) if isLeaf else (count, count + 1)
            if not isLeaf:
                pending += [(count, level + 1), (count + 1, level + 1)]
                count += 2
            row = (tree, own, int(RNG.integers(features)), float(RNG.integers(-4, 5)) / 2, "LEAF" if isLeaf else str(RNG.choice(modes)), *children, int(RNG.integers(2)))
            for values, value in zip(nodes.values(), row):
                values.append(value)
            if isLeaf:
                for target in sorted(RNG.choice(targets, targets if all else RNG.integers(1, targets + 1), replace=False).tolist()):
                    weight = float(np.float32(RNG.random() / trees if positive else RNG.standard_normal()))
                    for values, value in zip(leaves.values(), (tree, own, target, weight)):
                        values.append(value)
    if not missing:
        del nodes["missing_value_tracks_true"]
    return {**{f"nodes_{k}": v for k, v in nodes.items()}, **{f"{prefix}_{k}": v for k, v in leaves.items()}}


def features(rows, columns):
    x = (RNG.integers(-5, 6, (rows, columns)) / 2).astype(np.float32)
    x[1, 0] = np.nan
    x[2] = [np.inf, -np.inf] * (columns // 2) + [-0.0] * (columns % 2)
    x[3, -1] = np.nextafter(np.float32(0.5), np.float32(1))
    return x


def test_regressors(programs):
    x = features(31, 5)
    family = ContribFamily(DOMAIN, 3, x=x)
    add = lambda name, forest, targets=1, **more: family.contrib("TreeEnsembleRegressor", name, n_targets=targets, **forest, **more)
    for mode in MODES:
        add("x", grow(3, 4, 5, 1, [mode]))
    add("x", grow(7, 5, 5, 3, MODES, missing=True), 3)
    add("x", grow(5, 3, 5, 1, missing=True), base_values=[0.25])
    add("x", grow(1, 0, 5, 1))
    for function in "AVERAGE", "MIN", "MAX":
        add("x", grow(6, 3, 5, 2), 2, aggregate_function=function)
    add("x", grow(3, 3, 5, 2, all=True), 2, base_values=[1.0, -1.0])
    for transform in "LOGISTIC", "SOFTMAX":
        add("x", grow(6, 3, 5, 3), 3, post_transform=transform)
    family.check(programs, dynamic=("x",), batches=(31, 1, 4))


def test_classifiers(programs):
    family = ContribFamily(DOMAIN, 3, x=features(29, 4))
    add = lambda forest, labels, **more: family.contrib("TreeEnsembleClassifier", "x", results=2, classlabels_int64s=labels, **forest, **more)
    for transform in "NONE", "LOGISTIC", "SOFTMAX":
        # A class that no tree gives a number has 0 here; ONNX Runtime never chooses it.
        add(grow(5, 4, 4, 3, prefix="class", all=True), [3, -8, 11], post_transform=transform)
        # Of two classes with a number each, ONNX Runtime does not choose the larger one.
        family.drop(add(grow(5, 4, 4, 2, prefix="class", all=True), [7, -2], post_transform=transform))
    # One number for two classes, as of boosted trees.
    for transform in "NONE", "LOGISTIC":
        add(grow(5, 4, 4, 1, prefix="class"), [0, 1], post_transform=transform)
        add(grow(5, 4, 4, 1, prefix="class", positive=True), [0, 1], post_transform=transform)
    add(grow(5, 4, 4, 3, prefix="class", missing=True, all=True), [0, 1, 2], base_values=[0.5, -0.5, 0.125])
    family.check(programs)


def test_members(programs):
    """TreeEnsemble of opset 5, with sets, against what ONNX's documentation says of it."""
    array = lambda values, type=np.float32: onnx.numpy_helper.from_array(np.array(values, type))
    x = np.array([[1.2, 3.4, -0.12], [1.66, 4.14, 1.77], [0.7, 9.0, 3.0], [np.nan, 2.0, np.nan], [1.6, np.inf, 7.0], [1.0, 0.0, 5.0]], np.float32)
    family = ContribFamily(DOMAIN, 5, x=x)
    name = family.contrib("TreeEnsemble", "x", n_targets=2, aggregate_function=1, post_transform=0, tree_roots=[0], nodes_modes=array([0, 6, 0], np.uint8),
                          nodes_featureids=[0, 2, 1], nodes_splits=array([1.5, 232344.0, 4.0]), membership_values=array([1.77, 3.0, -0.12, np.nan]),
                          nodes_truenodeids=[1, 0, 2], nodes_trueleafs=[0, 1, 1], nodes_falsenodeids=[2, 1, 3], nodes_falseleafs=[0, 1, 1],
                          leaf_targetids=[0, 1, 0, 1], leaf_weights=array([5.23, 12.12, -12.23, 7.21]))  # fmt: skip
    onnx.save(family.model(), programs.folder / "family.onnx")
    actual = programs.execute(programs.compile("family.onnx", "family.so"), family.inputs, [name])[name]
    np.testing.assert_allclose(actual, np.array([[5.23, 0], [0, 7.21], [5.23, 0], [-12.23, 0], [0, 7.21], [0, 12.12]], np.float32))


def test_large_forest(programs):
    """Tables, not code: compiled in seconds, whatever the number of nodes."""
    family = ContribFamily(DOMAIN, 3, x=RNG.standard_normal((50, 20)).astype(np.float32))
    trees = int(os.environ.get("DLC_TEST_TREES", 20))
    name = family.contrib("TreeEnsembleRegressor", "x", n_targets=1, **grow(trees, 11, 20, 1))
    model = family.model()
    onnx.save(model, programs.folder / "family.onnx")
    start = time.monotonic()
    library = programs.compile("family.onnx", "family.so")
    assert time.monotonic() - start < 60
    expected = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, family.inputs)[0]
    compare(name, programs.execute(library, family.inputs, [name])[name], expected)


def test_broken_forests(programs):
    family = ContribFamily(DOMAIN, 3, x=features(5, 4))
    good = {"nodes_treeids": [0] * 3, "nodes_nodeids": [0, 1, 2], "nodes_featureids": [0] * 3, "nodes_values": [0.5, 0.0, 0.0],
            "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"], "nodes_truenodeids": [1, 0, 0], "nodes_falsenodeids": [2, 0, 0], "target_treeids": [0, 0],
            "target_nodeids": [1, 2], "target_ids": [0, 0], "target_weights": [1.0, 2.0]}  # fmt: skip
    broken = [{"nodes_truenodeids": [7, 0, 0]}, {"nodes_featureids": [9, 0, 0]}, {"target_ids": [0, 3]}, {"nodes_values": [0.5]}, {"nodes_modes": ["MAGIC", "LEAF", "LEAF"]},
              {"aggregate_function": "MEDIAN"}, {"n_targets": 2**31 - 1}, {"n_targets": 2**63 - 1}, {"nodes_treeids": [0, 0, 0, 0], "nodes_nodeids": [0, 1, 2, 3], "nodes_featureids": [0] * 4, "nodes_values": [0.5] * 4,
               "nodes_modes": ["BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "LEAF"], "nodes_truenodeids": [1, 1, 0, 0], "nodes_falsenodeids": [2, 3, 0, 0]}]  # fmt: skip
    names = [family.contrib("TreeEnsembleRegressor", "x", **{"n_targets": 1, **good, **change}) for change in broken]
    onnx.save(family.model(), programs.folder / "family.onnx")
    result = programs.run("dlc", "family.onnx", "-o", "family.so")
    assert result.returncode == 1
    for name in names:
        assert f"'{name}'" in result.stderr, f"{name}: {result.stderr}"
