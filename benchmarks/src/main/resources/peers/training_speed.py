"""Seconds of a training step of transformers: random weights of a given shape, random tokens.

Prints one line of JSON: per precision the medians of forward and backward, and of a step with AdamW.
"""

import argparse
import json
import os
import time

import torch
import torch.nn.functional as F
from transformers import Qwen2Config, Qwen2ForCausalLM

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--config", type=json.loads, required=True, help="the shape, as in config.json")
parser.add_argument("--rows", type=int, required=True)
parser.add_argument("--tokens", type=int, required=True, help="tokens of a row")
parser.add_argument("--repetitions", type=int, default=3)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
given = parser.parse_args()

torch.set_num_threads(given.threads)
torch.manual_seed(1)
model = Qwen2ForCausalLM(Qwen2Config(**given.config, use_cache=False)).to(given.device)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)
ids = torch.randint(given.config["vocab_size"], (given.rows, given.tokens + 1), device=given.device)


def now() -> float:
    if given.device.type == "cuda":
        torch.cuda.synchronize(given.device)
    return time.perf_counter()


def step(bf16: bool) -> tuple[float, float]:
    start = now()
    with torch.autocast(given.device.type, dtype=torch.bfloat16, enabled=bf16):
        logits = model(input_ids=ids[:, :-1]).logits
    F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten()).backward()
    middle = now()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return middle - start, now() - start


result = {"version": torch.__version__}
for name, bf16 in (("fp32", False), ("bf16", True)):
    step(bf16)
    times = [step(bf16) for _ in range(given.repetitions)]
    result[name] = {
        "forward_backward": sorted(t[0] for t in times)[given.repetitions // 2],
        "step": sorted(t[1] for t in times)[given.repetitions // 2],
    }
print(json.dumps(result))
