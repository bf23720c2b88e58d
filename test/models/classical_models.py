# SPDX-License-Identifier: Apache-2.0
"""scikit-learn, LightGBM, XGBoost and Keras models, trained in moments on generated data."""
import os

import numpy as np
from cases import Case, add

ROWS = {"N": (3, 1, 50)}
features = lambda r, N: {"X": r.normal(N, 6)}


def data():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 6)).astype(np.float32)
    score = x[:, 0] + np.sin(2 * x[:, 1]) + 0.3 * x[:, 2] * x[:, 3]
    return x, score, np.digitize(score, [-0.7, 0.7])


def sklearn(name, build, target="label", feeds=features, **options):
    """`build()` gives an estimator; a classifier is trained on three labels, a regressor (`target` "score") on numbers."""

    def write(case, path):
        from skl2onnx import to_onnx

        x, score, label = data()
        model = build().fit(x, score if target == "score" else label)
        names = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
        path.write_bytes(to_onnx(model, x[:1], options=names, target_opset=options.get("opset", 18)).SerializeToString())

    add(Case("sklearn_" + name, "scikit-learn", write, feeds, sizes=ROWS))


def module(path):
    """`module("svm.SVC", ...)`: an estimator of scikit-learn, imported when it is built."""

    def build(*arguments, **options):
        import importlib

        package, name = path.rsplit(".", 1)
        return lambda: getattr(importlib.import_module("sklearn." + package), name)(*arguments, **options)

    return build


def pipeline(*steps):
    def build():
        from sklearn.pipeline import make_pipeline

        return make_pipeline(*(step() for step in steps))

    return build


sklearn("logistic", module("linear_model.LogisticRegression")())
sklearn("linear", module("linear_model.LinearRegression")(), "score")
sklearn("tree", module("tree.DecisionTreeClassifier")(max_depth=6, random_state=0))
sklearn("forest", module("ensemble.RandomForestClassifier")(20, max_depth=6, random_state=0))
sklearn("forest_regressor", module("ensemble.RandomForestRegressor")(20, max_depth=6, random_state=0), "score")
sklearn("gradient_boosting", module("ensemble.GradientBoostingClassifier")(n_estimators=15, random_state=0))
sklearn("histogram_boosting", module("ensemble.HistGradientBoostingRegressor")(max_iter=20, random_state=0), "score")
sklearn("isolation_forest", module("ensemble.IsolationForest")(20, random_state=0))
sklearn("ada_boost", module("ensemble.AdaBoostClassifier")(n_estimators=8, random_state=0))
sklearn("svc", module("svm.SVC")(probability=True, random_state=0))
sklearn("svr", module("svm.SVR")(), "score")
sklearn("linear_svc", module("svm.LinearSVC")())
sklearn("neighbors", module("neighbors.KNeighborsClassifier")(5))
sklearn("naive_bayes", module("naive_bayes.GaussianNB")())
sklearn("perceptron", module("neural_network.MLPClassifier")((16, 8), max_iter=60, random_state=0))
sklearn("kmeans", module("cluster.KMeans")(4, n_init=2, random_state=0))
sklearn("mixture", module("mixture.GaussianMixture")(3, random_state=0))
sklearn("discriminant", module("discriminant_analysis.QuadraticDiscriminantAnalysis")())
sklearn("gaussian_process", module("gaussian_process.GaussianProcessRegressor")(), "score")
scale, normalize = module("preprocessing.StandardScaler")(), module("preprocessing.Normalizer")()
sklearn("scaled_pca_logistic", pipeline(scale, module("decomposition.PCA")(3), module("linear_model.LogisticRegression")()))
sklearn("polynomial_ridge", pipeline(module("preprocessing.PolynomialFeatures")(2), module("linear_model.Ridge")()), "score")
sklearn("binned_tree", pipeline(module("preprocessing.KBinsDiscretizer")(4), module("tree.DecisionTreeClassifier")(max_depth=4)))
sklearn("imputed_selected", pipeline(module("impute.SimpleImputer")(), normalize, module("feature_selection.SelectKBest")(k=3), module("linear_model.SGDClassifier")(random_state=0)))


