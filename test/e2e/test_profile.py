# SPDX-License-Identifier: Apache-2.0
"""Profiles: what is counted beside what a person counts, times that add up, the same metrics from dlc-run, C and Python, traces."""
import json
import lzma
import os
import subprocess

import numpy as np
import pytest
from conftest import TOP
from trace_check import read_trace

# How long each profile measures.
SECONDS = os.environ.get("DLC_PROFILE_SECONDS", "0.3")


def write_model(programs, name, inputs, layers, **more):
    (programs.folder / f"{name}.json").write_text(json.dumps({"dlc": 1, "name": name, "inputs": inputs, "layers": layers, **more}))
    return f"{name}.json"


def profile(programs, library, *options, command="profile"):
    result = programs.run("dlc-run", command, library, "--json", "--seconds", SECONDS, *options)
    assert result.returncode == 0, result.stderr
    metrics = json.loads(result.stdout)
    return metrics if command == "profile" else metrics["profile"]


def check_sums(metrics):
    """What every profile must fulfil."""
    for entry in metrics["entries"]:
        rows = [row for row in metrics["launches"] if row["entry"] == entry["name"]]
        assert np.isclose(sum(row["seconds"] for row in rows), entry["launch_seconds"], rtol=1e-6)
        assert 0 < entry["launch_seconds"] <= entry["seconds"] and entry["runs"] >= 1
    for grouping in "layers", "kernels", "kinds":
        for key in "seconds", "calls", "busy_seconds", "waiting_seconds":
            assert np.isclose(sum(row[key] for row in metrics[grouping]), sum(row[key] for row in metrics["launches"]), rtol=1e-6)
    for row in metrics["launches"]:
        assert 0 < row["threads"] <= metrics["threads"] * 1.001
        assert row["busy_seconds"] + row["waiting_seconds"] <= metrics["threads"] * row["seconds"] * 1.001
    return metrics


@pytest.fixture
def dense(programs):
    """Two products of known size, with a few operations per element of their results besides."""
    layers = [{"op": "dense", "units": 48, "name": "first", "activation": "relu"}, {"op": "dense", "units": 7, "name": "second"}]
    return programs.compile(write_model(programs, "dense", [{"name": "x", "shape": ["N", 32]}], layers), "dense.so")


@pytest.mark.parametrize("rows", [1, 5, 64])
def test_counts(programs, dense, rows):
    metrics = check_sums(profile(programs, dense, "--symbol", f"N={rows}"))
    launches = {row["layer"]: row for row in metrics["launches"]}
    runs = metrics["entries"][0]["runs"]
    rounding = 1e-9  # sums are scaled by the share of runs that were recorded
    for layer, inputs, units in ("first", 32, 48), ("second", 48, 7):
        row = launches[layer]
        assert row["kind"] == "contraction" and row["type"] == "f32" and np.isclose(row["calls"], runs)
        assert rows * units * 2 * inputs < row["operations"] / runs <= rows * units * (2 * inputs + 16) * (1 + rounding)
        assert 0 < row["predicted_seconds"] < runs * 1e-3 and " gemm vector=" in row["schedules"]
        # Inputs, weights, bias and results; weights are padded to whole blocks.
        least, most = 4 * (rows * (inputs + units) + units * inputs), 4 * (rows * (inputs + units) + 64 * (inputs + 1))
        assert least * (1 - rounding) <= row["bytes"] / runs <= most * (1 + rounding)


def test_kernels_are_the_whole(programs):
    layers = [{"op": "conv2d", "filters": 64, "kernel": 3, "padding": 1, "name": f"conv{i}", "activation": "relu"} for i in range(4)]
    model = write_model(programs, "convolutions", [{"name": "x", "shape": [1, 64, 56, 56]}], layers)
    library = programs.compile(model, "convolutions.so")
    for threads in "1", "2":
        metrics = check_sums(profile(programs, library, "--threads", threads))
        entry = metrics["entries"][0]
        assert entry["launch_seconds"] >= 0.97 * entry["seconds"]
        assert 0.97 * metrics["wall_seconds"] <= entry["seconds"] <= metrics["wall_seconds"]
        kinds = {row["layer"]: row for row in metrics["launches"] if row["kind"].startswith("convolution")}
        assert set(kinds) == {"conv0", "conv1", "conv2", "conv3"}
        if threads == "2":
            # How much of it the second thread does depends on what else the machine has to do.
            assert all(row["waiting_seconds"] > 0 for row in kinds.values())
        else:
            assert all(row["threads"] == pytest.approx(1) and row["waiting_seconds"] == 0 for row in metrics["launches"])


