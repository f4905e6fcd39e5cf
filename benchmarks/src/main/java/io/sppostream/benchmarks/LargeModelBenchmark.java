package io.sppostream.benchmarks;

import io.sppostream.model.Checkpoint;
import io.sppostream.model.Completion;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.SampleRequest;
import io.sppostream.model.Sampler;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.TrainingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Measures a model of the shape of Qwen2.5-0.5B with random weights in bfloat16. Writes the checkpoint (1 GB) unless
 * the directory exists, loads it, samples, and takes one SPPO step on two sequences of 256 prompt and 1,792 response
 * tokens, all weights trained. Prints seconds and peak resident memory of each.
 *
 * <p>Argument: the directory of the checkpoint.
 */
public final class LargeModelBenchmark {

    private static final int VOCABULARY = 151_936;
    private static final int HIDDEN = 896;
    private static final int LAYERS = 24;
    private static final int INTERMEDIATE = 4864;
    private static final int KEYS = 128;
    private static final int RESPONSE = 1792;

    private LargeModelBenchmark() {}

    public static void main(String[] args) throws IOException {
        Path directory = Path.of(args.length == 0 ? "target/qwen2-0.5b-random" : args[0]);
        if (!Files.exists(directory)) {
            timed("write", () -> write(directory));
        }
        PolicyModel[] opened = new PolicyModel[1];
        timed("load", () -> opened[0] = PolicyModel.load(Checkpoint.open(directory), ModelSettings.cpu()));
        try (PolicyModel policy = opened[0];
                PolicyTrainer trainer = new PolicyTrainer(
                        policy,
                        new OptimizerSettings(0.9, 0.999, 1e-8, 0.01, 1),
                        new TrainingSettings(2048, Integer.getInteger("threads", 2), true))) {
            SplittableRandom random = new SplittableRandom(1);
            int[] first = random.ints(256, 0, VOCABULARY).toArray();
            int[] second = random.ints(256, 0, VOCABULARY).toArray();
            timed("sample 2 x 16 tokens", () -> {
                List<Completion> completions = new Sampler(policy, Set.of())
                        .sample(
                                List.of(new SampleRequest(first, 1), new SampleRequest(second, 2)),
                                new SamplingParameters(1, 1, 0, 16));
                System.out.println("  " + Arrays.toString(completions.get(0).tokens()));
            });
            List<TokenSequence> batch = List.of(
                    new TokenSequence(
                            first, random.ints(RESPONSE, 0, VOCABULARY).toArray()),
                    new TokenSequence(
                            second, random.ints(RESPONSE, 0, VOCABULARY).toArray()));
            timed("SPPO step on 2 x (256 + 1,792) tokens", () -> {
                // At ratio 1 the gradient of the clipped loss is -advantage / tokens.
                double norm = trainer.update(batch, 1, 1e-6, (i, logProbs) -> {
                            float[] gradient = new float[logProbs.length];
                            Arrays.fill(gradient, (i == 0 ? -0.5f : 0.5f) / (2 * RESPONSE));
                            return gradient;
                        })
                        .gradientNorm();
                System.out.printf(Locale.ROOT, "  gradient norm %.4f%n", norm);
            });
        }
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private static void timed(String name, Work work) throws IOException {
        long start = System.nanoTime();
        work.run();
        String peak = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .findFirst()
                .orElse("VmHWM: unknown")
                .replaceAll("\\D", "");
        System.out.printf(
                Locale.ROOT,
                "%s: %.1f s, peak resident memory so far %.2f GB%n",
                name,
                (System.nanoTime() - start) / 1e9,
                Long.parseLong(peak) * 1024 / 1e9);
    }

    private static void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(
                directory.resolve("config.json"),
                String.format(
                        Locale.ROOT,
                        "{\"architectures\": [\"Qwen2ForCausalLM\"], \"model_type\": \"qwen2\", \"vocab_size\": %d,"
                                + " \"hidden_size\": %d, \"num_hidden_layers\": %d, \"num_attention_heads\": 14,"
                                + " \"num_key_value_heads\": 2, \"intermediate_size\": %d,"
                                + " \"max_position_embeddings\": 32768, \"tie_word_embeddings\": true,"
                                + " \"rms_norm_eps\": 1e-6, \"rope_theta\": 1000000.0, \"torch_dtype\": \"bfloat16\","
                                + " \"eos_token_id\": 151643}",
                        VOCABULARY,
                        HIDDEN,
                        LAYERS,
                        INTERMEDIATE));
        Files.writeString(
                directory.resolve("tokenizer.json"),
                "{\"version\": \"1.0\", \"added_tokens\": [], \"model\": {\"type\": \"WordLevel\","
                        + " \"vocab\": {\"a\": 0}, \"unk_token\": \"a\"}}");
        Map<String, long[]> shapes = shapes();
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        long at = 0;
        for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
            long end = at + 2 * Arrays.stream(tensor.getValue()).reduce(1, (a, b) -> a * b);
            header.append(String.format(
                    Locale.ROOT,
                    ",\"%s\":{\"dtype\":\"BF16\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                    tensor.getKey(),
                    Arrays.toString(tensor.getValue()),
                    at,
                    end));
            at = end;
        }
        byte[] text = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        try (FileChannel out = FileChannel.open(
                directory.resolve("model.safetensors"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
            out.write(buffer.putLong(text.length).put(text).flip());
            SplittableRandom random = new SplittableRandom(1);
            for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
                double mean = tensor.getKey().endsWith("norm.weight") ? 1 : 0;
                double deviation = mean == 1 || tensor.getKey().endsWith("bias") ? 0 : 0.02;
                long left = Arrays.stream(tensor.getValue()).reduce(1, (a, b) -> a * b);
                while (left > 0) {
                    buffer.clear();
                    for (; left > 0 && buffer.hasRemaining(); left--) {
                        // Uniform with the same deviation: a Gaussian takes three times as long.
                        double value = mean + deviation * Math.sqrt(12) * (random.nextInt() * 0x1p-32);
                        buffer.putShort((short) (Float.floatToIntBits((float) value) >>> 16));
                    }
                    buffer.flip();
                    while (buffer.hasRemaining()) {
                        out.write(buffer);
                    }
                }
            }
        }
    }

