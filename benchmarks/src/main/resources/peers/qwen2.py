"""A small Qwen2 for the CPU: training, scoring and sampling with a key-value cache.

Every batch here has prompts of one length, so that neither padding nor attention masks are needed.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn


class Layer(nn.Module):
    """A decoder layer. Matrices that multiply the same input are fused: q, k and v; gate and up."""

    def __init__(self, hidden: int, heads: int, kv_heads: int, intermediate: int, eps: float):
        super().__init__()
        self.heads, self.kv_heads, self.size, self.eps = heads, kv_heads, hidden // heads, eps
        self.attention_norm = nn.Parameter(torch.ones(hidden))
        self.qkv = nn.Linear(hidden, (heads + 2 * kv_heads) * self.size)
        self.out = nn.Linear(hidden, hidden, bias=False)
        self.mlp_norm = nn.Parameter(torch.ones(hidden))
        self.gate_up = nn.Linear(hidden, 2 * intermediate, bias=False)
        self.down = nn.Linear(intermediate, hidden, bias=False)

    def forward(self, x, cos, sin, cache=None, start=0):
        """x: [B, T, hidden] at positions start..start+T; cache: keys and values [2, B, kv_heads, length, size]."""
        batch, length, _ = x.shape
        qkv = self.qkv(F.rms_norm(x, x.shape[-1:], self.attention_norm, self.eps))
        qkv = qkv.view(batch, length, -1, self.size).transpose(1, 2)
        qk, v = qkv.split([self.heads + self.kv_heads, self.kv_heads], dim=1)
        first, second = qk.chunk(2, dim=-1)
        qk = qk * cos + torch.cat((-second, first), dim=-1) * sin
        q, k = qk.split([self.heads, self.kv_heads], dim=1)
        if cache is not None:
            cache[0, :, :, start : start + length] = k
            cache[1, :, :, start : start + length] = v
            k, v = cache[:, :, :, : start + length]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=length > 1, enable_gqa=True)
        x = x + self.out(y.transpose(1, 2).reshape(batch, length, -1))
        gate, up = self.gate_up(F.rms_norm(x, x.shape[-1:], self.mlp_norm, self.eps)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Qwen2(nn.Module):
    """The policy: logits over the vocabulary from the tied embedding. With score=True, the critic: one logit."""

    def __init__(self, config: dict, score: bool = False):
        super().__init__()
        self.eps = config["rms_norm_eps"]
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        self.embedding = nn.Embedding(config["vocab_size"], hidden)
        self.layers = nn.ModuleList(
            Layer(hidden, heads, config["num_key_value_heads"], config["intermediate_size"], self.eps)
            for _ in range(config["num_hidden_layers"])
        )
        self.norm = nn.Parameter(torch.ones(hidden))
        self.score = nn.Linear(hidden, 1) if score else None
        size = hidden // heads
        angles = torch.outer(
            torch.arange(config["max_position_embeddings"]),
            config["rope_theta"] ** (-torch.arange(0, size, 2) / size),
        ).repeat(1, 2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def hidden(self, ids, cache=None, start=0):
        """Last hidden states [B, T, hidden] of token ids [B, T]."""
        cos, sin = self.cos[start : start + ids.shape[1]], self.sin[start : start + ids.shape[1]]
        x = self.embedding(ids)
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, None if cache is None else cache[i], start)
        return x

    def head(self, x):
        """Logits of hidden states."""
        x = F.rms_norm(x, x.shape[-1:], self.norm, self.eps)
        return F.linear(x, self.embedding.weight) if self.score is None else self.score(x).squeeze(-1)

    def values(self, prompts):
        """The critic's logit at the last token of prompts [B, T]."""
        return self.head(self.hidden(prompts)[:, -1])

    def log_probs(self, prompts, responses):
        """Log-probabilities [B, R] of the tokens of responses [B, R] to prompts [B, T]."""
        ids = torch.cat((prompts, responses[:, :-1]), dim=1)
        logits = self.head(self.hidden(ids)[:, prompts.shape[1] - 1 :])
        return -F.cross_entropy(logits.transpose(1, 2), responses, reduction="none")

    @torch.no_grad()
    def sample(self, prompts, max_tokens: int, end: int, generator: torch.Generator):
        """Samples a response to each of prompts [B, T] at temperature 1.

        Returns responses [B, max_tokens], with end tokens after the first one, and the log-probabilities of the tokens.
        """
        batch, length = prompts.shape
        layer = self.layers[0]
        cache = torch.empty(len(self.layers), 2, batch, layer.kv_heads, length + max_tokens, layer.size)
        responses = torch.full((batch, max_tokens), end)
        log_probs = torch.zeros(batch, max_tokens)
        ended = torch.zeros(batch, dtype=torch.bool)
        ids, start = prompts, 0
        for t in range(max_tokens):
            distribution = self.head(self.hidden(ids, cache, start)[:, -1]).log_softmax(-1)
            drawn = torch.multinomial(distribution.exp(), 1, generator=generator)
            log_probs[:, t] = distribution.gather(1, drawn).squeeze(1)
            responses[:, t] = drawn.squeeze(1).masked_fill(ended, end)
            ended |= responses[:, t] == end
            ids, start = responses[:, t : t + 1], length + t
        return responses, log_probs

    def load_hugging_face(self, weights: dict):
        """Copies the tensors of a Hugging Face checkpoint."""

        def fused(prefix, names, kind):
            return torch.cat([weights[f"{prefix}{name}.{kind}"] for name in names])

        state = {"embedding.weight": weights["model.embed_tokens.weight"], "norm": weights["model.norm.weight"]}
        for i in range(len(self.layers)):
            source, target = f"model.layers.{i}.", f"layers.{i}."
            qkv = [f"self_attn.{name}_proj" for name in "qkv"]
            state |= {
                target + "attention_norm": weights[source + "input_layernorm.weight"],
                target + "qkv.weight": fused(source, qkv, "weight"),
                target + "qkv.bias": fused(source, qkv, "bias"),
                target + "out.weight": weights[source + "self_attn.o_proj.weight"],
                target + "mlp_norm": weights[source + "post_attention_layernorm.weight"],
                target + "gate_up.weight": fused(source, ["mlp.gate_proj", "mlp.up_proj"], "weight"),
                target + "down.weight": weights[source + "mlp.down_proj.weight"],
            }
        self.load_state_dict(state)
        return self

    def initialise(self, generator: torch.Generator):
        """Fresh weights, as GPT-2's: deviation 0.02 sqrt(768 / hidden), less for what is added to the residual."""
        deviation = 0.02 * math.sqrt(768 / self.embedding.embedding_dim)
        nn.init.normal_(self.embedding.weight, 0, 0.02, generator)
        for layer in self.layers:
            nn.init.zeros_(layer.qkv.bias)
            for linear in (layer.qkv, layer.gate_up):
                nn.init.normal_(linear.weight, 0, deviation, generator)
            for linear in (layer.out, layer.down):
                nn.init.normal_(linear.weight, 0, deviation / math.sqrt(2 * len(self.layers)), generator)
        if self.score is not None:
            nn.init.zeros_(self.score.weight)
            nn.init.zeros_(self.score.bias)
        return self


def load(folder: Path) -> Qwen2:
    """Loads a checkpoint folder in Hugging Face layout."""
    config = json.loads((folder / "config.json").read_text())
    return Qwen2(config).load_hugging_face(load_file(folder / "model.safetensors"))
