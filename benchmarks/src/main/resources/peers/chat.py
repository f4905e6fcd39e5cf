"""Chat tasks with a pretrained model: problems as tokens, sampling, the verifier and held-out accuracy."""

import argparse
import re

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer, BatchEncoding, PreTrainedModel

from peer import read

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def messages(prompt: str) -> list[dict]:
    """The conversation of a prompt."""
    return [{"role": "user", "content": prompt}]


def is_correct(text: str, answer: str, ended: bool) -> bool:
    """The verifier math:gsm8k-flexible for answers that are integers: a response that was cut off is wrong."""
    numbers = NUMBER.findall(text.replace(",", ""))
    return ended and bool(numbers) and numbers[-1] == answer


def positions(mask: torch.Tensor) -> torch.Tensor:
    """Positions [B, T] of tokens that are padded on the left; mask: 1 for a token."""
    return (mask.cumsum(1) - 1).clamp(min=0)


class Chat:
    """A task: its tokenizer, sampling and precision. Weights, optimizer and losses are in 32 bits either way."""

    def __init__(self, given: argparse.Namespace):
        self.folder = given.model
        self.tokenizer = AutoTokenizer.from_pretrained(given.model, padding_side="left")
        self.end = self.tokenizer.eos_token_id
        self.max_tokens = given.settings["sampling.max.tokens"]
        self.temperature = given.settings["sampling.temperature"]
        self.batch = given.settings["batch.size"]
        self.bf16 = given.settings["precision"] == "bf16"
        self.held_out = read(given.problems / "held-out.jsonl")[0]

    def policy(self) -> PreTrainedModel:
        return AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float32)

    def autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self.bf16)

    def encode(self, prompts: list[str]) -> BatchEncoding:
        """Token ids and attention mask of prompts, padded on the left."""
        texts = [
            self.tokenizer.apply_chat_template(messages(prompt), tokenize=False, add_generation_prompt=True)
            for prompt in prompts
        ]
        return self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)

    @torch.no_grad()
    def sample(self, policy: PreTrainedModel, prompts: BatchEncoding) -> tuple[torch.Tensor, torch.Tensor]:
        """Samples a response to each prompt: tokens [B, R], and their log-probabilities as sampled.

        Tokens after the end token are end tokens.
        """
        with self.autocast():
            output = policy.generate(
                **prompts,
                do_sample=True,
                temperature=self.temperature,
                top_k=0,
                top_p=1.0,
                max_new_tokens=self.max_tokens,
                pad_token_id=self.end,
                output_logits=True,
                return_dict_in_generate=True,
            )
        responses = output.sequences[:, prompts["input_ids"].shape[1] :]
        log_probs = [
            -F.cross_entropy(logits / self.temperature, tokens, reduction="none")
            for logits, tokens in zip(output.logits, responses.T)
        ]
        return responses, torch.stack(log_probs, dim=1)

    def rewards(self, responses: torch.Tensor, answers: list[str]) -> torch.Tensor:
        """1 or 0 for each of responses [B, R]."""
        texts = self.tokenizer.batch_decode(responses, skip_special_tokens=True)
        ended = (responses == self.end).any(1).tolist()
        return torch.tensor([float(is_correct(*of)) for of in zip(texts, answers, ended)])

    def accuracy(self, policy: PreTrainedModel) -> float:
        """On the held-out problems, by sampling. The random numbers of the training stay as they are."""
        rewards = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            for first in range(0, len(self.held_out["prompts"]), self.batch):
                prompts, answers = (self.held_out[name][first : first + self.batch] for name in ("prompts", "answers"))
                responses, _ = self.sample(policy, self.encode(prompts))
                rewards.append(self.rewards(responses, answers))
        return torch.cat(rewards).mean().item()
