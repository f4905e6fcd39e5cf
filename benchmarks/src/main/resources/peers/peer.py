"""What the peers share: their arguments, the problems, held-out accuracy and the report."""

import argparse
import json
import os
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch

from qwen2 import Qwen2

TOKENS = b"0123456789+=$"  # A token's id is its index; "$" stands for the end token.
END = TOKENS.index(b"$")
IDS = torch.zeros(128, dtype=torch.long)
IDS[list(TOKENS)] = torch.arange(len(TOKENS))


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


def encode(texts: list[str], length: int) -> torch.Tensor:
    """Token ids [B, length] of texts, filled up with end tokens."""
    characters = bytearray("".join(text.ljust(length, "$") for text in texts), "ascii")
    return IDS[torch.frombuffer(characters, dtype=torch.uint8).long()].view(-1, length)


def tokens(batch: dict, max_tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids of a batch: its prompts [B, T], which are of equal length, and its correct responses [B, max_tokens]."""
    return encode(batch["prompts"], len(batch["prompts"][0])), encode(batch["answers"], max_tokens)


class Progress:
    """Held-out accuracy over the seconds of training. The clock stands still during evaluations."""

    def __init__(self, given: argparse.Namespace):
        self.max_tokens = given.settings["sampling.max.tokens"]
        self.interval = given.settings["eval.interval"]
        self.steps = given.settings["steps"]
        self.prompts, self.answers = tokens(read(given.problems / "held-out.jsonl")[0], self.max_tokens)
        self.accuracies = []
        self.seconds = 0.0
        self.since = None

    def start(self, policy: Qwen2):
        """Evaluates the start policy, and starts the clock."""
        self._evaluate(0, policy)
        self.since = time.perf_counter()

    def step_done(self, step: int, policy: Callable[[], Qwen2]):
        """Evaluates the policy if the step is one to evaluate after."""
        if step % self.interval == 0 or step == self.steps:
            self.seconds += time.perf_counter() - self.since
            self._evaluate(step, policy())
            self.since = time.perf_counter()

    def _evaluate(self, step: int, policy: Qwen2):
        generator = torch.Generator().manual_seed(0)
        responses, _ = policy.sample(self.prompts, self.max_tokens, END, generator)
        accuracy = (responses == self.answers).all(1).double().mean().item()
        self.accuracies.append({"step": step, "seconds": self.seconds, "accuracy": accuracy})

    def report(self, *packages: str):
        """Prints the result as one line of JSON, which must be the last line of the output."""
        print(
            json.dumps(
                {
                    "seconds": self.seconds,
                    "evaluations": self.accuracies,
                    "versions": {package: version(package) for package in packages},
                }
            )
        )
