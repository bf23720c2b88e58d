# SPDX-License-Identifier: Apache-2.0
"""dlc-tune finds records, continues where it was stopped, and dlc takes them."""
import json
import signal
import subprocess
import time

import numpy as np
import pytest
from conftest import BIN


def model(folder, units=48, name="m.json"):
    """Two products and what is fused with them."""
    layers = [{"op": "dense", "units": units, "activation": "relu", "name": "hidden"}, {"op": "dense", "units": 10, "name": "scores"}]
    path = folder / name
    path.write_text(json.dumps({"dlc": 1, "inputs": [{"name": "x", "shape": [16, 40]}], "layers": layers}))
    return path


def trials(folder):
    return [json.loads(line) for line in (folder / "r.json.trials").read_text().splitlines()]


def tune(programs, *options, minutes="0.03"):
    result = programs.run("dlc-tune", model(programs.folder), "-o", "r.json", "--minutes", minutes, *options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def measured(programs, *options):
    """The trials so far. On a busy machine a search's time may be over before it has measured a legal schedule: it goes on for longer."""
    for minutes in ("0.1", "0.5", "2"):
        if any(not trial.get("problem") for trial in trials(programs.folder)):
            break
        tune(programs, *options, minutes=minutes)
    return trials(programs.folder)


def test_a_search_goes_on_and_its_records_are_taken(programs):
    first = tune(programs)
    assert "2 kernels on " in first and "goes on" not in first
    before = measured(programs)
    assert all(trial["us"] > 0 or trial["problem"] for trial in before)
    second = tune(programs)
    assert f"goes on after {len(before)} schedules" in second
    after = trials(programs.folder)
    assert after[: len(before)] == before and len(after) > len(before)
    keys = [json.dumps([trial["kernel"], trial["schedule"]], sort_keys=True) for trial in after]
    assert len(keys) == len(set(keys)), "a schedule was measured twice"

    # The same bytes from the same records, and the same numbers as without them.
    x = np.random.default_rng(0).standard_normal((16, 40)).astype(np.float32)
    path = model(programs.folder)
    plain = programs.compile(path, "plain.so", "--name=m")
    tuned = programs.compile(path, "tuned.so", "--name=m", "--records", "r.json")
    again = programs.compile(path, "again.so", "--name=m", "--records=r.json", "--no-cache")
    assert tuned.read_bytes() == again.read_bytes()
    np.testing.assert_allclose(
        programs.execute(tuned, {"x": x}, ["scores"])["scores"], programs.execute(plain, {"x": x}, ["scores"])["scores"], rtol=1e-5, atol=1e-5
    )


def record_for(programs, **changes):
    """A legal record for the kernel of `hidden` that is not the compiler's choice, with `changes` to its schedule."""
    tune(programs, "--layer=hidden", minutes="0.02")
    trial = next(trial for trial in measured(programs, "--layer=hidden") if not trial.get("problem"))
    trial["schedule"].update(changes)
    (programs.folder / "own.json").write_text(json.dumps({"dlc_records": 1, "records": [trial]}))
    return trial


def test_a_record_decides_the_schedule_of_its_kernel(programs):
    trial = record_for(programs)
    path = model(programs.folder)
    text = programs.run("dlc", path, "--records=own.json", "--compile-to=kernels", "--brief")
    assert text.returncode == 0 and "remark" not in text.stderr, text.stderr
    sizes = ", ".join(f"{name} = {size} : i64" for name, size in sorted(trial["schedule"]["sizes"].items()))
    assert f"vector = {trial['schedule']['vector']}" in text.stdout and f"tiles = {{{sizes}}}" in text.stdout
    # An unrelated change of the model leaves the kernel and its record alone; another width of the layer does not.
    document = json.loads(path.read_text())
    document["layers"][1]["units"] = 11
    document["layers"][0]["name"] = "renamed"
    (programs.folder / "other.json").write_text(json.dumps(document))
    result = programs.run("dlc", "other.json", "--records=own.json", "-o", "o.so")
    assert result.returncode == 0 and result.stderr == ""
    result = programs.run("dlc", model(programs.folder, 49), "--records=own.json", "-o", "o.so")
    assert result.returncode == 0 and "1 of 1 schedule records are for other kernels or machines, and ignored" in result.stderr


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"algorithm": "magic"}, 'it has no algorithm "magic"'),
        ({"vector": 3}, "have 3 lanes; it must be a power of two"),
        ({"sizes": {"colums": 8}}, 'has no parameter "colums"'),
        ({"split": 9}, "cannot split dimension 9"),
    ],
)
def test_a_record_that_is_not_legal_is_an_error(programs, changes, message):
    record_for(programs, **changes)
    result = programs.run("dlc", model(programs.folder), "--records=own.json", "-o", "o.so")
    assert result.returncode == 1 and "record 1 of 'own.json', for kernel 'hidden' (contraction)" in result.stderr
    assert message in result.stderr and not (programs.folder / "o.so").exists()


def start_search(programs):
    """A search that goes on, and has measured something."""
    command = [BIN / "dlc-tune", model(programs.folder), "-o", "r.json", "--minutes=5", "--explain"]
    process = subprocess.Popen(command, cwd=programs.folder, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if " of the time with " in line:
            break
    return process


def test_an_interrupted_search_keeps_what_it_found(programs):
    process = start_search(programs)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    process.communicate(timeout=120)
    assert process.returncode == 0 and time.monotonic() - start < 100
    assert json.loads((programs.folder / "r.json").read_text())["dlc_records"] == 1 and trials(programs.folder)


def test_a_killed_search_leaves_whole_files(programs):
    process = start_search(programs)
    process.kill()
    process.communicate(timeout=60)
    known = len((programs.folder / "r.json.trials").read_text().splitlines())
    assert known and json.loads((programs.folder / "r.json").read_text())["dlc_records"] == 1
    assert "goes on after" in tune(programs)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["-o", "r.json"], "MODEL is required"),
        (["m.json"], "--output is required"),
        (["nothing.onnx", "-o", "r.json"], "there is no such file"),
        (["m.json", "-o", "nowhere/r.json"], "nowhere"),
        (["m.json", "-o", "r.json", "--layer=none-of-this"], "no kernel of a layer whose name contains 'none-of-this'"),
    ],
)
def test_mistakes(programs, arguments, message):
    model(programs.folder)
    result = programs.run("dlc-tune", *arguments, "--minutes=0.01")
    assert result.returncode != 0 and message in result.stderr + result.stdout, result.stderr + result.stdout


def test_open_extents_are_left_alone(programs):
    layers = [{"op": "dense", "units": 4}]
    (programs.folder / "open.json").write_text(json.dumps({"dlc": 1, "inputs": [{"name": "x", "shape": ["N", 8]}], "layers": layers}))
    result = programs.run("dlc-tune", "open.json", "-o", "r.json", "--minutes=0.01")
    assert result.returncode == 1 and "give --shape" in result.stderr
    result = programs.run("dlc-tune", "open.json", "-o", "r.json", "--minutes=0.01", "--shape", "x=5x8")
    assert result.returncode == 0, result.stderr
