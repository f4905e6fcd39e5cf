package io.sppostream.benchmarks;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.run.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Times the audit of a log of any length, in a Java process with a small heap. */
@Command(
        name = "audit",
        description = "Write a run of many rollouts without models, and audit it in a process with a small heap.",
        mixinStandardHelpOptions = true)
final class AuditBenchmark implements Callable<Integer> {
    private static final String RUN = "synthetic";

    @Option(
            names = "--rollouts",
            defaultValue = "245760",
            description = "Rollouts of the run, a multiple of --batch (default: ${DEFAULT-VALUE}).")
    private int rollouts;

    @Option(names = "--batch", defaultValue = "512", description = "Rollouts in a step (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--partitions", defaultValue = "4", description = "Of each topic (default: ${DEFAULT-VALUE}).")
    private int partitions;

    @Option(names = "--heap", defaultValue = "2g", description = "Heap of the audit (default: ${DEFAULT-VALUE}).")
    private String heap = "";

    @Option(
            names = "--dir",
            description = "Where to put the log, which is deleted at the end (default: a temporary folder).")
    private Path parent = Path.of(System.getProperty("java.io.tmpdir"));

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader(
                "audit --rollouts %d --batch %d --partitions %d --heap %s", rollouts, batch, partitions, heap);
        Path directory = Files.createTempDirectory(parent, "sppo-audit-bench");
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")))) {
            KafkaSettings kafka = cluster.kafka();
            long start = System.nanoTime();
            try (EventSerdes serdes = new EventSerdes(kafka)) {
                Configuration configuration = configuration(directory);
                new SyntheticRun(
                                new RunLog(
                                        kafka, serdes, configuration.settings().topics()),
                                configuration,
                                rollouts / batch * batch,
                                batch)
                        .write();
            }
            System.out.printf(
                    Locale.ROOT,
                    "log          %,d rollouts, %,d MB, written in %.1f s%n",
                    rollouts / batch * batch,
                    megabytes(directory.resolve("data")),
                    (System.nanoTime() - start) / 1e9);
            return audit(cluster, directory);
        } finally {
            BenchmarkTools.delete(directory);
        }
    }

    private Configuration configuration(Path directory) {
        return Configuration.load(
                null,
                Map.of(),
                Map.of(
                        "run", RUN,
                        "partitions", Integer.toString(partitions),
                        "batch.size", Integer.toString(batch),
                        "data.dir", directory.resolve("roles").toString()));
    }

    private int audit(EmbeddedCluster cluster, Path directory) throws IOException, InterruptedException {
        Path collections = directory.resolve("gc.log");
        List<String> command = BenchmarkTools.javaCommand();
        command.addAll(List.of(
                "-Xmx" + heap,
                "-Xlog:gc:file=" + collections,
                "-Djava.io.tmpdir=" + directory,
                io.sppostream.cli.Main.class.getName(),
                "audit",
                "--run=" + RUN,
                "--client-properties=" + cluster.clientProperties()));
        long start = System.nanoTime();
        Process process = new ProcessBuilder(command).inheritIO().start();
        String resident = "unknown";
        while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
            resident = BenchmarkTools.peakResident(process.toHandle()).orElse(resident);
        }
        System.out.printf(
                Locale.ROOT,
                "audit        %.1f s with the start of its process; peak resident memory %s, peak heap %d MB%n",
                (System.nanoTime() - start) / 1e9,
                resident,
                HeapPeaks.of(collections).full());
        return process.exitValue();
    }

    private static long megabytes(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                            .mapToLong(file -> file.toFile().length())
                            .sum()
                    / 1_000_000;
        }
    }
}
