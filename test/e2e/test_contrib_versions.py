# SPDX-License-Identifier: Apache-2.0
"""Operations of ai.onnx.ml in every version of the domain, and of com.microsoft: generated cases, at least five of each, over attributes, types and
extents, against ONNX Runtime. A case that ONNX Runtime has no kernel for does not count. DLC_TEST_CONTRIB=N makes N times as many."""
import collections
import os

import numpy as np
import onnxruntime
import pytest
from contrib_family import ContribFamily
from onnx import numpy_helper

TIMES = int(os.environ.get("DLC_TEST_CONTRIB", "1"))
REALS, NUMBERS = (np.float32, np.float64), (np.float32, np.float64, np.int32, np.int64)
TRANSFORMS = "NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"


class Cases(ContribFamily):
    """A family of the cases that ONNX Runtime computes."""

    def __init__(self, domain, version, seed):
        super().__init__(domain, version, opset=20)
        self.random, self.counts = np.random.default_rng(seed), collections.Counter()

    def draw(self, dtype, *shape):
        x = self.random.standard_normal(shape) * (1 if np.issubdtype(dtype, np.floating) else 4)
        return x.astype(dtype)

    def extents(self, *last):
        """One or two awkward extents, and those that are given."""
        return [int(self.random.choice([1, 2, 3, 5, 17])) for _ in range(self.random.integers(1, 3))] + list(last)

    def case(self, op, *operands, constants=(), **attributes):
        """Operands are inputs, arrays among `constants` initializers."""
        alone = ContribFamily(self.domain, self.imports[1].version, opset=20, **{f"x{i}": x for i, x in enumerate(operands)})
        alone.contrib(op, *alone.inputs, *constants, **attributes)
        try:
            session = onnxruntime.InferenceSession(alone.model().SerializeToString(), providers=["CPUExecutionProvider"])
            session.run(None, alone.inputs)
        except Exception:  # whatever ONNX Runtime has no kernel for
            return
        names = [f"x{len(self.inputs) + i}" for i in range(len(operands))]
        self.inputs.update(zip(names, operands))
        self.contrib(op, *names, *constants, **attributes)
        self.counts[op] += 1

    def finish(self, programs, operations, least=5):
        short = {op: self.counts[op] for op in operations if self.counts[op] < least}
        assert not short, f"too few cases: {short}"
        self.check(programs)


def features(cases):
    random = cases.random
    for _ in range(5 * TIMES):
        for dtype in NUMBERS:
            rows, columns = (int(random.choice([1, 2, 7, 17])) for _ in range(2))
            x, some = cases.draw(dtype, rows, columns), lambda count: random.standard_normal(count).astype(np.float32).tolist()
            cases.case("Binarizer", cases.draw(dtype, *cases.extents(columns)), threshold=float(random.choice([-1, 0, 0.5])))
            cases.case("Normalizer", x, norm=str(random.choice(["MAX", "L1", "L2"])))
            count = columns if random.random() < 0.5 else 1
            cases.case("Scaler", x, offset=some(count), scale=some(count))
            cases.case("ArrayFeatureExtractor", cases.draw(dtype, *cases.extents(columns)), constants=[random.integers(0, columns, random.integers(1, 6))])
            parts = [cases.draw(dtype, rows, int(random.integers(1, 5))) for _ in range(random.integers(1, 4))]
            cases.case("FeatureVectorizer", *parts, inputdimensions=[part.shape[1] + int(random.integers(-1, 2)) or 1 for part in parts])
            kind = "int64" if dtype == np.int64 else "float"
            values = some(count) if kind == "float" else random.integers(-9, 9, count).tolist()
            replaced = x.flat[random.integers(x.size)].item()
            cases.case("Imputer", x, **{f"imputed_value_{kind}s": values, f"replaced_value_{kind}": replaced if kind == "int64" else float(replaced)})
            ids = random.integers(0, 6, cases.extents())
            cases.case("OneHotEncoder", ids.astype(dtype), cats_int64s=random.permutation(6)[: random.integers(1, 6)].tolist(), zeros=1)


