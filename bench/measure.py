"""Runs a command and tells what it cost: wall time, processor time, peak memory."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass

# simorg has the first core for itself, what is measured the second.
SERVER_CORE = 0
TOOL_CORE = 1


@dataclass(frozen=True)
class Cost:
    """Processor time and memory are of the process and of those that it waited for."""

    wall_s: float
    cpu_s: float
    peak_mib: float

    @staticmethod
    def median(costs: list["Cost"]) -> "Cost":
        def middle(values):
            return sorted(values)[len(costs) // 2]

        return Cost(
            middle([cost.wall_s for cost in costs]),
            middle([cost.cpu_s for cost in costs]),
            max(cost.peak_mib for cost in costs),
        )


class Failed(Exception):
    """A command that did not end well; its words are in the log."""


def pinned(command: list, core: int) -> list[str]:
    return ["taskset", "-c", str(core), *map(str, command)]


def run(command: list, log, env=None, cwd=None) -> Cost:
    """Runs to the end on the core of the tools; what it prints goes into the file `log`."""
    with open(log, "wb") as out:
        began = time.monotonic()
        process = subprocess.Popen(
            pinned(command, TOOL_CORE),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
        peak = threading.Thread(target=watch, args=(process.pid, peaks := [0]), daemon=True)
        peak.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"{command[0]} ended with {process.returncode}: see {log}")
    peak.join()
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, peaks[-1] / 1024)


def watch(pid, peaks):
    """Notes the highest resident memory of a process in KiB, as the kernel tells it while the process lives: the last one counts.

    What the kernel tells when it has ended includes the process that started it, and that holds DuckDB.
    """
    while True:
        try:
            with open(f"/proc/{pid}/status") as status:
                told = next((line for line in status if line.startswith("VmHWM")), None)
        except (FileNotFoundError, ProcessLookupError):
            return
        if told is None:
            return
        peaks.append(int(told.split()[1]))
        time.sleep(0.01)
