package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.TrainingSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Times a training step of a model of the shape of SmolLM2-135M with random weights: forward, backward and AdamW, in
 * single precision and with products in bfloat16. transformers does the same beside it, in single precision and under
 * autocast.
 */
@Command(
        name = "training",
        description = {
            "Time a training step of a model of the shape of SmolLM2-135M beside transformers, fp32 and bf16.",
            "Needs Python 3.11 or later; installs torch and transformers in the user's cache the first time."
        },
        mixinStandardHelpOptions = true)
final class TrainingSpeed implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ModelConfig SHAPE = new ModelConfig(49_152, 576, 30, 9, 3, 1536, 2048, true, 1e-5, 100_000);
    private static final OptimizerSettings ADAM = new OptimizerSettings(0.9, 0.999, 1e-8, 0.01, 1);

    @Option(names = "--rows", defaultValue = "16", description = "Sequences (default: ${DEFAULT-VALUE}).")
    private int rows;

    @Option(names = "--tokens", defaultValue = "72", description = "Tokens of a sequence (default: ${DEFAULT-VALUE}).")
    private int tokens;

    @Option(names = "--threads", defaultValue = "2", description = "Threads of both sides (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(names = "--checkpointing", description = "With gradient checkpointing on our side.")
    private boolean checkpointing;

    @Option(
            names = "--micro-batch-tokens",
            defaultValue = "4096",
            description = "Most tokens of a micro-batch on our side (default: ${DEFAULT-VALUE}).")
    private int microBatchTokens;

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Option(names = "--repetitions", defaultValue = "3", description = "Of each; medians are printed.")
    private int repetitions;

    @Option(names = "--without-peer", description = "Only our side.")
    private boolean withoutPeer;

    @Mixin
    private PeerScripts scripts = new PeerScripts();

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader(
                "training --rows %d --tokens %d --threads %d --device %s", rows, tokens, threads, device);
        double single = seconds(ModelSettings.Precision.FLOAT32);
        double half = seconds(ModelSettings.Precision.BFLOAT16);
        System.out.printf(Locale.ROOT, "ours         step fp32 %.2f s, bf16 %.2f s%n", single, half);
        System.out.printf(
                "memory       peak resident %s%n",
                BenchmarkTools.peakResident(ProcessHandle.current()).orElse("?"));
        if (!withoutPeer) {
            JsonNode peer = peer();
            System.out.printf(
                    Locale.ROOT,
                    "transformers torch %s, step fp32 %.2f s, bf16 %.2f s; forward and backward %.2f and %.2f s%n",
                    peer.get("version").asText(),
                    peer.at("/fp32/step").asDouble(),
                    peer.at("/bf16/step").asDouble(),
                    peer.at("/fp32/forward_backward").asDouble(),
                    peer.at("/bf16/forward_backward").asDouble());
            System.out.printf(
                    Locale.ROOT,
                    "ratio        of steps: fp32 %.2f, bf16 %.2f%n",
                    single / peer.at("/fp32/step").asDouble(),
                    half / peer.at("/bf16/step").asDouble());
        }
        return 0;
    }

    private double seconds(ModelSettings.Precision precision) {
        SplittableRandom random = new SplittableRandom(1);
        List<TokenSequence> batch = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            batch.add(new TokenSequence(
                    random.ints(1, 0, SHAPE.vocabularySize()).toArray(),
                    random.ints(tokens, 0, SHAPE.vocabularySize()).toArray()));
        }
        TrainingSettings settings = new TrainingSettings(microBatchTokens, threads, checkpointing);
        float slope = -1f / (rows * tokens);
        try (PolicyModel policy = PolicyModel.random(SHAPE, 1, device.settings(precision));
                PolicyTrainer trainer = new PolicyTrainer(policy, ADAM, settings)) {
            List<Double> seconds = new ArrayList<>();
            for (int i = -1; i < repetitions; i++) {
                long start = System.nanoTime();
                trainer.update(batch, 1, 1e-6, (row, logProbs) -> {
                    float[] gradient = new float[logProbs.length];
                    Arrays.fill(gradient, slope);
                    return gradient;
                });
                if (i >= 0) {
                    seconds.add((System.nanoTime() - start) / 1e9);
                }
            }
            return BenchmarkTools.median(seconds);
        }
    }

    private JsonNode peer() throws IOException, InterruptedException {
        Map<String, Object> config = Map.of(
                "vocab_size", SHAPE.vocabularySize(),
                "hidden_size", SHAPE.hiddenSize(),
                "num_hidden_layers", SHAPE.layers(),
                "num_attention_heads", SHAPE.heads(),
                "num_key_value_heads", SHAPE.keyValueHeads(),
                "intermediate_size", SHAPE.intermediateSize(),
                "tie_word_embeddings", true);
        return scripts.run(
                "training_speed.py",
                List.of(
                        "--config=" + JSON.writeValueAsString(config),
                        "--rows=" + rows,
                        "--tokens=" + tokens,
                        "--threads=" + threads,
                        device.ofPeers(),
                        "--repetitions=" + repetitions));
    }
}
