package io.sppostream.embedded;

import io.sppostream.log.LockFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The folder of one embedded cluster, locked against a second process for as long as it is open. */
public final class DataDirectory implements AutoCloseable {
    private final Path path;
    private final LockFile lock;

    private DataDirectory(Path path, LockFile lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Creates the directory if it is missing and locks it.
     *
     * @throws EmbeddedException if it can't be written, or another process holds it
     */
    public static DataDirectory lock(Path directory) {
        Path path = directory.toAbsolutePath().normalize();
        try {
            Files.createDirectories(path);
            LockFile lock = LockFile.tryLock(lockFile(path));
            if (lock == null) {
                String holder = LockFile.read(lockFile(path));
                throw new EmbeddedException("data directory " + path + " is in use by "
                        + (holder.isEmpty() ? "another process" : "process " + holder)
                        + ": stop that run, or give this one another --data-dir");
            }
            lock.write(Long.toString(ProcessHandle.current().pid()));
            return new DataDirectory(path, lock);
        } catch (IOException e) {
            throw new EmbeddedException(
                    "data directory " + path + " can't be used: " + e
                            + "; give a --data-dir on a disk that this user may write to",
                    e);
        }
    }

    /** Whether a process holds the lock of a directory, this one included; one that is not there is not in use. */
    static boolean isInUse(Path directory) {
        if (!Files.exists(lockFile(directory))) {
            return false;
        }
        try (LockFile lock = LockFile.tryLock(lockFile(directory))) {
            return lock == null;
        } catch (IOException e) {
            throw new EmbeddedException("data directory " + directory + " can't be used: " + e, e);
        }
    }

    private static Path lockFile(Path directory) {
        return directory.resolve("lock");
    }

    /** Where it is, absolute. */
    public Path path() {
        return path;
    }

    /** The broker's log segments and metadata. */
    Path brokerLogs() {
        return path.resolve("kafka-logs");
    }

    /** What the broker's JVM prints. */
    Path brokerOutput() {
        return path.resolve("broker.log");
    }

    /** The same of the start before, which may be the one to look into. */
    Path earlierBrokerOutput() {
        return path.resolve("broker.log.1");
    }

    Path brokerProperties() {
        return path.resolve("broker.properties");
    }

    /** Which process the broker is, while there is one. */
    Path brokerState() {
        return path.resolve("broker.state");
    }

    /** How the cluster is reached, while there is one. */
    Path clusterState() {
        return clusterState(path);
    }

    static Path clusterState(Path directory) {
        return directory.resolve("cluster.properties");
    }

    /** Gives the lock up. */
    @Override
    public void close() {
        lock.close();
    }
}
