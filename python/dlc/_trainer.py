# SPDX-License-Identifier: Apache-2.0
"""Training runs on arrays and tables, by the code of `dlc-run train`."""
import os
import pathlib
import sys
import warnings

from ._compile import _temporary_folder, compile
from ._dlc import Model, train
from ._history import History
from ._tables import sources

#: The keywords of Trainer that are those of the run itself.
_OPTIONS = {
    "epochs", "batch", "seed", "threads", "device", "schedule", "warm_up", "monitor", "early_stopping", "least_gain", "checkpoint",
    "checkpoint_epochs", "checkpoint_steps", "best", "resume", "load", "load_prefix", "load_partial", "report", "ordered", "scale", "entry",
}  # fmt: skip


class _Progress:
    """A bar in terminals and notebooks, by tqdm if that is installed, else a line for each epoch on a terminal."""

    def __init__(self, is_wanted):
        self.bar = None
        self.is_wanted = sys.stderr.isatty() or "ipykernel" in sys.modules if is_wanted is None else is_wanted

    def begin(self, run):
        if not self.is_wanted:
            return
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return
        self.bar = tqdm(total=run["epochs"] * run["steps_per_epoch"], unit="step")

    def step(self, epoch, epochs, step, steps, loss):
        if self.bar is not None:
            self.bar.set_description(f"epoch {epoch}/{epochs}", refresh=False)
            self.bar.update((epoch - 1) * steps + step - self.bar.n)

    def epoch(self, record, run):
        if self.bar is not None:
            self.bar.update(record["epoch"] * run["steps_per_epoch"] - self.bar.n)
            self.bar.set_postfix({name: f"{value:.4g}" for name, value in record.items() if name.endswith(("loss", "accuracy"))})
        elif self.is_wanted:
            words = "  ".join(f"{name} {value:.5g}" for name, value in record.items() if name != "epoch")
            print(f"epoch {record['epoch']}/{run['epochs']}  {words}", file=sys.stderr)

    def end(self):
        if self.bar is not None:
            self.bar.close()


class _Observer:
    def __init__(self, trainer, callbacks, progress):
        self.trainer, self.callbacks, self.progress = trainer, callbacks, progress
        self.run = {}

    def begin(self, run):
        self.run = run
        self.trainer.class_names = run["class_names"]
        self.progress.begin(run)

    def note(self, text):
        if not text.startswith("interrupted"):
            warnings.warn(text, stacklevel=2)

    def step(self, epoch, epochs, step, steps, loss):
        self.progress.step(epoch, epochs, step, steps, loss)
        return False

    def epoch(self, record):
        self.trainer.history.append(record)
        self.progress.epoch(record, self.run)
        return any([callback(record) is True for callback in self.callbacks])

    def end(self, confusion):
        self.trainer.confusion = confusion


