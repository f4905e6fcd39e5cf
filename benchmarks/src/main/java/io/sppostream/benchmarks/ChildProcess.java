package io.sppostream.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process that was run to its end and measured from outside.
 *
 * @param output the file with its standard output
 * @param wallSeconds from its start to its end
 * @param cpuSeconds its processor seconds and those of its children; NaN if the kernel does not tell
 */
record ChildProcess(Path output, double wallSeconds, double cpuSeconds) {
    /** Kernel clock ticks per second, as /proc counts them; the same on all of Linux's current architectures. */
    private static final double TICKS = 100;

    /**
     * Runs a process. Processor seconds are right only if this process runs no other at the same time.
     *
     * @param directory folder for its output
     * @throws IllegalStateException if its exit code is not 0
     */
    static ChildProcess run(ProcessBuilder builder, Path directory) throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        double cpu = cpuSecondsOfChildren();
        long start = System.nanoTime();
        Process process = builder.redirectOutput(output.toFile()).start();
        try {
            int exit = process.waitFor();
            double seconds = (System.nanoTime() - start) / 1e9;
            if (exit != 0) {
                throw new IllegalStateException("exit code " + exit + " of " + String.join(" ", builder.command()));
            }
            return new ChildProcess(output, seconds, cpuSecondsOfChildren() - cpu);
        } finally {
            process.destroy();
        }
    }

    /** Processor seconds of the children that have ended and been waited for, and of theirs. */
    private static double cpuSecondsOfChildren() {
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"));
            // The fields after the name, which is in parentheses, begin with the third: proc(5).
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS;
        } catch (IOException e) {
            return Double.NaN;
        }
    }
}
