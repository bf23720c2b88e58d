# SPDX-License-Identifier: Apache-2.0
"""The same input gives the same bytes: cold caches, different folders, different numbers of jobs."""
import pytest


@pytest.mark.parametrize("kind", ["so", "a", "o", "h", "ll", "s"])
def test_same_bytes(programs, examples, kind):
    """Compiled twice, each time with a cache and a folder of its own, on one job and on two."""
    produced = []
    for jobs in (1, 2):
        folder = programs.folder / f"somewhere-{'else-' * jobs}{jobs}"
        folder.mkdir()
        model = folder / "digits.onnx"
        model.write_bytes((examples / "digits" / "digits_cnn.onnx").read_bytes())
        library = programs.compile(
            model, folder / f"digits.{kind}", f"-j{jobs}", "--target=x86-64", environment={"XDG_CACHE_HOME": str(folder / "cache")}
        )
        produced.append(library.read_bytes())
    assert produced[0] == produced[1]


def test_a_warm_cache_changes_nothing(programs, examples):
    environment = {"XDG_CACHE_HOME": str(programs.folder / "cache")}
    model = examples / "digits" / "digits_cnn.onnx"
    cold = programs.compile(model, "cold.so", "--name=digits", environment=environment).read_bytes()
    assert any((programs.folder / "cache").rglob("*")), "the kernel cache is empty, so nothing was tested"
    warm = programs.compile(model, "warm.so", "--name=digits", environment=environment).read_bytes()
    assert cold == warm
