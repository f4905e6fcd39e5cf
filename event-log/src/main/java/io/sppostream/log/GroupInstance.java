package io.sppostream.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * What a member of a consumer group is called, and is called again when it is back after a crash: Kafka's {@code
 * group.instance.id}. By its name it takes over at once what the killed one had, open transactions included, where
 * another would have to wait until that one's session and transactions have timed out. Names are kept in a directory:
 * of those at work that share it, each has one that no other holds.
 */
public final class GroupInstance implements AutoCloseable {
    private final String id;
    private final LockFile lock;

    private GroupInstance(String id, LockFile lock) {
        this.id = id;
        this.lock = lock;
    }

    /**
     * Takes the first name that is free, for as long as it is open.
     *
     * @throws LogException where the directory can't be written
     */
    public static GroupInstance take(Path directory, String group) {
        try {
            Files.createDirectories(directory);
            for (int number = 0; ; number++) {
                LockFile lock = LockFile.tryLock(directory.resolve(group + "-" + number + ".instance"));
                if (lock != null) {
                    return new GroupInstance(group + "-" + uuid(lock), lock);
                }
            }
        } catch (IOException e) {
            throw new LogException(
                    "data directory " + directory + " can't be used: " + e
                            + "; give a --data-dir on a disk that this user may write to",
                    e);
        }
    }

    /** No two directories share one, wherever they are. */
    private static String uuid(LockFile lock) throws IOException {
        if (lock.read().isEmpty()) {
            lock.write(UUID.randomUUID().toString());
        }
        return lock.read();
    }

    /** Unique among those at work, and the same after a restart. */
    public String id() {
        return id;
    }

    @Override
    public void close() {
        lock.close();
    }
}
