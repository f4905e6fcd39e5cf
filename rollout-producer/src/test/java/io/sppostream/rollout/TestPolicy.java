package io.sppostream.rollout;

import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Message;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;

/** A random policy over digits, + and =, with 16 positions; and prompts for it. */
final class TestPolicy {
    static final int END = 12;

    private static final ModelConfig CONFIG = new ModelConfig(13, 16, 2, 2, 2, 24, 16, true, 1e-6, 10_000);

    private static final String TOKENIZER = """
            {
              "version": "1.0",
              "added_tokens": [
                {"id": 12, "content": "<|end|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}
              ],
              "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": false},
              "decoder": {"type": "Fuse"},
              "model": {
                "type": "WordLevel",
                "vocab": {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9, "+": 10, "=": 11, "<|end|>": 12},
                "unk_token": "<|end|>"
              }
            }
            """;

    private TestPolicy() {}

    /** Writes the policy as a checkpoint. */
    static Checkpoint write(Path directory) throws IOException {
        Files.writeString(directory.resolve("tokenizer.json"), TOKENIZER);
        Files.writeString(directory.resolve("generation_config.json"), "{\"eos_token_id\": " + END + "}");
        try (PolicyModel model = PolicyModel.random(CONFIG, 1, ModelSettings.cpu());
                FileChannel out = FileChannel.open(
                        directory.resolve("model.safetensors"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            Files.writeString(directory.resolve("config.json"), model.configJson());
            model.writeWeights(out);
        }
        return Checkpoint.open(directory);
    }

    static Prompt prompt(String requestId, String question, int samples) {
        return Prompt.newBuilder()
                .setRequestId(requestId)
                .setPromptId("p/" + question)
                .setDataset("addition")
                .setMessages(List.of(new Message("user", question)))
                .setReference("42")
                .setSamples(samples)
                .setReleasedAt(Instant.EPOCH)
                .build();
    }

    /** A follow-up that continues a prefix of the first rollout of {@code r-1}. */
    static Prompt followUp(String hash, RequestPurpose purpose, int samples, Integer... prefix) {
        return Prompt.newBuilder(prompt("r-1", "1+2=", samples))
                .setFollowUp(new FollowUpRequest(
                        "r-1~" + hash, purpose, prefix.length == 0 ? null : "r-1/0", List.of(prefix)))
                .build();
    }
}
