"""SPPO (arXiv 2604.08865) as one would write it by hand in PyTorch: one process, no log.

The same algorithm, settings and prompts as ./sppo train --lag 0, in the same order: sample a response to each prompt,
reward it, subtract the critic's value of the prompt, update critic and policy. The random numbers differ.
"""

import json

import torch
import torch.nn.functional as F

import qwen2
from characters import END, HeldOut, tokens
from peer import Progress, arguments, read

given = arguments(__doc__)
settings = given.settings
max_tokens = settings["sampling.max.tokens"]
clip, dual_clip = settings["clip"], settings["dual.clip"]

policy = qwen2.load(given.model)
size = settings["critic.hidden.size"]
critic_config = json.loads((given.model / "config.json").read_text()) | {
    "hidden_size": size,
    "num_hidden_layers": settings["critic.layers"],
    "num_attention_heads": size // 16,
    "num_key_value_heads": size // 16,
    "intermediate_size": 3 * size,
}
random = torch.Generator().manual_seed(settings["seed"])
critic = qwen2.Qwen2(critic_config, score=True).initialise(random)


def optimizer(model: torch.nn.Module, of: str) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        model.parameters(),
        lr=settings[f"{of}.learning.rate"],
        betas=(settings["adam.beta1"], settings["adam.beta2"]),
        eps=settings["adam.epsilon"],
        weight_decay=settings[f"{of}.weight.decay"],
        fused=True,
    )


def update(model: torch.nn.Module, optimizer: torch.optim.AdamW, loss: torch.Tensor, of: str, step: int):
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), settings[f"{of}.max.gradient.norm"])
    warmup = settings["warmup.steps"]
    optimizer.param_groups[0]["lr"] = settings[f"{of}.learning.rate"] * min(1, step / warmup if warmup else 1)
    optimizer.step()


policy_optimizer = optimizer(policy, "policy")
critic_optimizer = optimizer(critic, "critic")
batches = read(given.problems / "train.jsonl")
progress = Progress(given, HeldOut(given))
progress.start(policy)
for step, batch in enumerate(batches, start=1):
    prompts, answers = tokens(batch, max_tokens)

    # Sample and reward: 1 if the response is the answer and ends there. Tokens after the end are masked.
    responses, behaviour = policy.sample(prompts, max_tokens, END, random)
    rewards = (responses == answers).all(1).float()
    mask = ((responses == END).cumsum(1) - (responses == END).int() == 0).float()

    # The advantage of every token of a response: A = R - V(s).
    with torch.no_grad():
        advantages = rewards - critic.values(prompts).sigmoid()

    order = torch.randperm(len(prompts), generator=random)
    for part in order.chunk(settings["mini.batches"]):
        loss = F.binary_cross_entropy_with_logits(critic.values(prompts[part]), rewards[part])
        update(critic, critic_optimizer, loss, "critic", step)

    for part in order.chunk(settings["mini.batches"]):
        # The clipped loss of PPO with dual clip, the mean over all tokens of the mini-batch.
        log_probs = policy.log_probs(prompts[part], responses[part])
        a = advantages[part, None]
        ratio = (log_probs - behaviour[part]).clamp(-20, 20).exp()
        losses = torch.maximum(-a * ratio, -a * ratio.clamp(1 - clip, 1 + clip))
        losses = torch.where(a < 0, torch.minimum(losses, -dual_clip * a), losses)
        loss = (losses * mask[part]).sum() / mask[part].sum()
        update(policy, policy_optimizer, loss, "policy", step)

    progress.step_done(step, lambda: policy)
progress.report("torch")
