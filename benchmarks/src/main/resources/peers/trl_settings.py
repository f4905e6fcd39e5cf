"""The settings of a run as those of TRL's GRPO."""

from trl import GRPOConfig

GROUP = 8  # Responses to a prompt.


def grpo_config(settings: dict, folder: str, bf16: bool) -> GRPOConfig:
    """A step of the run is as many optimizer steps as it has mini-batches."""
    mini_batches = settings["mini.batches"]
    return GRPOConfig(
        output_dir=folder,
        seed=settings["seed"],
        use_cpu=True,
        bf16=bf16,
        max_steps=settings["steps"] * mini_batches,
        per_device_train_batch_size=settings["batch.size"] // mini_batches,
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