def test_steps_that_threads_share(programs):
    """The steps of a loop whose rows threads share are launches of one piece of shared work."""
    model = write_model(
        programs, "lstm", [{"name": "x", "shape": ["N", 24, 64]}], [{"op": "lstm", "units": 96, "name": "cells"}, {"op": "dense", "units": 3}]
    )
    library = programs.compile(model, "lstm.so")
    for threads in "1", "2":
        metrics = check_sums(profile(programs, library, "--threads", threads, "--symbol", "N=32"))
        runs = metrics["entries"][0]["runs"]
        steps = [row for row in metrics["launches"] if row["calls"] > 1.5 * runs]
        assert steps and all(row["calls"] == pytest.approx(24 * runs) for row in steps)
        assert metrics["entries"][0]["launch_seconds"] >= 0.9 * metrics["entries"][0]["seconds"]


def test_more_launches_than_functions(programs):
    """One kernel in 40 layers: those behind the sixteenth share a function, and are told apart."""
    layers = [{"op": "dense", "units": 16, "activation": "tanh", "name": f"layer{i}"} for i in range(40)]
    library = programs.compile(write_model(programs, "deep", [{"name": "x", "shape": ["N", 16]}], layers), "deep.so")
    metrics = check_sums(profile(programs, library, "--symbol", "N=3"))
    launches = {row["layer"]: row for row in metrics["launches"]}
    assert set(launches) == {f"layer{i}" for i in range(40)}
    assert len({(row["calls"], row["operations"]) for row in launches.values()}) == 1
    assert len(metrics["kernels"]) < 16


def test_tables_of_launches(programs):
    """Where there are too many launches to say something of each, kernels are what is described."""
    layers = [{"op": "dense", "units": 16, "activation": "tanh"} for _ in range(600)]
    library = programs.compile(write_model(programs, "tables", [{"name": "x", "shape": ["N", 16]}], layers), "tables.so")
    metrics = check_sums(profile(programs, library, "--symbol", "N=3"))
    assert len(metrics["launches"]) < 16
    assert sum(row["calls"] for row in metrics["launches"]) >= 600 * metrics["entries"][0]["runs"] - 1e-3


def test_training(programs):
    layers = [{"op": "dense", "units": 16, "activation": "relu", "name": "hidden"}, {"op": "dense", "units": 1, "name": "out"}]
    training = {"loss": "mean_squared_error", "optimizer": {"name": "adam"}}
    model = write_model(programs, "trained", [{"name": "x", "shape": ["N", 8]}], layers, training=training)
    library = programs.compile(model, "trained.so", "--train")
    metrics = check_sums(profile(programs, library, "--entry", "train_step", "--symbol", "N=4"))
    assert [entry["name"] for entry in metrics["entries"]] == ["train_step"]
    assert len(metrics["launches"]) >= 4


def test_numbers_are_the_same(programs, dense):
    x = np.random.default_rng(1).standard_normal((5, 32)).astype(np.float32)
    np.save(programs.folder / "x.npy", x)
    name = json.loads(programs.run("dlc-run", "info", "--json", dense).stdout)["entry_points"][0]["outputs"][0]["name"]
    expected = programs.execute(dense, {"x": x}, [name])[name]
    result = programs.run("dlc-run", "profile", dense, "--seconds", "0", "--input", "x=x.npy", "--output", f"{name}=y.npy")
    assert result.returncode == 0, result.stderr
    assert np.array_equal(np.load(programs.folder / "y.npy"), expected)


def test_table(programs, dense):
    roof = programs.run("dlc-run", "roof", "--file", "roof.json")
    assert roof.returncode == 0, roof.stderr
    measured = json.loads((programs.folder / "roof.json").read_text())
    assert {"f32", "f64"} <= set(measured["gigaops"]) and measured["memory"][-1]["level"] == "memory"
    for options in [], ["--threads", "2"], ["--by", "layer"], ["--by", "kernel"], ["--by", "kind"], ["--rows", "1"]:
        result = programs.run("dlc-run", "profile", dense, "--seconds", "0", "--symbol", "N=64", "--roof", "roof.json", *options)
        assert result.returncode == 0, result.stderr
        lines = result.stdout.splitlines()
        assert lines[0].startswith("dense, run: ") and "roof" in lines[1]
        assert all(len(line) <= 100 for line in lines)
        assert sum("sum of the kernels" in line for line in lines) == 1
        assert sum("1 more" in line for line in lines) == (options == ["--rows", "1"])
    metrics = profile(programs, dense, "--roof", "roof.json")
    assert metrics["roof"] == measured and all(0 < row["roof_share"] for row in metrics["launches"])
    missing = programs.run("dlc-run", "profile", dense, "--seconds", "0", "--roof", "none.json")
    assert missing.returncode == 1 and "dlc-run roof --file none.json writes it" in missing.stderr
    without = programs.run("dlc-run", "profile", dense, "--seconds", "0", environment={"XDG_CACHE_HOME": str(programs.folder)})
    assert without.returncode == 0 and "dlc-run roof" in without.stdout