def boosted(name, build, convert):
    def write(case, path):
        x, score, label = data()
        path.write_bytes(convert(build(x, score, label)).SerializeToString())

    add(Case(name, "boosting", write, features, sizes=ROWS))


def converted(package):
    def convert(model):
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType

        options = {"zipmap": False} if package == "lightgbm" else {}
        return getattr(onnxmltools, "convert_" + package)(model, initial_types=[("X", FloatTensorType([None, 6]))], target_opset=15, **options)

    return convert


def lightgbm(kind, **options):
    def build(x, score, label):
        import lightgbm

        return getattr(lightgbm, kind)(n_estimators=20, num_leaves=8, verbose=-1, n_jobs=1, **options).fit(x, score if "Regressor" in kind else label)

    return build


def xgboost(kind, **options):
    def build(x, score, label):
        import xgboost

        return getattr(xgboost, kind)(n_estimators=20, max_depth=4, n_jobs=1, **options).fit(x, score if "Regressor" in kind else label)

    return build


boosted("lightgbm_classifier", lightgbm("LGBMClassifier"), converted("lightgbm"))
boosted("lightgbm_regressor", lightgbm("LGBMRegressor"), converted("lightgbm"))
boosted("lightgbm_poisson", lightgbm("LGBMRegressor", objective="l2"), converted("lightgbm"))
boosted("xgboost_classifier", xgboost("XGBClassifier"), converted("xgboost"))
boosted("xgboost_regressor", xgboost("XGBRegressor"), converted("xgboost"))


def keras(name, build, feeds, **options):
    """A Keras model, exported by Keras itself on its PyTorch backend."""

    def write(case, path):
        os.environ["KERAS_BACKEND"] = "torch"
        import keras

        keras.utils.set_random_seed(0)
        model = build(keras, keras.layers)
        model.export(str(path), format="onnx", verbose=False)

    add(Case("keras_" + name, "keras", write, feeds, **options))


def convolutional(keras, k):
    layers = [k.Input((28, 28, 1)), k.Conv2D(8, 3, activation="relu"), k.MaxPooling2D(), k.BatchNormalization(), k.Conv2D(16, 3, padding="same", strides=2)]
    return keras.Sequential([*layers, k.Activation("swish"), k.GlobalAveragePooling2D(), k.Dense(10, activation="softmax")])


def separable(keras, k):
    layers = [k.Input((None, None, 3)), k.SeparableConv2D(8, 3, padding="same"), k.ReLU(6.0), k.DepthwiseConv2D(3, strides=2, padding="same")]
    return keras.Sequential([*layers, k.UpSampling2D(), k.Conv2DTranspose(4, 3, strides=2, padding="same")])


def recurrent(keras, k):
    layers = [k.Input((None,), dtype="int32"), k.Embedding(50, 16), k.Bidirectional(k.LSTM(12, return_sequences=True)), k.GRU(8)]
    return keras.Sequential([*layers, k.Dense(3)])


def attention(keras, k):
    x = k.Input((None, 16))
    y = k.LayerNormalization()(k.MultiHeadAttention(2, 8)(x, x) + x)
    return keras.Model(x, k.GlobalMaxPooling1D()(k.Dense(8, activation="gelu")(y)))


keras("convolutional", convolutional, lambda r, N: {"keras_tensor": r.normal(N, 28, 28, 1)})
keras("separable", separable, lambda r, N, H, W: {"keras_tensor": r.normal(N, H, W, 3)})
keras("recurrent", recurrent, lambda r, N, S: {"keras_tensor": r.ints(50, N, S, dtype=np.int32)})
keras("attention", attention, lambda r, N, S: {"keras_tensor": r.normal(N, S, 16)})
keras("mobilenet", lambda keras, k: keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, weights=None, classes=10), lambda r, N: {"keras_tensor": r.normal(N, 96, 96, 3)})
