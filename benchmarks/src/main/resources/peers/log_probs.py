"""Log-probabilities of token sequences by transformers and PEFT, to compare with those of another program."""

import argparse
import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def log_probs(model: torch.nn.Module, tokens: list[int], prompt: int) -> list[float]:
    """Natural log-probability of each token after the prompt, given the tokens before it."""
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0, prompt - 1 : -1].double()
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(tokens[prompt:])[:, None])[:, 0].tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder in Hugging Face layout")
    parser.add_argument("--adapter", type=Path, help="folder in PEFT's layout")
    parser.add_argument("--sequences", type=Path, required=True, help="JSON: prompt and response token ids of each")
    given = parser.parse_args()
    model = AutoModelForCausalLM.from_pretrained(given.checkpoint, dtype=torch.float32).eval()
    if given.adapter:
        model = PeftModel.from_pretrained(model, given.adapter).eval()
    tokenizer = AutoTokenizer.from_pretrained(given.checkpoint)
    sequences = json.loads(given.sequences.read_text())
    print(
        json.dumps(
            {
                "class": type(model).__name__,
                "vocabulary": len(tokenizer),
                "log_probs": [log_probs(model, each["prompt"] + each["response"], len(each["prompt"])) for each in sequences],
            }
        )
    )


main()
