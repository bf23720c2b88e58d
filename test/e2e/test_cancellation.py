# SPDX-License-Identifier: Apache-2.0
"""Runs that another thread or Ctrl-C ends: soon, and as if they had never been."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

dlc = pytest.importorskip("dlc")

CANCELLED = 27
STATES = ["lstm.hidden", "lstm.cell"]
RECURRENT = {
    "dlc": 1,
    "name": "recurrent",
    "inputs": [{"name": "x", "shape": ["N", "T", 4]}],
    "layers": [{"op": "lstm", "name": "lstm", "units": 48, "return_sequences": True, "stateful": True}, {"op": "dense", "name": "y", "units": 2}],
}
TRAINABLE = {
    "dlc": 1,
    "name": "trainable",
    "inputs": [{"name": "x", "shape": ["N", "T", 4]}],
    "layers": [{"op": "lstm", "name": "lstm", "units": 24}, {"op": "dense", "name": "hidden", "units": 16, "activation": "relu"},
               {"op": "dense", "name": "y", "units": 2}],
    "training": {"loss": "mean_squared_error", "optimizer": {"name": "adam", "learning_rate": 0.01}},
}  # fmt: skip


def compile_json(folder, model, **options):
    path = folder / f"{model['name']}.json"
    path.write_text(json.dumps(model))
    return dlc.compile(path, folder / f"{model['name']}.so", **options)


@pytest.fixture(scope="module")
def recurrent(tmp_path_factory):
    return compile_json(tmp_path_factory.mktemp("recurrent"), RECURRENT)


@pytest.fixture(scope="module")
def trainable(tmp_path_factory):
    return compile_json(tmp_path_factory.mktemp("trainable"), TRAINABLE, train=True)


def random_input(rows, steps):
    return np.random.default_rng(0).standard_normal((rows, steps, 4)).astype(np.float32)


@pytest.mark.parametrize("threads, rows", [(1, 1), (3, 1), (3, 24)])
def test_ends_a_loop_and_keeps_the_state(recurrent, threads, rows):
    model, other = dlc.Model(recurrent, threads=threads), dlc.Model(recurrent, threads=threads)
    first, long = random_input(rows, 5), np.zeros((rows, 150_000 // rows, 4), np.float32)
    model(long)  # the first run of this length waits for memory
    model.reset()
    model(first)
    state = {name: model.get_state(name) for name in STATES}
    asked = []

    def ask():
        time.sleep(0.1)
        asked.append(time.perf_counter())
        model.cancel()

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(dlc.Error, match="'run' was cancelled; see dlc_context_resume") as failure:
        while True:
            model(long)
            for name, value in state.items():
                model.set_state(name, value)
    latency = time.perf_counter() - asked[0]
    thread.join()
    assert failure.value.status == CANCELLED
    assert latency < 0.5  # a step takes microseconds, the product for all steps before the loop some milliseconds; the rest is for busy machines
    with pytest.raises(dlc.Error, match="was cancelled"):
        model(first)
    model.resume()
    # The next run goes on from where the one before the cancelled one has ended.
    other(first)
    np.testing.assert_array_equal(model(first), other(first))


@pytest.mark.parametrize("threads", [1, 3])
def test_a_training_step_is_done_or_not_done(trainable, threads):
    model, reference = dlc.Model(trainable, threads=threads), dlc.Model(trainable, threads=threads)
    batch = {"x": random_input(40, 60), "label": np.ones((40, 2), np.float32)}
    state, wanted = model.new_state(seed=3), reference.new_state(seed=3)
    reference.run(batch, entry="train_step")
    model.run(batch, entry="train_step")
    rng = np.random.default_rng(1)
    done = undone = 0
    began = time.perf_counter()
    # How long a step takes, and when a timer comes, depends on what else the machine does: from at once to far too late.
    while (done < 20 or undone < 20) and time.perf_counter() < began + 60:
        timer = threading.Timer(0.03 * rng.random() ** 4, model.cancel)
        timer.start()
        try:
            model.run(batch, entry="train_step")
            reference.run(batch, entry="train_step")
            done += 1
        except dlc.Error as error:
            assert error.status == CANCELLED
            undone += 1
        timer.join()
        model.resume()
        for name in state:
            np.testing.assert_array_equal(state[name], wanted[name], err_msg=name)
    assert done and undone, (done, undone)


def interrupt(code, library, after=0.2):
    """What a program prints that gets SIGINT a while after it has printed 'ready'."""
    process = subprocess.Popen([sys.executable, "-c", code, library], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


LONG_RUN = """
import signal, sys, time
import dlc, numpy as np
model = dlc.Model(sys.argv[1], threads=2)
x = np.zeros((1, 150_000, 4), np.float32)
model(x)
handled = []
{setup}
print("ready", flush=True)
began = time.perf_counter()
try:
    while not handled and time.perf_counter() < began + {seconds}:
        y = model(x)
    print("ran", len(handled))
except KeyboardInterrupt:
    print("interrupted")
print(round(time.perf_counter() - began, 3), model(x[:, :3]).shape)
"""


def test_keyboard_interrupt(recurrent):
    code, out, err = interrupt(LONG_RUN.format(setup="", seconds=60), recurrent)
    assert code == 0, err
    first, second = out.splitlines()
    assert first == "interrupted"
    assert float(second.split()[0]) < 3 and second.endswith("(1, 3, 2)")


def test_a_handler_that_raises_nothing_lets_the_run_go_on(recurrent):
    setup = "signal.signal(signal.SIGINT, lambda *_: handled.append(1))"
    code, out, err = interrupt(LONG_RUN.format(setup=setup, seconds=60), recurrent)
    assert code == 0, err
    assert out.startswith("ran 1\n")


def test_ignored_signals_stay_ignored(recurrent):
    setup = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    code, out, err = interrupt(LONG_RUN.format(setup=setup, seconds=0.5), recurrent)
    assert code == 0, err
    assert out.startswith("ran 0\n")


def test_python_s_handler_is_back_after_a_run(recurrent):
    model = dlc.Model(recurrent)
    model(random_input(1, 3))
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    model(random_input(1, 3))