def linear(cases):
    random, some = cases.random, lambda count: cases.random.standard_normal(count).astype(np.float32).tolist()
    for _ in range(2 * TIMES):
        for dtype in (*NUMBERS, np.float32, np.float32):
            rows, columns, targets = (int(random.choice([1, 2, 5, 13])) for _ in range(3))
            x, transform = cases.draw(dtype, rows, columns), str(random.choice(TRANSFORMS))
            if targets == 1:
                transform = "NONE"  # ONNX Runtime leaves one number as it is
            more = {"intercepts": some(targets)} if random.random() < 0.7 else {}
            cases.case("LinearRegressor", x, coefficients=some(columns * targets), targets=targets, post_transform=transform, **more)
            classes, labels = int(random.integers(2, 6)), random.permutation(20)
            cases.case("LinearClassifier", x, results=2, coefficients=some(columns * classes), intercepts=some(classes), post_transform=transform,
                       classlabels_ints=labels[:classes].tolist())  # fmt: skip
            vectors, kind = int(random.integers(1, 6)), str(random.choice(["LINEAR", "POLY", "RBF", "SIGMOID"]))
            same = {"kernel_type": kind, "kernel_params": [0.3, 0.2, 2.0], "support_vectors": some(vectors * columns)}
            cases.case("SVMRegressor", x, n_supports=vectors, coefficients=some(vectors), rho=some(1), one_class=int(random.integers(2)), **same)
            each = random.integers(1, 4, classes)
            same["support_vectors"] = some(int(each.sum()) * columns)
            cases.case("SVMClassifier", x, results=2, vectors_per_class=each.tolist(), coefficients=some(int(each.sum()) * (classes - 1)),
                       rho=some(classes * (classes - 1) // 2), classlabels_ints=labels[:classes].tolist(), **same)  # fmt: skip


def labels(cases):
    random = cases.random
    for _ in range(5 * TIMES):
        keys, values = random.permutation(12)[:5], random.integers(-20, 20, 5)
        x, reals = random.integers(0, 12, cases.extents()), {"values_floats": (values / 8).tolist(), "default_float": 0.375}
        cases.case("LabelEncoder", x, keys_int64s=keys.tolist(), values_int64s=values.tolist(), default_int64=-7)
        cases.case("LabelEncoder", x, keys_int64s=keys.tolist(), **reals)
        cases.case("LabelEncoder", x.astype(np.float32) / 2, keys_floats=(keys / 2).tolist(), **reals)


def grow(random, depth, features, first):
    """A random tree from node `first` on: its nodes as (feature, value, mode, true, false, missing goes to true); a leaf has the mode LEAF."""
    if depth == 0 or (first > 0 and random.random() < 0.2):
        return [(0, 0.0, "LEAF", 0, 0, 0)]
    mode = str(random.choice(["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE", "BRANCH_EQ", "BRANCH_NEQ"]))
    yes = grow(random, depth - 1, features, first + 1)
    no = grow(random, depth - 1, features, first + 1 + len(yes))
    # Values are halves, which some elements equal.
    node = (int(random.integers(features)), float(random.integers(-3, 4)) / 2, mode, first + 1, first + 1 + len(yes), int(random.integers(2)))
    return [node, *yes, *no]


def forest(cases, columns, targets, prefix):
    """Attributes of TreeEnsembleRegressor ("target") and TreeEnsembleClassifier ("class")."""
    random, found = cases.random, collections.defaultdict(list)
    for tree in range(random.integers(1, 6)):
        for number, (feature, value, mode, yes, no, missing) in enumerate(grow(random, int(random.integers(1, 5)), columns, 0)):
            row = {"treeids": tree, "nodeids": number, "featureids": feature, "values": value, "modes": mode, "truenodeids": yes, "falsenodeids": no,
                   "missing_value_tracks_true": missing, "hitrates": 1.0}  # fmt: skip
            for key, entry in row.items():
                found[f"nodes_{key}"].append(entry)
            for target in range(targets) if mode == "LEAF" else ():
                for key, entry in {"treeids": tree, "nodeids": number, "ids": target, "weights": float(np.float32(random.standard_normal()))}.items():
                    found[f"{prefix}_{key}"].append(entry)
    return found


def ensemble(cases, columns, targets, dtype):
    """Attributes of TreeEnsemble: nodes and leaves are numbered apart."""
    random, found, number = cases.random, collections.defaultdict(list), numpy_helper.from_array
    modes = {mode: i for i, mode in enumerate("BRANCH_LEQ BRANCH_LT BRANCH_GTE BRANCH_GT BRANCH_EQ BRANCH_NEQ".split())}
    for _ in range(random.integers(1, 6)):
        tree, positions = grow(random, int(random.integers(1, 5)), columns, 0), {}
        for i, node in enumerate(tree):
            positions[i] = (node[2] == "LEAF", len(found["leaf_targetids" if node[2] == "LEAF" else "nodes_featureids"]))
            if node[2] == "LEAF":
                found["leaf_targetids"].append(int(random.integers(targets)))
                found["leaf_weights"].append(random.standard_normal())
            else:
                found["nodes_featureids"].append(node[0])
        found["tree_roots"].append(positions[0][1])
        for feature, value, mode, yes, no, missing in tree:
            if mode != "LEAF":
                row = {"nodes_modes": modes[mode], "nodes_splits": value, "nodes_missing_value_tracks_true": missing}
                for side, target in (("true", yes), ("false", no)):
                    row |= {f"nodes_{side}leafs": int(positions[target][0]), f"nodes_{side}nodeids": positions[target][1]}
                for key, entry in row.items():
                    found[key].append(entry)
    kinds = {"nodes_modes": np.uint8, "nodes_splits": dtype, "leaf_weights": dtype}
    return {key: number(np.array(entries, kinds[key])) if key in kinds else entries for key, entries in found.items()}


def trees(cases):
    random = cases.random
    for _ in range(3 * TIMES):
        for dtype in NUMBERS:
            rows, columns, targets = int(random.choice([1, 5, 33])), int(random.integers(1, 6)), int(random.integers(1, 4))
            x = (random.integers(-6, 7, (rows, columns)) / 2).astype(dtype)
            if np.issubdtype(dtype, np.floating):
                x[random.random(x.shape) < 0.1] = np.nan
            aggregate = str(random.choice(["SUM", "AVERAGE", "MIN", "MAX"]))
            if cases.imports[1].version == 5:
                aggregate = int(random.integers(4))
                cases.case("TreeEnsemble", x, n_targets=targets, aggregate_function=aggregate, post_transform=0, **ensemble(cases, columns, targets, dtype))
                continue
            base = {"base_values": random.standard_normal(targets).astype(np.float32).tolist()} if random.random() < 0.5 else {}
            cases.case("TreeEnsembleRegressor", x, n_targets=targets, aggregate_function=aggregate, **base, **forest(cases, columns, targets, "target"))
            classes = targets + 2  # of two, ONNX Runtime gives 0 and 1, not their labels
            cases.case("TreeEnsembleClassifier", x, results=2, classlabels_int64s=random.permutation(9)[:classes].tolist(),
                       post_transform=str(random.choice(["NONE", "LOGISTIC", "SOFTMAX"])), **forest(cases, columns, classes, "class"))  # fmt: skip


# What the versions of ai.onnx.ml define anew. LabelEncoder took strings before the second.
DEFINITIONS = [
    (1, features, "ArrayFeatureExtractor Binarizer FeatureVectorizer Imputer Normalizer OneHotEncoder Scaler"),
    (1, linear, "LinearClassifier LinearRegressor SVMClassifier SVMRegressor"),
    (1, trees, "TreeEnsembleClassifier TreeEnsembleRegressor"),
    (2, labels, "LabelEncoder"),
    (3, trees, "TreeEnsembleClassifier TreeEnsembleRegressor"),
    (4, labels, "LabelEncoder"),
    (5, trees, "TreeEnsemble"),
]


@pytest.mark.parametrize("version, generate, operations", DEFINITIONS, ids=[f"{generate.__name__}-{version}" for version, generate, _ in DEFINITIONS])
def test_machine_learning(programs, version, generate, operations):
    cases = Cases("ai.onnx.ml", version, version)
    generate(cases)
    cases.finish(programs, operations.split())


def test_activations_of_onnx_runtime(programs):
    cases = Cases("com.microsoft", 1, 3)
    random = cases.random
    for _ in range(6 * TIMES):
        for dtype in REALS:
            columns = int(random.choice([1, 4, 16, 19]))
            x = cases.draw(dtype, *cases.extents(columns))
            cases.case("Gelu", x)
            cases.case("FastGelu", x)
            cases.case("FastGelu", x, constants=[cases.draw(dtype, columns)])
            cases.case("BiasGelu", x, cases.draw(dtype, columns))
            cases.case("QuickGelu", x, alpha=float(random.uniform(0.5, 2)))
            rows = [int(n) for n in random.choice([1, 2, 7], 2)]
            skip, width = cases.draw(dtype, *rows, columns), lambda: cases.draw(dtype, columns)
            cases.case("SkipLayerNormalization", cases.draw(dtype, *rows, columns), skip, constants=[width(), width()], epsilon=float(random.choice([1e-5, 0.1])))
            cases.case("SkipSimplifiedLayerNormalization", cases.draw(dtype, *rows, columns), skip, constants=[width()], epsilon=1e-3)
    operations = "Gelu FastGelu BiasGelu QuickGelu SkipLayerNormalization SkipSimplifiedLayerNormalization".split()
    cases.finish(programs, operations)


def test_products_of_onnx_runtime(programs):
    cases = Cases("com.microsoft", 1, 4)
    random = cases.random
    for number in range(6 * TIMES):
        m, k, n = (int(e) for e in random.choice([1, 3, 8, 17], 3))
        for dtype in REALS:
            left, right = int(random.integers(2)), int(random.integers(2))
            a, b = cases.draw(dtype, *((k, m) if left else (m, k))), cases.draw(dtype, *((n, k) if right else (k, n)))
            cases.case("FusedMatMul", a, b, alpha=float(random.choice([0.5, 2])), transA=left, transB=right)
            activation = str(random.choice(["Relu", "Sigmoid", "Tanh", "LeakyRelu"]))
            more = {"activation_alpha": 0.2} if activation == "LeakyRelu" else {}
            cases.case("FusedGemm", a, b, constants=[cases.draw(dtype, n)], transA=left, transB=right, alpha=0.5, beta=2.0, activation=activation, **more)
            more = {"activation_params": [0.2]} if activation == "LeakyRelu" else {}
            w = cases.draw(dtype, 4, 3, 3, 2)
            cases.case("FusedConv", cases.draw(dtype, 1, 3, 5 + number, 7), constants=[w, cases.draw(dtype, 4)], activation=activation, pads=[1, 0, 1, 1], strides=[1 + number % 2, 1], **more)
        block = int(random.choice([16, 32]))
        depth, blocks = int(random.choice([16, 32, 67])), 0
        blocks = -(-depth // block)
        packed = random.integers(0, 256, (n, blocks, block // 2)).astype(np.uint8)
        scale = random.uniform(0.01, 0.1, n * blocks).astype(np.float32)
        zeros = [random.integers(0, 256, n * -(-blocks // 2)).astype(np.uint8)] if number % 2 else []
        cases.case("MatMulNBits", cases.draw(np.float32, m, depth), constants=[packed, scale, *zeros], K=depth, N=n, bits=4, block_size=block)
    cases.finish(programs, "FusedMatMul FusedGemm FusedConv MatMulNBits".split())
