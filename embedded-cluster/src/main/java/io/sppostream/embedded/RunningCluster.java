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
 * How the cluster of a data directory is reached while some process runs it, so that others can look at its log.
 *
 * @param bootstrapServers of the broker
 * @param registryUrl of the schema registry
 */
public record RunningCluster(String bootstrapServers, String registryUrl) {

    /**
     * The cluster that a process, this one included, runs on a directory; empty where none does.
     *
     * @throws EmbeddedException where it is just starting or stopping
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

    void write(Path file) {
        Properties p = new Properties();
        p.setProperty("bootstrap.servers", bootstrapServers);
        p.setProperty("schema.registry.url", registryUrl);
        // In one step, since others may be reading.
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

    static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // Without a process that holds the lock it says nothing.
        }
    }
}
