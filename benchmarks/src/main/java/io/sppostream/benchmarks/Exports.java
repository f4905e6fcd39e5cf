package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.LoraSettings;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.TokenSequence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares what transformers, or PEFT, computes from an export with what this program does. */
@Command(
        name = "exports",
        description = {
            "Load in transformers what ./sppo export has written, an adapter in PEFT, and compare log-probabilities.",
            "Needs Python 3.11 or later; installs torch, transformers and PEFT in the user's cache the first time."
        },
        mixinStandardHelpOptions = true)
final class Exports implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SEQUENCES = 16;
    private static final int LONGEST = 48;

    @Parameters(paramLabel = "DIR", description = "Folder of the checkpoint, or of the adapter.")
    private Path export = Path.of("");

    @Option(names = "--base", paramLabel = "MODEL", description = "Checkpoint that an adapter belongs to.")
    private @Nullable Path base;

    @Option(
            names = "--tolerance",
            defaultValue = "1e-4",
            description = "Largest difference of two log-probabilities (default: ${DEFAULT-VALUE}).")
    private double tolerance;

    @Mixin
    private PeerScripts scripts = new PeerScripts();

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader("exports %s", export);
        scripts.install();
        Checkpoint checkpoint = Checkpoint.open(base == null ? export : base);
        List<TokenSequence> sequences = sequences(checkpoint);
        float[][] ours = logProbs(checkpoint, sequences);
        JsonNode theirs = transformers(sequences);
        double largest = largestDifference(ours, theirs.get("log_probs"));
        System.out.printf(
                Locale.ROOT,
                "%s of transformers, vocabulary %d: largest difference of %d log-probabilities %.2e%n",
                theirs.get("class").asText(),
                theirs.get("vocabulary").asInt(),
                Stream.of(ours).mapToInt(row -> row.length).sum(),
                largest);
        return largest <= tolerance ? 0 : 1;
    }

    private float[][] logProbs(Checkpoint checkpoint, List<TokenSequence> sequences) throws IOException {
        LoraSettings adapter = null;
        if (base != null) {
            JsonNode config =
                    JSON.readTree(export.resolve("adapter_config.json").toFile());
            adapter = new LoraSettings(
                    config.path("r").asInt(), config.path("lora_alpha").asDouble(), 0);
        }
        try (PolicyModel model =
                PolicyModel.load(checkpoint, ModelSettings.cpu().withAdapter(adapter))) {
            if (adapter != null) {
                model.readAdapter(export);
            }
            return model.logProbs(sequences, 1);
        }
    }

    /** Random tokens: prompts of different lengths, and responses that fill the rest. */
    private static List<TokenSequence> sequences(Checkpoint checkpoint) {
        SplittableRandom random = new SplittableRandom(1);
        int vocabulary = checkpoint.config().vocabularySize();
        int length = Math.min(LONGEST, checkpoint.config().maxPositions());
        return Stream.generate(() -> {
                    int prompt = 1 + random.nextInt(length - 1);
                    return new TokenSequence(
                            random.ints(prompt, 0, vocabulary).toArray(),
                            random.ints(length - prompt, 0, vocabulary).toArray());
                })
                .limit(SEQUENCES)
                .toList();
    }

    private JsonNode transformers(List<TokenSequence> sequences) throws IOException, InterruptedException {
        Path input = Files.createTempFile("sppo-exports", ".json");
        try {
            JSON.writeValue(
                    input.toFile(),
                    sequences.stream()
                            .map(each -> Map.of("prompt", each.prompt(), "response", each.response()))
                            .toList());
            List<String> arguments = new ArrayList<>();
            arguments.add("--checkpoint=" + (base == null ? export : base));
            arguments.add("--sequences=" + input);
            if (base != null) {
                arguments.add("--adapter=" + export);
            }
            return scripts.run("log_probs.py", arguments);
        } finally {
            Files.delete(input);
        }
    }

    private static double largestDifference(float[][] ours, JsonNode theirs) {
        double largest = 0;
        for (int i = 0; i < ours.length; i++) {
            for (int t = 0; t < ours[i].length; t++) {
                double difference = Math.abs(ours[i][t] - theirs.get(i).get(t).asDouble());
                largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
            }
        }
        return largest;
    }
}
