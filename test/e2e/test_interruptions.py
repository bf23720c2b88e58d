# SPDX-License-Identifier: Apache-2.0
"""A compiler that a signal stops, at whatever moment, leaves neither processes nor temporary files behind."""
import os
import pathlib
import signal
import subprocess
import time

import pytest
from conftest import BIN

PATIENCE = 60
CATCHABLE = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def processes_of(session):
    """Those of a session that still run; what has ended and was not waited for does not count."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(entry.name))
    return found


def wait_until(condition, process=None):
    """Whether `condition` came true before `process` ended."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if process is not None and process.poll() is not None:
            return False
        assert time.monotonic() < deadline, "nothing happens"
        time.sleep(0.002)
    return True


class Run:
    """A program in a session of its own, with folders for all that it may write."""

    def __init__(self, folder, *command, ignored=None):
        self.output, self.cache, self.temporary = (folder / name for name in ("output", "cache", "tmp"))
        for path in (self.output, self.cache, self.temporary):
            path.mkdir(parents=True)
        environment = {**os.environ, "TMPDIR": str(self.temporary), "XDG_CACHE_HOME": str(self.cache)}
        self.process = subprocess.Popen([str(part) for part in command], cwd=self.output, env=environment, start_new_session=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=lambda: ignored and signal.signal(ignored, signal.SIG_IGN))  # fmt: skip

    def has_reached(self, moment):
        if moment == "start":
            return True
        if moment == "kernels":
            return len(processes_of(self.process.pid)) > 1
        return any(path.is_file() for path in {"output": self.output, "cache": self.cache}[moment].rglob("*"))

    def stop(self, moment, how):
        """Stops it, if it has not ended before; its status."""
        if wait_until(lambda: self.has_reached(moment), self.process):
            # Ctrl-C reaches all processes of a terminal, other signals the one that is named.
            (os.killpg if how == signal.SIGINT else os.kill)(self.process.pid, how)
        status = self.process.wait(PATIENCE)
        wait_until(lambda: not processes_of(self.process.pid))
        return status

    def files(self, folder):
        return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("how", CATCHABLE)
@pytest.mark.parametrize("moment", ["start", "output", "kernels", "cache"])
def test_what_dlc_leaves(tmp_path, examples, moment, how):
    run = Run(tmp_path, BIN / "dlc", examples / "digits" / "digits_cnn.onnx", "-o", "digits.so", "--header", "--jobs", "2")
    status = run.stop(moment, how)
    assert status in (0, -how)
    assert run.files(run.output) == (["digits.h", "digits.so"] if status == 0 else [])
    assert run.files(run.temporary) == []
    assert all(name.endswith((".kernel", ".o")) for name in run.files(run.cache)), run.files(run.cache)


@pytest.mark.parametrize("moment", ["start", "output", "kernels", "cache"])
def test_what_nohup_protects(tmp_path, examples, moment):
    """A program that was started to ignore the end of its terminal goes on."""
    model = examples / "digits" / "digits_cnn.onnx"
    run = Run(tmp_path, BIN / "dlc", model, "-o", "digits.so", "--jobs", "2", ignored=signal.SIGHUP)
    assert run.stop(moment, signal.SIGHUP) == 0
    assert run.files(run.output) == ["digits.so"]
    assert run.files(run.temporary) == []


def test_what_a_killed_dlc_leaves(tmp_path, examples):
    """It cannot remove its files, but kernels' processes end and nothing half written has the output's name."""
    run = Run(tmp_path, BIN / "dlc", examples / "digits" / "digits_cnn.onnx", "-o", "digits.so", "--jobs", "2")
    assert run.stop("kernels", signal.SIGKILL) == -signal.SIGKILL
    assert "digits.so" not in run.files(run.output)


@pytest.mark.parametrize("how", CATCHABLE)
def test_what_verify_leaves(tmp_path, examples, how):
    """dlc-run verify compiles into a folder for temporary files."""
    run = Run(tmp_path, BIN / "dlc-run", "verify", examples / "digits" / "digits_cnn.onnx")
    assert wait_until(lambda: any(run.temporary.iterdir()), run.process)
    assert run.stop("cache", how) in (0, -how)
    assert list(run.temporary.iterdir()) == []


def test_an_ignored_signal_of_children(tmp_path, examples):
    """Some programs start others with this signal ignored; dlc then used to learn nothing of its kernels' processes."""
    command = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    result = subprocess.run(["python3", "-c", command, str(BIN / "dlc"), str(examples / "xor" / "xor.json"), "-o", str(tmp_path / "xor.so"), "--no-cache"],
                            capture_output=True, text=True, timeout=PATIENCE)  # fmt: skip
    assert result.returncode == 0, result.stderr
