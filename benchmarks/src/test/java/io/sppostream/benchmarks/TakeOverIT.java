package io.sppostream.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.cli.Main;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.run.Role;
import io.sppostream.run.Service;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.inprocess.SynchronousSppo;
import io.sppostream.run.report.Screen;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Second instances of policy learner and critic, as started by mistake, take over; the run ends as if there were none.
 */
class TakeOverIT {
    private static final int STEPS = 60;
    private static final int TAKEN_OVER_AT = 8;
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final List<Role> LEARNERS = List.of(Role.LEARN, Role.CRITIC);

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldContinueWithTheSecondLearnerAndEndTheFirst() throws Exception {
        SynchronousSppo.Result expected = new SynchronousSppo(configuration(null)).run();
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("broker")))) {
            KafkaSettings kafka = cluster.kafka();
            assertThat(Main.run(arguments("topics", cluster, "--create").toArray(String[]::new)))
                    .isZero();
            AtomicBoolean done = new AtomicBoolean();
            CompletableFuture<Void> others = others(cluster, done);
            List<Process> processes = new ArrayList<>();
            try (EventSerdes serdes = new EventSerdes(kafka);
                    EventReader ledger = new EventReader(
                            kafka,
                            serdes,
                            List.of(configuration(cluster).settings().topics().trainingSteps()))) {
                Map<ModelKind, TrainingStep> last = new EnumMap<>(ModelKind.class);
                for (Role learner : LEARNERS) {
                    processes.add(start(learner, cluster, "first"));
                }
                awaitStep(TAKEN_OVER_AT, ledger, last, others);
                for (Role learner : LEARNERS) {
                    processes.add(start(learner, cluster, "second"));
                }
                for (int i = 0; i < LEARNERS.size(); i++) {
                    assertTakenOver(LEARNERS.get(i), processes.get(i));
                }
                awaitStep(STEPS, ledger, last, others);
                assertThat(last.values()).extracting(TrainingStep::getStep).containsOnly(STEPS);
                assertThat(last.get(ModelKind.POLICY))
                        .extracting(TrainingStep::getToSha256)
                        .isEqualTo(expected.policySha256());
                assertThat(last.get(ModelKind.CRITIC))
                        .extracting(TrainingStep::getToSha256)
                        .isEqualTo(expected.criticSha256());
            } finally {
                processes.forEach(Process::destroyForcibly);
                done.set(true);
            }
            others.join();
            assertThat(Main.run("audit", "--run=taken", "--client-properties=" + cluster.clientProperties()))
                    .as("exit code of the audit")
                    .isZero();
        }
    }

    /** The roles that may have several instances, in this process. */
    private CompletableFuture<Void> others(EmbeddedCluster cluster, AtomicBoolean done) {
        Configuration configuration = configuration(cluster);
        Set<Role> roles = EnumSet.copyOf(Role.of(configuration.settings()));
        roles.removeAll(LEARNERS);
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        Service.joining(
                                        configuration,
                                        roles,
                                        Screen.plain(new PrintStream(PrintStream.nullOutputStream())),
                                        done::get)
                                .run();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                task -> new Thread(task, "other-roles").start());
    }

    /** Reads the ledger until policy and critic have made a number of steps; checks that none is made twice. */
    private static void awaitStep(
            int step, EventReader ledger, Map<ModelKind, TrainingStep> last, CompletableFuture<Void> others) {
        await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(10)).until(() -> {
            assertThat(others).isNotCompleted();
            for (EventRecord<?> record : ledger.poll(Duration.ofMillis(100))) {
                TrainingStep next = (TrainingStep) record.event();
                TrainingStep before = last.put(ModelKind.of(next.getLine()), next);
                assertThat(next.getStep()).isEqualTo(before == null ? 1 : before.getStep() + 1);
            }
            return last.size() == ModelKind.values().length
                    && last.values().stream().allMatch(each -> each.getStep() >= step);
        });
    }

    private void assertTakenOver(Role learner, Process first) throws InterruptedException, IOException {
        assertThat(first.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        String printed = Files.readString(output(learner, "first"));
        assertThat(first.exitValue()).as(printed).isEqualTo(1);
        assertThat(printed.lines().skip(1).filter(line -> !line.matches("[a-z]+ [\\d,]+ \\| .*")))
                .as("what it prints beside its live line: %s", printed)
                .singleElement()
                .asString()
                .startsWith("sppo: another taken." + (learner == Role.LEARN ? "policy-learner" : "critic"))
                .contains("has taken over");
    }

    private Process start(Role role, EmbeddedCluster cluster, String which) throws IOException {
        List<String> command = BenchmarkTools.javaCommand();
        command.add(Main.class.getName());
        command.addAll(arguments(role.command(), cluster));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output(role, which).toFile())
                .start();
    }

    private Path output(Role role, String which) {
        return directory.resolve(role.command() + "-" + which);
    }

    private List<String> arguments(String command, EmbeddedCluster cluster, String... more) {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of(more));
        flags(cluster).forEach((name, value) -> arguments.add("--set=" + name + "=" + value));
        return arguments;
    }

    private Configuration configuration(@Nullable EmbeddedCluster cluster) {
        return Configuration.load(null, Map.of(), flags(cluster));
    }

    private Map<String, String> flags(@Nullable EmbeddedCluster cluster) {
        Map<String, String> flags = new HashMap<>(Map.of(
                "run", "taken",
                "seed", "11",
                "steps", Integer.toString(STEPS),
                "lag", "0",
                "batch.size", "64",
                "partitions", "2",
                "weights.snapshot.interval", "5",
                "data.dir", directory.resolve("roles").toString()));
        flags.put("eval.prompts", "10");
        flags.put("eval.interval", Integer.toString(STEPS));
        if (cluster != null) {
            flags.put("client.properties", cluster.clientProperties().toString());
        }
        return flags;
    }
}
