package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.models.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Settings of a run on the addition problems whose responses are long, although nothing is learnt: its policy is random,
 * has 20 million parameters, and knows 4,096 tokens, so that few responses end before their limit.
 */
final class LongResponses {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int VOCABULARY = 4_096;
    private static final int HIDDEN = 512;
    private static final int LAYERS = 6;
    private static final int HEADS = 8;
    private static final int KEY_VALUE_HEADS = 2;
    private static final int INTERMEDIATE = 1_408;
    private static final int PROMPT_TOKENS = 32;
    private static final int BATCH = 16;

    private LongResponses() {}

    /**
     * Writes the policy to a folder.
     *
     * @param tokens most tokens of a response
     * @return options of {@code ./sppo train} and {@code ./bench without-log}
     */
    static List<String> options(Path model, int tokens) throws IOException {
        Checkpoint addition = Models.policy(
                Configuration.load(null, Map.of(), Map.of("run", "long")).settings());
        ModelConfig config = new ModelConfig(
                VOCABULARY,
                HIDDEN,
                LAYERS,
                HEADS,
                KEY_VALUE_HEADS,
                INTERMEDIATE,
                PROMPT_TOKENS + tokens,
                true,
                1e-6,
                10_000);
        try (PolicyModel policy = PolicyModel.random(config, 1, ModelSettings.cpu())) {
            policy.save(model, addition);
        }
        Path tokenizer = model.resolve("tokenizer.json");
        ObjectNode json = (ObjectNode) JSON.readTree(tokenizer.toFile());
        ObjectNode vocabulary = (ObjectNode) json.get("model").get("vocab");
        for (int id = vocabulary.size(); id < VOCABULARY; id++) {
            vocabulary.put("word" + id, id);
        }
        Files.writeString(tokenizer, JSON.writeValueAsString(json));
        return List.of(
                "--set=model=" + model,
                "--set=sampling.max.tokens=" + tokens,
                "--set=batch.size=" + BATCH,
                "--set=rollout.max.batch=" + BATCH,
                "--set=training.micro.batch.tokens=" + (PROMPT_TOKENS + tokens),
                "--set=eval.prompts=1");
    }
}
