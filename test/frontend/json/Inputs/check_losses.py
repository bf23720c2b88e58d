# SPDX-License-Identifier: Apache-2.0
"""Compiles a model for each pair of a loss and what ends the model, and looks for what dlc says of it."""
import json
import pathlib
import subprocess
import sys

LOGITS = "from_logits"
# The loss, the last layers (`d` gives 3 scores), and what is said: nothing, or "error: ..." or "warning: ..." with a part of the text.
CASES = [
    ("cross_entropy", [], "error: the loss expects probabilities, and its predictions are scores without an activation: end the model with a softmax"),
    ("cross_entropy", ["softmax"], None),
    ("cross_entropy", ["relu"], "error: the loss expects probabilities, and its predictions are the results of 'relu'"),
    ("cross_entropy", ["tanh"], "error: the loss expects probabilities, and its predictions are the results of 'tanh'"),
    ("cross_entropy", ["batch_norm"], "error: the loss expects probabilities, and its predictions are scores"),
    ("cross_entropy", ["sigmoid"], "warning: the loss expects probabilities that add up to 1"),
    ("cross_entropy", ["log_softmax"], "error: the loss expects probabilities, and its predictions are their logarithms: use the loss 'negative_log_likelihood'"),
    ("cross_entropy", ["softmax", "dropout"], None),
    ((LOGITS, "cross_entropy"), [], None),
    ((LOGITS, "cross_entropy"), ["relu"], None),
    ((LOGITS, "cross_entropy"), ["softmax"], "error: the loss expects logits ('from_logits'), and its predictions are probabilities already: leave out the softmax"),
    ((LOGITS, "cross_entropy"), ["sigmoid"], "warning: the loss expects logits"),
    ("kl_divergence", [], "error: the loss expects probabilities"),
    ((LOGITS, "kl_divergence"), ["softmax"], "error: the loss expects logits"),
    ("negative_log_likelihood", ["log_softmax"], None),
    ("negative_log_likelihood", ["softmax"], "error: the loss expects logarithms of probabilities, and its predictions are probabilities: use the loss 'cross_entropy'"),
    ("negative_log_likelihood", [], "error: the loss expects logarithms of probabilities, and its predictions are scores"),
    ("binary_cross_entropy", ["sigmoid"], None),
    ("binary_cross_entropy", [], "error: the loss expects probabilities, and its predictions are scores without an activation: end the model with a sigmoid"),
    ("binary_cross_entropy", ["softmax"], "warning: the loss judges each class by itself"),
    ((LOGITS, "binary_cross_entropy"), [], None),
    ((LOGITS, "binary_cross_entropy"), ["sigmoid"], "error: the loss expects logits ('from_logits'), and its predictions are probabilities already: leave out the sigmoid"),
    ((LOGITS, "binary_cross_entropy"), ["softmax"], "error: the loss expects logits ('from_logits'), and its predictions are probabilities already: leave out the softmax"),
    ("multiclass_hinge", [], None),
    ("multiclass_hinge", ["softmax"], "warning: the loss expects scores"),
    ("mean_squared_error", [], None),
    ("mean_squared_error", ["softmax"], None),
    ("huber", ["sigmoid"], None),
]  # fmt: skip
ONE_UNIT = [
    ("cross_entropy", ["softmax"], "error: the loss is computed from a softmax over one element, which is always 1"),
    ("binary_cross_entropy", ["softmax"], "error: the loss is computed from a softmax over one element"),
    ("mean_squared_error", ["softmax"], "error: the loss is computed from a softmax over one element"),
    ((LOGITS, "cross_entropy"), [], "error: the loss is over classes, and there is one"),
    ("binary_cross_entropy", ["sigmoid"], None),
]  # fmt: skip

folder = pathlib.Path(sys.argv[1])


def check(number, loss, ending, expected, units):
    if isinstance(loss, tuple):
        loss = {"name": loss[1], LOGITS: True}
    model = {
        "dlc": 1, "inputs": [{"name": "x", "shape": ["N", 4]}],
        "layers": [{"op": "dense", "name": "d", "units": units}, *({"op": op} for op in ending)],
        "training": {"loss": loss, "optimizer": "sgd"},
    }  # fmt: skip
    path = folder / f"{number}.json"
    path.write_text(json.dumps(model))
    result = subprocess.run(["dlc", path, "--train", "--compile-to=import", "-o", folder / "out.mlir"], capture_output=True, text=True)
    what = f"{loss} of {units} units, {ending}: {result.stderr}"
    assert (result.returncode != 0) == bool(expected and expected.startswith("error")), what
    assert result.stderr.count("error:") + result.stderr.count("warning:") == bool(expected), what
    assert not expected or expected in result.stderr, what


for number, case in enumerate(CASES):
    check(number, *case, units=3)
for number, case in enumerate(ONE_UNIT, len(CASES)):
    check(number, *case, units=1)
