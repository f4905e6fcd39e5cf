"""TRL's GRPO on the same problems, from the same checkpoint: groups of 8 responses to a prompt, without a critic.

A step has as many rollouts and optimizer steps as one of ./sppo train, with prompts in the same order. What TRL leaves
to its users is set for speed: fused AdamW, no checkpointing of gradients, no logging.
"""

import tempfile

from datasets import Dataset
from transformers import PreTrainedTokenizerFast, Qwen2ForCausalLM, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

import qwen2
from peer import Progress, arguments, read

GROUP = 8

given = arguments(__doc__)
settings = given.settings
batch, mini_batches = settings["batch.size"], settings["mini.batches"]

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
        self.progress = Progress(given)
        self.evaluated = qwen2.load(given.model)

    def policy(self) -> qwen2.Qwen2:
        return self.evaluated.load_hugging_face(model.state_dict())

    def on_train_begin(self, *_, **__):
        self.progress.start(self.policy())

    def on_step_end(self, _, state, *__, **___):
        if state.global_step % mini_batches == 0:
            self.progress.step_done(state.global_step // mini_batches, self.policy)


with tempfile.TemporaryDirectory() as folder:
    config = GRPOConfig(
        output_dir=folder,
        seed=settings["seed"],
        use_cpu=True,
        bf16=False,
        max_steps=settings["steps"] * mini_batches,
        per_device_train_batch_size=batch // mini_batches,
        steps_per_generation=mini_batches,
        num_generations=GROUP,
        shuffle_dataset=False,
        max_completion_length=settings["sampling.max.tokens"],
        temperature=settings["sampling.temperature"],
        epsilon=settings["clip"],
        beta=0.0,  # No reference model, as SPPO has none.
        learning_rate=settings["policy.learning.rate"],
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=settings["warmup.steps"] * mini_batches,
        optim="adamw_torch_fused",
        adam_beta1=settings["adam.beta1"],
        adam_beta2=settings["adam.beta2"],
        adam_epsilon=settings["adam.epsilon"],
        weight_decay=settings["policy.weight.decay"],
        max_grad_norm=settings["policy.max.gradient.norm"],
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    evaluate = Evaluate()
    GRPOTrainer(
        model, reward, args=config, train_dataset=dataset, processing_class=tokenizer, callbacks=[evaluate]
    ).train()
evaluate.progress.report("torch", "transformers", "trl")
