# SPDX-License-Identifier: Apache-2.0
"""dlc.compile of scikit-learn estimators and pipelines, beside their own predictions."""
import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeClassifier

import dlc

ROWS, FEATURES = 211, 7

CASES = {
    "linear": LinearRegression(), "ridge": Ridge(), "logistic": LogisticRegression(), "tree": DecisionTreeClassifier(max_depth=6),
    "forest": RandomForestClassifier(20, max_depth=6, random_state=0), "boosting": GradientBoostingClassifier(n_estimators=20, random_state=0),
    "boosted-regression": GradientBoostingRegressor(n_estimators=20, random_state=0), "svr": SVR(),
    "mlp": MLPClassifier((16,), max_iter=300, random_state=0), "mlp-regression": MLPRegressor(hidden_layer_sizes=(16,), max_iter=300, random_state=0),
    "bayes": GaussianNB(), "neighbours": KNeighborsClassifier(5), "kmeans": KMeans(4, n_init=2, random_state=0),
    "scaled": make_pipeline(StandardScaler(), PCA(4), LogisticRegression()),
    "columns": make_pipeline(
        ColumnTransformer([("scaled", MinMaxScaler(), [0, 1, 2]), ("powers", PolynomialFeatures(2), [3, 4])]), Ridge()),
}  # fmt: skip


def make_data():
    generator = np.random.default_rng(0)
    x = generator.standard_normal((ROWS, FEATURES)).astype(np.float32)
    values = x @ generator.standard_normal(FEATURES) + np.sin(3 * x[:, 0])
    return x, values, np.digitize(values, [-1, 1])


@pytest.mark.parametrize("name", CASES)
def test_as_scikit_learn(name):
    estimator = CASES[name]
    x, values, classes = make_data()
    estimator.fit(x, classes if is_classifier(estimator) else values)
    model = dlc.Model(dlc.compile(estimator))
    for rows in (x, x[:1], x[:13]):
        results = model(rows)
        results = results if isinstance(results, tuple) else (results,)
        if name == "kmeans":
            np.testing.assert_array_equal(results[0].ravel(), estimator.predict(rows))
            np.testing.assert_allclose(results[1], estimator.transform(rows), atol=1e-5)
        elif is_classifier(estimator):
            np.testing.assert_array_equal(results[0], estimator.predict(rows))
            np.testing.assert_allclose(results[1], estimator.predict_proba(rows), atol=1e-5)
        else:
            expected = estimator.predict(rows)
            np.testing.assert_allclose(results[0].ravel(), expected, atol=1e-5 * max(1, np.abs(expected).max()))


def test_inputs_say_the_type():
    x, values, _ = make_data()
    estimator = LinearRegression().fit(x.astype(np.float64), values)
    model = dlc.Model(dlc.compile(estimator, inputs=x.astype(np.float64)))
    assert model.entry_points[0].inputs[0].type == "f64"
    np.testing.assert_allclose(model(x.astype(np.float64)).ravel(), estimator.predict(x), atol=1e-5)


def test_what_is_not_fitted():
    with pytest.raises(dlc.CompileError, match="has not been fitted"):
        dlc.compile(LinearRegression())
