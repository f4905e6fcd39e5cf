"""Log-probabilities of PEFT: under an adapter of ours, and under one that PEFT makes and saves.

usage: parity.py BASE OURS THEIRS INPUT OUTPUT
INPUT   JSON: rank, alpha, and sequences, each a prompt and a response of token ids
OUTPUT  JSON: ours and theirs, [sequences][T] natural log-probabilities of the response tokens
"""

import json
import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def base(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


@torch.no_grad()
def log_probs(model, sequences):
    result = []
    for sequence in sequences:
        prompt, response = sequence["prompt"], sequence["response"]
        logits = model(torch.tensor([prompt + response[:-1]])).logits[0, len(prompt) - 1 :]
        chosen = torch.log_softmax(logits, -1).gather(1, torch.tensor(response).unsqueeze(1))
        result.append(chosen.squeeze(1).tolist())
    return result


def main(folder, ours, theirs, source, target):
    with open(source) as file:
        given = json.load(file)
    torch.manual_seed(5)
    config = LoraConfig(
        r=given["rank"],
        lora_alpha=given["alpha"],
        target_modules=MODULES,
        task_type="CAUSAL_LM",
        init_lora_weights=False,
    )
    made = get_peft_model(base(folder), config).eval()
    made.save_pretrained(theirs)
    loaded = PeftModel.from_pretrained(base(folder), ours).eval()
    with open(target, "w") as file:
        json.dump({name: log_probs(model, given["sequences"]) for name, model in (("ours", loaded), ("theirs", made))}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
