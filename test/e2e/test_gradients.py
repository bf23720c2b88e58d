# SPDX-License-Identifier: Apache-2.0
"""Gradients of every op against central differences in f64, to 1e-6 of their range; what holds for gradients as a whole."""
import gradient_cases
import numpy as np
import pytest
from gradient_check import check, write_function

dlc = pytest.importorskip("dlc")

FAMILIES = ["UNARY", "BINARY", "LINEAR", "REDUCTION", "MOVEMENT", "NORMALIZATION"]


@pytest.fixture(scope="session")
def family_model(tmp_path_factory):
    """One library a family, compiled when the first of its cases runs."""
    folder, models = tmp_path_factory.mktemp("gradients"), {}

    def get(family):
        if family not in models:
            source = folder / f"{family.lower()}.mlir"
            source.write_text("\n".join(map(write_function, getattr(gradient_cases, family))))
            models[family] = dlc.Model(dlc.compile(source))
        return models[family]

    return get


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients(family_model, family):
    model, failures = family_model(family), []
    for case in getattr(gradient_cases, family):
        try:
            check(model, case)
        except (AssertionError, dlc.Error) as error:
            failures.append(f"{case.name}: {error}")
    assert not failures, "\n".join(failures)
