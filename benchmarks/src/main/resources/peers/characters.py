"""The addition task: problems as tokens, which are characters, and held-out accuracy."""

import argparse

import torch

from peer import read
from qwen2 import Qwen2

TOKENS = b"0123456789+=$"  # A token's id is its index; "$" stands for the end token.
END = TOKENS.index(b"$")
IDS = torch.zeros(128, dtype=torch.long)
IDS[list(TOKENS)] = torch.arange(len(TOKENS))


def encode(texts: list[str], length: int) -> torch.Tensor:
    """Token ids [B, length] of texts, filled up with end tokens."""
    characters = bytearray("".join(text.ljust(length, "$") for text in texts), "ascii")
    return IDS[torch.frombuffer(characters, dtype=torch.uint8).long()].view(-1, length)


def tokens(batch: dict, max_tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids of a batch: its prompts [B, T], which are of equal length, and its correct responses [B, max_tokens]."""
    return encode(batch["prompts"], len(batch["prompts"][0])), encode(batch["answers"], max_tokens)


class HeldOut:
    """Accuracy on the held-out problems, by sampling."""

    def __init__(self, given: argparse.Namespace):
        self.max_tokens = given.settings["sampling.max.tokens"]
        self.prompts, self.answers = tokens(read(given.problems / "held-out.jsonl")[0], self.max_tokens)

    def __call__(self, policy: Qwen2) -> float:
        generator = torch.Generator().manual_seed(0)
        responses, _ = policy.sample(self.prompts, self.max_tokens, END, generator)
        return (responses == self.answers).all(1).double().mean().item()
