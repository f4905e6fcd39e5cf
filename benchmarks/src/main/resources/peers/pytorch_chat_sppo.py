"""SPPO (arXiv 2604.08865) for a pretrained model as one would write it by hand on transformers: one process, no log.

The same algorithm, settings and prompts as ./sppo train --lag 0, in the same order. The random numbers differ.
"""

import torch
import torch.nn.functional as F
from torch import nn
from transformers import AutoModel, BatchEncoding

from chat import Chat, positions
from peer import Progress, arguments, read

given = arguments(__doc__)
settings = given.settings
clip, dual_clip = settings["clip"], settings["dual.clip"]
chat = Chat(given)
policy = chat.policy()


class Critic(nn.Module):
    """The first layers of the policy's checkpoint, with a head that starts at zero."""

    def __init__(self):
        super().__init__()
        self.backbone = AutoModel.from_pretrained(
            given.model, num_hidden_layers=settings["critic.layers"], dtype=torch.float32
        )
        self.score = nn.Linear(self.backbone.config.hidden_size, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)

    def forward(self, prompts: BatchEncoding) -> torch.Tensor:
        """The logit at the last token of each prompt."""
        with chat.autocast():
            hidden = self.backbone(
                **prompts, position_ids=positions(prompts["attention_mask"]), use_cache=False
            ).last_hidden_state
        return self.score(hidden[:, -1].float()).squeeze(1)


def log_probs(prompts: BatchEncoding, responses: torch.Tensor) -> torch.Tensor:
    """Log-probabilities [B, R] of the tokens of responses [B, R]."""
    mask = F.pad(prompts["attention_mask"], (0, responses.shape[1]), value=1)
    with chat.autocast():
        logits = policy(
            input_ids=torch.cat((prompts["input_ids"], responses), dim=1),
            attention_mask=mask,
            position_ids=positions(mask),
            logits_to_keep=responses.shape[1] + 1,
            use_cache=False,
        ).logits
    logits = logits[:, :-1].float() / chat.temperature
    return -F.cross_entropy(logits.transpose(1, 2), responses, reduction="none")


def optimizer(model: nn.Module, of: str) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        model.parameters(),
        lr=settings[f"{of}.learning.rate"],
        betas=(settings["adam.beta1"], settings["adam.beta2"]),
        eps=settings["adam.epsilon"],
        weight_decay=settings[f"{of}.weight.decay"],
        fused=True,
    )


def update(model: nn.Module, optimizer: torch.optim.AdamW, loss: torch.Tensor, of: str):
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), settings[f"{of}.max.gradient.norm"])
    optimizer.step()


def rows(prompts: BatchEncoding, part: torch.Tensor) -> BatchEncoding:
    return BatchEncoding({name: tensor[part] for name, tensor in prompts.items()})


critic = Critic()
policy_optimizer = optimizer(policy, "policy")
critic_optimizer = optimizer(critic, "critic")
batches = read(given.problems / "train.jsonl")
progress = Progress(given, chat.accuracy)
progress.start(policy)
for step, batch in enumerate(batches, start=1):
    prompts = chat.encode(batch["prompts"])
    responses, behaviour = chat.sample(policy, prompts)
    rewards = chat.rewards(responses, batch["answers"])
    # Tokens after the end are masked.
    mask = ((responses == chat.end).cumsum(1) - (responses == chat.end).int() == 0).float()

    # The advantage of every token of a response: A = R - V(s).
    with torch.no_grad():
        advantages = rewards - critic(prompts).sigmoid()

    order = torch.randperm(len(rewards))
    for part in order.chunk(settings["mini.batches"]):
        loss = F.binary_cross_entropy_with_logits(critic(rows(prompts, part)), rewards[part])
        update(critic, critic_optimizer, loss, "critic")

    for part in order.chunk(settings["mini.batches"]):
        # The clipped loss of PPO with dual clip, the mean over all tokens of the mini-batch.
        a = advantages[part, None]
        ratio = (log_probs(rows(prompts, part), responses[part]) - behaviour[part]).clamp(-20, 20).exp()
        losses = torch.maximum(-a * ratio, -a * ratio.clamp(1 - clip, 1 + clip))
        losses = torch.where(a < 0, torch.minimum(losses, -dual_clip * a), losses)
        loss = (losses * mask[part]).sum() / mask[part].sum()
        update(policy, policy_optimizer, loss, "policy")

    progress.step_done(step, lambda: policy)
progress.report("torch", "transformers")
