"""TRL's GRPO on the same problems, from the same checkpoint: groups of 8 responses to a prompt, without a critic.

A step has as many rollouts and optimizer steps as one of ./sppo train, with prompts in the same order. What TRL leaves
to its users is set for speed: fused AdamW, no checkpointing of gradients, no logging.
"""

import tempfile

from datasets import Dataset
from transformers import PreTrainedTokenizerFast, Qwen2ForCausalLM, TrainerCallback
from trl import GRPOTrainer

import qwen2
from characters import HeldOut
from peer import Progress, arguments, read
from trl_settings import GROUP, grpo_config

given = arguments(__doc__)
settings = given.settings
mini_batches = settings["mini.batches"]

problems = read(given.problems / "train.jsonl")
columns = {
    "prompt": [prompt for step in problems for prompt in step["prompts"]],
    "answer": [answer for step in problems for answer in step["answers"]],
}
dataset = Dataset.from_dict({name: column[: len(column) // GROUP] for name, column in columns.items()})
tokenizer = PreTrainedTokenizerFast(
    tokenizer_file=str(given.model / "tokenizer.json"), eos_token="<|end|>", pad_token="<|end|>"
)
model = Qwen2ForCausalLM.from_pretrained(given.model)


def reward(completions: list[str], answer: list[str], **_) -> list[float]:
    """1 if the response is the answer. One that is cut off before its end token is longer than any answer."""
    return [float(completion == expected) for completion, expected in zip(completions, answer)]


class Evaluate(TrainerCallback):
    """Evaluates with the sampler of qwen2.py, which is faster than generate()."""

    def __init__(self):
        self.progress = Progress(given, HeldOut(given))
        self.evaluated = qwen2.load(given.model)

    def policy(self) -> qwen2.Qwen2:
        return self.evaluated.load_hugging_face(model.state_dict())

    def on_train_begin(self, *_, **__):
        self.progress.start(self.policy())

    def on_step_end(self, _, state, *__, **___):
        if state.global_step % mini_batches == 0:
            self.progress.step_done(state.global_step // mini_batches, self.policy)


with tempfile.TemporaryDirectory() as folder:
    evaluate = Evaluate()
    GRPOTrainer(
        model,
        reward,
        args=grpo_config(settings, folder, bf16=False),
        train_dataset=dataset,
        processing_class=tokenizer,
        callbacks=[evaluate],
    ).train()
evaluate.progress.report("torch", "transformers", "trl")
