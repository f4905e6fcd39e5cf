package io.sppostream.sppo.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one embedded cluster, locked against a second process for as long as it is open. The operating system
 * gives the lock up with the process that held it, so that a kill -9 leaves nothing to clean.
 */
public final class DataDirectory implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;

    private DataDirectory(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Creates the directory if it is missing and locks it.
     *
     * @throws EmbeddedException if it can't be written, or another process holds it
     */
    public static DataDirectory lock(Path directory) {
        Path path = directory.toAbsolutePath().normalize();
        FileChannel channel = null;
        try {
            Files.createDirectories(path);
            Path lock = path.resolve("lock");
            channel = FileChannel.open(
                    lock, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (tryLock(channel) == null) {
                String holder = Files.readString(lock).strip();
                throw new EmbeddedException("data directory " + path + " is in use by "
                        + (holder.isEmpty() ? "another process" : "process " + holder)
                        + ": stop that run, or give this one another --data-dir");
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            return new DataDirectory(path, channel);
        } catch (IOException e) {
            close(channel);
            throw new EmbeddedException(
                    "data directory " + path + " can't be used: " + e
                            + "; give a --data-dir on a disk that this user may write to",
                    e);
        } catch (EmbeddedException e) {
            close(channel);
            throw e;
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // held by this very process
        }
    }

    /** Whether a process holds the lock of a directory, this one included; one that is not there is not in use. */
    static boolean isInUse(Path directory) {
        if (!Files.exists(directory.resolve("lock"))) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(directory.resolve("lock"), StandardOpenOption.WRITE)) {
            return tryLock(channel) == null;
        } catch (IOException e) {
            throw new EmbeddedException("data directory " + directory + " can't be used: " + e, e);
        }
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

    /** Gives the lock up; the file stays, as removing it would let two processes lock two files of one name. */
    @Override
    public void close() {
        close(channel);
    }

    private static void close(@Nullable FileChannel channel) {
        if (channel == null) {
            return;
        }
        try {
            channel.close();
        } catch (IOException ignored) {
            // The lock goes with the process at the latest.
        }
    }
}
