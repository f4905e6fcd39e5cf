package io.sppostream.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The {@code group.instance.id} of a consumer group's member, which stays the same when the member restarts after a
 * crash. Under the same id it takes over the partitions and open transactions of the crashed process at once; under a
 * new one it would have to wait until their session and transactions time out. Ids are kept in files of a directory, each
 * of which one running member at a time holds. Thread-safe.
 */
public final class GroupInstance implements AutoCloseable {
    private final String id;
    private final int number;
    private final LockFile lock;

    private GroupInstance(String id, int number, LockFile lock) {
        this.id = id;
        this.number = number;
        this.lock = lock;
    }

    /**
     * Takes the first id in the directory that is free, and holds it until {@link #close}.
     *
     * @throws LogException if the directory cannot be written
     */
    public static GroupInstance take(Path directory, String group) {
        try {
            Files.createDirectories(directory);
            for (int number = 0; ; number++) {
                LockFile lock = LockFile.tryLock(directory.resolve(group + "-" + number + ".instance"));
                if (lock != null) {
                    return new GroupInstance(group + "-" + uuid(lock), number, lock);
                }
            }
        } catch (IOException e) {
            throw new LogException(
                    "data directory " + directory + " can't be used: " + e
                            + "; give a --data-dir on a disk that this user may write to",
                    e);
        }
    }

    /** Makes ids of different directories, also on different machines, distinct. */
    private static String uuid(LockFile lock) throws IOException {
        if (lock.read().isEmpty()) {
            lock.write(UUID.randomUUID().toString());
        }
        return lock.read();
    }

    /** Unique among running members, and the same after a restart. */
    public String id() {
        return id;
    }

    /** Unique among the running members that share the directory: 0 for the first, and the same after a restart. */
    public int number() {
        return number;
    }

    @Override
    public void close() {
        lock.close();
    }
}
