package io.sppostream.embedded;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.Properties;

/**
 * The addresses of a running embedded cluster, by which other processes can read its log. Immutable.
 *
 * @param bootstrapServers of the broker
 * @param registryUrl of the schema registry
 */
public record RunningCluster(String bootstrapServers, String registryUrl) {

    /**
     * The cluster that a process, possibly this one, runs on a directory; empty if none does.
     *
     * @throws EmbeddedException if it is just starting or stopping
     */
    public static Optional<RunningCluster> of(Path dataDirectory) {
        if (!DataDirectory.isInUse(dataDirectory)) {
            return Optional.empty();
        }
        Properties p = new Properties();
        try (Reader in = Files.newBufferedReader(DataDirectory.clusterState(dataDirectory))) {
            p.load(in);
        } catch (IOException e) {
            throw new EmbeddedException("the process that runs the broker of " + dataDirectory
                    + " is starting or stopping: try again in a moment");
        }
        return Optional.of(
                new RunningCluster(p.getProperty("bootstrap.servers", ""), p.getProperty("schema.registry.url", "")));
    }

    /** Writes the file that {@link #of} reads. */
    void write(Path file) {
        Properties p = new Properties();
        p.setProperty("bootstrap.servers", bootstrapServers);
        p.setProperty("schema.registry.url", registryUrl);
        // Moved into place in one step, since other processes may be reading.
        Path draft = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            try (Writer out = Files.newBufferedWriter(draft)) {
                p.store(out, "the running cluster of this directory");
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new EmbeddedException(file + " can't be written: " + e, e);
        }
    }

    /** Removes the file when the cluster stops. */
    static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // Nobody reads it once the lock is released.
        }
    }
}
