"""What the peers share: their arguments, the problems, the held-out accuracy over time and the report."""

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch


def arguments(description: str) -> argparse.Namespace:
    """The command line. Its settings have the names and the meaning of ./sppo train's."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", type=Path, required=True, help="checkpoint folder in Hugging Face layout")
    parser.add_argument("--problems", type=Path, required=True, help="folder of train.jsonl and held-out.jsonl")
    parser.add_argument("--settings", type=json.loads, required=True, help="settings of the run, a JSON object")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of PyTorch")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.settings["seed"])
    return given


def read(file: Path) -> list[dict]:
    """Batches of problems: each has a list of prompts and a list of answers. train.jsonl has a batch a step."""
    with file.open() as lines:
        return [json.loads(line) for line in lines]


class Progress:
    """Held-out accuracy over the seconds of training. The clock stands still during evaluations."""

    def __init__(self, given: argparse.Namespace, accuracy: Callable[[torch.nn.Module], float]):
        """accuracy: evaluates a policy on the held-out problems."""
        self.accuracy = accuracy
        self.interval = given.settings["eval.interval"]
        self.steps = given.settings["steps"]
        self.accuracies = []
        self.seconds = 0.0
        self.since = None

    def start(self, policy: torch.nn.Module):
        """Evaluates the start policy, and starts the clock."""
        self._evaluate(0, policy)
        self.since = time.perf_counter()

    def step_done(self, step: int, policy: Callable[[], torch.nn.Module]):
        """Evaluates the policy if the step is one to evaluate after."""
        if step % self.interval == 0 or step == self.steps:
            self.seconds += time.perf_counter() - self.since
            self._evaluate(step, policy())
            self.since = time.perf_counter()

    def _evaluate(self, step: int, policy: torch.nn.Module):
        self.accuracies.append({"step": step, "seconds": self.seconds, "accuracy": self.accuracy(policy)})

    def report(self, *packages: str):
        """Prints the result as one line of JSON, which must be the last line of the output."""
        print(
            json.dumps(
                {
                    "seconds": self.seconds,
                    "evaluations": self.accuracies,
                    # In kilobytes on Linux.
                    "peak_resident_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                    "versions": {package: version(package) for package in packages},
                }
            )
        )
