"""TRL's GRPO for a pretrained model on the same problems: groups of 8 responses to a prompt, without a critic.

A step has as many rollouts and optimizer steps as one of ./sppo train, with prompts in the same order. What TRL leaves
to its users is set for speed: fused AdamW, no checkpointing of gradients, no logging.
"""

import tempfile

from datasets import Dataset
from transformers import TrainerCallback
from trl import GRPOTrainer

from chat import Chat, is_correct, messages
from peer import Progress, arguments, read
from trl_settings import GROUP, grpo_config

given = arguments(__doc__)
settings = given.settings
chat = Chat(given)
policy = chat.policy()

problems = read(given.problems / "train.jsonl")
columns = {
    "prompt": [messages(prompt) for step in problems for prompt in step["prompts"]],
    "answer": [answer for step in problems for answer in step["answers"]],
}
dataset = Dataset.from_dict({name: column[: len(column) // GROUP] for name, column in columns.items()})


def reward(completions: list[list[dict]], completion_ids: list[list[int]], answer: list[str], **_) -> list[float]:
    return [
        float(is_correct(completion[0]["content"], expected, chat.end in ids))
        for completion, ids, expected in zip(completions, completion_ids, answer)
    ]


class Evaluate(TrainerCallback):
    """Evaluates with the sampler of the hand-written loop."""

    def __init__(self):
        self.progress = Progress(given, chat.accuracy)

    def on_train_begin(self, *_, **__):
        self.progress.start(policy)

    def on_step_end(self, _, state, *__, **___):
        mini_batches = settings["mini.batches"]
        if state.global_step % mini_batches == 0:
            self.progress.step_done(state.global_step // mini_batches, lambda: policy)


with tempfile.TemporaryDirectory() as folder:
    evaluate = Evaluate()
    GRPOTrainer(
        policy,
        reward,
        args=grpo_config(settings, folder, bf16=chat.bf16),
        train_dataset=dataset,
        processing_class=chat.tokenizer,
        callbacks=[evaluate],
    ).train()
evaluate.progress.report("torch", "transformers", "trl")
