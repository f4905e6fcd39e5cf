"""Sampling with transformers' generate: random prompts, responses of a fixed length, no end token.

Prints a line of JSON: seconds of each repetition after a warm-up.
"""

import argparse
import json
import time
from importlib.metadata import version

import torch
from transformers import AutoModelForCausalLM

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", required=True)
parser.add_argument("--precision", choices=["float32", "bfloat16"], required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--lengths", required=True, help="of the prompts, separated by commas")
parser.add_argument("--tokens", type=int, required=True)
parser.add_argument("--repetitions", type=int, required=True)
parser.add_argument("--device", default="cpu")
given = parser.parse_args()

torch.set_num_threads(given.threads)
torch.manual_seed(1)
model = AutoModelForCausalLM.from_pretrained(given.model, dtype=getattr(torch, given.precision)).eval().to(given.device)
model.generation_config.eos_token_id = None

# generate() wants prompts of unequal lengths padded on the left.
lengths = [int(length) for length in given.lengths.split(",")]
longest = max(lengths)
ids = torch.randint(0, model.config.vocab_size, (len(lengths), longest), device=given.device)
mask = torch.stack([(torch.arange(longest) >= longest - length).long() for length in lengths]).to(given.device)

seconds = []
for repetition in range(given.repetitions + 1):
    start = time.perf_counter()
    with torch.inference_mode():
        out = model.generate(
            ids,
            attention_mask=mask,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            max_new_tokens=given.tokens,
            pad_token_id=0,
        )
    assert out.shape[1] == longest + given.tokens
    if repetition > 0:
        seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds, "torch": version("torch"), "transformers": version("transformers")}))
