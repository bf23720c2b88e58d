# SPDX-License-Identifier: Apache-2.0
"""Ops of ai.onnx.ml on numbers: features, linear models, support vector machines, against ONNX Runtime."""
import numpy as np
import onnx
from contrib_family import ContribFamily
from test_onnx_ops import compare

RNG = np.random.default_rng(3)
DOMAIN = "ai.onnx.ml"


def draw(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def test_features(programs):
    x = draw(7, 3)
    family = ContribFamily(DOMAIN, 3, x=x, d=x.astype(np.float64), i=RNG.integers(-5, 6, (7, 3)), n=np.array([[np.nan, 1, np.inf], [0, -np.inf, 1], [1, 1, np.nan]], np.float32),
                           v=draw(5), z=np.array([[-4, 2, 1], [0, 0, 0], [-1, -2, -3]], np.float32), one=draw(7, 1))  # fmt: skip
    for name in "x", "d", "i":
        family.contrib("Scaler", name, offset=[1.0, -2.0, 0.5], scale=[2.0, 3.0, -0.25])
        family.contrib("Scaler", name, offset=[0.5], scale=[3.0])
    family.contrib("Binarizer", "x", threshold=0.25)
    family.contrib("Binarizer", "z")
    for norm in "MAX", "L1", "L2":
        family.contrib("Normalizer", "z", norm=norm)
        family.contrib("Normalizer", "x", norm=norm)
        family.contrib("Normalizer", "i", norm=norm)
    family.contrib("Imputer", "n", imputed_value_floats=[8.0, 9.0, 10.0], replaced_value_float=float("nan"))
    family.contrib("Imputer", "n", imputed_value_floats=[8.0], replaced_value_float=1.0)
    family.contrib("Imputer", "i", imputed_value_int64s=[7], replaced_value_int64=-2)
    family.contrib("Imputer", "i", imputed_value_int64s=[7, 8, 9], replaced_value_int64=2)
    family.contrib("FeatureVectorizer", "x", "one", inputdimensions=[3, 1])
    family.contrib("FeatureVectorizer", "x", "x", inputdimensions=[2, 3])
    family.contrib("FeatureVectorizer", "one", "x", inputdimensions=[2, 1])
    family.contrib("FeatureVectorizer", "x", inputdimensions=[3])
    family.contrib("ArrayFeatureExtractor", "x", np.array([[2, 0, 2]]))
    family.contrib("ArrayFeatureExtractor", "v", np.array([4, 1]))
    family.contrib("ArrayFeatureExtractor", "i", np.array([1]))
    family.check(programs)


def test_categories(programs):
    family = ContribFamily(DOMAIN, 4, i=np.array([[1, 4, -7], [2, 9, 4]]), f=np.array([1, 4, 2, -3], np.float32), r=np.array([1.5, 4, np.nan, 7, np.inf, -0.0], np.float32))
    family.contrib("OneHotEncoder", "i", cats_int64s=[1, 2, 4])
    family.contrib("OneHotEncoder", "f", cats_int64s=[4])
    family.contrib("OneHotEncoder", "f", cats_int64s=[-3, 1], zeros=1)
    family.contrib("LabelEncoder", "r", keys_floats=[1.5, 4.0, float("nan"), 4.0, 0.0], values_int64s=[5, 6, 8, 9, 4], default_int64=-3)
    family.contrib("LabelEncoder", "i", keys_int64s=[1, 4, 4], values_floats=[5.0, 6.0, 8.0])
    family.contrib("LabelEncoder", "i", keys_int64s=[-7, 4], values_int64s=[1 << 40, -9], default_int64=11)
    family.contrib("LabelEncoder", "r", keys_floats=[7.0, float("inf")], values_floats=[0.25, -1.0], default_float=0.125)
    family.contrib("LabelEncoder", "i", keys_tensor=onnx.numpy_helper.from_array(np.array([9, 2])), values_tensor=onnx.numpy_helper.from_array(np.array([3, 4], np.int64)),
                   default_tensor=onnx.numpy_helper.from_array(np.array([6], np.int64)))  # fmt: skip
    family.check(programs)


TRANSFORMS = "NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"


def test_linear_models(programs):
    family = ContribFamily(DOMAIN, 3, x=draw(13, 4), d=draw(5, 4).astype(np.float64), i=RNG.integers(-3, 4, (5, 4)), unit=RNG.uniform(0.02, 0.14, (6, 4)).astype(np.float32))
    w = draw(12).tolist()
    for transform in TRANSFORMS:
        family.contrib("LinearRegressor", "x", coefficients=w, intercepts=[0.1, -0.2, 0.3], targets=3, post_transform=transform)
        family.contrib("LinearClassifier", "x", results=2, coefficients=w, intercepts=[0.1, -0.2, 0.3], classlabels_ints=[4, -7, 9], post_transform=transform)
        family.contrib("LinearClassifier", "x", results=2, coefficients=w[:8], intercepts=[0.1, -0.2], classlabels_ints=[4, 9], post_transform=transform)
        family.contrib("LinearClassifier", "x", results=2, coefficients=w[:4], intercepts=[0.1], classlabels_ints=[4, 9], post_transform=transform)
    # Less than 0.5, where ONNX Runtime's formula cancels.
    family.contrib("LinearRegressor", "unit", coefficients=[1.0, 0.5, 0.75, 1.0], post_transform="PROBIT")
    family.contrib("LinearRegressor", "x", coefficients=w[:4])
    family.contrib("LinearClassifier", "d", results=2, coefficients=w, intercepts=[0.1, -0.2, 0.3], classlabels_ints=[0, 1, 2])
    family.contrib("LinearClassifier", "i", results=2, coefficients=w, intercepts=[0.1, -0.2, 0.3], classlabels_ints=[0, 1, 2])
    family.check(programs, dynamic=("x",), batches=(13, 1, 3))


KERNELS = ("LINEAR", [0.0, 0.0, 0.0]), ("POLY", [0.5, 0.3, 3.0]), ("RBF", [0.4, 0.0, 3.0]), ("SIGMOID", [0.5, 0.1, 3.0])


def test_support_vectors(programs):
    family = ContribFamily(DOMAIN, 3, x=draw(17, 3))
    vectors, w = draw(18).tolist(), draw(18).tolist()
    for kind, parameters in KERNELS:
        same = {"kernel_type": kind, "kernel_params": parameters, "support_vectors": vectors}
        family.contrib("SVMRegressor", "x", n_supports=6, coefficients=w[:6], rho=[0.25], **same)
        family.contrib("SVMClassifier", "x", results=2, vectors_per_class=[4, 2], coefficients=w[:6], rho=[0.25], classlabels_ints=[3, 5], **same)
        family.contrib("SVMClassifier", "x", results=2, vectors_per_class=[1, 3, 2], coefficients=w[:12], rho=[0.25, 0.1, -0.4], classlabels_ints=[3, 5, 6], **same)
    family.contrib("SVMRegressor", "x", n_supports=6, coefficients=w[:6], rho=[0.25], one_class=1, **same)
    family.contrib("SVMRegressor", "x", coefficients=w[:3], rho=[0.25], kernel_params=parameters)
    for transform in "LOGISTIC", "SOFTMAX":
        family.contrib("SVMClassifier", "x", results=2, vectors_per_class=[1, 3, 2], coefficients=w[:12], rho=[0.25, 0.1, -0.4], classlabels_ints=[3, 5, 6], post_transform=transform, **same)
        family.contrib("SVMClassifier", "x", results=2, coefficients=w[:9], rho=[0.25], kernel_type="LINEAR", kernel_params=parameters, classlabels_ints=[3, 5, 6], post_transform=transform)
    family.contrib("SVMClassifier", "x", results=2, vectors_per_class=[4, 2], coefficients=w[:6], rho=[0.25], classlabels_ints=[3, 5], post_transform="LOGISTIC", **same)
    family.check(programs, dynamic=("x",), batches=(17, 1))


def test_probabilities(programs):
    """Of two classes exactly; ONNX Runtime solves for them by an iteration that stops early."""
    family = ContribFamily(DOMAIN, 3, x=draw(17, 3))
    same = dict(kernel_type="RBF", kernel_params=[0.4, 0.0, 3.0], support_vectors=draw(18).tolist(), vectors_per_class=[4, 2], coefficients=draw(6).tolist(), rho=[0.25],
                classlabels_ints=[3, 5])  # fmt: skip
    names = [family.contrib("SVMClassifier", "x", results=2, **extra, **same) for extra in ({}, {"prob_a": [-1.2], "prob_b": [0.3]})]
    onnx.save(family.model(), programs.folder / "family.onnx")
    y = programs.execute(programs.compile("family.onnx", "family.so"), family.inputs, family.outputs)
    np.testing.assert_array_equal(y[names[0]], y[names[1]])
    decision = y[names[0][:-1] + "1"][:, 1].astype(np.float64)
    first = 1 / (1 + np.exp(-1.2 * decision + 0.3))
    np.testing.assert_allclose(y[names[1][:-1] + "1"], np.stack([first, 1 - first], 1), atol=1e-6)


def test_probabilities_of_many_classes(programs):
    """Those of all pairs are made one distribution, by as many steps as each row needs."""
    for sizes, batch in (([1, 3, 2], 17), ([1, 1, 1, 2, 1], 33)):
        classes, pairs = len(sizes), len(sizes) * (len(sizes) - 1) // 2
        family = ContribFamily(DOMAIN, 3, x=draw(batch, 3) * 3)
        family.contrib("SVMClassifier", "x", results=2, kernel_type="RBF", kernel_params=[0.4, 0.0, 3.0], support_vectors=draw(18).tolist(),
                       vectors_per_class=sizes, coefficients=(draw(6 * (classes - 1)) * 4).tolist(), rho=draw(pairs).tolist(),
                       prob_a=(-1 - np.abs(draw(pairs))).tolist(), prob_b=(draw(pairs) * 0.3).tolist(), classlabels_ints=list(range(3, 3 + classes)))  # fmt: skip
        family.check(programs, dynamic=("x",), batches=(batch, 1))


def test_zip_map(programs):
    """Maps from labels to scores are the scores."""
    family = ContribFamily(DOMAIN, 3, x=draw(5, 2))
    name = family.contrib("LinearClassifier", "x", results=2, coefficients=[0.5, 1.0, -1.0, 0.25], intercepts=[0.0, 0.5], classlabels_ints=[1, 2], post_transform="SOFTMAX")
    scores = name[:-1] + "1"
    mapped = family.contrib("ZipMap", scores, classlabels_int64s=[1, 2])
    onnx.save(family.model(), programs.folder / "family.onnx")
    actual = programs.execute(programs.compile("family.onnx", "family.so"), family.inputs, [scores, mapped])
    compare("ZipMap", actual[mapped], actual[scores])


def test_unsupported(programs):
    family = ContribFamily(DOMAIN, 3, x=draw(5, 2))
    names = [family.contrib("LinearClassifier", "x", results=2, coefficients=[0.5, 1.0], intercepts=[0.0], classlabels_strings=["a", "b"]),
             family.contrib("LabelEncoder", "x", keys_floats=[1.0], values_strings=["one"]), family.contrib("OneHotEncoder", "x", cats_strings=["a"]),
             family.contrib("LinearRegressor", "x", coefficients=[1.0, 2.0, 3.0]), family.contrib("Normalizer", "x", norm="L7"),
             family.contrib("LinearRegressor", "x", coefficients=[1.0, 2.0], post_transform="MAGIC"),
             family.contrib("SVMRegressor", "x", n_supports=3, coefficients=[1.0, 2.0, 3.0], support_vectors=[1.0, 2.0], kernel_params=[0.0, 0.0, 0.0])]  # fmt: skip
    onnx.save(family.model(), programs.folder / "family.onnx")
    result = programs.run("dlc", "family.onnx", "-o", "family.so")
    assert result.returncode == 1
    for name in names:
        assert f"'{name}'" in result.stderr, f"{name}: {result.stderr}"
