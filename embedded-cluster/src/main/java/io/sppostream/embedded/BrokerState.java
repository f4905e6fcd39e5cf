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
 * Which process the broker of a directory is, so that one left behind is found.
 *
 * @param pid its process id, which the system gives to another program some time after the broker has ended
 * @param started when that process started, which tells the two apart
 * @param port the broker's port on 127.0.0.1
 */
record BrokerState(long pid, Instant started, int port) {
    /** The system's clock may have been corrected between two readings of a start time, which counts from boot. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(2);

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
            // Half written when its writer was killed: it names nobody, and the broker it meant ends by itself.
            return Optional.empty();
        }
    }

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
     * The broker's process if it still runs. Its id alone proves nothing: start time, main class and properties file
     * must agree too, so that a program that was given the same id is never touched.
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
