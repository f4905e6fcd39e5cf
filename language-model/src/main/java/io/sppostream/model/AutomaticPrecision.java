package io.sppostream.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The precision that {@code precision: auto} chooses, and why.
 *
 * @param reason the rest of a sentence that begins with the precision: "bf16, since ..."
 */
public record AutomaticPrecision(ModelSettings.Precision precision, String reason) {

    private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

    /** What Linux calls instructions that multiply in bfloat16. */
    private static final Set<String> INSTRUCTIONS = Set.of("amx_bf16", "avx512_bf16");

    /**
     * Chooses bfloat16 if the device multiplies in it natively and the model is large enough to gain from it: more than 16.8
     * million parameters. Smaller models stay in single precision, where results are the same in every batch.
     *
     * @param device as in {@link ModelSettings}
     */
    public static AutomaticPrecision of(String device, ModelConfig config) {
        return of(device, config, device.equals("cpu") ? instructions() : Set.of());
    }

    static AutomaticPrecision of(String device, ModelConfig config, Set<String> instructions) {
        if (!LargeModels.isLarge(config)) {
            return new AutomaticPrecision(
                    ModelSettings.Precision.FLOAT32, "since a model of this size gains nothing from bf16");
        }
        if (!device.equals("cpu")) {
            return new AutomaticPrecision(ModelSettings.Precision.BFLOAT16, "since the model runs on a GPU");
        }
        if (instructions.isEmpty()) {
            return new AutomaticPrecision(
                    ModelSettings.Precision.FLOAT32,
                    "since the processor has neither AMX nor AVX512-BF16, or the system does not tell");
        }
        return new AutomaticPrecision(
                ModelSettings.Precision.BFLOAT16,
                "since the processor has " + instructions.stream().sorted().collect(Collectors.joining(" and ")));
    }

    /** The instructions of this processor that multiply in bfloat16, as Linux names them. */
    private static Set<String> instructions() {
        if (!Files.isReadable(PROCESSOR)) {
            return Set.of();
        }
        try (Stream<String> lines = Files.lines(PROCESSOR)) {
            return lines.filter(line -> line.startsWith("flags"))
                    .limit(1)
                    .flatMap(line -> Arrays.stream(line.split("\\s+")))
                    .filter(INSTRUCTIONS::contains)
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