    private static Map<String, long[]> shapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", new long[] {VOCABULARY, HIDDEN});
        for (int layer = 0; layer < LAYERS; layer++) {
            String name = "model.layers." + layer + ".";
            shapes.put(name + "input_layernorm.weight", new long[] {HIDDEN});
            shapes.put(name + "self_attn.q_proj.weight", new long[] {HIDDEN, HIDDEN});
            shapes.put(name + "self_attn.q_proj.bias", new long[] {HIDDEN});
            shapes.put(name + "self_attn.k_proj.weight", new long[] {KEYS, HIDDEN});
            shapes.put(name + "self_attn.k_proj.bias", new long[] {KEYS});
            shapes.put(name + "self_attn.v_proj.weight", new long[] {KEYS, HIDDEN});
            shapes.put(name + "self_attn.v_proj.bias", new long[] {KEYS});
            shapes.put(name + "self_attn.o_proj.weight", new long[] {HIDDEN, HIDDEN});
            shapes.put(name + "post_attention_layernorm.weight", new long[] {HIDDEN});
            shapes.put(name + "mlp.gate_proj.weight", new long[] {INTERMEDIATE, HIDDEN});
            shapes.put(name + "mlp.up_proj.weight", new long[] {INTERMEDIATE, HIDDEN});
            shapes.put(name + "mlp.down_proj.weight", new long[] {HIDDEN, INTERMEDIATE});
        }
        shapes.put("model.norm.weight", new long[] {HIDDEN});
        return shapes;
    }
}
