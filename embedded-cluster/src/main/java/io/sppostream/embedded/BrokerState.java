package io.sppostream.embedded;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Properties;

/**
 * Identifies the broker process of a directory, so that the next start can find it if it is still running. Immutable.
 *
 * @param pid its process id; the system may reuse it after the broker has ended
 * @param started when the process started, which tells it from a later one with the same id
 * @param port the broker's port on 127.0.0.1
 */
record BrokerState(long pid, Instant started, int port) {
    /** Start times count from boot, so a correction of the clock between two readings shifts them. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(2);

    /** Reads a state file; empty if there is none, or it is incomplete. */
    static Optional<BrokerState> read(Path file) {
        Properties p = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            p.load(in);
            return Optional.of(new BrokerState(
                    Long.parseLong(p.getProperty("pid")),
                    Instant.parse(p.getProperty("started")),
                    Integer.parseInt(p.getProperty("port"))));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            // Its writer was killed while writing. That broker ends by itself.
            return Optional.empty();
        }
    }

    /** Writes the state file. */
    void write(Path file) throws IOException {
        Properties p = new Properties();
        p.setProperty("pid", Long.toString(pid));
        p.setProperty("started", started.toString());
        p.setProperty("port", Integer.toString(port));
        try (Writer out = Files.newBufferedWriter(file)) {
            p.store(out, "the running broker of this directory");
        }
    }

    /**
     * The broker's process, if it is still running. Start time, main class and properties file must match as well as the
     * id, so that another program with a reused id is never touched.
     */
    Optional<ProcessHandle> process(Path brokerProperties) {
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(handle -> {
            ProcessHandle.Info info = handle.info();
            boolean sameStart = info.startInstant()
                    .map(i -> Duration.between(started, i).abs().compareTo(CLOCK_TOLERANCE) <= 0)
                    .orElse(false);
            boolean sameCommand = info.arguments()
                    .map(Arrays::asList)
                    .map(a -> a.contains(BrokerMain.class.getName()) && a.contains(brokerProperties.toString()))
                    .orElse(false);
            return sameStart && sameCommand;
        });
    }
}
