package io.sppostream.advantage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.TestInfo;

/**
 * Runs one scenario with many seeds. {@code -Dsimulation.seeds=N} sets their number, {@code -Dsimulation.seed=N} the
 * first one. A failure names the seed and the command that reproduces it.
 */
final class Simulation {
    private static final long FIRST = Long.getLong("simulation.seed", 1);

    /** With so many seeds, each fault of a scenario must have happened. */
    private static final int ENOUGH = 20;

    private Simulation() {}

    /**
     * Runs a scenario.
     *
     * @param seeds how many, unless the property says otherwise
     * @param faults of the scenario; each must happen with at least one seed, if enough are tried
     * @param world runs with a seed, verifies its invariants, and returns the faults that happened
     */
    static <F extends Enum<F>> void run(TestInfo scenario, long seeds, Set<F> faults, LongFunction<Set<F>> world) {
        long count = Long.getLong("simulation.seeds", seeds);
        Set<F> missing = EnumSet.copyOf(faults);
        LongStream.range(FIRST, FIRST + count).forEach(seed -> {
            try {
                missing.removeAll(world.apply(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "With seed " + seed + ", " + e.getMessage() + "\nReproduce it: " + command(scenario, seed), e);
            }
        });
        if (count >= ENOUGH) {
            assertThat(missing)
                    .as("faults that happened with none of %d seeds", count)
                    .isEmpty();
        }
    }

    private static String command(TestInfo scenario, long seed) {
        return "mvn -o -pl advantage-stream -am test -Dsurefire.failIfNoSpecifiedTests=false -Dtest="
                + scenario.getTestClass().orElseThrow().getSimpleName() + "#"
                + scenario.getTestMethod().orElseThrow().getName() + " -Dsimulation.seed=" + seed
                + " -Dsimulation.seeds=1";
    }
}
