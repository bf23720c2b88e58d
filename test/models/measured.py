# SPDX-License-Identifier: Apache-2.0
"""Runs a command and prints, as JSON, its exit status (null after the time limit), wall and processor seconds, and peak MB of one process.

usage: measured.py SECONDS LOG COMMAND...        A process of its own, because a child's peak memory is never below that of its parent.
"""
import json
import os
import signal
import subprocess
import sys
import time


def main():
    seconds, log, *command = sys.argv[1:]
    begin, expired, used = time.monotonic(), False, None
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    while used is None:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            used = usage
        elif time.monotonic() - begin > float(seconds):
            expired = True
            os.killpg(process.pid, signal.SIGKILL)
            _, status, used = os.wait4(process.pid, 0)
        else:
            time.sleep(0.002)
    process.returncode = os.waitstatus_to_exitcode(status)
    result = None if expired else process.returncode
    print(json.dumps([result, time.monotonic() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))


if __name__ == "__main__":
    main()
