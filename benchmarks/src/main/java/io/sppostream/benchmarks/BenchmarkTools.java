package io.sppostream.benchmarks;

import io.sppostream.learn.ProcessMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What the benchmarks of whole runs have in common. */
final class BenchmarkTools {
    /** Option of Java for processes that the launcher would start with C2; the benchmarks' own have C1 only. */
    static final String OPTIMIZING_COMPILER = "-XX:TieredStopAtLevel=4";

    private BenchmarkTools() {}

    /** Prints the benchmark's command line, the machine and the date, so that a result can be reproduced. */
    static void printHeader(String command, Object... arguments) {
        System.out.printf(
                Locale.ROOT,
                "command      ./bench %s%nmachine      %s%ndate         %s%n",
                String.format(Locale.ROOT, command, arguments),
                machine(),
                LocalDate.now(ZoneId.systemDefault()));
    }

    /** Processor, system and Java of this machine, in one line. */
    static String machine() {
        return String.format(
                Locale.ROOT,
                "%d cores%s, %s %s, Java %s",
                Runtime.getRuntime().availableProcessors(),
                processor().map(name -> " of " + name).orElse(""),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                System.getProperty("java.version"));
    }

    /** The processor's name, by the kernel. */
    private static Optional<String> processor() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException | UncheckedIOException e) {
            return Optional.empty();
        }
    }

    /**
     * The start of a command line with this process's Java, options and class path. Further options of Java, which win over
     * these, and the main class come next.
     */
    static List<String> javaCommand() {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-javaagent") && !option.startsWith("-agentlib"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return command;
    }

    /** The most memory that a process has used so far, by the kernel; empty if it has ended, or there is no /proc. */
    static Optional<String> peakResident(ProcessHandle process) {
        return Optional.ofNullable(ProcessMemory.peakResidentBytes(Long.toString(process.pid())))
                .map(bytes -> (bytes >> 20) + " MB");
    }

    /** The median; the mean of the two middle values of an even number. */
    static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    /** Deletes a directory with everything in it. */
    static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
