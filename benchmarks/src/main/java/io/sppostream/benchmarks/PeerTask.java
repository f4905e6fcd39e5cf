package io.sppostream.benchmarks;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A task on which {@link Peers} compares. */
enum PeerTask {
    /** The default run of {@code ./sppo train}. */
    ADDITION(
            null,
            245_760,
            3,
            List.of(0.5, 0.6),
            // One evaluation is a sample of 1,000 answers, .015 either way.
            5,
            List.of(1e-4, 2e-4, 5e-4, 1e-3),
            new Rates(5e-4, 5e-4, 2e-4),
            "pytorch_sppo.py",
            "trl_grpo.py"),

    /** SmolLM2-135M-Instruct learns to add: the preset of that name. */
    SMOLLM2_ARITHMETIC(
            Path.of("presets/smollm2-arithmetic"),
            1_920,
            1,
            List.of(0.5, 0.7),
            1,
            List.of(1e-5, 2e-5, 5e-5),
            new Rates(2e-5, 2e-5, 2e-5),
            "pytorch_chat_sppo.py",
            "trl_chat_grpo.py");

    /** The learning rates of {@code ./sppo train}, of PyTorch and of TRL: for each the best of the grid. */
    private record Rates(double ours, double pytorch, double trl) {}

    /** What is compared. */
    enum Contestant {
        SPPO_STREAM_0("SPPO Stream, K = 0"),
        SPPO_STREAM_1("SPPO Stream, K = 1"),
        PYTORCH("PyTorch by hand, SPPO"),
        TRL("TRL, GRPO");

        final String title;

        Contestant(String title) {
            this.title = title;
        }

        boolean isPeer() {
            return this == PYTORCH || this == TRL;
        }
    }

    /** Preset of the settings; null for the default configuration. */
    final @Nullable Path preset;

    /** Rollouts of a run, unless another number is given. */
    final int rollouts;

    /** Rounds, unless another number is given. */
    final int repetitions;

    /** The accuracies whose times are reported. */
    final List<Double> levels;

    /** The accuracy of a run is the mean of this many last evaluations. */
    final int lastEvaluations;

    /** Learning rates to search. */
    final List<Double> grid;

    private final Rates rates;
    private final String pytorch;
    private final String trl;

    PeerTask(
            @Nullable Path preset,
            int rollouts,
            int repetitions,
            List<Double> levels,
            int lastEvaluations,
            List<Double> grid,
            Rates rates,
            String pytorch,
            String trl) {
        this.preset = preset;
        this.rollouts = rollouts;
        this.repetitions = repetitions;
        this.levels = levels;
        this.lastEvaluations = lastEvaluations;
        this.grid = grid;
        this.rates = rates;
        this.pytorch = pytorch;
        this.trl = trl;
    }

    String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether it needs a pretrained model from outside. */
    boolean needsModel() {
        return preset != null;
    }

    double rate(Contestant contestant) {
        return switch (contestant) {
            case SPPO_STREAM_0, SPPO_STREAM_1 -> rates.ours;
            case PYTORCH -> rates.pytorch;
            case TRL -> rates.trl;
        };
    }

    /** The script of a peer. */
    String script(Contestant peer) {
        return switch (peer) {
            case PYTORCH -> pytorch;
            case TRL -> trl;
            case SPPO_STREAM_0, SPPO_STREAM_1 -> throw new IllegalArgumentException(peer.title + " has no script");
        };
    }

    /** Reads an {@link #id()} on the command line. */
    static final class Converter implements ITypeConverter<PeerTask> {
        @Override
        public PeerTask convert(String id) {
            return Arrays.stream(values())
                    .filter(task -> task.id().equals(id))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("there is no task '" + id + "'; there are: "
                            + Arrays.stream(values()).map(PeerTask::id).collect(Collectors.joining(", "))));
        }
    }
}
