# SPDX-License-Identifier: Apache-2.0
"""One model in a process of its own: writes its file (`write NAME FILE`), runs its library beside ONNX Runtime (`run NAME WORK RESULT`), or
runs the file in ONNX Runtime alone (`load NAME WORK`)."""
import json
import pathlib
import sys
import tempfile
import time

import numpy as np
from collection import CASES
from comparison import compare
from float_form import float_form


def write(name, path):
    path = pathlib.Path(path)
    partial = path.with_name("partial-" + path.name)
    CASES[name].write(CASES[name], partial)
    if partial.with_name(partial.name + ".data").exists():
        raise RuntimeError("weights went to a file of their own")
    partial.rename(path)


def session(path, optimized=True):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def seconds_per_run(run, limit=0.3):
    """The shortest processor time of a run; run once before it. Runs are timed in groups that last at least 10 ms."""
    count, best, spent = 1, float("inf"), 0.0
    while spent < limit:
        begin = time.process_time()
        for _ in range(count):
            run()
        elapsed = time.process_time() - begin
        if elapsed < 0.01:
            count *= 4
            continue
        best, spent = min(best, elapsed / count), spent + elapsed
    return best


class NoReference(Exception):
    """ONNX Runtime itself cannot run the model."""


def second_reference(case, files):
    """What ONNX Runtime's own distance is measured against: the f32 form, else the same file computed node by node."""
    source = files / f"{case.name}.onnx"
    if case.original:
        return session(files / f"{case.original}.onnx")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "float.onnx"
        return session(path) if float_form(source, path) else session(source, optimized=False)


def scores(output):
    """What ZipMap gives, a list of dictionaries from labels to scores, as the array of the scores, in the order of the labels."""
    if isinstance(output, list) and output and isinstance(output[0], dict):
        return np.array([[row[label] for label in sorted(row)] for row in output])
    return output


def one_size(case, index, model, runtime, second):
    feeds = case.inputs(index)
    names = [o.name for o in runtime.get_outputs()]
    row = {"symbols": case.symbols(index)}
    try:
        want = [scores(output) for output in runtime.run(None, feeds)]
    except Exception as error:
        raise NoReference(str(error)) from error
    wide = {k: v.astype(np.float32) if v.dtype == np.float16 else v for k, v in feeds.items()} if case.original else feeds
    other = [scores(output) for output in second.run(None, wide)]
    result = model.run(feeds)
    got = [result[name] for name in names] if set(names) <= set(result) else list(result.values())
    row["problem"], row["distance"], row["allowed"] = compare(names, got, want, other, case.random)
    row["dlc_seconds"] = seconds_per_run(lambda: model.run(feeds))
    row["ort_seconds"] = seconds_per_run(lambda: runtime.run(None, feeds))
    return row


def run(name, work, result):
    import dlc

    case, work, rows, problem = CASES[name], pathlib.Path(work), [], ""
    step = "reference"
    try:
        runtime = session(work / "files" / f"{name}.onnx")
        second = second_reference(case, work / "files")
        step = "open"
        model = dlc.Model(work / "libraries" / f"{case.name}.so")
        for index in range(3):
            step = f"run {case.symbols(index)}"
            rows.append(one_size(case, index, model, runtime, second))
    except NoReference as error:
        problem = f"reference: {case.symbols(index)}: {error}"
    except Exception as error:  # whatever went wrong is this model's result
        problem = f"{step}: {type(error).__name__}: {error}"
    pathlib.Path(result).write_text(json.dumps({"rows": rows, "problem": problem}))


def load(name, work):
    session(pathlib.Path(work) / "files" / f"{name}.onnx").run(None, CASES[name].inputs(0))


if __name__ == "__main__":
    {"write": write, "run": run, "load": load}[sys.argv[1]](*sys.argv[2:])
