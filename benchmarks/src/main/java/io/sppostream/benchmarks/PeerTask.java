package io.sppostream.benchmarks;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A task on which {@link Peers} compares.
 *
 * @param preset preset of the settings; null for the default configuration
 * @param rollouts of a run, unless another number is given
 * @param repetitions rounds, unless another number is given
 * @param levels the accuracies whose times are reported
 * @param lastEvaluations the accuracy of a run is the mean of this many last evaluations
 * @param grid learning rates to search
 * @param rates the learning rate of each contestant
 * @param scripts the script of each peer
 */
record PeerTask(
        String name,
        @Nullable Path preset,
        int rollouts,
        int repetitions,
        List<Double> levels,
        int lastEvaluations,
        List<Double> grid,
        Map<Contestant, Double> rates,
        Map<Contestant, String> scripts) {

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

    /** The default run of {@code ./sppo train}. One evaluation is a sample of 1,000 answers, .015 either way. */
    static final PeerTask ADDITION = new PeerTask(
            "addition",
            null,
            245_760,
            3,
            List.of(0.5, 0.6),
            5,
            List.of(1e-4, 2e-4, 5e-4, 1e-3),
            rates(5e-4, 5e-4, 2e-4),
            Map.of(Contestant.PYTORCH, "pytorch_sppo.py", Contestant.TRL, "trl_grpo.py"));

    /** SmolLM2-135M-Instruct learns to add: the preset of that name. */
    static final PeerTask SMOLLM2_ARITHMETIC = new PeerTask(
            "smollm2-arithmetic",
            Path.of("presets/smollm2-arithmetic"),
            1_920,
            1,
            List.of(0.5, 0.7),
            1,
            List.of(1e-5, 2e-5, 5e-5),
            rates(2e-5, 2e-5, 2e-5),
            Map.of(Contestant.PYTORCH, "pytorch_chat_sppo.py", Contestant.TRL, "trl_chat_grpo.py"));

    private static final List<PeerTask> ALL = List.of(ADDITION, SMOLLM2_ARITHMETIC);

    private static Map<Contestant, Double> rates(double ours, double pytorch, double trl) {
        return Map.of(
                Contestant.SPPO_STREAM_0, ours,
                Contestant.SPPO_STREAM_1, ours,
                Contestant.PYTORCH, pytorch,
                Contestant.TRL, trl);
    }

    /** Whether it needs a pretrained model from outside. */
    boolean needsModel() {
        return preset != null;
    }

    double rate(Contestant contestant) {
        return Objects.requireNonNull(rates.get(contestant));
    }

    String script(Contestant peer) {
        return Objects.requireNonNull(scripts.get(peer));
    }

    /** Finds a task by its name on the command line. */
    static final class Converter implements ITypeConverter<PeerTask> {
        @Override
        public PeerTask convert(String name) {
            return ALL.stream()
                    .filter(task -> task.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("there is no task '" + name + "'; there are: "
                            + ALL.stream().map(PeerTask::name).collect(Collectors.joining(", "))));
        }
    }
}