def test_bench(programs, dense):
    result = programs.run("dlc-run", "bench", dense, "--seconds", "0", "--profile", "--symbol", "N=4")
    assert result.returncode == 0 and "median of" in result.stdout and "sum of the kernels" in result.stdout
    check_sums(profile(programs, dense, "--profile", command="bench"))


@pytest.mark.parametrize("threads", [1, 2])
def test_trace(programs, threads):
    model = write_model(programs, "wide", [{"name": "x", "shape": [256, 256]}], [{"op": "dense", "units": 1024, "name": "wide"}, {"op": "softmax"}])
    library = programs.compile(model, "wide.so")
    result = programs.run("dlc-run", "profile", library, "--seconds", "0.05", "--threads", threads, "--trace", "trace.json")
    assert result.returncode == 0, result.stderr
    events = read_trace(programs.folder / "trace.json")
    runs = [event for event in events if event["cat"] == "run"]
    wide = [event for event in events if event["name"] == "wide"]
    assert runs and sum(event["args"]["part"] for event in wide) == pytest.approx(len(runs))
    # The calling thread has the process's number: Perfetto takes 0 for that, too, and would draw two threads as one.
    assert {event["tid"] - event["pid"] for event in runs} == {0}
    assert all(event["tid"] - event["pid"] < threads for event in events) and (threads == 1 or any(event["cat"] == "threads" for event in events))
    result = programs.run("dlc-run", "profile", library, "--seconds", "0", "--trace", "no/such/folder/trace.json")
    assert result.returncode == 1 and "cannot write 'no/such/folder/trace.json'" in result.stderr


def test_c(programs, dense):
    program = programs.folder / "program"
    source = TOP / "test" / "e2e" / "profile_program.c"
    subprocess.run(
        ["clang-22", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", f"-I{TOP}/runtime/include", source, "-o", program], check=True
    )
    result = subprocess.run([program, dense, "5", "1024"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout
    *lines, verdict = result.stdout.splitlines()
    assert verdict == "adds up"
    metrics = profile(programs, dense, "--symbol", "N=5")
    runs = metrics["entries"][0]["runs"]
    expected = {(row["layer"], row["kernel"], row["kind"]): (row["operations"] / runs, row["bytes"] / runs) for row in metrics["launches"]}
    seen = {}
    for line in lines:
        *names, calls, operations, moved = line.split("\t")
        assert float(calls) == 3
        seen[tuple(names)] = float(operations) / 3, float(moved) / 3
    assert seen.keys() == expected.keys() and all(np.allclose(seen[key], expected[key]) for key in seen)


def test_python(programs, dense):
    dlc = pytest.importorskip("dlc")
    model = dlc.Model(dense)
    x = np.ones((5, 32), np.float32)
    expected = model(x)
    with model.profile(trace=True) as recorded:
        for _ in range(7):
            assert np.array_equal(model(x), expected)
    model(x)  # after the profile
    metrics = check_sums(recorded.summary())
    assert metrics["entries"][0]["runs"] == 7
    reference = profile(programs, dense, "--symbol", "N=5")
    for row, other in zip(*(sorted(one["launches"], key=lambda row: row["layer"]) for one in (metrics, reference)), strict=True):
        assert (row["layer"], row["kernel"]) == (other["layer"], other["kernel"])
        assert row["operations"] / 7 == pytest.approx(other["operations"] / reference["entries"][0]["runs"])
    assert "sum of the kernels" in str(recorded)
    recorded.write_trace(programs.folder / "trace.json")
    assert len([event for event in read_trace(programs.folder / "trace.json") if event["cat"] == "run"]) == 7
    with model.profile() as again:
        model(x)
        with pytest.raises(dlc.Error, match="already"), model.profile():
            pass
    assert again.summary()["entries"][0]["runs"] == 1
    with pytest.raises(dlc.Error, match="trace=True"):
        again.write_trace("trace.json")


def test_older_library(programs):
    kept = programs.folder / "old.so"
    kept.write_bytes(lzma.decompress((TOP / "test" / "e2e" / "abi" / "library-6.so.xz").read_bytes()))
    result = programs.run("dlc-run", "profile", kept, "--entry", "predict")
    assert result.returncode == 1 and "had no profiles: compile it again" in result.stderr
