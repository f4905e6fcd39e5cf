package io.sppostream.benchmarks;

import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.run.Role;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.inprocess.SynchronousSppo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Kills the processes of a run with SIGKILL, one at a time or all at once, at random steps and instants, and restarts
 * them: the roles, each in its own process, and the broker. Some kills come while the run still recovers from the one
 * before. On a cluster that is running, the roles alone are killed. At the end, every rollout must have been trained on
 * exactly once or be evidence, the audit must find no fault, and the weights must be those of the undisturbed algorithm in
 * one process.
 */
@Command(
        name = "chaos",
        description = "Kill roles and broker of a K = 0 run at random; check that it ends as if undisturbed.",
        mixinStandardHelpOptions = true)
final class Chaos implements Callable<Integer> {
    private static final String RUN = "chaos";
    private static final int STEPS_BETWEEN_KILLS = 8;

    /** Most rollouts of a step. */
    private static final int BATCH = 64;

    /** One in this many kills comes while the run recovers from the one before. */
    private static final int KILLS_IN_RECOVERY = 4;

    private static final Duration RECOVERY = Duration.ofSeconds(6);
    private static final Duration STEP = Duration.ofMillis(300);

    @Option(names = "--kills", defaultValue = "200", description = "Number of kills (default: ${DEFAULT-VALUE}).")
    private int kills;

    @Option(
            names = "--seed",
            defaultValue = "1",
            description = "Seed of the victims and instants (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--estimator", defaultValue = "sppo", description = "The estimator (default: ${DEFAULT-VALUE}).")
    private String estimator = "sppo";

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A setting of the run, such as estimator.samples=4.")
    private Map<String, String> settings = Map.of();

    @Option(
            names = "--client-properties",
            paramLabel = "FILE",
            description = "Kafka client properties of a cluster that is running, its addresses among them; by default,"
                    + " the broker is an embedded one.")
    private @Nullable Path clientProperties;

    /** A process to kill, or all of them. */
    private enum Victim {
        LEARN,
        CRITIC,
        ADVANTAGE,
        VERIFY,
        ROLLOUT,
        FEED,
        BROKER,
        ALL;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A kill, as the seed decides it.
     *
     * @param inRecovery whether the run is still recovering from the kill before
     * @param steps steps that policy and critic make first; 0 in recovery
     * @param delay time after those steps
     */
    private record Kill(Victim victim, boolean inRecovery, int steps, Duration delay) {
        static Kill draw(SplittableRandom random, List<Victim> victims, boolean first) {
            Victim victim = victims.get(random.nextInt(victims.size()));
            boolean inRecovery = random.nextInt(KILLS_IN_RECOVERY) == 0 && !first;
            return new Kill(
                    victim,
                    inRecovery,
                    inRecovery ? 0 : random.nextInt(1, STEPS_BETWEEN_KILLS),
                    Duration.ofMillis(random.nextLong((inRecovery ? RECOVERY : STEP).toMillis())));
        }
    }

    private final Map<Victim, List<Double>> recoveries = new TreeMap<>();

    Chaos() {}

    Chaos(int kills, long seed) {
        this.kills = kills;
        this.seed = seed;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader("chaos --kills %d --seed %d --estimator %s", kills, seed, estimator);
        SplittableRandom random = new SplittableRandom(seed);
        Path directory = Files.createTempDirectory("sppo-chaos");
        List<Victim> victims = victims(configuration(directory, 1).settings());
        List<Kill> plan = IntStream.range(0, kills)
                .mapToObj(i -> Kill.draw(random, victims, i == 0))
                .toList();
        boolean undisturbed;
        try (RoleProcesses run = new RoleProcesses(configuration(directory, RoleProcesses.ENDLESS), directory)) {
            for (int i = 0; i < kills; i++) {
                boolean recovers = i + 1 == kills || !plan.get(i + 1).inRecovery();
                carryOut(i + 1, plan.get(i), recovers, run);
            }
            int last = run.steps() + STEPS_BETWEEN_KILLS;
            run.endAfter(last);
            printRecoveries(run.restarts());
            undisturbed = check(new SynchronousSppo(configuration(directory, last)).run(), run);
        }
        BenchmarkTools.delete(directory);
        return undisturbed ? 0 : 1;
    }

