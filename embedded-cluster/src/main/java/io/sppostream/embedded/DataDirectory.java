package io.sppostream.embedded;

import io.sppostream.log.LockFile;
import io.sppostream.log.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder of one embedded cluster, locked against other processes until it is closed. Thread-safe. */
public final class DataDirectory implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DataDirectory.class);

    private final Path path;
    private final LockFile lock;

    private DataDirectory(Path path, LockFile lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Creates the directory if it is missing and locks it.
     *
     * @throws EmbeddedException if it cannot be written, or is in use
     */
    public static DataDirectory lock(Path directory) {
        Path path = directory.toAbsolutePath().normalize();
        try {
            PrivateFiles.createDirectory(path);
            if (PrivateFiles.tighten(path)) {
                log.warn("other users can no longer read data directory {}: it has mode 700 now", path);
            }
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

    /** Whether a process, possibly this one, holds the lock of a directory. A directory that does not exist is not in use. */
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

    /** The absolute path of the directory. */
    public Path path() {
        return path;
    }

    /** The broker's log segments and metadata. */
    Path brokerLogs() {
        return path.resolve("kafka-logs");
    }

    /** The broker's log. At 10 MB it becomes {@code broker.log.1}, and so on to {@code .4}. */
    Path brokerLog() {
        return path.resolve("broker.log");
    }

    /** The standard error of the broker's JVM since its last start, which is mostly empty. */
    Path brokerErrors() {
        return path.resolve("broker-errors.log");
    }

    /** The settings of the broker, written at every start. */
    Path brokerProperties() {
        return path.resolve("broker.properties");
    }

    /** The {@link BrokerState} of the running broker. */
    Path brokerState() {
        return path.resolve("broker.state");
    }

    /** The {@link ClusterSecret}. */
    Path secret() {
        return path.resolve("secret");
    }

    /** The addresses and credentials of the {@link RunningCluster}. */
    Path clientProperties() {
        return clientProperties(path);
    }

    static Path clientProperties(Path directory) {
        return directory.toAbsolutePath().resolve("client.properties");
    }

    /** Releases the lock. */
    @Override
    public void close() {
        lock.close();
    }
}
