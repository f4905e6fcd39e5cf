package io.sppostream.benchmarks;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.RunLog;
import io.sppostream.run.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times two rollout producers against one, each a process with one sampling thread, where sampling takes all the time: a
 * policy of 20 million parameters, and prompts that are on the log already. The rate of two is that of the time in which
 * both are at work.
 */
@Command(
        name = "producers",
        description = "Time two rollout producers, each a process with a thread, against one.",
        mixinStandardHelpOptions = true)
final class Producers implements Callable<Integer> {
    private static final int PARTITIONS = 2;
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    /** The largest that the setting takes: with a batch of 16 it lets the feed release 528 prompts. */
    private static final int LAG = 32;

    private static final int PROMPTS = (LAG + 1) * 16;

    @Option(names = "--tokens", defaultValue = "64", description = "Tokens of a response (default: ${DEFAULT-VALUE}).")
    private int tokens;

    @Option(
            names = "--repetitions",
            defaultValue = "3",
            description = "Rounds; each times one producer and two (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader("producers --tokens %d --repetitions %d", tokens, repetitions);
        Path model = Files.createTempDirectory("sppo-model");
        try {
            List<String> options = LongResponses.options(model, tokens);
            List<Double> one = new ArrayList<>();
            List<Double> two = new ArrayList<>();
            for (int i = 1; i <= repetitions; i++) {
                one.add(measure(1, options));
                two.add(measure(2, options));
                System.out.printf(
                        Locale.ROOT,
                        "round %d      %.1f rollouts/s of one producer, %.1f of two%n",
                        i,
                        one.get(i - 1),
                        two.get(i - 1));
            }
            System.out.printf(
                    Locale.ROOT,
                    "ratio        %.2f: %.1f over %.1f rollouts/s of %d tokens, medians of %d%n",
                    BenchmarkTools.median(two) / BenchmarkTools.median(one),
                    BenchmarkTools.median(two),
                    BenchmarkTools.median(one),
                    tokens,
                    repetitions);
        } finally {
            BenchmarkTools.delete(model);
        }
        return 0;
    }

    private double measure(int producers, List<String> options) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("sppo-producers");
        List<Process> processes = new ArrayList<>();
        Topics topics = new Topics("producers", PARTITIONS);
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("broker")));
                EventSerdes serdes = new EventSerdes(cluster.kafka())) {
            RunLog log = new RunLog(cluster.kafka(), serdes, topics);
            start(directory, cluster, options, "topics", "--create").waitFor();
            // The start weights, and the prompts.
            Process learner = start(directory, cluster, options, Role.LEARN.command());
            processes.add(learner);
            await(log, topics.versions(ModelKind.POLICY), 1);
            learner.destroyForcibly().waitFor();
            Process feed = start(directory, cluster, options, Role.FEED.command());
            processes.add(feed);
            await(log, topics.prompts(), PROMPTS);
            feed.destroyForcibly().waitFor();
            for (int i = 0; i < producers; i++) {
                processes.add(start(directory, cluster, options, Role.ROLLOUT.command()));
            }
            return rate(producers, await(log, topics.rollouts(), PROMPTS));
        } finally {
            processes.forEach(Process::destroyForcibly);
            for (Process process : processes) {
                process.waitFor();
            }
            BenchmarkTools.delete(directory);
        }
    }

    /** Of two producers, each has a partition: the rate is that from the first rollout of the later to the last of the earlier. */
    private static double rate(int producers, List<EventRecord<?>> rollouts) {
        List<Instant> first = new ArrayList<>();
        List<Instant> last = new ArrayList<>();
        IntStream.range(0, producers).forEach(producer -> {
            List<Instant> sampled = rollouts.stream()
                    .filter(record -> producers == 1 || record.partition() == producer)
                    .map(record -> ((Rollout) record.event()).getSampledAt())
                    .sorted()
                    .toList();
            first.add(sampled.get(0));
            last.add(sampled.get(sampled.size() - 1));
        });
        Instant from = first.stream().max(Comparator.naturalOrder()).orElseThrow();
        Instant to = last.stream().min(Comparator.naturalOrder()).orElseThrow();
        long sampled = rollouts.stream()
                .map(record -> ((Rollout) record.event()).getSampledAt())
                .filter(at -> at.isAfter(from) && !at.isAfter(to))
                .count();
        return sampled / (Duration.between(from, to).toNanos() / 1e9);
    }

    private static List<EventRecord<?>> await(RunLog log, Topic<? extends SpecificRecord> topic, int count) {
        List<EventRecord<?>> records = new ArrayList<>();
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        try (EventReader reader = log.following(List.of(topic))) {
            while (records.size() < count) {
                records.addAll(reader.poll(Duration.ofMillis(200)));
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException(
                            topic.name() + " has " + records.size() + " of " + count + " records");
                }
            }
        }
        return records;
    }

    private static Process start(Path directory, EmbeddedCluster cluster, List<String> options, String... command)
            throws IOException {
        List<String> arguments = BenchmarkTools.javaCommand();
        arguments.add(io.sppostream.cli.Main.class.getName());
        arguments.addAll(List.of(command));
        arguments.addAll(options);
        arguments.addAll(List.of(
                "--run=producers",
                "--client-properties=" + cluster.clientProperties(),
                "--data-dir=" + directory.resolve("roles"),
                "--lag=" + LAG,
                "--set=partitions=" + PARTITIONS,
                "--set=rollout.workers=1",
                "--set=memory.check=false"));
        return new ProcessBuilder(arguments)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve(command[0] + ".out").toFile()))
                .start();
    }
}