    private static List<Victim> victims(RunSettings settings) {
        Set<Victim> victims = EnumSet.allOf(Victim.class);
        if (!settings.hasCritic()) {
            victims.remove(Victim.CRITIC);
        }
        if (!settings.bootstrapServers().isEmpty()) {
            victims.removeAll(EnumSet.of(Victim.BROKER, Victim.ALL));
        }
        return List.copyOf(victims);
    }

    private Configuration configuration(Path directory, int steps) {
        Map<String, String> flags = new HashMap<>(Map.of(
                "run",
                RUN,
                "seed",
                Long.toString(seed),
                "steps",
                Integer.toString(steps),
                "lag",
                "0",
                "estimator",
                estimator,
                "partitions",
                "2",
                "weights.snapshot.interval",
                "5"));
        flags.putAll(settings);
        flags.put("eval.interval", Integer.toString(Integer.MAX_VALUE));
        flags.put("eval.prompts", "10");
        flags.put("data.dir", directory.resolve("roles").toString());
        if (clientProperties != null) {
            flags.put("client.properties", clientProperties.toString());
        }
        RunSettings run = Configuration.load(null, Map.of(), flags).settings();
        flags.putIfAbsent("batch.size", Integer.toString(run.wholeGroups(BATCH)));
        return Configuration.load(null, Map.of(), flags);
    }

    /** @param recovers whether the next kill waits for recovery from this one */
    private void carryOut(int number, Kill kill, boolean recovers, RoleProcesses run) throws IOException {
        run.awaitStep(run.steps() + kill.steps());
        run.superviseFor(kill.delay());
        long start = System.nanoTime();
        switch (kill.victim()) {
            case BROKER -> run.killBroker();
            case ALL -> run.killAll();
            default -> run.kill(Role.valueOf(kill.victim().name()));
        }
        int step = run.checkSteps();
        String recovered = "the next kill comes before it has recovered";
        if (recovers) {
            double seconds = run.awaitRecovery(start);
            recoveries.computeIfAbsent(kill.victim(), key -> new ArrayList<>()).add(seconds);
            recovered = String.format(Locale.ROOT, "recovered after %.1f s", seconds);
        }
        System.out.printf(Locale.ROOT, "kill %d: %s after step %d, %s%n", number, kill.victim(), step, recovered);
    }

    private void printRecoveries(int restarts) {
        System.out.printf(
                Locale.ROOT,
                "%nprocesses restarted: %d; recovery, from the kill to the second step after it:%n"
                        + "%-10s %6s %10s %10s%n",
                restarts,
                "killed",
                "times",
                "median s",
                "max s");
        recoveries.forEach((victim, seconds) -> System.out.printf(
                Locale.ROOT,
                "%-10s %6d %10.1f %10.1f%n",
                victim,
                seconds.size(),
                BenchmarkTools.median(seconds),
                seconds.stream().mapToDouble(Double::doubleValue).max().orElse(0)));
    }

    private static boolean check(SynchronousSppo.Result expected, RoleProcesses run)
            throws IOException, InterruptedException {
        RoleProcesses.FinalState state = run.finalState();
        boolean same = expected.policySha256().equals(state.weights().get(ModelKind.POLICY))
                && expected.criticSha256().equals(state.weights().getOrDefault(ModelKind.CRITIC, ""));
        System.out.printf(
                Locale.ROOT,
                "%n%,d prompts, %d steps of policy and critic each: %d rollouts lost, %d trained twice, %,d evidence, %d"
                        + " expired; weights %s%n%n",
                state.prompts(),
                run.steps(),
                state.lost(),
                state.trainedTwice(),
                state.evidence(),
                state.expired(),
                same ? "identical to those of the undisturbed run" : "NOT those of the undisturbed run");
        boolean clean = run.audit() == 0;
        return same && clean && state.lost() == 0 && state.trainedTwice() == 0 && state.expired() == 0;
    }
}