class Trainer:
    """Trains a model on arrays and tables.

    `model` is the path of a library compiled with `train`, or any model that dlc.compile takes, which is then compiled: `train` says how to
    train it if it does not do so in a section `training` (a dict, or the path of a file with such a section), `inputs` and `dynamic_shapes`
    are those of dlc.compile. Keywords, as those
    of `dlc-run train`: `epochs` (10), `batch` (32), `seed`, `threads`, `device` ("cpu", "cuda"), `learning_rate` and other hyperparameters of the model in `settings`,
    `schedule` ("constant", "cosine", "step:10:0.5", ...), `warm_up` steps, `early_stopping` after so many epochs without a `least_gain` of
    the metric `monitor`, `checkpoint` and `best` (files that keep the state), `checkpoint_epochs`, `checkpoint_steps`, `resume`, `load`,
    `load_prefix`, `load_partial`, `report` (an HTML page), `ordered` (not shuffled), `scale` ({"image": 1 / 255}), `entry`.

        trainer = dlc.Trainer("digits.json", epochs=20, early_stopping=3)
        trainer.fit(images, digits, validation=0.2)
        trainer.history                     # a table
        trainer.predict(images)

    After `fit`, `model` is a dlc.Model that runs with `state`, its trained variables.
    """

    def __init__(self, model, *, train=True, inputs=None, dynamic_shapes=None, settings=None, learning_rate=None, progress=None, **options):
        unknown = options.keys() - _OPTIONS
        if unknown:
            import difflib

            name = min(unknown)
            near = difflib.get_close_matches(name, _OPTIONS, 1)
            raise TypeError(f"dlc.Trainer has no option '{name}'" + (f"; did you mean '{near[0]}'?" if near else ""))
        self._options = {name: value for name, value in options.items() if value is not None}
        for name in ("checkpoint", "best", "load", "report"):
            if name in self._options:
                self._options[name] = os.fspath(self._options[name])
        self._options["settings"] = {name: float(value) for name, value in (settings or {}).items()}
        if learning_rate is not None:
            self._options["settings"]["learning_rate"] = float(learning_rate)
        self._progress = progress
        is_library = isinstance(model, (str, os.PathLike)) and pathlib.Path(model).suffix not in (".json", ".onnx", ".mlir")
        if is_library and (train is not True or inputs is not None or dynamic_shapes is not None):
            raise TypeError("`train`, `inputs` and `dynamic_shapes` belong to models that are compiled here, not to a library")
        if not is_library:
            output = _temporary_folder() / "model.so"
            model = compile(model, output, inputs=inputs, dynamic_shapes=dynamic_shapes, train=train)
        self.library = os.fspath(model)
        self.model = Model(self.library, threads=self._options.get("threads", 1), device=self._options.get("device"))
        self.state = None
        self.history = History()
        self.class_names = []
        self.confusion = None

    def __repr__(self):
        return f"dlc.Trainer({self.library!r}, {len(self.history)} epochs)"

    def _entry(self, *names):
        return next((entry for name in names for entry in self.model.entry_points if entry.name == name), None)

    def fit(self, X, y=None, *, validation=None, callbacks=()):
        """Trains on the rows of `X` and `y` and returns the history, a list of dicts that is shown as a table.

        `X` is an array [rows, ...], a pandas DataFrame or Arrow table with a column for each feature, or a dict of them by the names of the
        model's inputs; `y` are numbers or names of classes, [rows, ...], or the name of a column of `X`, or a dict by the names of labels.
        `validation` is (X, y) of other data, or the share of rows to hold out, from 0 to 1. Each of `callbacks` is called with the metrics
        of every epoch; a run ends early where one returns True.

        Ctrl-C ends a run after the step in progress; with `checkpoint`, it can be continued by `resume`. Raises TrainingError (a ValueError)
        if data, options or model do not fit, or the loss is no longer finite.
        """
        step = self._entry(self._options.get("entry", "train_step"), "train_step")
        labels = {tensor.name for tensor in step.inputs if tensor.is_label} if step else set()
        options, held = dict(self._options), []
        if isinstance(validation, (int, float)) and not isinstance(validation, bool):
            options["validation_split"] = float(validation)
        elif validation is not None:
            if not isinstance(validation, (tuple, list)) or len(validation) != 2:
                raise TypeError("validation is (X, y), or a number from 0 to 1, the share of rows to hold out")
            held = sources(*(validation if not isinstance(y, str) or validation[1] is not None else (validation[0], y)), labels)
        data = sources(X, y, labels)
        # What the run has learned comes back as a checkpoint.
        options.setdefault("checkpoint", str(_temporary_folder() / "state.safetensors"))
        self.history = History()
        self.confusion = None
        progress = _Progress(self._progress)
        try:
            train(self.library, options, data, held, _Observer(self, tuple(callbacks), progress))
        finally:
            progress.end()
            if os.path.exists(options["checkpoint"]):
                self.state = self.model.new_state()
                self.state.load(options["checkpoint"])
        return self.history

    def predict(self, X):
        """What the trained model gives for the rows of `X`: an array, or a tuple of several. Numbers are converted as those of `fit` are."""
        if self.state is None:
            raise ValueError("the model has not been trained: call fit first")
        entry = self._entry("predict", "run")
        if entry is None:
            raise ValueError(f"the library has no entry point 'predict': {self.library}")
        import numpy as np

        arrays = {}
        for name, _, _, array in sources(X, None, set()):
            tensor = next((tensor for tensor in entry.inputs if tensor.name == (name or entry.inputs[0].name)), None)
            if tensor is None:
                raise ValueError(f"the model has no input '{name}'; it has {', '.join(repr(tensor.name) for tensor in entry.inputs)}")
            scaled = array * np.float64(self._options.get("scale", {})[tensor.name]) if tensor.name in self._options.get("scale", {}) else array
            if tensor.type in ("f32", "f64", "f16"):
                scaled = scaled.astype({"f32": np.float32, "f64": np.float64, "f16": np.float16}[tensor.type])
            elif array.dtype.kind in "iu":
                scaled = array.astype(np.dtype(tensor.type.replace("i", "int").replace("u", "uint")))
            if all(isinstance(extent, int) for extent in tensor.shape[1:]):
                scaled = scaled.reshape(len(scaled), *tensor.shape[1:])
            arrays[tensor.name] = scaled
        results = list(self.model.run(arrays, entry=entry.name).values())
        return results[0] if len(results) == 1 else tuple(results)
